import type { Storage } from '../storage/storage.ts'
import { isRepositoryName, reservedPrefix } from './keys.ts'

/** Which names are repositories: those of so many parts, or those of any number. */
export interface RepositoryDepth {
  readonly depth: number
  readonly dynamic: boolean
}

/** Repositories that a store is known to hold. */
export interface RepositoryNames {
  /** Names in order of characters. Callers at the same time share one listing. */
  list(depth: RepositoryDepth): Promise<readonly string[]>
}

/**
 * How long a listing is believed, milliseconds: what others copied into the store shows after that. One that took long
 * is believed so many times as long, up to a minute, so that listing never takes more than a twentieth of the time
 * (10,000 files on a local disk: 0.2 s).
 */
const keep = { leastMs: 2000, times: 20, mostMs: 60_000 }

/** Names that are remembered; somebody else may have filled the store with folders. */
const maxNames = 10_000

/** The folders of a store that hold archives, by listing it. `open` adds what was published since the last listing. */
export function createRepositoryNames(storage: Storage, open: () => Iterable<string>): RepositoryNames {
  let kept: { until: number; folders: Promise<ReadonlySet<string>> } | undefined

  function folders(): Promise<ReadonlySet<string>> {
    if (kept !== undefined && Date.now() < kept.until) return kept.folders
    const started = Date.now()
    const listing = { until: Number.POSITIVE_INFINITY, folders: foldersOf(storage) }
    kept = listing
    listing.folders.then(
      () => {
        const took = Date.now() - started
        listing.until = Date.now() + Math.min(Math.max(keep.leastMs, took * keep.times), keep.mostMs)
      },
      // The callers are told; the next one tries again.
      () => (listing.until = 0),
    )
    return listing.folders
  }

  return {
    async list({ depth, dynamic }) {
      if (depth === 0 && !dynamic) return ['']
      const names = new Set([...(await folders()), ...open()])
      return [...names].filter((name) => dynamic || partsIn(name) === depth).sort()
    },
  }
}

function partsIn(name: string): number {
  return name === '' ? 0 : name.split('/').length
}

async function foldersOf(storage: Storage): Promise<ReadonlySet<string>> {
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
