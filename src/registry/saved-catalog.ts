import type { CatalogFile, ChartVersion } from './catalog.ts'
import { isRejected } from './catalog.ts'
import type { ChartMetadata } from './chart.ts'
import { indexEntry } from './chart.ts'
import { createPauses } from './pauses.ts'

/**
 * The saved catalog: what a repository held when it was last saved, so that a start opens only what changed since.
 * A line each: first a header, then per file its record as a JSON array, a tab, and its index entry. It is compared
 * with a listing by change tag and never trusted blindly; anything unreadable counts as absent. Files stand in catalog
 * order (Catalog.inOrder), which a reader relies on: another order of versions needs another format number.
 */
const format = 'chartroom catalog 2'
/** The format before this one, which did not know of schemas and signatures. */
const earlierFormat = 'chartroom catalog 1'
/** What is true of a version, added up in the last field of its record. */
const marked = { signed: 1, hasSchema: 2 }
/** The last line: a hash of all before it, so that no damage of a disk or a copy is ever served as an index. */
const footer = 'end'

/** The text of a saved catalog in parts. `urlPrefix` is what the entries' URLs were made with. */
export function* savedCatalogText(files: Iterable<CatalogFile>, urlPrefix: string): Iterable<string> {
  const hash = createLineHash()
  for (const line of savedLines(files, urlPrefix)) {
    hash.add(line)
    yield* line
  }
  yield `${JSON.stringify([footer, hash.text()])}\n`
}

/** Lines in parts: an entry is never joined to anything, because 100,000 joined lines are 130 MB of garbage. */
function* savedLines(files: Iterable<CatalogFile>, urlPrefix: string): Iterable<readonly string[]> {
  yield [`${JSON.stringify([format, urlPrefix])}\n`]
  for (const file of files) {
    if (isRejected(file)) {
      yield [`${JSON.stringify([file.file, file.size, file.etag, file.reason])}\t\n`]
    } else {
      const { name, version, size, modified, etag, digest, created, signed, hasSchema, entry } = file
      const marks = (signed ? marked.signed : 0) + (hasSchema ? marked.hasSchema : 0)
      const record = [file.file, size, etag, name, version, modified, digest, created, marks]
      yield [`${JSON.stringify(record)}\t`, entry, '\n']
    }
  }
}

/** The hash of all lines so far, each of which is put together in the same place. */
function createLineHash() {
  let buffer = Buffer.alloc(0)
  let hash = 0n
  return {
    add(line: readonly string[]): void {
      // A character has at most three bytes.
      const most = line.reduce((sum, part) => sum + part.length * 3, 0)
      if (buffer.length < most) buffer = Buffer.allocUnsafeSlow(most * 2)
      const size = line.reduce((at, part) => at + buffer.write(part, at), 0)
      hash = Bun.hash.wyhash(buffer.subarray(0, size), hash)
    },
    text: () => hash.toString(16),
  }
}

/** What a saved catalog says. */
export interface SavedCatalog {
  readonly files: readonly CatalogFile[]
  /** It was written by an earlier release, which knew less: of its archives only the times hold. */
  readonly outdated: boolean
}

/** Reads a saved catalog, or gives undefined when it is not one or is damaged. */
export function readSavedCatalog(bytes: Buffer, urlPrefix: string): SavedCatalog | undefined {
  return whenReadable(() => {
    const reader = createReader(urlPrefix)
    for (const _ of reader.lines(bytes));
    return reader.end()
  })
}

/**
 * The same from where it lies, piece by piece: one of 100,000 versions has 130 MB, which neither stand in memory at once
 * nor keep others waiting. Throws what the body throws.
 */
export async function loadSavedCatalog(
  body: Blob | ReadableStream<Uint8Array>,
  urlPrefix: string,
): Promise<SavedCatalog | undefined> {
  const reader = createReader(urlPrefix)
  const breathe = createPauses()
  let rest: Buffer = Buffer.alloc(0)
  for await (const { buffer, byteOffset, byteLength } of body instanceof Blob ? body.stream() : body) {
    const piece = Buffer.from(buffer, byteOffset, byteLength)
    rest = rest.length === 0 ? piece : Buffer.concat([rest, piece])
    const lines = reader.lines(rest)
    for (;;) {
      const next = whenReadable(() => lines.next())
      if (next === undefined) return undefined
      if (next.done) {
        rest = rest.subarray(next.value)
        break
      }
      await breathe()
    }
    if (rest.length > longestLine) return undefined
  }
  return rest.length === 0 ? whenReadable(() => reader.end()) : undefined
}

