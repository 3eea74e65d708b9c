import type { Log } from '../log.ts'
import type { Scratch } from '../storage/scratch.ts'
import type { Storage } from '../storage/storage.ts'
import type { RepositoryOptions } from './repository-options.ts'
import { Repository } from './repository.ts'
import type { RepositoryDepth } from './repository-names.ts'
import { createRepositoryNames } from './repository-names.ts'
import { startSweeping } from './sweep.ts'

/** Repositories by name. */
export interface Registry {
  /** The repository of that name; one that nobody published to is empty, not missing. */
  repository(name: string): Repository
  /**
   * The names of the repositories that have charts, in order, without opening them. What others copy into the store
   * shows within seconds (of a store that lists slowly within a minute), what is published here at once.
   */
  names(depth: RepositoryDepth): Promise<readonly string[]>
  /** Throws RegistryError `unavailable` when the store cannot be read. */
  check(): Promise<void>
  /** Writes what is not saved yet and ends background work. */
  close(): Promise<void>
}

/** Empty repositories are forgotten as soon as there are this many: asking for random names must not fill the memory. */
const maxEmpty = 1000

export function createRegistry(
  storage: Storage,
  options: RepositoryOptions,
  scratch: Scratch | undefined,
  log: Log,
): Registry {
  const repositories = new Map<string, Repository>()
  const names = createRepositoryNames(storage, function* () {
    for (const [name, repository] of repositories) if (repository.filled) yield name
  })
  const stopSweeping = startSweeping(storage, { trashMs: options.trashMs, log })
  let made = 0

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
      const repository = new Repository(name, storage, options, scratch, log)
      repositories.set(name, repository)
      return repository
    },
    names: (depth) => names.list(depth),
    check: () => storage.check(),
    async close() {
      stopSweeping()
      for (const repository of repositories.values()) {
        await repository.flush()
        repository.close()
      }
      await storage.close()
    },
  }
}
