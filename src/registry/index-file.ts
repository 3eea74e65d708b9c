import type { Ready } from '../ready.ts'
import type { Scratch } from '../storage/scratch.ts'
import type { Catalog, Chart, ChartVersion } from './catalog.ts'
import type { Document } from './document.ts'
import { makeDocument } from './document.ts'
import { flat } from './flat-text.ts'
import { entryYaml, yamlScalar } from './index-yaml.ts'

/** The ways a repository's catalog is read as one document: the index file in two spellings, and the list API. */
export type DocumentKind = 'yaml' | 'json' | 'list'

/** The documents of one repository, each joined at most once per change, on the first read after it. */
export interface IndexFiles {
  /** The document as of now: a change made before the call is in it. */
  get(kind: DocumentKind): Promise<Document>
  /** The same when nothing has to be made for it, else undefined. */
  made(kind: DocumentKind): Document | undefined
  /** The JSON list of one chart's versions. */
  ofChart(chart: Chart): Ready<Document>
  /** The text of the YAML or JSON index as of now, in pieces. */
  text(kind: 'yaml' | 'json'): Iterable<string>
  close(): void
}

/**
 * Makes the documents of a catalog. A reader waits for a build that started after it arrived, and at most one build
 * runs and one waits per kind, so a thousand readers after a change cost one join.
 */
export function createIndexFiles(
  catalog: Catalog,
  options: { contextPath: string; scratch: Scratch | undefined },
): IndexFiles {
  const yamlEntries = new WeakMap<ChartVersion, string>()
  const ofChart = new WeakMap<Chart, Ready<Document>>()
  const slots: Record<DocumentKind, Slot> = { yaml: {}, json: {}, list: {} }

  async function build(kind: DocumentKind, slot: Slot): Promise<void> {
    const generation = catalog.generation
    const document = await makeDocument(text(kind), wholeSeconds(catalog.changed), options.scratch)
    slot.made?.document.retire()
    slot.made = { generation, document }
  }

  function text(kind: DocumentKind): Iterable<string> {
    // The charts are taken now: what is published while the text is written belongs to the next document.
    const charts = catalog.names().flatMap((name) => catalog.chart(name) ?? [])
    const generated = wholeSeconds(catalog.changed).toISOString().replace('.000Z', 'Z')
    if (kind === 'list') return listText(charts)
    if (kind === 'json') return jsonText(charts, generated, options.contextPath)
    return yamlText(charts, generated, options.contextPath, yamlEntry)
  }

  function yamlEntry(version: ChartVersion): string {
    const known = yamlEntries.get(version) ?? flat(entryYaml(version.entry))
    yamlEntries.set(version, known)
    return known
  }

  return {
    async get(kind) {
      const slot = slots[kind]
      const wanted = catalog.generation
      for (;;) {
        if (slot.made !== undefined && slot.made.generation >= wanted) return slot.made.document
        slot.running ??= build(kind, slot).finally(() => (slot.running = undefined))
        await slot.running
      }
    },
    made(kind) {
      const { made } = slots[kind]
      return made !== undefined && made.generation >= catalog.generation ? made.document : undefined
    },
    ofChart(chart) {
      const known = ofChart.get(chart)
      if (known !== undefined) return known
      const making = makeDocument(versionsText(chart, ''), catalog.changed, undefined)
      ofChart.set(chart, making)
      return making.then((document) => {
        ofChart.set(chart, document)
        return document
      })
    },
    text,
    close() {
      for (const slot of Object.values(slots)) slot.made?.document.retire()
    },
  }
}

interface Slot {
  made?: { generation: number; document: Document }
  running?: Promise<void> | undefined
}

function wholeSeconds(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 1000) * 1000)
}

/** JSON is YAML: one entry per line, so that people and line tools still see something. */
function* jsonText(charts: readonly Chart[], generated: string, contextPath: string): Iterable<string> {
  yield `{"apiVersion":"v1","generated":${JSON.stringify(generated)},"serverInfo":${serverInfo(contextPath)},"entries":{`
  yield* chartsText(charts, '\n')
  yield '}}\n'
}

/** ChartMuseum's GET /api/charts: an object of arrays, compact. */
function* listText(charts: readonly Chart[]): Iterable<string> {
  yield '{'
  yield* chartsText(charts, '')
  yield '}'
}

function* chartsText(charts: readonly Chart[], lineEnd: string): Iterable<string> {
  let separator = lineEnd
  for (const chart of charts) {
    yield `${separator}${JSON.stringify(chart.name)}:`
    yield* versionsText(chart, lineEnd)
    separator = `,${lineEnd}`
  }
}

function* versionsText(chart: Chart, lineEnd: string): Iterable<string> {
  let between = `[${lineEnd}`
  for (const version of chart.versions) {
    yield between
    yield version.entry
    between = `,${lineEnd}`
  }
  yield ']'
}

function* yamlText(
  charts: readonly Chart[],
  generated: string,
  contextPath: string,
  entry: (version: ChartVersion) => string,
): Iterable<string> {
  yield charts.length === 0 ? 'apiVersion: v1\nentries: {}\n' : 'apiVersion: v1\nentries:\n'
  for (const chart of charts) {
    yield `  ${yamlScalar(chart.name)}:\n`
    for (const version of chart.versions) yield entry(version)
  }
  yield `generated: ${JSON.stringify(generated)}\n`
  yield contextPath === ''
    ? 'serverInfo: {}\n'
    : `serverInfo:\n  contextPath: ${JSON.stringify(contextPath)}\n`
}

function serverInfo(contextPath: string): string {
  return contextPath === '' ? '{}' : JSON.stringify({ contextPath })
}

/** The text of one chart's versions, or of some charts, for the list API. */
export function* someCharts(charts: readonly Chart[]): Iterable<string> {
  yield* listText(charts)
}
