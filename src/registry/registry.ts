import { isRegistryError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { LoggedChange, LogNews } from '../storage/change-log.ts'
import type { Scratch } from '../storage/scratch.ts'
import type { Storage } from '../storage/storage.ts'
import type { ToldChange } from './catch-up.ts'
import type { Degraded, FreshnessOptions } from './freshness.ts'
import { createFreshness } from './freshness.ts'
import { inventoryOfAll, type Knowledge, type RepositoryInventory } from './inventory.ts'
import { isRepositoryName } from './keys.ts'
import type { RepositoryOptions } from './repository-options.ts'
import { Repository } from './repository.ts'
import type { RepositoryDepth } from './repository-names.ts'
import { createRepositoryNames } from './repository-names.ts'
import { startSweeping } from './sweep.ts'

/** How well a registry can answer now. */
export interface Health {
  /** The store does not answer, and reads are answered from what is known; undefined: all is well. */
  readonly degraded: Degraded | undefined
}

/** Repositories by name. */
export interface Registry {
  /** The repository of that name; one that nobody published to is empty, not missing. */
  repository(name: string): Repository
  /**
   * The names of the repositories that have charts, in order, without opening them. What others copy into the store
   * shows within seconds (of a store that lists slowly within a minute), what is published through any server at once.
   */
  names(depth: RepositoryDepth): Promise<readonly string[]>
  /** Since when reads are answered from what is known, because the store does not answer; undefined: it does. */
  readonly staleSince: Date | undefined
  /** The repositories that were read and hold something, as they were known last: nothing is asked of the store. */
  inventory(): readonly RepositoryInventory[]
  /** How fresh all of that is. */
  readonly knowledge: Knowledge
  /** Throws RegistryError `unavailable` when the store cannot be read and nothing is known that could be told instead. */
  check(): Promise<Health>
  /**
   * False where the store cannot refuse to replace: two servers that publish one version at once overwrite each other.
   * Undefined before the store was reached.
   */
  readonly conditionalWrites: boolean | undefined
  /** Writes what is not saved yet and ends background work. */
  close(): Promise<void>
}

/** What a registry needs to know. */
export interface RegistryOptions extends RepositoryOptions {
  /** How servers on one store hear of each other; without it as they do by default. */
  readonly freshness?: FreshnessOptions
}

/** Empty repositories are forgotten as soon as there are this many: asking for random names must not fill the memory. */
const maxEmpty = 1000

const usualFreshness: FreshnessOptions = { single: false, maxStaleMs: 60 * 60_000 }

export function createRegistry(
  storage: Storage,
  options: RegistryOptions,
  scratch: Scratch | undefined,
  log: Log,
): Registry {
  const repositories = new Map<string, Repository>()
  // What is not caught up with is decided by the names themselves.
  const names = createRepositoryNames(storage, function* () {
    for (const [name, repository] of repositories) if (repository.filled && repository.caughtUp) yield name
  })
  const freshness = createFreshness(storage, options.freshness ?? usualFreshness, receive, log)
  const stopSweeping = startSweeping(storage, { trashMs: options.trashMs, log })
  let made = 0

  /** What other servers did, handed to the repositories that are open: all others read the store when they are opened. */
  function receive({ changes, lost }: LogNews): void {
    if (lost) {
      names.forget()
      for (const repository of repositories.values()) repository.told('all')
    }
    for (const [name, file, digest, created] of changes) {
      if (!isRepositoryName(name)) continue
      names.changed(name, digest === undefined)
      repositories.get(name)?.told([{ file, digest, created }])
    }
  }

  function announcing(name: string) {
    return async (changes: readonly ToldChange[]): Promise<void> => {
      if (changes.length === 0) return
      names.changed(
        name,
        changes.some(({ digest }) => digest === undefined),
      )
      await freshness.announce(changes.map((change) => logged(name, change)))
    }
  }

  function knowledge(): Knowledge {
    return { ageMs: freshness.ageMs, degraded: freshness.degraded !== undefined }
  }

  function forgetEmpty(): void {
    made = 0
    for (const [name, repository] of repositories) {
      if (!repository.idle) continue
      repository.close()
      repositories.delete(name)
    }
  }

  return {
    repository(name) {
      const known = repositories.get(name)
      if (known !== undefined) return known
      made += 1
      if (made > maxEmpty) forgetEmpty()
      const others = { freshness, announce: announcing(name) }
      const repository = new Repository(name, storage, options, scratch, log, others)
      repositories.set(name, repository)
      return repository
    },
    async names(depth) {
      await freshness.check()
      try {
        return await names.list(depth)
      } catch (error) {
        const known = isRegistryError(error, 'unavailable') ? names.known(depth) : undefined
        if (known === undefined) throw error
        freshness.failed(error)
        return known
      }
    },
    get staleSince() {
      return freshness.degraded?.since
    },
    inventory: () => inventoryOfAll(repositories, knowledge()),
    get knowledge() {
      return knowledge()
    },
    async check() {
      try {
        await storage.check()
        return { degraded: freshness.degraded }
      } catch (error) {
        const answers = [...repositories.values()].some((repository) => repository.filled)
        if (!answers) throw error
        await freshness.check()
        const reason = error instanceof Error ? error.message : String(error)
        return { degraded: freshness.degraded ?? { since: new Date(), reason } }
      }
    },
    conditionalWrites: storage.conditionalWrites !== false,
    async close() {
      stopSweeping()
      for (const repository of repositories.values()) {
        await repository.flush()
        repository.close()
      }
      freshness.close()
      await storage.close()
    },
  }
}

function logged(repo: string, { file, digest, created }: ToldChange): LoggedChange {
  if (digest === undefined) return [repo, file]
  return created === undefined ? [repo, file, digest] : [repo, file, digest, created]
}
