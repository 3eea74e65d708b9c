/** @jsxImportSource preact */
import { ChartRowItem, type ChartRow } from './chart-row.tsx'
import { DeletedNote, type DeletedNoteProps } from './deleted-note.tsx'
import { DropHere } from './drop-here.tsx'
import { Facets, type FacetGroup } from './facets.tsx'
import {
  choosingAttributes,
  listAddress,
  turningAttributes,
  typingAttributes,
  wholeList,
} from './list-query.ts'
import type { ListQuery } from './list-query.ts'
import { NothingFound } from './nothing-found.tsx'
import type { Page } from './page.ts'
import { Command, Icon, PageLinks, Time } from './parts.tsx'
import { Shell } from './shell.tsx'
import { Unreadable, type UnreadableProps } from './unreadable.tsx'
import { sizeText } from './words/language.ts'
import { listWords } from './words/list.ts'

/** A way to sort: "" is the usual one. */
export interface SortOption {
  readonly value: string
  readonly label: string
  readonly selected: boolean
}

/** A filter that is set, and the list without it. */
export interface ActiveFilter {
  readonly label: string
  readonly without: string
}

export interface ListProps {
  readonly page: Page
  /** The address of the list itself: "/ctx/org1/". */
  readonly base: string
  readonly query: ListQuery
  readonly facts: {
    readonly charts: number
    readonly versions: number
    readonly bytes: number
    readonly updated: number | undefined
  }
  readonly addCommand: string
  readonly total: number
  /** Charts that the same query would find but are not shown for what they are. */
  readonly hidden: { readonly deprecated: number; readonly prereleases: number }
  readonly rows: readonly ChartRow[]
  readonly groups: readonly FacetGroup[]
  readonly sorts: readonly SortOption[]
  readonly active: readonly ActiveFilter[]
  readonly lastPage: number
  /** Names that may have been meant. */
  readonly nearest: readonly string[]
  /** The words of the search were too long or too many. */
  readonly tooLong: boolean
  /** Repositories below this one. */
  readonly below: readonly string[]
  /** Files that are no charts, for those who look after them. */
  readonly unreadable: Omit<UnreadableProps, 'page'> | undefined
  /** What was just deleted or brought back. */
  readonly note: DeletedNoteProps | undefined
  /** The script that uploads what is dropped on the page; undefined for those who may not. */
  readonly uploadScript: string | undefined
}

/** The charts of a repository: search, filters, order, pages, all of them in the address. */
export function List(props: ListProps) {
  const { page, base, query } = props
  const words = listWords[page.language]
  return (
    <Shell
      page={page}
      title={query.words === '' ? words.charts : words.searchTitle(query.words)}
      search={{ value: query.words, attributes: typingAttributes(base, '#filters,#sort') }}
      scripts={props.uploadScript === undefined ? [] : [props.uploadScript]}
      masthead={<ListHead {...props} />}
    >
      {props.note !== undefined && <DeletedNote {...props.note} />}
      <div class="wrap cols">
        <Facets page={page} base={base} groups={props.groups} language={query.language} />
        <section aria-label={words.charts}>
          <ResultBar {...props} />
          <p class="tags" id="active">
            <ActiveFilters {...props} />
          </p>
          <Results {...props} />
          <PageLinks
            page={page}
            current={query.page}
            last={props.lastPage}
            address={(number) => listAddress(base, { ...query, page: number })}
            attributes={turningAttributes}
          />
          {props.below.length > 0 && <Below {...props} />}
          {props.unreadable !== undefined && <Unreadable page={page} {...props.unreadable} />}
        </section>
      </div>
      {props.uploadScript !== undefined && <DropHere page={page} />}
    </Shell>
  )
}

function ListHead({ page, facts, addCommand }: ListProps) {
  const words = listWords[page.language]
  return (
    <>
      <h1 tabIndex={-1}>{page.repo === '' ? words.charts : page.repo.split('/').join(' / ')}</h1>
      <p class="meta">
        <span>{words.chartCount(facts.charts)}</span>
        <span>{words.versionCount(facts.versions)}</span>
        <span>{sizeText(facts.bytes)}</span>
        {facts.updated !== undefined && (
          <span>
            {words.updated} <Time page={page} at={facts.updated} />
          </span>
        )}
      </p>
      <div class="mast-cmd">
        <Command page={page}>{addCommand}</Command>
      </div>
    </>
  )
}

function ResultBar({ page, base, query, total, hidden, sorts }: ListProps) {
  const words = listWords[page.language]
  const shown = { ...query, page: 1 }
  return (
    <div class="resbar">
      <p id="count" role="status">
        {words.chartCount(total)}
        {hidden.deprecated > 0 && (
          <>
            {' · '}
            <a href={listAddress(base, { ...shown, deprecated: true })}>
              {words.deprecatedHidden(hidden.deprecated)}
            </a>
          </>
        )}
        {hidden.prereleases > 0 && (
          <>
            {' · '}
            <a href={listAddress(base, { ...shown, prereleases: true })}>
              {words.prereleasesHidden(hidden.prereleases)}
            </a>
          </>
        )}
      </p>
      <button type="button" class="btn fsum" popovertarget="filters-panel">
        <Icon page={page} name="filter" />
        {words.filters}
      </button>
      <span class="act">
        <label for="sort">{words.sort}</label>
        <select id="sort" name="sort" form="filters" hx-include="#filters,#q" {...choosingAttributes(base)}>
          {sorts.map(({ value, label, selected }) => (
            <option value={value} selected={selected}>
              {label}
            </option>
          ))}
        </select>
        <button class="btn no-js" form="filters">
          {words.applySort}
        </button>
      </span>
    </div>
  )
}

function ActiveFilters({ page, base, query, active }: ListProps) {
  const words = listWords[page.language]
  if (active.length === 0) return null
  const all = listAddress(base, { ...wholeList, words: query.words, language: query.language })
  return (
    <>
      {active.map(({ label, without }) => (
        <a class="chip" href={without} {...turningAttributes(without)}>
          <span class="vh">{words.removeFilter} </span>
          {label} <span aria-hidden="true">✕</span>
        </a>
      ))}
      <a class="chip" href={all} {...turningAttributes(all)}>
        {words.clearAll}
      </a>
    </>
  )
}

function Results(props: ListProps) {
  const { page, base, rows } = props
  if (rows.length === 0) {
    return (
      <div id="results" class="empty">
        <NothingFound {...props} filtered={props.active.length > 0} />
      </div>
    )
  }
  return (
    <ol class="list" id="results">
      {rows.map((row) => (
        <ChartRowItem page={page} row={row} base={base} level={2} />
      ))}
    </ol>
  )
}

function Below({ page, below }: ListProps) {
  const words = listWords[page.language]
  return (
    <nav aria-label={words.below}>
      <h2>{words.below}</h2>
      <ul class="links">
        {below.map((name) => (
          <li>
            <a href={`${page.contextPath}/${name}/`}>{name}</a>
          </li>
        ))}
      </ul>
    </nav>
  )
}
