import { isRegistryError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Storage, StoredObject } from '../storage/storage.ts'
import type { Catalog, CatalogFile } from './catalog.ts'
import { isRejected } from './catalog.ts'
import type { Turns } from './in-turn.ts'
import { judge } from './judge.ts'
import { catalogKey, fileKey, provenanceEnding, provenanceFile, repositoryPrefix } from './keys.ts'
import type { SavedCatalog } from './saved-catalog.ts'
import { readSavedCatalog } from './saved-catalog.ts'
import { createPauses } from './pauses.ts'
import { readStatefile } from './statefile.ts'

/** Archives judged at once while many are new: enough to overlap reading with judging. */
const parallel = 4

/** Events of the store are gathered this long, so that a file being copied is looked at once or twice, not a hundred times. */
const gatherMs = 100

/** What could not be read for the moment is looked at again after this. */
const retryMs = 10_000

/** Keeps a catalog true to the store: at start, and when others change files. */
export interface Sync {
  /** Fills the catalog: the saved one where its change tags still match, everything else read anew. */
  open(): Promise<void>
  /** Compares the catalog with a listing and takes in what differs. Callers at the same time share one listing. */
  refresh(): Promise<void>
  /** Starts listening to the store; refreshes every `intervalMs` besides (0: never). Idempotent. */
  follow(intervalMs: number): void
  close(): void
}

export interface SyncParts {
  readonly storage: Storage
  readonly repo: string
  readonly urlPrefix: string
  readonly catalog: Catalog
  readonly turns: Turns
  readonly log: Log
  readonly adoptStatefile: boolean
  /** Called after the catalog took in a change made by others. */
  changed(): void
}

