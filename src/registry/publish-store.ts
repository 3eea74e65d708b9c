import { RegistryError, isRegistryError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { ObjectInfo, Storage } from '../storage/storage.ts'
import type { OpenedArchive } from './archive.ts'
import type { ToldChange } from './catch-up.ts'
import { blobOf } from './judge.ts'
import { fileKey, provenanceEnding } from './keys.ts'

/** One file that is to be stored. */
export interface Item {
  readonly file: string
  readonly body: Uint8Array | Blob
  readonly opened?: OpenedArchive
  readonly created?: string | undefined
}

/** What storing needs. */
export interface StoreParts {
  readonly storage: Storage
  readonly repo: string
  readonly log: Log
  /** Tells other servers of files. */
  announce(changes: readonly ToldChange[]): Promise<void>
}

/** A provenance takes the turn of its archive: what one finds out about the two must not change under it. */
export function archiveOf({ file, opened }: Item): string {
  return opened === undefined ? file.slice(0, -provenanceEnding.length) : file
}

/**
 * Stores every item or none, and tells other servers: what was stored before a failure is taken back, what was replaced is
 * put back.
 */
export async function storeAll(
  parts: StoreParts,
  items: readonly Item[],
  replace: boolean,
): Promise<ReadonlyMap<string, ObjectInfo>> {
  const [only] = items
  if (items.length === 1 && only?.opened !== undefined) {
    return new Map([[only.file, await storeOne(parts, only, only.opened.digest, replace)]])
  }
  const stored = new Map<string, ObjectInfo>()
  const undo: (() => Promise<unknown>)[] = []
  try {
    for (const item of items) {
      const key = fileKey(parts.repo, item.file)
      parts.log.debug('Adding package to storage', { repo: parts.repo, package: item.file })
      const goBack = await undoing(parts.storage, key)
      stored.set(item.file, await put(parts.storage, key, item.body, replace))
      undo.unshift(goBack)
    }
    if (items.length > 0) await parts.announce(items.map(toldOf))
  } catch (error) {
    for (const step of undo) await step()
    throw error
  }
  return stored
}

function toldOf(item: Item): ToldChange {
  return { file: archiveOf(item), digest: item.opened?.digest, created: item.created }
}

/**
 * An archive by itself is told of while it is written: other servers look for it until they see its digest, so that both
 * together take as long as one.
 */
async function storeOne(
  { storage, repo, log, announce }: StoreParts,
  { file, body, created }: Item,
  digest: string,
  replace: boolean,
): Promise<ObjectInfo> {
  const key = fileKey(repo, file)
  log.debug('Adding package to storage', { repo, package: file })
  const [stored, told] = await Promise.allSettled([
    put(storage, key, body, replace),
    announce([{ file, digest, created }]),
  ])
  if (stored.status === 'rejected') throw stored.reason
  if (told.status === 'fulfilled') return stored.value
  if (!replace) await storage.delete(key)
  throw told.reason
}

async function put(
  storage: Storage,
  key: string,
  body: Uint8Array | Blob,
  replace: boolean,
): Promise<ObjectInfo> {
  try {
    return await storage.put(key, body, replace ? {} : { when: 'absent' })
  } catch (error) {
    // With leave to replace a conflict is about the place in the store, not about the version: its own sentence tells.
    if (replace || !isRegistryError(error, 'conflict')) throw error
    const digest = new Bun.CryptoHasher('sha256').update(await bytesOf(body)).digest('hex')
    throw conflict(await isSame(storage, key, body), digest)
  }
}

/** True when these very bytes are stored under the key. */
export async function isSame(storage: Storage, key: string, body: Uint8Array | Blob): Promise<boolean> {
  const there = await storage.get(key)
  if (there === undefined || there.size !== (body instanceof Blob ? body.size : body.byteLength)) return false
  return Buffer.from(await (await blobOf(there)).bytes()).equals(await bytesOf(body))
}

/** How to bring a key back to what it is now. */
async function undoing(storage: Storage, key: string): Promise<() => Promise<unknown>> {
  const before = await storage.get(key)
  if (before === undefined) return () => storage.delete(key)
  const bytes = await (await blobOf(before)).bytes()
  return () => storage.put(key, bytes)
}

/** What is there already, and whether it is the very same. */
export function conflict(identical: boolean, digest: string): RegistryError {
  return new RegistryError('conflict', 'file', 'file already exists', { identical, digest })
}

async function bytesOf(body: Uint8Array | Blob): Promise<Uint8Array> {
  return body instanceof Blob ? body.bytes() : body
}
