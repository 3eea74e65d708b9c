import { RegistryError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { ObjectInfo, Storage, StoredObject } from '../storage/storage.ts'
import { forEachOf } from './at-once.ts'
import type { CatalogFile } from './catalog.ts'
import { isRejected } from './catalog.ts'
import type { DeletedVersion, Deletion } from './deletion.ts'
import { deletionText, isDeletionId, newDeletionId, parseDeletion } from './deletion.ts'
import { blobOf } from './judge.ts'
import { fileKey, parseTrashKey, provenanceFile, repositoryTrashPrefix, trashKeys } from './keys.ts'

/** Copies made or removed at once: the folder of the trash is then synced once for several of them. */
const parallel = 4

/** What was deleted from one repository and can be brought back. Nothing is kept in memory: processes may share a store. */
export interface Trash {
  /**
   * Copies archives with their provenance, then writes the record of the deletion: from here on it can be undone, and
   * the originals may go. On failure nothing is left, and what failed is thrown.
   */
  keep(files: readonly TrashedFile[], options: { by: string | undefined; forMs: number }): Promise<Deletion>
  /** Corrects a deletion that took away only some of its files; one that took none is forgotten. */
  narrow(deletion: Deletion, deleted: ReadonlySet<string>): Promise<Deletion | undefined>
  /** What can be brought back now, newest first. */
  list(): Promise<readonly Deletion[]>
  /** One deletion while it can be brought back. */
  find(id: string): Promise<Deletion | undefined>
  /** Removes a deletion for good: the record first, so that nobody begins to restore what is half gone. */
  forget(deletion: Deletion): Promise<void>
}

/** A file that is about to be deleted. */
export interface TrashedFile {
  readonly file: string
  readonly info: ObjectInfo
  /** As the catalog knows it. */
  readonly known: CatalogFile | undefined
}

export interface TrashParts {
  readonly storage: Storage
  readonly repo: string
  readonly log: Log
}

export function createTrash({ storage, repo, log }: TrashParts): Trash {
  async function keep(
    files: readonly TrashedFile[],
    { by, forMs }: { by: string | undefined; forMs: number },
  ): Promise<Deletion> {
    const deleted = new Date()
    const until = new Date(deleted.getTime() + forMs)
    const id = newDeletionId(until)
    const versions: DeletedVersion[] = []
    try {
      await forEachOf(files, parallel, async (file, place) => {
        versions[place] = await copy(file, place, id)
      })
      const deletion = { id, repo, by, deleted, until, versions }
      await storage.put(trashKeys(repo, id).record, bytesOf(deletion))
      return deletion
    } catch (error) {
      // The record first: a write that failed may have been made all the same.
      await removeAll(id, [...files.keys()]).catch((failure: unknown) => {
        // Swept later, because it has no record.
        log.warn('Could not clear copies for the trash', { repo, id, error: String(failure) })
      })
      throw error
    }
  }

  async function copy(
    { file, info, known }: TrashedFile,
    place: number,
    id: string,
  ): Promise<DeletedVersion> {
    const keys = trashKeys(repo, id)
    const archive = await storage.get(fileKey(repo, file))
    if (archive?.etag !== info.etag) throw changedMeanwhile(file)
    await storage.put(keys.archive(place), await blobOf(archive))
    const provenance = await storage.get(fileKey(repo, provenanceFile(file)))
    if (provenance !== undefined) await storage.put(keys.provenance(place), await blobOf(provenance))
    return { place, ...(await described(archive, file, known)), hasProvenance: provenance !== undefined }
  }

  async function described(archive: StoredObject, file: string, known: CatalogFile | undefined) {
    const { size, etag } = archive
    const shared = { file, size, etag, modified: archive.modified.getTime() }
    if (known !== undefined && !isRejected(known) && known.etag === etag) {
      const { name: chart, version, digest, created } = known
      return { ...shared, chart, version, digest, created }
    }
    // No chart, or one that the catalog has not looked at yet: its file name is all that is known.
    const digest = await digestOf(await storage.get(fileKey(repo, file)))
    return { ...shared, chart: file.slice(0, -'.tgz'.length), version: '', digest, created: undefined }
  }

  async function narrow(deletion: Deletion, deleted: ReadonlySet<string>): Promise<Deletion | undefined> {
    const gone = { ...deletion, versions: deletion.versions.filter(({ file }) => deleted.has(file)) }
    if (gone.versions.length === 0) {
      await forget(deletion)
      return undefined
    }
    await storage.put(trashKeys(repo, deletion.id).record, bytesOf(gone))
    const kept = deletion.versions.filter(({ file }) => !deleted.has(file))
    await removeCopies(
      deletion.id,
      kept.map(({ place }) => place),
    )
    return gone
  }

  function forget({ id, versions }: Deletion): Promise<void> {
    return removeAll(
      id,
      versions.map(({ place }) => place),
    )
  }

  async function removeAll(id: string, places: readonly number[]): Promise<void> {
    const keys = trashKeys(repo, id)
    await storage.delete(keys.record)
    await removeCopies(id, places)
    await storage.delete(keys.restoring)
  }

  async function removeCopies(id: string, places: readonly number[]): Promise<void> {
    const keys = trashKeys(repo, id)
    await forEachOf(places, parallel, async (place) => {
      await storage.delete(keys.archive(place))
      await storage.delete(keys.provenance(place))
    })
  }

  async function read(id: string): Promise<Deletion | undefined> {
    const object = await storage.get(trashKeys(repo, id).record)
    if (object === undefined) return undefined
    const deletion = parseDeletion(await (await blobOf(object)).text(), repo, id)
    if (deletion === undefined) log.warn('A record of the trash cannot be read', { repo, id })
    return deletion !== undefined && deletion.until.getTime() > Date.now() ? deletion : undefined
  }

  return {
    keep,
    narrow,
    async list() {
      const ids: string[] = []
      for await (const { key } of storage.list(repositoryTrashPrefix(repo), { shallow: true })) {
        const parsed = parseTrashKey(key)
        if (parsed?.part === 'json' && isDeletionId(parsed.id)) ids.push(parsed.id)
      }
      const found: Deletion[] = []
      await forEachOf(ids, parallel, async (id) => {
        const deletion = await read(id)
        if (deletion !== undefined) found.push(deletion)
      })
      return found.sort((a, b) => b.deleted.getTime() - a.deleted.getTime() || (a.id < b.id ? 1 : -1))
    },
    find: async (id) => (isDeletionId(id) ? read(id) : undefined),
    forget,
  }
}

function bytesOf(deletion: Deletion): Uint8Array {
  return new TextEncoder().encode(deletionText(deletion))
}

/** The error for a file that is not any more what it was when it was looked at. */
export function changedMeanwhile(file: string): RegistryError {
  const message = `Cannot delete "${file}": it was changed by somebody else just now; look at it and try again`
  return new RegistryError('conflict', 'version', message)
}

async function digestOf(object: StoredObject | undefined): Promise<string> {
  const hasher = new Bun.CryptoHasher('sha256')
  if (object === undefined) return ''
  const stream = object.body instanceof Blob ? object.body.stream() : object.body
  for await (const chunk of stream) hasher.update(chunk)
  return hasher.digest('hex')
}
