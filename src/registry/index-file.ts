import type { Ready } from '../ready.ts'
import type { Scratch } from '../storage/scratch.ts'
import type { Catalog, Chart } from './catalog.ts'
import type { Document, Part } from './document.ts'
import { makeDocument } from './document.ts'
import type { YamlFrame } from './yaml-index.ts'
import { createYamlIndex, yamlIndexText } from './yaml-index.ts'

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
  text(kind: 'yaml' | 'json'): Iterable<Part>
  /** Bytes of the index in the spellings that were made, as they were made last. */
  bytes(): IndexBytes
  close(): void
}

/** Bytes of an index file by its spelling; undefined: nobody asked for it yet. */
export type IndexBytes = Readonly<Record<'yaml' | 'json', number | undefined>>

/** Told of every document that was made, and of how long that took. */
export type BuildObserver = (kind: DocumentKind, nanoseconds: number) => void

/**
 * Makes the documents of a catalog. A reader waits for a build that started after it arrived, and at most one build
 * runs and one waits per kind, so a thousand readers after a change cost one join.
 */
export function createIndexFiles(
  catalog: Catalog,
  options: { contextPath: string; scratch: Scratch | undefined; built?: BuildObserver | undefined },
): IndexFiles {
  const yamlIndex = createYamlIndex()
  const ofChart = new WeakMap<Chart, Ready<Document>>()
  const slots: Record<DocumentKind, Slot> = { yaml: {}, json: {}, list: {} }

  async function build(kind: DocumentKind, slot: Slot): Promise<void> {
    const generation = catalog.generation
    const started = Bun.nanoseconds()
    const make = (parts: Iterable<Part>) =>
      makeDocument(parts, wholeSeconds(catalog.changed), options.scratch)
    const document = await (kind === 'yaml' ? yamlIndex.next(charts(), frame(), make) : make(text(kind)))
    slot.made?.document.retire()
    slot.made = { generation, document, bytes: document.body.size }
    options.built?.(kind, Bun.nanoseconds() - started)
  }

  /** The charts of now: what is published while the text is written belongs to the next document. */
  function charts(): readonly Chart[] {
    return catalog.names().flatMap((name) => catalog.chart(name) ?? [])
  }

  function frame() {
    const generated = wholeSeconds(catalog.changed).toISOString().replace('.000Z', 'Z')
    return { generated, contextPath: options.contextPath }
  }

  function text(kind: DocumentKind): Iterable<Part> {
    if (kind === 'list') return listText(charts())
    return kind === 'json' ? jsonText(charts(), frame()) : yamlIndexText(charts(), frame())
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
    bytes: () => ({ yaml: slots.yaml.made?.bytes, json: slots.json.made?.bytes }),
    close() {
      for (const slot of Object.values(slots)) slot.made?.document.retire()
    },
  }
}

interface Slot {
  made?: { generation: number; document: Document; bytes: number }
  running?: Promise<void> | undefined
}

function wholeSeconds(time: Date): Date {
  return new Date(Math.floor(time.getTime() / 1000) * 1000)
}

/** JSON is YAML: one entry per line, so that people and line tools still see something. */
function* jsonText(charts: readonly Chart[], { generated, contextPath }: YamlFrame): Iterable<string> {
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

function serverInfo(contextPath: string): string {
  return contextPath === '' ? '{}' : JSON.stringify({ contextPath })
}

/** The text of one chart's versions, or of some charts, for the list API. */
export function* someCharts(charts: readonly Chart[]): Iterable<string> {
  yield* listText(charts)
}
