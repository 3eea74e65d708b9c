import { closeSync, openSync, readSync } from 'node:fs'
import { isMissing } from '../storage/file-calls.ts'
import type { Chart, ChartVersion } from './catalog.ts'
import type { Document, Part } from './document.ts'
import { entryYaml, yamlScalar } from './index-yaml.ts'

/** What stands around the entries of an index. */
export interface YamlFrame {
  readonly generated: string
  readonly contextPath: string
}

/** Joins the YAML index again and again; it remembers where the one before is. Not for two at a time. */
export interface YamlIndex {
  /** `make` is given the parts of the document, and makes it. */
  next(
    charts: readonly Chart[],
    frame: YamlFrame,
    make: (parts: Iterable<Part>) => Promise<Document>,
  ): Promise<Document>
}

/** Where the entry of a version stands in a document, in bytes. */
interface Place {
  readonly from: number
  readonly length: number
}

/** The document before, to be copied from. */
interface Source {
  readonly places: WeakMap<ChartVersion, Place>
  /** The bytes are valid until the next call. */
  read(place: Place): Buffer<ArrayBuffer>
  close(): void
}

/** Bytes copied in one go. */
const longestRun = 256 * 1024

/**
 * An entry is written as YAML once, which takes 50 µs, and then copied from one document to the next: the texts of
 * 100,000 entries are 115 MB, which need not stand in memory beside the file.
 */
export function createYamlIndex(): YamlIndex {
  let before: { readonly document: Document; readonly places: Source['places'] } | undefined
  return {
    async next(charts, frame, make) {
      const source = before && (await openSource(before.document, before.places))
      before = undefined
      const places: Source['places'] = new WeakMap()
      try {
        const document = await make(joined(charts, frame, source, places))
        before = { document, places }
        return document
      } finally {
        source?.close()
      }
    },
  }
}

/** The text of a YAML index, every entry written anew. */
export function yamlIndexText(charts: readonly Chart[], frame: YamlFrame): Iterable<Part> {
  return joined(charts, frame, undefined, new WeakMap())
}

function* joined(
  charts: readonly Chart[],
  { generated, contextPath }: YamlFrame,
  source: Source | undefined,
  places: Source['places'],
): Iterable<Part> {
  let at = 0
  const counted = (text: string): string => {
    at += Buffer.byteLength(text)
    return text
  }
  yield counted(charts.length === 0 ? 'apiVersion: v1\nentries: {}\n' : 'apiVersion: v1\nentries:\n')
  for (const chart of charts) {
    yield counted(`  ${yamlScalar(chart.name)}:\n`)
    let run: Place | undefined
    for (const version of chart.versions) {
      const known = source?.places.get(version)
      const adjoins = known !== undefined && run !== undefined && known.from === run.from + run.length
      if (run !== undefined && (!adjoins || run.length >= longestRun)) {
        yield* copied(source, run)
        run = undefined
      }
      const from = at
      if (known === undefined) yield counted(entryYaml(version.entry))
      else {
        run = { from: run?.from ?? known.from, length: (run?.length ?? 0) + known.length }
        at += known.length
      }
      places.set(version, { from, length: at - from })
    }
    if (run !== undefined) yield* copied(source, run)
  }
  yield `generated: ${JSON.stringify(generated)}\n`
  yield contextPath === ''
    ? 'serverInfo: {}\n'
    : `serverInfo:\n  contextPath: ${JSON.stringify(contextPath)}\n`
}

function* copied(source: Source | undefined, run: Place): Iterable<Part> {
  if (source !== undefined) yield source.read(run)
}

/** Undefined when the file is not there any more: somebody may have cleared the temporary folder. */
async function openSource(document: Document, places: Source['places']): Promise<Source | undefined> {
  const { path } = document
  if (path === undefined) {
    const bytes = Buffer.from(await document.body.arrayBuffer())
    return { places, read: ({ from, length }) => bytes.subarray(from, from + length), close: () => undefined }
  }
  const file = openUnlessMissing(path)
  if (file === undefined) return undefined
  let buffer = Buffer.allocUnsafeSlow(2 * longestRun)
  return {
    places,
    read({ from, length }) {
      if (buffer.length < length) buffer = Buffer.allocUnsafeSlow(length)
      const bytes = buffer.subarray(0, length)
      for (let at = 0; at < length;) {
        const count = readSync(file, bytes, at, length - at, from + at)
        if (count === 0) throw new Error('the index before was cut off')
        at += count
      }
      return bytes
    },
    close: () => closeSync(file),
  }
}

function openUnlessMissing(path: string): number | undefined {
  try {
    return openSync(path, 'r')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}
