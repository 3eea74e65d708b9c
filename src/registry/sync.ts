import type { Log } from '../log.ts'
import type { Storage } from '../storage/storage.ts'
import type { CatchUp } from './catch-up.ts'
import { createCatchUp } from './catch-up.ts'
import type { Catalog, CatalogFile } from './catalog.ts'
import { isRejected } from './catalog.ts'
import type { ExamineHints } from './examine.ts'
import { examine, hasProvenance } from './examine.ts'
import type { Turns } from './in-turn.ts'
import { catalogKey, fileKey, provenanceEnding, repositoryPrefix } from './keys.ts'
import { startPolling } from './polling.ts'
import type { SavedCatalog } from './saved-catalog.ts'
import { loadSavedCatalog } from './saved-catalog.ts'
import { readStatefile } from './statefile.ts'

/** Events of the store are gathered this long, so that a file being copied is looked at once or twice, not a hundred times. */
const gatherMs = 100

/** What could not be read for the moment is looked at again after this. */
const retryMs = 10_000

/** Archives up to this size, bytes, may be read many at once. */
const smallArchiveBytes = 1024 * 1024

/** Keeps a catalog true to the store: at start, and when others change files. */
export interface Sync {
  /** Fills the catalog: the saved one where its change tags still match, everything else read anew. */
  open(): Promise<void>
  /** Compares the catalog with a listing and takes in what differs. Callers at the same time share one listing. */
  refresh(): Promise<void>
  /** Starts listening to the store; refreshes every `intervalMs` besides (0: never). Idempotent. */
  follow(intervalMs: number): void
  /** What other processes told of, to be read before the next answer. */
  readonly catchUp: CatchUp
  /** Notes that somebody reads. */
  used(): void
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
  /** Called after the catalog took in changes made by others, of so many files. */
  changed(files: number): void
}

export function createSync(parts: SyncParts): Sync {
  const { storage, repo, urlPrefix, catalog, log } = parts
  const dirty = new Set<string>()
  let gathering: Timer | undefined
  let retrying: Timer | undefined
  let createdBefore: ReadonlyMap<string, string> | undefined
  let listing: Promise<void> | undefined
  let waiting: Promise<void> | undefined
  let stop: (() => void) | undefined
  const usage = { usedAt: Number.NEGATIVE_INFINITY, listedAt: 0, tookMs: 0 }

  async function open(): Promise<void> {
    catchUp.forget()
    const saved = await loadSaved()
    if (saved?.outdated === false) catalog.putAll(saved.files, 'saved')
    else if (saved !== undefined) createdBefore = createdIn(saved.files)
    else if (parts.adoptStatefile) createdBefore = await readStatefile(storage, repo, log)
    await refuseWithoutStore(await compare())
    if (saved?.outdated === true) parts.changed(catalog.fileCount)
    createdBefore = undefined
  }

  async function loadSaved(): Promise<SavedCatalog | undefined> {
    const object = await storage.get(catalogKey(repo))
    if (object === undefined) return undefined
    try {
      return (await loadSavedCatalog(object.body, urlPrefix)) ?? unusable('it is damaged')
    } catch (error) {
      // Not readable by this user, say: it only saves time, and the archives tell the same.
      return unusable(error instanceof Error ? error.message : 'it cannot be read')
    }
  }

  function unusable(reason: string): undefined {
    log.warn('The saved catalog cannot be used and is made anew', { repo, error: reason })
  }

  /** Lists the store once and looks at what is new, changed or gone. */
  async function compare(): Promise<number> {
    const seen = new Set<string>()
    const signed = new Set<string>()
    const small = new Set<string>()
    const differing = new Set<string>()
    for await (const { key, etag, size } of storage.list(repositoryPrefix(repo), { shallow: true })) {
      const file = archiveOf(key)
      if (file === undefined) continue
      if (key.endsWith(provenanceEnding)) {
        signed.add(file)
        continue
      }
      seen.add(file)
      if (catalog.file(file)?.etag === etag) continue
      differing.add(file)
      if (size <= smallArchiveBytes) small.add(file)
    }
    for (const known of catalog.allFiles()) {
      if (!seen.has(known.file) || !agrees(known, signed.has(known.file))) differing.add(known.file)
    }
    return lookAtAll([...differing], { signed, small })
  }

  /** The archive that a key belongs to: itself, or what it signs. */
  function archiveOf(key: string): string | undefined {
    const file = key.slice(repositoryPrefix(repo).length)
    // ChartMuseum: the ending is compared exactly, so ".TGZ" is ignored.
    if (file.endsWith('.tgz')) return file
    return file.endsWith(`.tgz${provenanceEnding}`) ? file.slice(0, -provenanceEnding.length) : undefined
  }

  async function lookAtAll(files: readonly string[], hints: ExamineHints = {}): Promise<number> {
    const failures = await examine({ ...parts, failed: tryAgainLater }, files, { createdBefore, ...hints })
    if (files.length > 0) parts.changed(files.length)
    return failures
  }

  function tryAgainLater(): void {
    retrying ??= setTimeout(() => {
      retrying = undefined
      void refreshQuietly()
    }, retryMs)
    retrying.unref()
  }

  /** Where files could not be read, either they are to blame, or the whole store: then nobody may be told that they are gone. */
  async function refuseWithoutStore(failures: number): Promise<void> {
    if (failures > 0) await storage.check()
  }

  function refresh(): Promise<void> {
    if (listing === undefined) {
      listing = compareTimed().finally(() => (listing = undefined))
      return listing
    }
    // The running listing may have passed what this caller wants to see: it joins one that starts after it arrived.
    waiting ??= listing.then(ignore, ignore).then(() => {
      waiting = undefined
      return refresh()
    })
    return waiting
  }

  async function compareTimed(): Promise<void> {
    const started = performance.now()
    await refuseWithoutStore(await compare())
    usage.listedAt = performance.now()
    usage.tookMs = usage.listedAt - started
  }

  function told(key?: string): void {
    if (key === undefined) void refreshQuietly()
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
      const signed = info !== undefined && (await hasProvenance(parts, file).catch(() => false))
      const same = info?.etag === known?.etag && (known === undefined || agrees(known, signed))
      if (!same) differing.push(file)
    }
    await lookAtAll(differing).catch(warn)
  }

  function refreshQuietly(): Promise<void> {
    return refresh().catch(warn)
  }

  function warn(error: unknown): void {
    log.warn('Could not compare the catalog with the store', { repo, error: String(error) })
  }

  function follow(intervalMs: number): void {
    if (stop !== undefined) return
    const unwatch = storage.watch?.(repositoryPrefix(repo), told)
    const watched = unwatch !== undefined
    const unpoll = startPolling({ refresh: refreshQuietly, watched, everyMs: intervalMs, usage })
    stop = () => {
      unwatch?.()
      unpoll()
      clearTimeout(gathering)
      clearTimeout(retrying)
    }
  }

  const catchUp = createCatchUp({
    catalog,
    refresh,
    async examine(files, created) {
      // Not saved for it: who changed them does that.
      const hints = { createdBefore: created }
      await refuseWithoutStore(await examine({ ...parts, failed: tryAgainLater }, files, hints))
    },
  })

  return {
    open,
    refresh,
    follow,
    catchUp,
    used: () => (usage.usedAt = performance.now()),
    close: () => stop?.(),
  }
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
