import { RegistryError } from '../errors.ts'
import type { Storage, StoredObject } from '../storage/storage.ts'
import type { OpenedArchive } from './archive.ts'
import { openArchive } from './archive.ts'
import type { CatalogFile, ChartVersion } from './catalog.ts'
import { indexEntry } from './chart.ts'
import { flat } from './flat-text.ts'
import { chartAddress } from './saved-catalog.ts'

/** A file that failed is read again after this long when it was written just now: somebody may still be copying it. */
const freshMs = 2000
const copyPauseMs = 250

/** What is known of an archive before it is read. */
export interface KnownBefore {
  readonly urlPrefix: string
  /** A provenance lies beside it. */
  readonly signed: boolean
  /** The times that an earlier index gave to archives, by digest. */
  readonly createdBefore?: ReadonlyMap<string, string> | undefined
}

/** Reads one object of the store as a chart: a version, a rejected file with the reason, or undefined when it is gone. */
export async function judge(
  storage: Storage,
  key: string,
  known: KnownBefore,
): Promise<CatalogFile | undefined> {
  for (;;) {
    const object = await storage.get(key)
    if (object === undefined) return undefined
    const file = await judgeOnce(object, known)
    if (!('reason' in file) || Date.now() - object.modified.getTime() > freshMs) return file
    await Bun.sleep(copyPauseMs)
    const now = await storage.info(key)
    if (now?.etag === object.etag) return file
  }
}

async function judgeOnce(
  object: StoredObject,
  { urlPrefix, signed, createdBefore }: KnownBefore,
): Promise<CatalogFile> {
  const file = object.key.slice(object.key.lastIndexOf('/') + 1)
  try {
    const opened = await openArchive(object.bytesNow?.() ?? (await blobOf(object)))
    const created = createdBefore?.get(opened.digest) ?? goTime(object.modified)
    return describe(opened, { ...object, file }, { urlPrefix, signed, created })
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'invalid') {
      return { file, size: object.size, etag: object.etag, reason: error.message }
    }
    if (!isTroubleOfStore(error)) throw error
    // Not a verdict about the bytes: an empty change tag makes the next listing look again.
    return { file, size: object.size, etag: '', reason: `cannot be read: ${errorText(error)}` }
  }
}

/** The record of a version from what its archive says and where it lies. */
export function describe(
  opened: OpenedArchive,
  stored: { file: string; size: number; modified: Date; etag: string },
  { urlPrefix, signed, created }: { urlPrefix: string; signed: boolean; created: string },
): ChartVersion {
  const { metadata, digest, hasSchema } = opened
  const urls = [chartAddress(urlPrefix, stored.file)]
  return {
    name: flat(metadata.name),
    version: flat(metadata.version),
    file: flat(stored.file),
    size: stored.size,
    modified: stored.modified.getTime(),
    etag: flat(stored.etag),
    digest,
    created,
    signed,
    hasSchema,
    entry: flat(indexEntry(metadata, { urls, created, digest })),
  }
}

/** RFC 3339 without needless zeros, as Go prints times. */
export function goTime(time: Date): string {
  return time.toISOString().replace(/\.?0*Z$/, 'Z')
}

/** The bytes of a stored object as a Blob, for readers that want to look at them twice. */
export async function blobOf(object: StoredObject): Promise<Blob> {
  return object.body instanceof Blob ? object.body : Bun.readableStreamToBlob(object.body)
}

function isTroubleOfStore(error: unknown): boolean {
  return error instanceof RegistryError || (error instanceof Error && 'code' in error)
}

function errorText(error: unknown): string {
  if (error instanceof RegistryError) return error.message
  return error instanceof Error && 'code' in error ? String(error.code) : 'the store did not answer'
}
