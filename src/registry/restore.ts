import { RegistryError, isRegistryError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Storage } from '../storage/storage.ts'
import { forEachOf } from './at-once.ts'
import type { Catalog, ChartVersion } from './catalog.ts'
import { isRejected } from './catalog.ts'
import type { ToldChange } from './catch-up.ts'
import type { DeletedVersion, Deletion } from './deletion.ts'
import type { Turns } from './in-turn.ts'
import { blobOf, judge } from './judge.ts'
import { fileKey, provenanceFile, trashKeys } from './keys.ts'
import type { Limits } from './limits.ts'
import { checkRoom } from './limits.ts'
import { isSame } from './publish-store.ts'
import type { Trash } from './trash.ts'

/** Archives stored and read at once. */
const parallel = 4

/** A process that began to restore and did not end within this time has ended otherwise, milliseconds. */
const abandonedAfterMs = 5 * 60_000

export interface RestoreParts {
  readonly storage: Storage
  readonly repo: string
  readonly urlPrefix: string
  readonly catalog: Catalog
  readonly turns: Turns
  readonly limits: Limits
  readonly trash: Trash
  readonly log: Log
  /** Tells other servers of files. */
  announce(changes: readonly ToldChange[]): Promise<void>
  /** Called after the catalog changed. */
  changed(): void
}

/** What was brought back. */
export interface Restored {
  readonly deletion: Deletion
  readonly versions: readonly ChartVersion[]
}

/**
 * Brings a deletion back, byte for byte, all of it or nothing, with the times its entries had in the index:
 *
 *   claim → look what is in the way → store each when absent → show → tell other servers → forget the deletion
 *
 * The claim is an object in the trash: two processes that did this at once could each take the other's files for their
 * own, and take them back. A claim that was abandoned is taken over; then files with the right bytes are already restored.
 * A limit of versions per chart is not looked at: undoing one deletion must not cause another.
 * Throws RegistryError `not_found` (unknown, or its time is over), `conflict` (published again, or being restored) or `full`.
 */
export async function restoreDeletion(parts: RestoreParts, id: string): Promise<Restored> {
  const found = await parts.trash.find(id)
  if (found === undefined) throw gone()
  return parts.turns.run(
    found.versions.map(({ file }) => file),
    async () => {
      const resumed = await claim(parts, id)
      // Whoever came before may just have finished.
      const deletion = await parts.trash.find(id)
      if (deletion === undefined) {
        await parts.storage.delete(trashKeys(parts.repo, id).restoring)
        throw gone()
      }
      await storeAll(parts, deletion, resumed)
      const versions = await show(parts, deletion)
      await parts.announce(deletion.versions.map(({ file, digest, created }) => ({ file, digest, created })))
      await forget(parts, deletion)
      return { deletion, versions }
    },
  )
}

/** True when somebody began before and did not end. */
async function claim({ storage, repo }: RestoreParts, id: string): Promise<boolean> {
  const key = trashKeys(repo, id).restoring
  try {
    await storage.put(key, new Uint8Array(), { when: 'absent' })
    return false
  } catch (error) {
    if (!isRegistryError(error, 'conflict')) throw error
    const claimed = await storage.info(key)
    if (claimed !== undefined && Date.now() - claimed.modified.getTime() < abandonedAfterMs) {
      const message = 'Cannot restore: somebody else is restoring this just now; look again in a moment'
      throw new RegistryError('conflict', 'version', message, { busy: true }, { cause: error })
    }
    await storage.put(key, new Uint8Array())
    return true
  }
}

async function storeAll(parts: RestoreParts, deletion: Deletion, resumed: boolean): Promise<void> {
  const { storage, repo } = parts
  const stored: string[] = []
  try {
    const absent = await absentOf(parts, deletion, resumed)
    const objects = absent.reduce((sum, version) => sum + (version.hasProvenance ? 2 : 1), 0)
    await checkRoom(storage, repo, parts.limits, objects)
    await forEachOf(absent, parallel, (version) => store(parts, deletion.id, version, stored))
  } catch (error) {
    for (const key of stored) await storage.delete(key)
    await storage.delete(trashKeys(repo, deletion.id).restoring)
    throw error
  }
}

