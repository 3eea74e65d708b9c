import { RegistryError } from '../errors.ts'
import type { Storage } from '../storage/storage.ts'
import type { Catalog, ChartVersion } from './catalog.ts'
import { isRejected } from './catalog.ts'
import { fileKey } from './keys.ts'

/** A file of a repository ready to be sent. */
export interface ChartFile {
  readonly kind: 'archive' | 'provenance'
  readonly body: Blob | ReadableStream<Uint8Array>
  /** Bytes. */
  readonly size: number
  /** The digest of an archive, so that it stays the same across restarts and replicas. Without quotes. */
  readonly etag: string
  readonly modified: Date
}

/** Archives up to this size may be kept in memory: below it opening a file costs more than sending it (measured). */
const keptBytes = 64 * 1024
/** All kept archives together, over all repositories. */
const keptTotal = 32 * 1024 * 1024

/** Archives read lately, by digest: the same bytes are the same archive wherever they lie. Oldest first. */
const kept = new Map<string, Blob>()
let keptSize = 0

/**
 * Reads an archive or a provenance file. Only what the catalog shows as a chart is served as one.
 * Throws RegistryError `not_found`, or `invalid` for a name with another ending.
 */
export async function readChartFile(
  storage: Storage,
  repo: string,
  catalog: Catalog,
  name: string,
): Promise<ChartFile> {
  if (name.endsWith('.tgz.prov')) return readProvenanceFile(storage, repo, name)
  // ChartMuseum: answers 500 with this text; a name is the client's mistake.
  if (!name.endsWith('.tgz')) throw new RegistryError('invalid', 'file', 'unsupported file extension')
  // Some proxies and buckets turn the "+" of build metadata into a space on the way.
  const known = catalog.file(name) ?? catalog.file(name.replaceAll(' ', '+'))
  if (known === undefined || isRejected(known)) throw notFound()
  return readArchive(storage, repo, known)
}

/** The archive of that name when it is in memory, else undefined. */
export function keptChartFile(catalog: Catalog, name: string): ChartFile | undefined {
  const known = catalog.file(name)
  return known === undefined || isRejected(known) ? undefined : keptArchive(known)
}

function keptArchive(version: ChartVersion): ChartFile | undefined {
  const body = kept.get(version.digest)
  return body && { ...described(version), body }
}

function described({ size, digest, modified }: ChartVersion) {
  return { kind: 'archive', size, etag: digest, modified: new Date(modified) } as const
}

async function readArchive(storage: Storage, repo: string, version: ChartVersion): Promise<ChartFile> {
  const inMemory = keptArchive(version)
  if (inMemory !== undefined) return inMemory
  const object = await storage.get(fileKey(repo, version.file))
  if (object === undefined) throw notFound()
  // Replaced by hand a moment ago and not judged yet: these bytes are not the digest's.
  if (object.etag !== version.etag)
    return { ...described(version), size: object.size, etag: object.etag, body: object.body }
  if (object.size > keptBytes || !(object.body instanceof Blob))
    return { ...described(version), body: object.body }
  const body = new Blob([object.bytesNow?.() ?? (await object.body.bytes())])
  keep(version.digest, body)
  return { ...described(version), body }
}

function keep(digest: string, body: Blob): void {
  if (kept.has(digest)) return
  kept.set(digest, body)
  keptSize += body.size
  for (const [oldest, blob] of kept) {
    if (keptSize <= keptTotal) return
    kept.delete(oldest)
    keptSize -= blob.size
  }
}

async function readProvenanceFile(storage: Storage, repo: string, name: string): Promise<ChartFile> {
  const withPlus = name.replaceAll(' ', '+')
  const object =
    (await storage.get(fileKey(repo, name))) ??
    (withPlus === name ? undefined : await storage.get(fileKey(repo, withPlus)))
  if (object === undefined) throw notFound()
  const { body, size, modified } = object
  return { kind: 'provenance', body, size, etag: object.etag, modified }
}

function notFound(): RegistryError {
  return new RegistryError('not_found', 'file', 'object not found')
}
