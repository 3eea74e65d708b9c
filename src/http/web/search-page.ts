import { h } from 'preact'
import { listAddress, type ListQuery } from '../../../views/list-query.ts'
import type { Page } from '../../../views/page.ts'
import { Search, type FoundGroup } from '../../../views/search.tsx'
import { isRegistryError } from '../../errors.ts'
import type { Registry } from '../../registry/registry.ts'
import { searchEach, type FoundThere } from '../../registry/search-all.ts'
import { headersFor } from '../headers.ts'
import type { Ask } from '../route.ts'
import { readListQuery, searchQuery } from './list-query.ts'
import { chartRow } from './list-rows.ts'
import { pageOf, sendPage, within } from './page.ts'
import type { WebParts } from './parts.ts'
import { readableNames } from './repository-list.ts'

/** Charts that are shown of one repository; a link leads to the others. */
const mostInGroup = 5
/** Repositories on one page. */
const perPage = 24
/** Names that are suggested where nothing was found, and repositories that are asked for some. */
const most = { nearest: 3, asked: 50 }

/** Answers the search across all repositories that the caller may read. With one repository its list is that search. */
export async function sendSearchPage(ask: Ask, parts: WebParts): Promise<Response> {
  const { depth, dynamic } = parts.settings
  const page = await pageOf(ask, parts, { inRepository: false })
  const query = readListQuery(ask.query)
  if (depth === 0 && !dynamic) return toList(page, query)
  const names = await readableNames(ask, parts)
  const results = await resultsOf(parts.registry, names, query)
  const found = (results ?? []).filter((one) => one.found.total > 0).sort(bestFirst)
  const lastPage = Math.max(1, Math.ceil(found.length / perPage))
  const current = Math.min(query.page, lastPage)
  const nearest = found.length === 0 ? await nearestOf(parts.registry, names, query) : []
  const shown = found.slice((current - 1) * perPage, current * perPage)
  const view = h(Search, {
    page,
    query: { ...query, page: current },
    groups: shown.map((one) => groupOf(page, one, query, parts)),
    total: sum(found, ({ total }) => total),
    places: found.length,
    repositories: names.length,
    hidden: {
      deprecated: query.deprecated ? 0 : sum(results ?? [], ({ facets }) => facets.deprecated),
      prereleases: query.prereleases ? 0 : sum(results ?? [], ({ facets }) => facets.prerelease),
    },
    lastPage,
    nearest,
    tooLong: results === undefined,
  })
  return sendPage(ask.request, view, { status: results === undefined ? 400 : 200 })
}

function toList(page: Page, query: ListQuery): Response {
  const headers = headersFor('page')
  headers.set('location', listAddress(page.list, query))
  return new Response(null, { status: 302, headers })
}

/** Undefined for a text that is too long to be searched for. */
async function resultsOf(
  registry: Registry,
  names: readonly string[],
  query: ListQuery,
): Promise<readonly FoundThere[] | undefined> {
  if (query.words.trim() === '') return []
  try {
    return await searchEach(registry, names, { ...searchQuery(query), limit: mostInGroup })
  } catch (error) {
    if (!isRegistryError(error, 'invalid')) throw error
    return undefined
  }
}

/** The repository with the best chart first. */
function bestFirst(a: FoundThere, b: FoundThere): number {
  const best = ({ found }: FoundThere) => found.charts[0]?.score ?? 0
  return best(b) - best(a) || (a.repository < b.repository ? -1 : 1)
}

function sum(results: readonly FoundThere[], number: (found: FoundThere['found']) => number): number {
  return results.reduce((total, { found }) => total + number(found), 0)
}

async function nearestOf(
  registry: Registry,
  names: readonly string[],
  { words }: ListQuery,
): Promise<string[]> {
  if (words.trim() === '') return []
  const found = new Set<string>()
  for (const name of names.slice(0, most.asked)) {
    for (const near of await registry.repository(name).nearest(words.trim(), most.nearest)) found.add(near)
  }
  return [...found].slice(0, most.nearest)
}

/** Rows link into their own repository, so they get its page. */
function groupOf(
  page: Page,
  { repository, found }: FoundThere,
  { words }: ListQuery,
  parts: WebParts,
): FoundGroup {
  return {
    repository,
    page: within(page, repository, parts.settings),
    rows: found.charts.map((chart) => chartRow(chart, words)),
    total: found.total,
  }
}
