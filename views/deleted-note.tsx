/** @jsxImportSource preact */
import { inside, type Page } from './page.ts'
import { momentText } from './words/duration.ts'
import { trashWords } from './words/trash.ts'

/** What a deletion took away: one version, or some of a chart's. */
export interface DeletedNames {
  readonly chart: string
  /** Undefined: several. */
  readonly version: string | undefined
  readonly count: number
}

export type DeletedNoteProps =
  | { readonly page: Page; readonly kind: 'deleted' | 'restored' }
  | {
      readonly page: Page
      readonly kind: 'undoable'
      readonly id: string
      readonly what: DeletedNames
      /** Milliseconds since 1970. */
      readonly until: number
      readonly ticket: string
    }

/** Says on the next page what was deleted, with the button that brings it back. It stays until the page is left. */
export function DeletedNote(props: DeletedNoteProps) {
  const { page, kind } = props
  const words = trashWords[page.language]
  return (
    <div class="wrap">
      <div class="note good toast" role="status">
        {kind === 'undoable' ? <Undo {...props} /> : words[kind]}
      </div>
    </div>
  )
}

function Undo({ page, id, what, until, ticket }: Extract<DeletedNoteProps, { kind: 'undoable' }>) {
  const words = trashWords[page.language]
  return (
    <>
      <span>{words.wasDeleted(nameText(page, what))}</span>
      <RestoreForm page={page} id={id} ticket={ticket} label={words.undo} what={nameText(page, what)} />
      <span>
        {words.availableUntil}{' '}
        <time dateTime={new Date(until).toISOString()}>{momentText(page.language, until, page.now)}</time>
      </span>
      <a href={inside(page, 'trash')}>{words.title}</a>
    </>
  )
}

/** The button that brings a deletion back. */
export function RestoreForm({
  page,
  id,
  ticket,
  label,
  what,
}: {
  page: Page
  id: string
  ticket: string
  label: string
  what: string
}) {
  return (
    <form method="post" action={inside(page, `trash/${encodeURIComponent(id)}/restore`)}>
      <input type="hidden" name="t" value={ticket} />
      <button class="btn">
        {label}
        <span class="vh"> {what}</span>
      </button>
    </form>
  )
}

/** "redis 21.2.4", "12 versions of redis". */
export function nameText(page: Page, { chart, version, count }: DeletedNames): string {
  if (version === undefined) return trashWords[page.language].versionsOf(count, chart)
  return version === '' ? chart : `${chart} ${version}`
}
