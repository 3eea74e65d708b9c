import { isRegistryError, RegistryError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Storage } from '../storage/storage.ts'
import { forEachOf } from './at-once.ts'
import type { Catalog } from './catalog.ts'
import type { ToldChange } from './catch-up.ts'
import type { Deletion } from './deletion.ts'
import type { Turns } from './in-turn.ts'
import { fileKey, provenanceFile } from './keys.ts'
import type { Trash, TrashedFile } from './trash.ts'
import { changedMeanwhile } from './trash.ts'

export interface RemoveParts {
  readonly storage: Storage
  readonly repo: string
  readonly catalog: Catalog
  readonly turns: Turns
  readonly trash: Trash
  readonly log: Log
  /** Tells other servers of files. */
  announce(changes: readonly ToldChange[]): Promise<void>
  /** Called after the catalog changed. */
  changed(): void
}

export interface RemoveOptions {
  /** Who does it. */
  readonly by?: string | undefined
  /** How long it can be undone, milliseconds; 0: not at all. */
  readonly trashMs: number
  /** Somebody was promised that it can be undone: without room for a copy nothing is deleted. */
  readonly promised?: boolean
}

/** What came of a deletion. */
export interface Removal {
  /** Archives that were there. */
  readonly versions: number
  /** How it can be undone; undefined where it cannot. */
  readonly deletion: Deletion | undefined
}

/** Questions to the store, and deletions, at once: the driver syncs a folder once for several of them. */
const parallel = 4

/**
 * Removes archives with their provenance, by file name, as one deletion:
 *
 *   copy to the trash → write its record → hide → delete → tell other servers
 *
 * Hidden first and deleted then, so that no index ever names what is not there; a process that ends at any point leaves
 * the charts, or what brings them back, or both. Throws what the store throws; then everything that could not be
 * deleted is shown again, and the trash holds only what is gone.
 */
export async function removeFiles(
  parts: RemoveParts,
  files: readonly string[],
  options: RemoveOptions,
): Promise<Removal> {
  return parts.turns.run(files, async () => {
    const there = await lookFor(parts, files)
    const deletion = options.trashMs > 0 ? await keepIfPossible(parts, there, options) : undefined
    return hideAndDelete(parts, files, there, deletion)
  })
}

/** A full store must not keep anybody from deleting: then there is no undo, unless it was promised. */
async function keepIfPossible(
  { trash, repo, log }: RemoveParts,
  there: readonly TrashedFile[],
  { by, trashMs, promised = false }: RemoveOptions,
): Promise<Deletion | undefined> {
  if (there.length === 0) return undefined
  try {
    return await trash.keep(there, { by, forMs: trashMs })
  } catch (error) {
    if (!isRegistryError(error, 'full')) throw error
    if (promised) throw noRoom(error)
    const files = there.map(({ file }) => file).join(', ')
    log.warn('No room for the trash: deleted for good', { repo, files })
    return undefined
  }
}

function noRoom(cause: unknown): RegistryError {
  const message =
    'Cannot delete so that it can be undone: the storage has no room for a copy, and nothing was deleted. ' +
    'Delete with the API, which then keeps none, or start with --trash-ttl 0'
  return new RegistryError('full', 'storage', message, {}, { cause })
}

async function lookFor(
  { storage, repo, catalog }: RemoveParts,
  files: readonly string[],
): Promise<TrashedFile[]> {
  const found: (TrashedFile | undefined)[] = []
  await forEachOf([...new Set(files)], parallel, async (file, place) => {
    const info = await storage.info(fileKey(repo, file))
    found[place] = info && { file, info, known: catalog.file(file) }
  })
  return found.filter((each) => each !== undefined)
}

async function hideAndDelete(
  parts: RemoveParts,
  files: readonly string[],
  there: readonly TrashedFile[],
  deletion: Deletion | undefined,
): Promise<Removal> {
  const { catalog } = parts
  for (const file of files) catalog.drop(file)
  const deleted = new Set<string>()
  const left = new Map(there.map((each) => [each.file, each]))
  try {
    await forEachOf(there, parallel, async (each) => {
      if (deletion !== undefined) await refuseChanged(parts, each)
      parts.log.debug('Deleting package from storage', { repo: parts.repo, package: each.file })
      if (await parts.storage.delete(fileKey(parts.repo, each.file))) deleted.add(each.file)
      left.delete(each.file)
      await parts.storage.delete(fileKey(parts.repo, provenanceFile(each.file)))
    })
  } catch (error) {
    for (const { known } of left.values()) if (known !== undefined) catalog.put(known)
    await announceQuietly(parts, deleted)
    if (deletion !== undefined) await keepOnly(parts, deletion, deleted)
    throw error
  } finally {
    parts.changed()
  }
  await parts.announce(changesOf(deleted))
  const kept = deletion && (await keepOnly(parts, deletion, deleted))
  return { versions: deleted.size, deletion: kept }
}

function changesOf(files: Iterable<string>): ToldChange[] {
  return [...files].map((file) => ({ file, digest: undefined }))
}

/** After a deletion that failed half-way: its own error is the one that counts. */
async function announceQuietly(
  { announce, repo, log }: RemoveParts,
  files: ReadonlySet<string>,
): Promise<void> {
  if (files.size === 0) return
  await announce(changesOf(files)).catch((error: unknown) => {
    log.warn('Could not tell other servers of a deletion', { repo, error: String(error) })
  })
}

/** The bytes in the trash must be the ones that go: another process may have replaced them since they were copied. */
async function refuseChanged({ storage, repo }: RemoveParts, { file, info }: TrashedFile): Promise<void> {
  const now = await storage.info(fileKey(repo, file))
  if (now !== undefined && now.etag !== info.etag) throw changedMeanwhile(file)
}

/** Takes out of the trash what is not gone, or was deleted by another process, which has it in a record of its own. */
async function keepOnly(
  { trash, repo, log }: RemoveParts,
  deletion: Deletion,
  deleted: ReadonlySet<string>,
): Promise<Deletion | undefined> {
  if (deletion.versions.length === deleted.size) return deletion
  try {
    return await trash.narrow(deletion, deleted)
  } catch (error) {
    // It says too much now, which does no harm: what is still there as it was counts as restored already.
    log.warn('Could not correct a record of the trash', { repo, id: deletion.id, error: String(error) })
    return deletion
  }
}
