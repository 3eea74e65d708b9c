import { RegistryError } from '../errors.ts'
import type { Storage } from '../storage/storage.ts'
import type { Catalog, ChartVersion } from './catalog.ts'
import { fileKey, repositoryPrefix, statefile } from './keys.ts'

/** What a repository allows. */
export interface Limits {
  /** When a version that is there may be replaced. */
  readonly overwrite: 'never' | 'with-force' | 'always'
  /** Identical bytes sent again are a success, not a conflict. */
  readonly idempotent: boolean
  /** Objects in one repository; 0: no limit. */
  readonly maxObjects: number
  /** The saved index, which ChartMuseum counts too, is written beside the charts. */
  readonly statefile?: boolean
  /** Versions kept of one chart; 0: all. */
  readonly versionsPerChart: number
}

/** True when this request may replace what is there. */
export function mayReplace(limits: Limits, force: boolean): boolean {
  return limits.overwrite === 'always' || (limits.overwrite === 'with-force' && force)
}

/**
 * Refuses when the repository would hold more objects than allowed.
 * ChartMuseum: counts every object of the repository's folder, provenance and statefile included.
 */
export async function checkRoom(
  storage: Storage,
  repo: string,
  limits: Limits,
  added: number,
): Promise<void> {
  if (limits.maxObjects === 0 || added === 0) return
  const saved = fileKey(repo, statefile)
  let count = 0
  // Written some time after the first chart: counted from the start, so that the time of an upload decides nothing.
  let comes = limits.statefile === true
  for await (const { key } of storage.list(repositoryPrefix(repo), { shallow: true })) {
    count += 1
    if (key === saved) comes = false
  }
  if (count > 0 && comes) count += 1
  if (count + added <= limits.maxObjects) return
  throw new RegistryError('full', 'repository', 'repo has reached storage limit', {
    limit: limits.maxObjects,
  })
}

/**
 * The version that has to go for one that was added; undefined where there is room.
 * ChartMuseum evicts by time written too, not by version number, and one only: a limit that was lowered takes nothing
 * away by itself. Never the one just published.
 */
export function outdated(
  catalog: Catalog,
  limits: Limits,
  published: ChartVersion,
): ChartVersion | undefined {
  const versions = catalog.chart(published.name)?.versions ?? []
  if (limits.versionsPerChart === 0 || versions.length <= limits.versionsPerChart) return undefined
  // Buckets tell seconds: of those of one second the lowest version goes. They come highest first, and sort() is stable.
  const others = versions.filter((one) => one.file !== published.file).reverse()
  return others.sort((a, b) => a.modified - b.modified)[0]
}
