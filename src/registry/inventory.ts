import type { Catalog } from './catalog.ts'
import type { IndexBytes, IndexFiles } from './index-file.ts'

/** How much one repository holds, as this process knew it last. */
export interface RepositoryInventory {
  readonly name: string
  readonly charts: number
  readonly versions: number
  readonly indexBytes: IndexBytes
}

/** How well a process knows what is in its store. */
export interface Knowledge {
  /** Milliseconds since it was last sure to know everything; undefined: it never was yet. */
  readonly ageMs: number | undefined
  /** The store does not answer, and reads are answered from what is known. */
  readonly degraded: boolean
}

/** Costs next to nothing: the catalog counts once per change. */
export function inventoryOf(name: string, catalog: Catalog, indexFiles: IndexFiles): RepositoryInventory {
  const { charts, versions } = catalog.facts()
  return { name, charts, versions, indexBytes: indexFiles.bytes() }
}

/** What is needed of a repository for an inventory of many. */
interface Inventoried {
  readonly filled: boolean
  readonly caughtUp: boolean
  inventory(): RepositoryInventory | undefined
  prepare(): void
}

/**
 * The repositories that this process has read and that hold something, without a look at the store. The root is told
 * while it is empty, too; of the others, names that somebody asked for are no repositories. Those of which there is news
 * are read in the background, for the next time.
 */
export function inventoryOfAll(
  repositories: ReadonlyMap<string, Inventoried>,
  { degraded }: Knowledge,
): readonly RepositoryInventory[] {
  const all: RepositoryInventory[] = []
  for (const [name, repository] of repositories) {
    if (!repository.filled && name !== '') continue
    const one = repository.inventory()
    if (one === undefined) continue
    all.push(one)
    if (!repository.caughtUp && !degraded) repository.prepare()
  }
  return all
}
