import { RegistryError } from '../errors.ts'
import type { Storage } from '../storage/storage.ts'
import type { Catalog, ChartVersion } from './catalog.ts'
import { repositoryPrefix } from './keys.ts'

/** What a repository allows. */
export interface Limits {
  /** When a version that is there may be replaced. */
  readonly overwrite: 'never' | 'with-force' | 'always'
  /** Identical bytes sent again are a success, not a conflict. */
  readonly idempotent: boolean
  /** Objects in one repository; 0: no limit. */
  readonly maxObjects: number
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
  let count = 0
  for await (const _ of storage.list(repositoryPrefix(repo), { shallow: true })) count += 1
  if (count + added <= limits.maxObjects) return
  throw new RegistryError('full', 'repository', 'repo has reached storage limit', {
    limit: limits.maxObjects,
  })
}

/**
 * The versions that a chart has too many now: the ones written longest ago, never the one just published.
 * ChartMuseum evicts by time written too, not by version number.
 */
export function surplus(catalog: Catalog, limits: Limits, published: ChartVersion): readonly ChartVersion[] {
  const versions = catalog.chart(published.name)?.versions ?? []
  const extra = versions.length - limits.versionsPerChart
  if (limits.versionsPerChart === 0 || extra <= 0) return []
  return versions
    .filter((one) => one.file !== published.file)
    .sort((a, b) => a.modified - b.modified)
    .slice(0, extra)
}
