import type { CatalogFile, ChartVersion } from './catalog.ts'
import { isRejected } from './catalog.ts'
import type { ChartMetadata } from './chart.ts'
import { indexEntry } from './chart.ts'

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

/** The text of a saved catalog, line by line. `urlPrefix` is what the entries' URLs were made with. */
export function* savedCatalogText(files: Iterable<CatalogFile>, urlPrefix: string): Iterable<string> {
  let hash = 0n
  for (const line of savedLines(files, urlPrefix)) {
    hash = Bun.hash.wyhash(line, hash)
    yield line
  }
  yield `${JSON.stringify([footer, hash.toString(16)])}\n`
}

function* savedLines(files: Iterable<CatalogFile>, urlPrefix: string): Iterable<string> {
  yield `${JSON.stringify([format, urlPrefix])}\n`
  for (const file of files) {
    if (isRejected(file)) {
      yield `${JSON.stringify([file.file, file.size, file.etag, file.reason])}\t\n`
    } else {
      const { name, version, size, modified, etag, digest, created, signed, hasSchema, entry } = file
      const marks = (signed ? marked.signed : 0) + (hasSchema ? marked.hasSchema : 0)
      const record = [file.file, size, etag, name, version, modified, digest, created, marks]
      yield `${JSON.stringify(record)}\t${entry}\n`
    }
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
  try {
    const lines = linesOf(wholeText(bytes))
    const header: unknown = JSON.parse(lines.next().value ?? 'null')
    if (!Array.isArray(header)) return undefined
    const outdated = header[0] === earlierFormat
    if (!outdated && header[0] !== format) return undefined
    const changedPrefix = header[1] === urlPrefix ? undefined : urlPrefix
    const files: CatalogFile[] = []
    for (const line of lines) {
      const tab = line.indexOf('\t')
      const record: unknown = JSON.parse(line.slice(0, tab))
      if (outdated && Array.isArray(record) && record.length === 8) record.push(0)
      files.push(readRecord(record, line.slice(tab + 1), changedPrefix))
    }
    return { files, outdated }
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined
    throw error
  }
}

/** Everything before the last line, when the last line has its hash. Throws SyntaxError. */
function wholeText(bytes: Buffer): Buffer {
  const start = bytes.lastIndexOf(10, bytes.length - 2) + 1
  const last: unknown = JSON.parse(bytes.toString('utf8', start))
  const text = bytes.subarray(0, start)
  let hash = 0n
  for (let at = 0; at < text.length;) {
    const end = text.indexOf(10, at) + 1
    hash = Bun.hash.wyhash(text.subarray(at, end), hash)
    at = end
  }
  if (Array.isArray(last) && last[0] === footer && last[1] === hash.toString(16)) return text
  throw new SyntaxError('the saved catalog is damaged')
}

function* linesOf(bytes: Buffer): Generator<string, undefined> {
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(10, start)
    yield bytes.toString('utf8', start, end)
    start = end + 1
  }
  return undefined
}

function readRecord(record: unknown, entry: string, urlPrefix: string | undefined): CatalogFile {
  if (!Array.isArray(record)) throw new SyntaxError('a record is no array')
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
