/** @jsxImportSource preact */
import type { FactChange } from '../src/reader/compare.ts'
import type { ValueChange } from '../src/reader/compare-values.ts'
import type { NumberedComparison } from '../src/reader/diff-lines.ts'
import type { Page } from './page.ts'
import { compareWords } from './words/compare.ts'

/** Read as words where they are no decoration. */
const signs = { add: '+', del: '−', mod: '~' } as const

interface SummaryProps {
  readonly page: Page
  readonly comparison: NumberedComparison
}

/** What changed, in a screenful: facts, dependencies, keys of the values, and how many files. */
export function Summary({ page, comparison }: SummaryProps) {
  const words = compareWords[page.language]
  const { facts, dependencies, attention } = comparison
  return (
    <section id="summary" class="summary" aria-labelledby="summary-title">
      <h2 id="summary-title">{words.summary}</h2>
      {facts.length > 0 && (
        <Facts
          page={page}
          title={words.facts}
          changes={facts}
          attention={attention.includes('kubeVersion')}
        />
      )}
      {dependencies.length > 0 && (
        <Facts page={page} title={words.dependencies} changes={dependencies} attention={false} />
      )}
      <Values page={page} comparison={comparison} />
      <Files page={page} comparison={comparison} />
    </section>
  )
}

/** Says that this can break an upgrade, with a sign that needs no colour. */
function Attention({ page }: { page: Page }) {
  return (
    <span class="attention">
      {' '}
      <span aria-hidden="true">▲</span> {compareWords[page.language].attention}
    </span>
  )
}

function Facts({
  page,
  title,
  changes,
  attention,
}: {
  page: Page
  title: string
  changes: readonly FactChange[]
  /** The range of Kubernetes versions is among them. */
  attention: boolean
}) {
  const words = compareWords[page.language]
  const names: Readonly<Record<string, string>> = words.factNames
  return (
    <div>
      <h3>{title}</h3>
      <ul class="changes">
        {changes.map(({ name, from, to }) => (
          <li class="mod">
            <span aria-hidden="true">{signs.mod} </span>
            {Object.hasOwn(names, name) ? names[name] : name}: {from ?? words.none}{' '}
            <span aria-hidden="true">→</span> {to ?? words.none}
            {attention && name === 'kubeVersion' && <Attention page={page} />}
          </li>
        ))}
      </ul>
    </div>
  )
}

function Values({ page, comparison: { values, files } }: SummaryProps) {
  const words = compareWords[page.language]
  if (!files.some(({ area }) => area === 'values')) return <p>{words.noValues}</p>
  if (values === undefined) return <p>{words.unread}</p>
  const { added, removed, changed } = values
  return (
    <div>
      <h3>{words.values}</h3>
      <p>
        {words.keysAdded(added.length)} · {words.keysRemoved(removed.length)}
        {removed.length > 0 && <Attention page={page} />} · {words.keysChanged(changed.length)}
      </p>
      {added.length + removed.length + changed.length === 0 ? (
        <p>{words.noKeys}</p>
      ) : (
        <ul class="changes">
          {removed.map((change) => (
            <Change page={page} kind="del" change={change} />
          ))}
          {added.map((change) => (
            <Change page={page} kind="add" change={change} />
          ))}
          {changed.map((change) => (
            <Change page={page} kind="mod" change={change} />
          ))}
        </ul>
      )}
    </div>
  )
}

function Change({ page, kind, change }: { page: Page; kind: 'add' | 'del' | 'mod'; change: ValueChange }) {
  const words = compareWords[page.language]
  const { path, from, to } = change
  const name = { add: words.added, del: words.removed, mod: words.changed }[kind]
  return (
    <li class={kind}>
      <span aria-hidden="true">{signs[kind]} </span>
      <span class="vh">{name}: </span>
      <b>{path}</b>
      {kind === 'mod' ? (
        <>
          {' '}
          {from} <span aria-hidden="true">→</span> {to}
        </>
      ) : (
        ` = ${(kind === 'add' ? to : from) ?? ''}`
      )}
    </li>
  )
}

function Files({ page, comparison: { files, attention } }: SummaryProps) {
  const words = compareWords[page.language]
  const areas = [
    ['templates', words.templates],
    ['crds', words.crds],
    ['charts', words.charts],
    ['other', words.files],
  ] as const
  return (
    <ul class="changes">
      {areas.map(([area, name]) => {
        const count = (change: string) =>
          files.filter((file) => file.area === area && file.change === change).length
        const counts = [count('changed'), count('added'), count('removed')] as const
        const unchanged = counts.every((one) => one === 0)
        return (
          <li class="mod">
            <span aria-hidden="true">{unchanged ? '=' : signs.mod} </span>
            {name}: {unchanged ? words.unchanged : words.filesChanged(...counts)}
            {area === 'crds' && attention.includes('crds') && <Attention page={page} />}
          </li>
        )
      })}
    </ul>
  )
}
