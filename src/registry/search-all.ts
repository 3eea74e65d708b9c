import { byBytes } from './catalog.ts'
import { createPauses } from './pauses.ts'
import type { Registry } from './registry.ts'
import type { Found, FoundChart, SearchQuery, SearchSort } from './search.ts'

/** A chart that was found, and where. */
export interface FoundSomewhere extends FoundChart {
  readonly repository: string
}

/** What was found in one repository. */
export interface FoundThere {
  readonly repository: string
  readonly found: Found
}

/** Repositories searched at once: the first search in one opens it. */
const parallel = 4

/**
 * Searches several repositories, each by itself; they come in no order. Throws RegistryError as `Repository.find` does.
 */
export async function searchEach(
  registry: Registry,
  names: readonly string[],
  query: SearchQuery,
): Promise<FoundThere[]> {
  const results: FoundThere[] = []
  const queue = names.values()
  const breathe = createPauses()
  const workers = Array.from({ length: Math.min(parallel, names.length) }, async () => {
    for (const repository of queue) {
      results.push({ repository, found: await registry.repository(repository).find(query) })
      await breathe()
    }
  })
  await Promise.all(workers)
  return results
}

/** Searches several repositories as if they were one: the best first, equal ones by name of chart and repository. */
export async function searchAll(
  registry: Registry,
  names: readonly string[],
  { offset = 0, limit, ...query }: SearchQuery,
): Promise<{ total: number; charts: readonly FoundSomewhere[] }> {
  const end = limit === undefined ? undefined : offset + limit
  const results = await searchEach(registry, names, { ...query, limit: end })
  const total = results.reduce((sum, { found }) => sum + found.total, 0)
  const charts = results.flatMap(({ repository, found }) =>
    found.charts.map((chart) => ({ ...chart, repository })),
  )
  return { total, charts: charts.sort(orders[query.sort ?? 'relevance']).slice(offset, end) }
}

const byName = (a: FoundSomewhere, b: FoundSomewhere) =>
  byBytes(a.chart.name, b.chart.name) || byBytes(a.repository, b.repository)

const orders = {
  relevance: (a, b) => b.score - a.score || byName(a, b),
  newest: (a, b) => b.updated - a.updated || byName(a, b),
  name: byName,
  versions: (a, b) => b.chart.totals.versions - a.chart.totals.versions || byName(a, b),
  size: (a, b) => b.version.size - a.version.size || byName(a, b),
} satisfies Record<SearchSort, (a: FoundSomewhere, b: FoundSomewhere) => number>
