import type { ListQuery } from '../../../views/list-query.ts'
import type { SearchFilters, SearchQuery, SearchSort } from '../../registry/search.ts'
import { searchSorts } from '../../registry/search.ts'

/** Values of one facet that are taken from an address; more are typed by nobody. */
const mostValues = 20
/** Pages behind this number are asked for by nobody either. */
const mostPages = 1_000_000

/**
 * Reads the address of a list. Nothing in it is an error: what has no meaning is left out, as if it were not there, so
 * that an old or mangled link still shows charts.
 */
export function readListQuery(query: URLSearchParams): ListQuery {
  const words = typed(query.get('q'))
  const show = query.getAll('show')
  return {
    words,
    types: values(query, 'type'),
    keywords: values(query, 'keyword'),
    maintainers: values(query, 'maintainer'),
    signed: query.get('signed') === 'true',
    schema: query.get('schema') === 'true',
    prereleases: show.includes('pre'),
    deprecated: show.includes('dep'),
    sort: sortOf(query.get('sort'), words),
    page: pageNumber(query.get('page')),
    language: /^[a-z]{2,3}(-[a-z]{2,8})*$/i.exec(query.get('lang') ?? '')?.[0],
  }
}

/** What somebody typed, without characters that cannot be seen: no word has them, and they would turn what it is shown in. */
export function typed(text: string | null): string {
  return (text ?? '').replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, ' ').toWellFormed()
}

/** The number of a page; 1 for what is none. */
export function pageNumber(text: string | null): number {
  const number = /^\d{1,9}$/.test(text ?? '') ? Number(text) : 1
  return Math.min(Math.max(number, 1), mostPages)
}

function values(query: URLSearchParams, name: string): string[] {
  return [...new Set(query.getAll(name).map((value) => value.toWellFormed().trim()))]
    .filter(Boolean)
    .slice(0, mostValues)
}

/** What is the usual order anyway was not chosen. */
function sortOf(text: string | null, words: string): SearchSort | undefined {
  const sort = searchSorts.find((each) => each === text)
  const usual = words.trim() === '' ? ['relevance', 'newest'] : ['relevance']
  return sort !== undefined && usual.includes(sort) ? undefined : sort
}

/** The query as the search understands it, without offset and limit. */
export function searchQuery(query: ListQuery): SearchQuery {
  const filters: SearchFilters = {
    types: query.types,
    keywords: query.keywords,
    maintainers: query.maintainers,
    deprecated: query.deprecated ? undefined : false,
    prerelease: query.prereleases ? undefined : false,
    signed: query.signed || undefined,
    schema: query.schema || undefined,
  }
  const usual = query.words.trim() === '' ? 'newest' : 'relevance'
  return { words: query.words, filters, sort: query.sort ?? usual }
}