/** Undefined for what is no saved catalog. */
function whenReadable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined
    throw error
  }
}

/** No entry has as many bytes: a Chart.yaml has 1 MiB at most. What has is no saved catalog, however large it is. */
const longestLine = 16 * 1024 * 1024

/** Lines that are read before others may get their turn: well under a millisecond. */
const linesInOneGo = 32

/** Reads whole lines as they come. What it throws (SyntaxError, TypeError) says that they are no saved catalog. */
function createReader(urlPrefix: string) {
  const files: CatalogFile[] = []
  let outdated: boolean | undefined
  let changedPrefix: string | undefined
  let hash = 0n
  let ended = false

  function header(line: Buffer): void {
    const [name, prefix] = list(JSON.parse(line.toString()))
    if (name !== format && name !== earlierFormat) throw new SyntaxError('another format')
    outdated = name === earlierFormat
    changedPrefix = prefix === urlPrefix ? undefined : urlPrefix
  }

  function take(line: Buffer): void {
    const tab = line.indexOf(9)
    if (outdated === undefined) header(line)
    else if (tab < 0) {
      const [name, sum] = list(JSON.parse(line.toString()))
      if (name !== footer || sum !== hash.toString(16)) throw new SyntaxError('the saved catalog is damaged')
      ended = true
    } else {
      const record = list(JSON.parse(line.toString('utf8', 0, tab)))
      if (outdated && record.length === 8) record.push(0)
      // A string of its own: cut out of the line it would keep the whole line in memory.
      files.push(readRecord(record, line.toString('utf8', tab + 1, line.length - 1), changedPrefix))
    }
    hash = Bun.hash.wyhash(line, hash)
  }

  return {
    /** Takes in the whole lines of some bytes, some at a time. Gives how many bytes they are. */
    *lines(bytes: Buffer): Generator<undefined, number> {
      let start = 0
      for (let count = 1; ; count++) {
        const end = bytes.indexOf(10, start) + 1
        if (end === 0) return start
        if (ended) throw new SyntaxError('something stands behind the end')
        take(bytes.subarray(start, end))
        start = end
        if (count % linesInOneGo === 0) yield
      }
    },
    end(): SavedCatalog {
      if (!ended || outdated === undefined) throw new SyntaxError('the saved catalog is not whole')
      return { files, outdated }
    },
  }
}

function list(value: unknown): unknown[] {
  if (Array.isArray(value)) return value
  throw new SyntaxError('a line is no array')
}

function readRecord(record: unknown[], entry: string, urlPrefix: string | undefined): CatalogFile {
  if (record.length === 4) {
    const [file, size, etag, reason] = record
    return { file: text(file), size: number(size), etag: text(etag), reason: text(reason) }
  }
  const [file, size, etag, name, version, modified, digest, created, marks] = record
  const sum = number(marks)
  const known = {
    file: text(file),
    size: number(size),
    etag: text(etag),
    name: text(name),
    version: text(version),
    modified: number(modified),
    digest: text(digest),
    created: text(created),
    signed: (sum & marked.signed) !== 0,
    hasSchema: (sum & marked.hasSchema) !== 0,
  }
  return { ...known, entry: urlPrefix === undefined ? entry : withUrls(entry, known, urlPrefix) }
}

/** The entry with the addresses as they are made today: `--chart-url` may have changed since it was saved. */
function withUrls(entry: string, known: Omit<ChartVersion, 'entry'>, urlPrefix: string): string {
  const {
    urls: _,
    created: _created,
    digest: _digest,
    ...metadata
  } = JSON.parse(entry) as ChartMetadata & Record<string, unknown>
  return indexEntry(metadata, {
    urls: [chartAddress(urlPrefix, known.file)],
    created: known.created,
    digest: known.digest,
  })
}

/** The address of an archive in the index: a valid relative reference, or absolute with `--chart-url`. */
export function chartAddress(urlPrefix: string, file: string): string {
  return urlPrefix + encodeURIComponent(file).replaceAll('%2B', '+')
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw new SyntaxError('a field is no text')
  return value
}

function number(value: unknown): number {
  if (typeof value !== 'number') throw new SyntaxError('a field is no number')
  return value
}
