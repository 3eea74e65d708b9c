import type { Storage } from '../storage/storage.ts'
import { forEachOf } from './at-once.ts'
import { isRepositoryName, repositoryPrefix, reservedPrefix } from './keys.ts'

/** Which names are repositories: those of so many parts, or those of any number. */
export interface RepositoryDepth {
  readonly depth: number
  readonly dynamic: boolean
}

/** Repositories that a store is known to hold. */
export interface RepositoryNames {
  /** Names in order of characters. Callers at the same time share one listing. */
  list(depth: RepositoryDepth): Promise<readonly string[]>
  /** The same from what was found last, without asking the store; undefined before anything was found. */
  known(depth: RepositoryDepth): readonly string[] | undefined
  /** Notes that a repository may have got its first archive, or, with `fewer`, lost its last one. */
  changed(repo: string, fewer: boolean): void
  /** Forgets what was listed. */
  forget(): void
}

/**
 * How long a listing is believed, milliseconds: what others copied into the store shows after that. One that took long
 * is believed so many times as long, up to a minute, so that listing never takes more than a twentieth of the time
 * (10,000 files on a local disk: 0.2 s).
 */
const keep = { leastMs: 2000, times: 20, mostMs: 60_000 }

/** Repositories looked at, at once. */
const parallel = 4

/** Names that are remembered; somebody else may have filled the store with folders. */
const maxNames = 10_000

/** The folders of a store that hold archives, by listing it. `open` adds what was published since the last listing. */
export function createRepositoryNames(storage: Storage, open: () => Iterable<string>): RepositoryNames {
  /** What the last listing that came to its end found. */
  let found: ReadonlySet<string> | undefined
  let kept: { until: number; folders: Promise<Set<string>> } | undefined
  /** Repositories of which it is not known any more whether they hold archives. */
  const uncertain = new Map<string, { fewer: boolean }>()

  /** Asks the store about the repositories that changed since the listing. */
  async function folders(): Promise<ReadonlySet<string>> {
    const asked = [...uncertain]
    const known = await listedFolders()
    await forEachOf(asked, parallel, async ([repo, note]) => {
      if (known.has(repo) === note.fewer) {
        if (await holdsArchive(storage, repo)) known.add(repo)
        else known.delete(repo)
      }
      if (uncertain.get(repo) === note) uncertain.delete(repo)
    })
    return known
  }

  function listedFolders(): Promise<Set<string>> {
    if (kept !== undefined && performance.now() < kept.until) return kept.folders
    const started = performance.now()
    const listing = { until: Number.POSITIVE_INFINITY, folders: foldersOf(storage) }
    kept = listing
    listing.folders.then(
      (folders) => {
        found = folders
        const took = performance.now() - started
        listing.until = performance.now() + Math.min(Math.max(keep.leastMs, took * keep.times), keep.mostMs)
      },
      // The callers are told; the next one tries again.
      () => (listing.until = 0),
    )
    return listing.folders
  }

  function inDepth(folders: ReadonlySet<string>, { depth, dynamic }: RepositoryDepth): readonly string[] {
    return [...folders.union(new Set(open()))].filter((name) => dynamic || partsIn(name) === depth).sort()
  }

  return {
    async list(where) {
      if (where.depth === 0 && !where.dynamic) return ['']
      return inDepth(await folders(), where)
    },
    known: (where) => found && inDepth(found, where),
    changed: (repo, fewer) =>
      void uncertain.set(repo, { fewer: fewer || uncertain.get(repo)?.fewer === true }),
    forget: () => (kept = undefined),
  }
}

function partsIn(name: string): number {
  return name === '' ? 0 : name.split('/').length
}

async function holdsArchive(storage: Storage, repo: string): Promise<boolean> {
  for await (const { key } of storage.list(repositoryPrefix(repo), { shallow: true })) {
    if (key.endsWith('.tgz')) return true
  }
  return false
}

async function foldersOf(storage: Storage): Promise<Set<string>> {
  const found = new Set<string>()
  for await (const { key } of storage.list('')) {
    if (!key.endsWith('.tgz') || key.startsWith(reservedPrefix)) continue
    const folder = key.slice(0, Math.max(0, key.lastIndexOf('/')))
    if (found.has(folder) || !isRepositoryName(folder)) continue
    found.add(folder)
    if (found.size === maxNames) break
  }
  return found
}
