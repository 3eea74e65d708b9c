/** @jsxImportSource preact */
import { turningAttributes } from './list-query.ts'
import type { Page } from './page.ts'
import { Badge, Command, PageLinks, Time } from './parts.tsx'
import { Shell } from './shell.tsx'
import { sizeText } from './words/language.ts'
import { repositoriesWords } from './words/repositories.ts'

/** A repository, or a part of their paths that several begin with. */
export interface RepositoryRow {
  /** "org1/repoa" */
  readonly name: string
  /** How much it holds; undefined where that could not be read, or where several repositories are below it. */
  readonly facts:
    | {
        readonly charts: number
        readonly versions: number
        readonly bytes: number
        readonly updated: number | undefined
      }
    | undefined
  /** Repositories below; 0 for a repository. */
  readonly repositories: number
  readonly canUpload: boolean
}

export interface RepositoriesProps {
  readonly page: Page
  readonly base: string
  /** Text that the paths are searched for. */
  readonly find: string
  readonly rows: readonly RepositoryRow[]
  /** Repositories that match. */
  readonly total: number
  /** There are enough of them for a field that finds one. */
  readonly many: boolean
  readonly current: number
  readonly lastPage: number
  /** How to add the first repository to helm; how to make one where there is none. */
  readonly addCommand: string | undefined
  readonly uploadCommand: string | undefined
}

/** Repositories to choose from. */
export function Repositories(props: RepositoriesProps) {
  const { page, base, find, rows, many, addCommand } = props
  const words = repositoriesWords[page.language]
  const address = (number: number) => repositoriesAddress(base, find, number)
  return (
    <Shell
      page={page}
      title={words.title}
      masthead={
        <>
          <h1 tabIndex={-1}>{page.repo === '' ? words.title : `${page.repo.split('/').join(' / ')} /`}</h1>
          <p class="facts" id="count" role="status">
            {words.count(props.total)}
          </p>
        </>
      }
    >
      <div class="wrap page">
        {many && <Find {...props} />}
        {rows.length === 0 ? (
          <Nothing {...props} />
        ) : (
          <ul class="list" id="results">
            {rows.map((row) => (
              <Row page={page} row={row} />
            ))}
          </ul>
        )}
        <PageLinks
          page={page}
          current={props.current}
          last={props.lastPage}
          address={address}
          attributes={(href) => ({ ...turningAttributes(href), 'hx-select-oob': swappedBeside })}
        />
        {addCommand !== undefined && (
          <section class="stack">
            <h2>{words.add}</h2>
            <div class="mast-cmd">
              <Command page={page}>{addCommand}</Command>
            </div>
          </section>
        )}
      </div>
    </Shell>
  )
}

const swappedBeside = '#count:innerHTML,#pages:innerHTML'

function repositoriesAddress(base: string, find: string, number: number): string {
  const query = new URLSearchParams([
    ...(find === '' ? [] : [['find', find]]),
    ...(number === 1 ? [] : [['page', String(number)]]),
  ])
  return query.size === 0 ? base : `${base}?${query}`
}

function Find({ page, base, find }: RepositoriesProps) {
  const words = repositoriesWords[page.language]
  return (
    <form class="toolbar" action={base} role="search" aria-label={words.find}>
      <label for="find">{words.find}</label>
      <input
        id="find"
        name="find"
        type="search"
        value={find}
        autocomplete="off"
        spellcheck={false}
        maxLength={200}
        hx-get={base}
        hx-trigger="input changed delay:200ms"
        hx-sync="this:replace"
        hx-target="#results"
        hx-select="#results"
        hx-select-oob={swappedBeside}
        hx-swap="outerHTML"
        hx-replace-url="true"
        hx-indicator="#progress"
      />
      <button class="btn no-js">{words.findButton}</button>
    </form>
  )
}

function Row({ page, row }: { page: Page; row: RepositoryRow }) {
  const words = repositoriesWords[page.language]
  const { name, facts, repositories, canUpload } = row
  return (
    <li class="row plain-row" data-row>
      <h2>
        <a href={`${page.contextPath}/${name}${name === '' ? '' : '/'}`}>{name === '' ? '/' : name}</a>
      </h2>
      {repositories > 0 && <p class="d">{words.count(repositories)}</p>}
      {facts !== undefined && (
        <p class="meta">
          <span>{words.charts(facts.charts)}</span>
          <span>{words.versions(facts.versions)}</span>
          <span>{sizeText(facts.bytes)}</span>
          {facts.updated !== undefined && (
            <span>
              {words.updated} <Time page={page} at={facts.updated} />
            </span>
          )}
        </p>
      )}
      {facts === undefined && repositories === 0 && <p class="d">{words.unread}</p>}
      {repositories === 0 && (
        <p class="v">
          <Badge kind="plain">{words.read}</Badge> {canUpload && <Badge kind="plain">{words.upload}</Badge>}
        </p>
      )}
    </li>
  )
}

function Nothing({ page, base, find, uploadCommand }: RepositoriesProps) {
  const words = repositoriesWords[page.language]
  return (
    <div id="results" class="empty">
      <h2>{find === '' ? words.none : words.noMatch(find)}</h2>
      {find !== '' && (
        <p>
          <a href={base}>{words.all}</a>
        </p>
      )}
      {uploadCommand !== undefined && (
        <>
          <p>{words.first}</p>
          <Command page={page}>{uploadCommand}</Command>
        </>
      )}
    </div>
  )
}
