/** @jsxImportSource preact */
import { ChartRowItem, type ChartRow } from './chart-row.tsx'
import type { ListQuery } from './list-query.ts'
import { listAddress, turningAttributes, typingAttributes } from './list-query.ts'
import { NothingFound } from './nothing-found.tsx'
import { atRoot, type Page } from './page.ts'
import { PageLinks } from './parts.tsx'
import { Shell } from './shell.tsx'
import { searchWords } from './words/search.ts'

/** What was found in one repository: the best of it. */
export interface FoundGroup {
  readonly repository: string
  /** The page as it is inside of that repository: rows link there. */
  readonly page: Page
  readonly rows: readonly ChartRow[]
  readonly total: number
}

export interface SearchProps {
  readonly page: Page
  readonly query: ListQuery
  readonly groups: readonly FoundGroup[]
  /** Charts in all repositories. */
  readonly total: number
  /** Repositories that have some of them, and all that were searched. */
  readonly places: number
  readonly repositories: number
  readonly hidden: { readonly deprecated: number; readonly prereleases: number }
  readonly lastPage: number
  readonly nearest: readonly string[]
  readonly tooLong: boolean
}

const swappedBeside = '#count:innerHTML,#pages:innerHTML'

/** Charts of all repositories that the reader may see, by repository. */
export function Search(props: SearchProps) {
  const { page, query, lastPage } = props
  const words = searchWords[page.language]
  const base = atRoot(page, 'search')
  const { form: _, ...typing } = typingAttributes(base, '#kept')
  return (
    <Shell
      page={page}
      title={query.words === '' ? words.title : words.titleFor(query.words)}
      search={{ value: query.words, attributes: { ...typing, 'hx-select-oob': swappedBeside } }}
      masthead={
        <>
          <h1 tabIndex={-1}>{words.title}</h1>
          <p class="facts" id="count" role="status">
            <Count {...props} />
          </p>
          <Kept query={query} />
        </>
      }
    >
      <div class="wrap page">
        <Results {...props} />
        <PageLinks
          page={page}
          current={query.page}
          last={lastPage}
          address={(number) => listAddress(base, { ...query, page: number })}
          attributes={(href) => ({ ...turningAttributes(href), 'hx-select-oob': swappedBeside })}
        />
      </div>
    </Shell>
  )
}

function Count({ page, query, total, places, repositories, hidden }: SearchProps) {
  const words = searchWords[page.language]
  const base = atRoot(page, 'search')
  if (query.words === '') return <>{words.where(repositories)}</>
  return (
    <>
      {words.found(total, places)}
      {hidden.deprecated > 0 && (
        <>
          {' · '}
          <a href={listAddress(base, { ...query, page: 1, deprecated: true })}>
            {words.deprecatedHidden(hidden.deprecated)}
          </a>
        </>
      )}
      {hidden.prereleases > 0 && (
        <>
          {' · '}
          <a href={listAddress(base, { ...query, page: 1, prereleases: true })}>
            {words.prereleasesHidden(hidden.prereleases)}
          </a>
        </>
      )}
    </>
  )
}

/** What the address says besides the words: kept while somebody types. */
function Kept({ query }: { query: ListQuery }) {
  return (
    <div id="kept" hidden>
      {query.prereleases && <input type="hidden" name="show" value="pre" />}
      {query.deprecated && <input type="hidden" name="show" value="dep" />}
      {query.language !== undefined && <input type="hidden" name="lang" value={query.language} />}
    </div>
  )
}

function Results(props: SearchProps) {
  const { page, query, groups } = props
  const words = searchWords[page.language]
  const base = atRoot(page, 'search')
  if (query.words.trim() === '') {
    return (
      <div id="results" class="empty">
        <h2>{words.hint}</h2>
        <p>
          <a href={`${page.contextPath}/`}>{words.repositories}</a>
        </p>
      </div>
    )
  }
  if (groups.length === 0) {
    return (
      <div id="results" class="empty">
        <NothingFound {...props} base={base} filtered={false} />
      </div>
    )
  }
  return (
    <div id="results" class="stack">
      {groups.map((group) => (
        <Group query={query} group={group} />
      ))}
    </div>
  )
}

function Group({ query, group }: { query: ListQuery; group: FoundGroup }) {
  const { page, rows, total } = group
  const words = searchWords[page.language]
  const base = page.list
  const { prereleases, deprecated, language } = query
  return (
    <section>
      <h2>
        <a href={base}>{group.repository === '' ? '/' : group.repository.split('/').join(' / ')}</a>
      </h2>
      <ol class="list">
        {rows.map((row) => (
          <ChartRowItem page={page} row={row} base={base} level={3} />
        ))}
      </ol>
      {total > rows.length && (
        <p class="more">
          <a href={listAddress(base, { words: query.words, prereleases, deprecated, language })}>
            {words.allIn(total, group.repository)}
          </a>
        </p>
      )}
    </section>
  )
}
