import { byBytes } from './catalog.ts'
import type { Registry } from './registry.ts'
import type { FoundChart, SearchQuery } from './search.ts'

/** A chart that was found, and where. */
export interface FoundSomewhere extends FoundChart {
  readonly repository: string
}

/** Repositories searched at once: the first search in one opens it. */
const parallel = 4

/**
 * Searches several repositories as if they were one: the best first, equal ones by name of chart and repository.
 * Throws RegistryError as `Repository.find` does.
 */
export async function searchAll(
  registry: Registry,
  names: readonly string[],
  { offset = 0, limit, ...query }: SearchQuery,
): Promise<{ total: number; charts: readonly FoundSomewhere[] }> {
  const end = limit === undefined ? undefined : offset + limit
  const charts: FoundSomewhere[] = []
  let total = 0
  const queue = names.values()
  const workers = Array.from({ length: Math.min(parallel, names.length) }, async () => {
    for (const repository of queue) {
      const found = await registry.repository(repository).find({ ...query, limit: end })
      total += found.total
      for (const chart of found.charts) charts.push({ ...chart, repository })
    }
  })
  await Promise.all(workers)
  return { total, charts: charts.sort(orders[query.sort ?? 'relevance']).slice(offset, end) }
}

const byName = (a: FoundSomewhere, b: FoundSomewhere) =>
  byBytes(a.chart.name, b.chart.name) || byBytes(a.repository, b.repository)

const orders = {
  relevance: (a, b) => b.score - a.score || byName(a, b),
  newest: (a, b) => b.updated - a.updated || byName(a, b),
  name: byName,
} satisfies Record<string, (a: FoundSomewhere, b: FoundSomewhere) => number>
