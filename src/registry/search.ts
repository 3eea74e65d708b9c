import type { Catalog } from './catalog.ts'
import type { Columns } from './search-columns.ts'
import type { Facets, SearchFilters } from './search-facets.ts'
import { createCounter } from './search-facets.ts'
import type { ShownChart } from './search-index.ts'
import { createSearchIndex } from './search-index.ts'
import { createScores } from './search-scores.ts'
import type { SearchText } from './search-words.ts'
import { readSearchText } from './search-words.ts'

export type { Facets, FacetValue, SearchFilters } from './search-facets.ts'

/**
 * By how well the words fit, by name, by when the newest version was published, by how many versions there are, or by
 * the size of the archive that is shown: the most first, except for names.
 */
export const searchSorts = ['relevance', 'name', 'newest', 'versions', 'size'] as const
export type SearchSort = (typeof searchSorts)[number]

export interface SearchQuery {
  /** What somebody typed: at most 200 characters and 8 words, all of which must be found. "" finds every chart. */
  readonly words: string
  readonly filters?: SearchFilters
  /** Without: by relevance. */
  readonly sort?: SearchSort
  /** Charts left out at the front. */
  readonly offset?: number
  /** Charts at most; undefined: all. */
  readonly limit?: number | undefined
}

/** A chart that was found. */
export interface FoundChart extends ShownChart {
  /** How well it fits; those of different repositories may be compared. */
  readonly score: number
}

export interface Found {
  /** How many charts there are without offset and limit. */
  readonly total: number
  readonly facets: Facets
  readonly charts: readonly FoundChart[]
}

/** Finds the charts of one repository. */
export interface Search {
  /** As of now: a change made before the call is seen. Throws RegistryError `invalid` for a text that is too long. */
  find(query: SearchQuery): Promise<Found>
}

/** What is added to the sum of the words when the whole text is the name, or the beginning of it. */
const nameScores = { whole: 1000, beginning: 500 }

/** A name that begins with the whole text begins with its first word, which weighs this much at least. */
const leastNameScore = 80

/** Results that are kept for the next page of them, or for the next reader, until a chart changes. */
const mostKept = 16

/** All charts that a query finds, in order: their numbers, and their scores beside. */
interface Result {
  readonly numbers: readonly number[]
  readonly scores: Uint32Array
  readonly facets: Facets
}

/**
 * A search over the charts of a catalog, with an index in memory that is made on the first search and kept by the
 * changes after it.
 */
export function createSearch(catalog: Catalog): Search {
  const index = createSearchIndex(catalog)
  const scores = createScores(index.vocabulary)
  const results = new Map<string, Result>()

  function resultOf(text: SearchText, filters: SearchFilters, sort: SearchSort): Result {
    const { values, columns } = index
    const counter = createCounter(values, columns, filters)
    const sums = scores.of(text.terms, index.size)
    const numbers: number[] = []
    for (const number of text.hopeless ? [] : index.numbersByName()) {
      const sum = sums[number] as number
      if ((sum === 0 && text.terms.length > 0) || !counter.count(number)) continue
      if (sum >= leastNameScore) sums[number] = sum + nameScore(text.joined, index.chart(number).joined)
      numbers.push(number)
    }
    // They stand by name, which decides where these are equal.
    if (sort === 'relevance' && text.terms.length > 0) {
      numbers.sort((a, b) => (sums[b] as number) - (sums[a] as number))
    }
    const column = columnOf(columns, sort)
    if (column !== undefined) numbers.sort((a, b) => (column[b] as number) - (column[a] as number))
    const inOrder = Uint32Array.from(numbers, (number) => sums[number] as number)
    return { numbers, scores: inOrder, facets: counter.facets() }
  }

  return {
    async find({ words, filters = {}, sort = 'relevance', offset = 0, limit }) {
      const text = readSearchText(words)
      if (index.stale) {
        results.clear()
        await index.update()
      }
      const key = JSON.stringify([text, filters, sort])
      const result = results.get(key) ?? resultOf(text, filters, sort)
      keep(results, key, result)
      const { numbers, facets } = result
      const end = limit === undefined ? undefined : offset + limit
      const charts = numbers.slice(offset, end).map((number, at) => {
        const { joined: _, ...shown } = index.chart(number)
        return { ...shown, score: result.scores[offset + at] as number }
      })
      return { total: numbers.length, facets, charts }
    },
  }
}

/** What charts are sorted by; undefined where it is no column. */
function columnOf({ updated, versions, size }: Columns, sort: SearchSort): Float64Array | undefined {
  return { relevance: undefined, name: undefined, newest: updated, versions, size }[sort]
}

/** Keeps the results that were asked for last. */
function keep(results: Map<string, Result>, key: string, result: Result): void {
  results.delete(key)
  results.set(key, result)
  if (results.size <= mostKept) return
  for (const oldest of results.keys()) {
    results.delete(oldest)
    return
  }
}

function nameScore(text: string, name: string): number {
  if (text === '' || !name.startsWith(text)) return 0
  return name.length === text.length ? nameScores.whole : nameScores.beginning
}