/** The versions that have to be stored. Throws `conflict` when others took their place. */
async function absentOf(
  parts: RestoreParts,
  deletion: Deletion,
  resumed: boolean,
): Promise<DeletedVersion[]> {
  const { storage, repo, catalog } = parts
  const absent: DeletedVersion[] = []
  const taken: DeletedVersion[] = []
  const own = new Set(deletion.versions.map(({ file }) => file))
  for (const version of deletion.versions) {
    const info = await storage.info(fileKey(repo, version.file))
    const elsewhere = catalog.filesOf(version.chart, version.version).some((file) => !own.has(file))
    if (elsewhere) taken.push(version)
    else if (info === undefined) absent.push(version)
    // The process that deleted it ended before it was done: it is still the same object.
    else if (info.etag === version.etag) continue
    else if (!(resumed && (await isCopied(parts, deletion.id, version)))) taken.push(version)
  }
  if (taken.length > 0) throw publishedAgain(taken)
  return absent
}

async function isCopied(
  { storage, repo }: RestoreParts,
  id: string,
  version: DeletedVersion,
): Promise<boolean> {
  const copy = await storage.get(trashKeys(repo, id).archive(version.place))
  return copy !== undefined && (await isSame(storage, fileKey(repo, version.file), await blobOf(copy)))
}

/** The provenance first: who sees the archive sees that it is signed. */
async function store(
  { storage, repo }: RestoreParts,
  id: string,
  version: DeletedVersion,
  stored: string[],
): Promise<void> {
  const { place, file, hasProvenance } = version
  const keys = trashKeys(repo, id)
  const moves = [[keys.archive(place), fileKey(repo, file)] as const]
  if (hasProvenance) moves.unshift([keys.provenance(place), fileKey(repo, provenanceFile(file))] as const)
  for (const [from, to] of moves) {
    const copy = await storage.get(from)
    if (copy === undefined) throw gone()
    const body = await blobOf(copy)
    try {
      await storage.put(to, body, { when: 'absent' })
      stored.unshift(to)
    } catch (error) {
      if (!isRegistryError(error, 'conflict')) throw error
      // A provenance that somebody sent again, or that could not be deleted, is as good as ours.
      if (to.endsWith('.prov') && (await isSame(storage, to, body))) continue
      throw publishedAgain([version], error)
    }
  }
}

/** What stays in the trash after a failure cannot be taken for undone: its versions are there again. */
async function forget({ trash, repo, log }: RestoreParts, deletion: Deletion): Promise<void> {
  await trash.forget(deletion).catch((error: unknown) => {
    log.warn('Could not clear what was restored from the trash', {
      repo,
      id: deletion.id,
      error: String(error),
    })
  })
}

async function show(parts: RestoreParts, { versions }: Deletion): Promise<ChartVersion[]> {
  const { storage, repo, urlPrefix, catalog } = parts
  const shown: (ChartVersion | undefined)[] = []
  await forEachOf(versions, parallel, async ({ file, digest, created, hasProvenance: signed }, place) => {
    const createdBefore = created === undefined ? undefined : new Map([[digest, created]])
    const judged = await judge(storage, fileKey(repo, file), { urlPrefix, signed, createdBefore })
    if (judged === undefined) return
    catalog.put(judged)
    if (!isRejected(judged)) shown[place] = judged
  })
  parts.changed()
  return shown.filter((each) => each !== undefined)
}

function gone(): RegistryError {
  const message = 'Cannot restore: there is no such deletion, or the time in which it could be undone is over'
  return new RegistryError('not_found', 'version', message)
}

function publishedAgain(taken: readonly DeletedVersion[], cause?: unknown): RegistryError {
  const names = taken.slice(0, 3).map(({ chart, version }) => `${chart} ${version}`)
  const more = taken.length > names.length ? ` and ${taken.length - names.length} more` : ''
  const message = `Cannot restore: ${names.join(', ')}${more} was published again meanwhile; delete it first to restore`
  return new RegistryError('conflict', 'version', message, {}, { cause })
}
