import { h } from 'preact'
import type { ListQuery } from '../../../views/list-query.ts'
import { List, type ListProps } from '../../../views/list.tsx'
import type { Page } from '../../../views/page.ts'
import { isRegistryError } from '../../errors.ts'
import { shortened } from '../../reader/text.ts'
import type { RepositoryFacts } from '../../registry/catalog.ts'
import type { Found } from '../../registry/search.ts'
import type { Ask } from '../route.ts'
import { repoAddCommand } from './commands.ts'
import { sendEmpty } from './empty.ts'
import { readListQuery, searchQuery } from './list-query.ts'
import { activeFilters, chartRow, facetGroups, sortOptions } from './list-rows.ts'
import { pageOf, sendPage } from './page.ts'
import type { WebParts } from './parts.ts'
import { sendRepositories } from './repositories.ts'
import { besidesCharts, readableNames } from './repository-list.ts'

/** Charts on one page. */
const perPage = 24
/** Names that are suggested where nothing was found. */
const mostNearest = 3
/** Repositories that a list of charts names below it. */
const mostBelow = 50
/** Files that are no charts are named up to so many, their reasons shown up to so many characters. */
const mostUnreadable = 20
const mostReason = 300

/** Answers the page of a path: the charts of a repository, or the repositories below a shorter path. */
export async function sendList(ask: Ask, parts: WebParts): Promise<Response> {
  const { repo } = ask
  const { depth, dynamic } = parts.settings
  if (!dynamic) {
    return partsIn(repo) === depth ? sendCharts(ask, parts, []) : sendRepositories(ask, parts)
  }
  const names = await readableNames(ask, parts)
  const below = names.filter((name) => name !== repo && (repo === '' || name.startsWith(`${repo}/`)))
  const isPlace = !names.includes(repo) && (below.length > 0 || repo === '')
  return isPlace ? sendRepositories(ask, parts) : sendCharts(ask, parts, below)
}

function partsIn(repo: string): number {
  return repo === '' ? 0 : repo.split('/').length
}

async function sendCharts(ask: Ask, parts: WebParts, below: readonly string[]): Promise<Response> {
  const repository = parts.registry.repository(ask.repo)
  const facts = await repository.facts()
  const page = await pageWithoutFail(ask, parts)
  if (facts.charts === 0) return sendEmpty(ask, parts, page)
  const query = readListQuery(ask.query)
  const asked = { ...searchQuery(query), limit: perPage }
  const find = (number: number) => repository.find({ ...asked, offset: (number - 1) * perPage })
  const found = await find(query.page).catch(unlessTooLong)
  const lastPage = Math.max(1, Math.ceil((found?.total ?? 0) / perPage))
  const current = Math.min(query.page, lastPage)
  const shown = found !== undefined && current < query.page ? await find(current) : found
  const isLost = shown?.total === 0 && query.words.trim() !== '' && !isNarrowed(query)
  const nearest = isLost ? await repository.nearest(query.words.trim(), mostNearest) : []
  const props = listProps({ query: { ...query, page: current }, parts, page, facts, found: shown, nearest })
  const besides = await besidesCharts(ask, parts, page)
  const view = h(List, { ...props, ...besides, lastPage, below: below.slice(0, mostBelow) })
  return sendPage(ask.request, view, { status: found === undefined ? 400 : 200 })
}

function unreadableOf({ unreadable }: RepositoryFacts): ListProps['unreadable'] {
  if (unreadable.length === 0) return undefined
  const files = unreadable.slice(0, mostUnreadable).map(({ file, reason }) => ({
    file,
    reason: shortened(reason, mostReason),
  }))
  return { files, count: unreadable.length }
}

/** Other words are no help where a filter leaves nothing. */
function isNarrowed({ types, keywords, maintainers, signed, schema }: ListQuery): boolean {
  return signed || schema || types.length + keywords.length + maintainers.length > 0
}

/** Undefined for a text that is too long to be searched for; other failures are told by the problem page. */
function unlessTooLong(error: unknown): undefined {
  if (!isRegistryError(error, 'invalid')) throw error
}

/** Charts that are in memory are shown while the store does not answer; only the menu of repositories is empty then. */
async function pageWithoutFail(ask: Ask, parts: WebParts): Promise<Page> {
  try {
    return await pageOf(ask, parts)
  } catch (error) {
    if (!isRegistryError(error, 'unavailable')) throw error
    return pageOf(ask, { ...parts, registry: { ...parts.registry, names: async () => [] } })
  }
}

interface ListSource {
  readonly query: ListQuery
  readonly parts: WebParts
  readonly page: Page
  readonly facts: RepositoryFacts
  readonly found: Found | undefined
  readonly nearest: readonly string[]
}

type Listed = Omit<ListProps, 'lastPage' | 'below' | 'note' | 'uploadScript'>

function listProps({ query, parts, page, facts, found, nearest }: ListSource): Listed {
  const base = page.list
  const { language } = page
  const facets = found?.facets
  return {
    page,
    base,
    query,
    facts,
    addCommand: repoAddCommand(page, parts.settings.caHint ?? ''),
    total: found?.total ?? 0,
    hidden: {
      deprecated: query.deprecated ? 0 : (facets?.deprecated ?? 0),
      prereleases: query.prereleases ? 0 : (facets?.prerelease ?? 0),
    },
    rows: found?.charts.map((chart) => chartRow(chart, query.words)) ?? [],
    groups: facets === undefined ? [] : facetGroups(facets, query, language),
    sorts: sortOptions(query, language),
    active: activeFilters(base, query, language),
    nearest,
    tooLong: found === undefined,
    unreadable: page.canUpload ? unreadableOf(facts) : undefined,
  }
}
