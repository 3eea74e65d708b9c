import { RegistryError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Storage } from '../storage/storage.ts'
import type { Catalog, ChartVersion } from './catalog.ts'
import type { ToldChange } from './catch-up.ts'
import type { Turns } from './in-turn.ts'
import { archiveFile } from './keys.ts'
import type { Limits } from './limits.ts'
import { outdated } from './limits.ts'
import type { Removal, RemoveOptions } from './remove.ts'
import { removeFiles } from './remove.ts'
import type { Restored } from './restore.ts'
import { restoreDeletion } from './restore.ts'
import type { Trash } from './trash.ts'
import { createTrash } from './trash.ts'

/** A version that is meant exactly. */
export interface VersionName {
  readonly chart: string
  readonly version: string
}

/** All that takes versions away from a repository, and brings them back. */
export interface Removals {
  readonly trash: Trash
  /** One version, named as ChartMuseum's API names it. Throws RegistryError `not_found`. */
  one(name: VersionName, by: string | undefined): Promise<Removal>
  /**
   * Many versions, as one deletion that people were told they can undo; those that are not there any more are left out.
   * Throws RegistryError `not_found` when none is, and `full` when there is no room to keep them: then all stay.
   */
  many(names: readonly VersionName[], by: string | undefined): Promise<Removal>
  /** A chart with all its versions. Throws RegistryError `not_found`. */
  chart(name: string, by: string | undefined): Promise<Removal>
  /** What a chart has too many after a publish. */
  evict(published: ChartVersion): Promise<void>
  restore(id: string): Promise<Restored>
}

export interface RemovalsParts {
  readonly storage: Storage
  readonly repo: string
  readonly urlPrefix: string
  readonly catalog: Catalog
  readonly turns: Turns
  readonly limits: Limits
  readonly log: Log
  /** How long a deletion can be undone, milliseconds; 0: not at all. */
  readonly trashMs: number
  /** Tells other servers of files. */
  announce(changes: readonly ToldChange[]): Promise<void>
  changed(): void
}

export function createRemovals(given: RemovalsParts): Removals {
  const { catalog, limits, trashMs } = given
  const parts = { ...given, trash: createTrash(given) }

  async function remove(
    files: readonly string[],
    options: Omit<RemoveOptions, 'trashMs'>,
    missing: () => RegistryError,
  ) {
    const removal = await removeFiles(parts, files, { ...options, trashMs })
    if (removal.versions === 0) throw missing()
    return removal
  }

  let evicted = Promise.resolve()

  async function evictOne(published: ChartVersion): Promise<void> {
    const old = outdated(catalog, limits, published)
    // Not to the trash: nobody asked for it who could undo it, the limit is there to save room, and every publish of a
    // build server would add to the list in which people look for what they deleted.
    if (old !== undefined) await removeFiles(parts, [old.file], { trashMs: 0 })
  }

  return {
    trash: parts.trash,
    one({ chart, version }, by) {
      const exact = catalog.filesOf(chart, version)
      // ChartMuseum: joins both and deletes that file, so "a-1" + "2" removes version "1-2" of "a" too; here only
      // where there is no version "2" of "a-1".
      const files = exact.length > 0 ? exact : [archiveFile(chart, version)]
      return remove(files, { by }, () => noVersion({ chart, version }))
    },
    many(names, by) {
      const files = new Set(names.flatMap(({ chart, version }) => catalog.filesOf(chart, version)))
      const missing = () => noVersion(names[0] ?? { chart: '', version: '' })
      return remove([...files], { by, promised: true }, missing)
    },
    chart(name, by) {
      const files = catalog.chart(name)?.ranked.map((one) => one.version.file) ?? []
      return remove(files, { by }, () => {
        return new RegistryError('not_found', 'chart', `Cannot delete "${name}": there is no such chart`)
      })
    },
    evict(published) {
      if (limits.versionsPerChart === 0) return Promise.resolve()
      // One after the other: two at once would choose the same version, and the chart would keep one too many.
      const turn = evicted.then(() => evictOne(published))
      evicted = turn.catch(() => undefined)
      return turn
    },
    restore: (id) => restoreDeletion(parts, id),
  }
}

function noVersion({ chart, version }: VersionName): RegistryError {
  const message = `Cannot delete "${chart}-${version}": there is no such chart version`
  return new RegistryError('not_found', 'version', message)
}
