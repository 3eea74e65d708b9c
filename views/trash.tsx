/** @jsxImportSource preact */
import { nameText, RestoreForm, type DeletedNames } from './deleted-note.tsx'
import type { Page } from './page.ts'
import { Time } from './parts.tsx'
import { Shell } from './shell.tsx'
import { durationText, momentText } from './words/duration.ts'
import { sizeText } from './words/language.ts'
import { trashWords } from './words/trash.ts'

export interface TrashProps {
  readonly page: Page
  /** How long things stay, milliseconds; 0: nothing is kept. */
  readonly keptMs: number
  readonly deletions: readonly DeletionRow[]
  readonly problem:
    | { readonly kind: 'expired' | 'gone' | 'taken' | 'busy'; readonly what: DeletedNames | undefined }
    | undefined
}

export interface DeletionRow {
  readonly id: string
  readonly what: DeletedNames
  /** All of its versions, as far as they are listed. */
  readonly versions: readonly string[]
  /** Bytes of its archives. */
  readonly size: number
  readonly by: string | undefined
  /** Milliseconds since 1970. */
  readonly deleted: number
  readonly until: number
  readonly ticket: string
}

/** What was deleted lately, and how to get it back. */
export function Trash({ page, keptMs, deletions, problem }: TrashProps) {
  const words = trashWords[page.language]
  return (
    <Shell
      page={page}
      title={words.title}
      masthead={
        <>
          <h1 tabIndex={-1}>{words.title}</h1>
          <p class="facts">{keptMs > 0 ? words.lede(durationText(page.language, keptMs)) : words.off}</p>
        </>
      }
    >
      <div class="wrap page">
        {problem !== undefined && (
          <p class="note bad" role="alert">
            {problem.kind === 'taken'
              ? words.taken(problem.what === undefined ? '' : nameText(page, problem.what))
              : words[problem.kind]}
          </p>
        )}
        {deletions.length === 0 ? (
          <p>
            {words.empty} <a href={page.list}>{words.backToCharts}</a>
          </p>
        ) : (
          <Deletions page={page} deletions={deletions} />
        )}
      </div>
    </Shell>
  )
}

function Deletions({ page, deletions }: Pick<TrashProps, 'page' | 'deletions'>) {
  const words = trashWords[page.language]
  return (
    <ul class="queue" aria-label={words.title}>
      {deletions.map((row) => (
        <Deletion page={page} row={row} />
      ))}
    </ul>
  )
}

function Deletion({ page, row }: { page: Page; row: DeletionRow }) {
  const words = trashWords[page.language]
  const { id, what, versions, size, by, deleted, until, ticket } = row
  const name = nameText(page, what)
  return (
    <li data-row>
      <div>
        <p class="name">{name}</p>
        {versions.length > 1 && <p class="hint mono">{versions.join(', ')}</p>}
      </div>
      <span class="size">{sizeText(size)}</span>
      <div>
        <p>
          {by === undefined ? words.deletedAt : words.deletedBy(by)} <Time page={page} at={deleted} />
        </p>
        <p class="hint">
          {words.until}{' '}
          <time dateTime={new Date(until).toISOString()}>{momentText(page.language, until, page.now)}</time>
        </p>
      </div>
      <RestoreForm page={page} id={id} ticket={ticket} label={words.restore} what={name} />
    </li>
  )
}
