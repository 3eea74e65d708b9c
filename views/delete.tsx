/** @jsxImportSource preact */
import type { ComponentChildren } from 'preact'
import type { Page } from './page.ts'
import { Shell } from './shell.tsx'
import { deleteWords } from './words/delete.ts'
import { sizeText } from './words/language.ts'

export interface DeleteProps {
  readonly page: Page
  readonly kind: 'one' | 'chart' | 'many'
  readonly name: string
  readonly versions: readonly { readonly version: string; readonly size: number }[]
  /** Where the answer is sent to. */
  readonly action: string
  /** Where somebody goes who would rather not. */
  readonly back: string
  readonly ticket: string
  /** How long it can be undone, milliseconds; 0: not at all. */
  readonly undoMs: number
  readonly problem: 'expired' | 'other_name' | 'nothing' | undefined
}

/** Versions that are listed before the rest is folded away. */
const mostListed = 10

/** The question before something is deleted: a page, whose dialog is opened over other pages where there is script. */
export function Delete(props: DeleteProps) {
  const { page, kind, name, versions } = props
  const words = deleteWords[page.language]
  const what = kind === 'one' ? `${name} ${versions[0]?.version}` : name
  return (
    <Shell page={page} title={words.titleOne(what)} masthead={<h1 tabIndex={-1}>{words.titleOne(what)}</h1>}>
      <div class="wrap page">
        {versions.length === 0 ? <Nothing {...props} /> : <Dialog {...props} what={what} />}
      </div>
    </Shell>
  )
}

function Nothing({ page, back }: DeleteProps) {
  const words = deleteWords[page.language]
  return (
    <div class="note bad" role="alert">
      {words.nothing} <a href={back}>{words.back}</a>
    </div>
  )
}

function Dialog(props: DeleteProps & { what: string }) {
  const { page, kind, name, versions, action, back, ticket, undoMs, problem, what } = props
  const words = deleteWords[page.language]
  const asks = {
    one: words.askOne(what),
    chart: words.askChart(name),
    many: words.askMany(versions.length, name),
  }
  return (
    <dialog open aria-labelledby="delete-title" class="confirm">
      <h2 id="delete-title">{asks[kind]}</h2>
      {problem === 'expired' && (
        <p class="note bad" role="alert">
          {words.expired}
        </p>
      )}
      <p>
        {kind === 'chart' ? (
          words.chartStops(name)
        ) : (
          <Around parts={words.stops(`helm install --version ${versions[0]?.version}`)} code />
        )}
      </p>
      {kind !== 'one' && <Versions {...props} />}
      <p>{undoMs > 0 ? words.canUndo(words.duration(undoMs)) : <strong>{words.cannotUndo}</strong>}</p>
      <form method="post" action={action}>
        <input type="hidden" name="t" value={ticket} />
        {kind === 'many' && <input type="hidden" name="chart" value={name} />}
        {kind === 'many' &&
          versions.map(({ version }) => <input type="hidden" name="version" value={version} />)}
        {kind === 'chart' && <TypedName {...props} />}
        <p class="actions">
          <button class="btn danger">{words.delete}</button>
          <a class="btn" href={back} data-close autofocus={kind !== 'chart'}>
            {words.cancel}
          </a>
        </p>
      </form>
    </dialog>
  )
}

/** The browser sends nothing until the name is typed; what it sends is checked once more. */
function TypedName({ page, name, problem }: DeleteProps) {
  const words = deleteWords[page.language]
  const wrong = problem === 'other_name'
  return (
    <div class="field">
      <label for="typed-name">
        <Around parts={words.typeName(name)} code />
      </label>
      <input
        id="typed-name"
        name="name"
        type="text"
        required
        pattern={name.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')}
        title={words.otherName(name)}
        autocomplete="off"
        autocapitalize="off"
        spellcheck={false}
        autofocus
        {...(wrong && { 'aria-invalid': 'true' as const, 'aria-describedby': 'typed-name-problem' })}
      />
      {wrong && (
        <p class="error" id="typed-name-problem">
          {words.otherName(name)}
        </p>
      )}
    </div>
  )
}

function Versions({ page, versions }: DeleteProps) {
  const words = deleteWords[page.language]
  const size = sizeText(versions.reduce((sum, one) => sum + one.size, 0))
  const rest = versions.slice(mostListed)
  return (
    <>
      <p>{words.all(versions.length, size)}</p>
      <VersionList versions={versions.slice(0, mostListed)} />
      {rest.length > 0 && (
        <details>
          <summary>{words.more(rest.length)}</summary>
          <VersionList versions={rest} />
        </details>
      )}
    </>
  )
}

function VersionList({ versions }: Pick<DeleteProps, 'versions'>) {
  return (
    <ul class="going">
      {versions.map(({ version, size }) => (
        <li>
          <span class="mono">{version}</span> <span class="hint">{sizeText(size)}</span>
        </li>
      ))}
    </ul>
  )
}

/** A sentence around something that stands out of it. */
function Around({ parts, code = false }: { parts: readonly string[]; code?: boolean }): ComponentChildren {
  const [before, what, after] = parts
  return (
    <>
      {before}
      {code ? <code>{what}</code> : <strong>{what}</strong>}
      {after}
    </>
  )
}
