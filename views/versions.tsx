/** @jsxImportSource preact */
import { ChartShell, type ChartHead } from './chart-head.tsx'
import { DeletedNote, type DeletedNoteProps } from './deleted-note.tsx'
import { chartPage, inside, type Page } from './page.ts'
import { PageLinks } from './parts.tsx'
import { VersionTable, type VersionRow } from './version-table.tsx'
import { versionsWords } from './words/versions.ts'

/** What the reader asked for, as it stands in the address. */
export interface VersionsQuery {
  readonly range: string
  readonly prereleases: boolean
  readonly sort: 'version' | 'published' | 'size'
}

export interface VersionsProps {
  readonly page: Page
  readonly head: ChartHead
  readonly query: VersionsQuery
  readonly groups: readonly { readonly major: string | undefined; readonly rows: readonly VersionRow[] }[]
  readonly total: number
  readonly matching: number
  readonly hidden: number
  readonly current: number
  readonly pages: number
  readonly badRange: boolean
  /** Other than two versions were selected to be compared. */
  readonly selectTwo: boolean
  /** What was deleted on the way here. */
  readonly deleted: DeletedNoteProps | undefined
}

/** The address of this list with something changed. */
export function versionsAddress(
  page: Page,
  name: string,
  { range, prereleases, sort }: VersionsQuery,
  number = 1,
): string {
  const query = new URLSearchParams()
  if (range !== '') query.set('range', range)
  if (prereleases) query.set('show', 'pre')
  if (sort !== 'version') query.set('sort', sort)
  if (number > 1) query.set('page', String(number))
  const address = chartPage(page, name, 'versions')
  return query.size === 0 ? address : `${address}?${query}`
}

/** How htmx takes the list out of the page that an address gives. */
const list = {
  'hx-target': '#results',
  'hx-select': '#results',
  'hx-select-oob': '#count:innerHTML,#range-problem:innerHTML',
  'hx-swap': 'outerHTML',
  'hx-indicator': '#progress',
} as const

/** All versions of a chart: filtered by a range, sorted, to be compared and deleted. */
export function Versions(props: VersionsProps) {
  const { page, head, query, groups, current, pages, deleted } = props
  const words = versionsWords[page.language]
  const address = (number: number) => versionsAddress(page, head.name, query, number)
  return (
    <ChartShell page={page} head={head} section="versions" title={words.title}>
      {deleted !== undefined && <DeletedNote {...deleted} />}
      <div class="wrap page versions">
        <h2 class="vh">{words.title}</h2>
        <Filters {...props} />
        <div id="results">
          <form method="get" action={chartPage(page, head.name, 'versions')}>
            <input type="hidden" name="chart" value={head.name} />
            <Bulk {...props} />
            {groups.length === 0 ? (
              <p>
                {words.none} <a href={chartPage(page, head.name, 'versions')}>{words.showAll}</a>
              </p>
            ) : (
              <VersionTable
                page={page}
                name={head.name}
                groups={groups}
                sort={query.sort}
                sortAddress={(sort) => versionsAddress(page, head.name, { ...query, sort })}
              />
            )}
          </form>
          <PageLinks page={page} current={current} last={pages} address={address} />
        </div>
      </div>
    </ChartShell>
  )
}

function Filters({ page, head, query, total, matching, hidden, badRange }: VersionsProps) {
  const words = versionsWords[page.language]
  const address = chartPage(page, head.name, 'versions')
  const asked = { 'hx-get': address, 'hx-include': '#filters', 'hx-sync': 'this:replace', ...list }
  return (
    <form id="filters" class="filters" method="get" action={address}>
      <label for="range">{words.range}</label>
      <input
        id="range"
        name="range"
        type="text"
        class="mono"
        value={query.range}
        maxLength={1000}
        autocomplete="off"
        spellcheck={false}
        placeholder={words.rangeHint}
        aria-describedby="range-problem"
        {...(badRange && { 'aria-invalid': 'true' as const })}
        {...asked}
        hx-trigger="input changed delay:200ms"
        hx-replace-url="true"
      />
      <label class="check">
        <input
          type="checkbox"
          name="show"
          value="pre"
          checked={query.prereleases}
          {...asked}
          hx-trigger="change"
          hx-push-url="true"
        />{' '}
        {words.prereleases}
      </label>
      {query.sort !== 'version' && <input type="hidden" name="sort" value={query.sort} />}
      <button class="btn no-js">{words.apply}</button>
      <p id="count" role="status">
        {[
          words.count(total),
          ...(query.range !== '' && !badRange ? [words.matching(matching)] : []),
          ...(hidden > 0 ? [words.hidden(hidden)] : []),
        ].join(' · ')}
      </p>
      <p id="range-problem" class="problem" role="alert">
        {badRange && words.badRange}
      </p>
    </form>
  )
}

function Bulk({ page, head, selectTwo }: VersionsProps) {
  const words = versionsWords[page.language]
  if (head.versions < 2 && !page.canDelete) return null
  return (
    <div class="bulk">
      {selectTwo && (
        <p class="problem" role="alert">
          {words.selectTwo}
        </p>
      )}
      {head.versions > 1 && (
        <button class="btn" name="do" value="compare" data-needs="2">
          {words.compareSelected}
        </button>
      )}
      {page.canDelete && (
        <button class="btn danger" formMethod="post" formAction={inside(page, 'delete')} data-needs="1">
          {words.deleteSelected}
        </button>
      )}
    </div>
  )
}
