import type { Log } from '../log.ts'
import type { Scratch } from '../storage/scratch.ts'
import type { Storage } from '../storage/storage.ts'
import type { RepositoryOptions } from './repository.ts'
import { Repository } from './repository.ts'

/** Repositories by name. */
export interface Registry {
  /** The repository of that name; one that nobody published to is empty, not missing. */
  repository(name: string): Repository
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
    check: () => storage.check(),
    async close() {
      for (const repository of repositories.values()) {
        await repository.flush()
        repository.close()
      }
      await storage.close()
    },
  }
}
