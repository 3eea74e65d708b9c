import { RegistryError, isRegistryError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { ObjectInfo, Storage } from '../storage/storage.ts'
import type { OpenedArchive } from './archive.ts'
import { openArchive } from './archive.ts'
import { checkPublishable } from './archive-names.ts'
import type { Catalog, ChartVersion } from './catalog.ts'
import { isRejected } from './catalog.ts'
import type { Turns } from './in-turn.ts'
import { blobOf, describe, goTime } from './judge.ts'
import { archiveFile, fileKey, provenanceEnding, provenanceFile } from './keys.ts'
import type { Limits } from './limits.ts'
import { checkRoom, mayReplace } from './limits.ts'
import { readProvenance } from './provenance.ts'
import type { Upload } from './upload.ts'

/** What came in one request: archives and provenance files, all of which are published or none. */
export interface Delivery {
  /** With `opened` where somebody has judged the very same bytes already: they are not read again. */
  readonly archives: readonly (Upload & { readonly opened?: OpenedArchive })[]
  readonly provenances: readonly Upload[]
}

/** How one file of a delivery ended. */
export type Outcome = 'added' | 'replaced' | 'unchanged'

export interface Published {
  readonly charts: readonly { version: ChartVersion; outcome: Outcome }[]
}

export interface PublishParts {
  readonly storage: Storage
  readonly repo: string
  readonly urlPrefix: string
  readonly catalog: Catalog
  readonly turns: Turns
  readonly limits: Limits
  readonly log: Log
}

/** One file that is to be stored. */
interface Item {
  readonly file: string
  readonly body: Uint8Array | Blob
  readonly opened?: OpenedArchive
}

/**
 * Publishes a delivery: judges every file, takes the turns of their names, refuses what is there already, stores,
 * then shows. Throws RegistryError `invalid` (a file is no chart or no provenance), `conflict` (it is there) or
 * `full`; then the store is as it was before.
 */
export async function publish(
  parts: PublishParts,
  delivery: Delivery,
  options: { force: boolean },
): Promise<Published> {
  const items = withoutRepeats([
    ...(await openAll(delivery.archives)),
    ...(await readAll(delivery.provenances)),
  ])
  return parts.turns.run(
    items.map((item) => archiveOf(item)),
    async () => {
      const replace = mayReplace(parts.limits, options.force)
      const wanted = await refuseConflicts(parts, items, replace)
      await checkRoom(parts.storage, parts.repo, parts.limits, await countNew(parts, wanted))
      const stored = await storeAll(parts, wanted, replace)
      return show(parts, items, stored)
    },
  )
}

async function openAll(archives: Delivery['archives']): Promise<Item[]> {
  const items: Item[] = []
  for (const { body, opened: before } of archives) {
    const opened = before ?? (await openArchive(body))
    checkPublishable(opened.metadata)
    items.push({ file: archiveFile(opened.metadata.name, opened.metadata.version), body, opened })
  }
  return items
}

async function readAll(provenances: readonly Upload[]): Promise<Item[]> {
  const items: Item[] = []
  for (const { body } of provenances) {
    const bytes = body instanceof Blob ? await body.bytes() : body
    items.push({ file: readProvenance(bytes).file, body: bytes })
  }
  return items
}

/** A provenance takes the turn of its archive: what one finds out about the two must not change under it. */
function archiveOf({ file, opened }: Item): string {
  return opened === undefined ? file.slice(0, -provenanceEnding.length) : file
}

/** ChartMuseum: of two files of one request with the same name the first counts. */
function withoutRepeats(items: readonly Item[]): Item[] {
  const byFile = new Map<string, Item>()
  for (const item of items) if (!byFile.has(item.file)) byFile.set(item.file, item)
  return [...byFile.values()]
}

/** The items that have to be written. Throws `conflict` for one that is there and may not be replaced. */
async function refuseConflicts(
  parts: PublishParts,
  items: readonly Item[],
  replace: boolean,
): Promise<Item[]> {
  const wanted: Item[] = []
  for (const item of items) {
    if (await isThereAlready(parts, item, replace)) continue
    wanted.push(item)
  }
  return wanted
}

/** True for identical bytes where that is a success; throws `conflict` where it is not. */
async function isThereAlready(parts: PublishParts, item: Item, replace: boolean): Promise<boolean> {
  const { catalog, limits, storage, repo } = parts
  if (item.opened === undefined) {
    const same = !replace && limits.idempotent && (await isSame(storage, fileKey(repo, item.file), item.body))
    return same
  }
  const { metadata, digest } = item.opened
  const others = catalog.filesOf(metadata.name, metadata.version).map((file) => catalog.file(file))
  const same = others.some((other) => other !== undefined && !isRejected(other) && other.digest === digest)
  if (same && limits.idempotent) return true
  // A file that the catalog does not show as this version is met by the store itself, which refuses to replace it.
  if (replace || others.length === 0) return false
  throw conflict(same, digest)
}

function conflict(identical: boolean, digest: string): RegistryError {
  return new RegistryError('conflict', 'file', 'file already exists', { identical, digest })
}

async function bytesOf(body: Uint8Array | Blob): Promise<Uint8Array> {
  return body instanceof Blob ? body.bytes() : body
}

async function countNew(parts: PublishParts, items: readonly Item[]): Promise<number> {
  if (parts.limits.maxObjects === 0) return 0
  const there = await Promise.all(items.map((item) => parts.storage.info(fileKey(parts.repo, item.file))))
  return there.filter((info) => info === undefined).length
}

/** Stores every item or none: what was stored before a failure is taken back, what was replaced is put back. */
async function storeAll(
  parts: PublishParts,
  items: readonly Item[],
  replace: boolean,
): Promise<ReadonlyMap<string, ObjectInfo>> {
  const stored = new Map<string, ObjectInfo>()
  const undo: (() => Promise<unknown>)[] = []
  try {
    for (const item of items) {
      const key = fileKey(parts.repo, item.file)
      parts.log.debug('Adding package to storage', { repo: parts.repo, package: item.file })
      const goBack = items.length > 1 ? await undoing(parts.storage, key) : undefined
      stored.set(item.file, await put(parts.storage, key, item.body, replace))
      if (goBack !== undefined) undo.unshift(goBack)
    }
  } catch (error) {
    for (const step of undo) await step()
    throw error
  }
  return stored
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

/** Takes the stored archives into the catalog. A provenance of bytes that were replaced no longer signs anything. */
async function show(
  parts: PublishParts,
  items: readonly Item[],
  stored: ReadonlyMap<string, ObjectInfo>,
): Promise<Published> {
  const { catalog, storage, repo, urlPrefix } = parts
  const charts: { version: ChartVersion; outcome: Outcome }[] = []
  for (const { file, opened } of items) {
    if (opened === undefined) continue
    const before = catalog.file(file)
    const info = stored.get(file)
    if (info === undefined) {
      if (before !== undefined && !isRejected(before)) charts.push({ version: before, outcome: 'unchanged' })
      continue
    }
    const provenance = provenanceFile(file)
    const changed = before !== undefined && (isRejected(before) || before.digest !== opened.digest)
    const remains = !changed && (await storage.info(fileKey(repo, provenance))) !== undefined
    const signed = remains || stored.has(provenance)
    const version = describe(opened, { ...info, file }, { urlPrefix, signed, created: goTime(new Date()) })
    catalog.put(version)
    charts.push({ version, outcome: before === undefined ? 'added' : 'replaced' })
    if (changed && !stored.has(provenance)) await storage.delete(fileKey(repo, provenance))
  }
  for (const item of items) if (item.opened === undefined) catalog.sign(archiveOf(item), true)
  return { charts }
}
