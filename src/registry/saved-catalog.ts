import type { CatalogFile, ChartVersion } from './catalog.ts'
import { isRejected } from './catalog.ts'
import type { ChartMetadata } from './chart.ts'
import { indexEntry } from './chart.ts'

/**
 * The saved catalog: what a repository held when it was last saved, so that a start opens only what changed since.
 * A line each: first a header, then per file its record as a JSON array, a tab, and its index entry. It is compared
 * with a listing by change tag and never trusted blindly; anything unreadable counts as absent.
 */
const format = 'chartroom catalog 1'

/** The text of a saved catalog, line by line. `urlPrefix` is what the entries' URLs were made with. */
export function* savedCatalogText(files: Iterable<CatalogFile>, urlPrefix: string): Iterable<string> {
  yield `${JSON.stringify([format, urlPrefix])}\n`
  for (const file of files) {
    if (isRejected(file)) {
      yield `${JSON.stringify([file.file, file.size, file.etag, file.reason])}\t\n`
    } else {
      const { name, version, size, modified, etag, digest, created, entry } = file
      yield `${JSON.stringify([file.file, size, etag, name, version, modified, digest, created])}\t${entry}\n`
    }
  }
}

/** Reads a saved catalog, or gives undefined when it is not one or is damaged. */
export function readSavedCatalog(bytes: Buffer, urlPrefix: string): CatalogFile[] | undefined {
  try {
    const lines = linesOf(bytes)
    const header: unknown = JSON.parse(lines.next().value ?? 'null')
    if (!Array.isArray(header) || header[0] !== format) return undefined
    const sameUrls = header[1] === urlPrefix
    const files: CatalogFile[] = []
    for (const line of lines) {
      const tab = line.indexOf('\t')
      files.push(
        readRecord(JSON.parse(line.slice(0, tab)), line.slice(tab + 1), sameUrls ? undefined : urlPrefix),
      )
    }
    return files
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return undefined
    throw error
  }
}

function* linesOf(bytes: Buffer): Generator<string, undefined> {
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf(10, start)
    if (end < 0) throw new SyntaxError('the last line is cut')
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
  const [file, size, etag, name, version, modified, digest, created] = record
  const known = {
    file: text(file),
    size: number(size),
    etag: text(etag),
    name: text(name),
    version: text(version),
    modified: number(modified),
    digest: text(digest),
    created: text(created),
  }
  if (!entry.endsWith('}')) throw new SyntaxError('an index entry is cut')
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