export function createSync(parts: SyncParts): Sync {
  const { storage, repo, urlPrefix, catalog, turns, log } = parts
  const dirty = new Set<string>()
  let gathering: Timer | undefined
  let retrying: Timer | undefined
  let createdBefore: ReadonlyMap<string, string> | undefined
  let listing: Promise<void> | undefined
  let waiting: Promise<void> | undefined
  let stop: (() => void) | undefined

  async function open(): Promise<void> {
    const saved = await loadSaved()
    if (saved?.outdated === false) catalog.putAll(saved.files, 'saved')
    else if (saved !== undefined) createdBefore = createdIn(saved.files)
    else if (parts.adoptStatefile) createdBefore = await readStatefile(storage, repo, log)
    await compare()
    if (saved?.outdated === true) parts.changed()
    createdBefore = undefined
  }

  async function loadSaved(): Promise<SavedCatalog | undefined> {
    const object = await storage.get(catalogKey(repo))
    if (object === undefined) return undefined
    try {
      return readSavedCatalog(await bytesOf(object), urlPrefix) ?? unusable('it is damaged')
    } catch (error) {
      // Not readable by this user, say: it only saves time, and the archives tell the same.
      return unusable(error instanceof Error ? error.message : 'it cannot be read')
    }
  }

  function unusable(reason: string): undefined {
    log.warn('The saved catalog cannot be used and is made anew', { repo, error: reason })
  }

  /** Lists the store once and looks at what is new, changed or gone. */
  async function compare(): Promise<void> {
    const seen = new Set<string>()
    const signed = new Set<string>()
    const differing = new Set<string>()
    for await (const { key, etag } of storage.list(repositoryPrefix(repo), { shallow: true })) {
      const file = archiveOf(key)
      if (file === undefined) continue
      if (key.endsWith(provenanceEnding)) {
        signed.add(file)
        continue
      }
      seen.add(file)
      if (catalog.file(file)?.etag !== etag) differing.add(file)
    }
    for (const known of catalog.allFiles()) {
      if (!seen.has(known.file) || !agrees(known, signed.has(known.file))) differing.add(known.file)
    }
    await lookAtAll([...differing], signed)
  }

  /** The archive that a key belongs to: itself, or what it signs. */
  function archiveOf(key: string): string | undefined {
    const file = key.slice(repositoryPrefix(repo).length)
    // ChartMuseum: the ending is compared exactly, so ".TGZ" is ignored.
    if (file.endsWith('.tgz')) return file
    return file.endsWith(`.tgz${provenanceEnding}`) ? file.slice(0, -provenanceEnding.length) : undefined
  }

  /** `signed`: the archives that have a provenance by the listing they come from; without one the store is asked. */
  async function lookAtAll(files: readonly string[], signed?: ReadonlySet<string>): Promise<void> {
    const queue = files.values()
    const breathe = createPauses()
    const workers = Array.from({ length: Math.min(parallel, files.length) }, async () => {
      for (const file of queue) {
        await turns.run([file], () => lookAtSafely(file, signed))
        await breathe()
      }
    })
    await Promise.all(workers)
    if (files.length > 0) parts.changed()
  }

  /** One file that cannot be looked at must not hide the others: what is known of it stays, and it is tried again. */
  async function lookAtSafely(file: string, signed?: ReadonlySet<string>): Promise<void> {
    try {
      await lookAt(file, signed)
    } catch (error) {
      tryAgainLater()
      if (isRegistryError(error))
        return log.warn('Could not read a package', { repo, package: file, error: error.message })
      const told = error instanceof Error ? (error.stack ?? error.message) : String(error)
      log.error('Unexpected error', { repo, package: file, error: told })
    }
  }

  function tryAgainLater(): void {
    retrying ??= setTimeout(() => {
      retrying = undefined
      refreshQuietly()
    }, retryMs)
    retrying.unref()
  }

  /** Takes in one file as the store has it now. Runs in the file's turn, so it never undoes a publish or a delete. */
  async function lookAt(file: string, listed?: ReadonlySet<string>): Promise<void> {
    const key = fileKey(repo, file)
    const known = catalog.file(file)
    // What is not known yet is read without asking whether it changed: a start may find ten thousand of them.
    const info = known && (await storage.info(key))
    const isGone = known !== undefined && info === undefined
    // What a listing said of a file that was published or removed since holds no more.
    const signed = listed !== undefined && known === undefined ? listed.has(file) : await hasProvenance(file)
    if (info !== undefined && info.etag === known?.etag) return void catalog.sign(file, signed)
    const judged = isGone ? undefined : await judge(storage, key, { urlPrefix, signed, createdBefore })
    if (judged === undefined) {
      catalog.drop(file)
      return
    }
    catalog.put(judged)
    if (judged.etag === '') tryAgainLater()
    if (isRejected(judged) && !(known !== undefined && isRejected(known) && known.reason === judged.reason)) {
      log.warn('Invalid package in storage', { repo, package: file, error: judged.reason })
    }
  }

  async function hasProvenance(file: string): Promise<boolean> {
    return (await storage.info(fileKey(repo, provenanceFile(file)))) !== undefined
  }

  function refresh(): Promise<void> {
    if (listing === undefined) {
      listing = compare().finally(() => (listing = undefined))
      return listing
    }
    // The running listing may have passed what this caller wants to see: it joins one that starts after it arrived.
    waiting ??= listing.then(ignore, ignore).then(() => {
      waiting = undefined
      return refresh()
    })
    return waiting
  }

  function told(key?: string): void {
    if (key === undefined) refreshQuietly()
    const file = key && archiveOf(key)
    if (file) dirty.add(file)
    if (dirty.size > 0) gathering ??= setTimeout(lookAtDirty, gatherMs)
  }

  async function lookAtDirty(): Promise<void> {
    gathering = undefined
    const files = [...dirty]
    dirty.clear()
    const differing: string[] = []
    for (const file of files) {
      const info = await storage.info(fileKey(repo, file)).catch(() => undefined)
      const known = catalog.file(file)
      const signed = info !== undefined && (await hasProvenance(file).catch(() => false))
      const same = info?.etag === known?.etag && (known === undefined || agrees(known, signed))
      if (!same) differing.push(file)
    }
    await lookAtAll(differing).catch(warn)
  }

  function refreshQuietly(): void {
    refresh().catch(warn)
  }

  function warn(error: unknown): void {
    log.warn('Could not compare the catalog with the store', { repo, error: String(error) })
  }

  function follow(intervalMs: number): void {
    if (stop !== undefined) return
    const unwatch = storage.watch?.(repositoryPrefix(repo), told)
    // What arrived between the listing and this moment nobody told of.
    refreshQuietly()
    const timer = intervalMs > 0 ? setInterval(refreshQuietly, intervalMs) : undefined
    timer?.unref()
    stop = () => {
      unwatch?.()
      clearInterval(timer)
      clearTimeout(gathering)
      clearTimeout(retrying)
    }
  }

  return { open, refresh, follow, close: () => stop?.() }
}

async function bytesOf({ body }: StoredObject): Promise<Buffer> {
  const bytes = body instanceof Blob ? await body.bytes() : await Bun.readableStreamToBytes(body)
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** What is known of a file agrees with a provenance being there or not. */
function agrees(file: CatalogFile, signed: boolean): boolean {
  return isRejected(file) || file.signed === signed
}

/** The time of each archive by its digest. */
function createdIn(files: readonly CatalogFile[]): ReadonlyMap<string, string> {
  return new Map(files.flatMap((file) => (isRejected(file) ? [] : [[file.digest, file.created]])))
}

function ignore(): void {}
