/** @jsxImportSource preact */
import type { FileArea } from '../src/reader/compare-files.ts'
import type { NumberedComparison } from '../src/reader/diff-lines.ts'
import { FileChanges, FileDiffs } from './compare-files.tsx'
import { Summary } from './compare-summary.tsx'
import { archivePath, chartPage, chartPath, comparePath, type Page } from './page.ts'
import { ChartIcon, Icon } from './parts.tsx'
import { Shell } from './shell.tsx'
import { compareWords } from './words/compare.ts'

/** One of the two versions. */
export interface ComparedVersion {
  readonly version: string
  /** File name of its archive. */
  readonly file: string
}

export interface CompareProps {
  readonly page: Page
  readonly name: string
  /** All versions, newest first. */
  readonly versions: readonly string[]
  /** Undefined: two versions are still to be chosen. */
  readonly pair: { readonly from: ComparedVersion; readonly to: ComparedVersion } | undefined
  /** The address names the newer version first. */
  readonly backwards: boolean
  /** Undefined: nothing chosen, or it could not be made in time. */
  readonly comparison: NumberedComparison | undefined
}

/** The parts of a comparison, in their order: the areas of the files that are shown line by line. */
export const compareParts = [
  'values',
  'templates',
  'chart',
  'crds',
  'charts',
  'other',
] as const satisfies readonly FileArea[]

/** Two versions of a chart, what changed by key and line by line. */
export function ComparePage(props: CompareProps) {
  const { page, name, pair } = props
  const words = compareWords[page.language]
  const chosen = pair === undefined ? '' : ` ${pair.from.version} → ${pair.to.version}`
  return (
    <Shell page={page} title={words.title(name) + chosen} masthead={<Head {...props} />}>
      <div class="wrap page" id="diff">
        <Content {...props} />
      </div>
    </Shell>
  )
}

function Head(props: CompareProps) {
  const { page, name } = props
  const words = compareWords[page.language]
  return (
    <div class="chead">
      <ChartIcon page={page} name={name} size={72} />
      <div>
        <h1 tabIndex={-1}>{words.title(name)}</h1>
        <p class="meta">
          <a href={chartPath(page, name)}>{words.toChart(name)}</a>
        </p>
        {props.versions.length > 1 && <Choice {...props} />}
      </div>
    </div>
  )
}

function Choice({ page, name, versions, pair }: CompareProps) {
  const words = compareWords[page.language]
  const action = chartPage(page, name, 'compare')
  const select = (id: 'from' | 'to', label: string, chosen: string | undefined) => (
    <>
      <label class="vh" for={id}>
        {label}
      </label>
      <select id={id} name={id}>
        {versions.map((version) => (
          <option value={version} selected={version === chosen}>
            {version}
          </option>
        ))}
      </select>
    </>
  )
  return (
    <form
      class="pair"
      action={action}
      hx-get={action}
      hx-trigger="change"
      hx-target="#diff"
      hx-select="#diff"
      hx-swap="outerHTML"
      hx-push-url="true"
      hx-sync="this:replace"
      hx-indicator="#progress"
    >
      {select('from', words.from, pair?.from.version ?? versions[1])}
      <span aria-hidden="true">→</span>
      {select('to', words.to, pair?.to.version ?? versions[0])}
      <button class="btn">{words.compare}</button>
    </form>
  )
}

function Content(props: CompareProps) {
  const { page, name, versions, pair, comparison, backwards } = props
  const words = compareWords[page.language]
  if (versions.length === 1) return <p class="note">{words.one}</p>
  if (pair === undefined) return <p class="empty">{words.choose}</p>
  return (
    <>
      <h2>
        <span class="mono">{pair.from.version}</span> <span aria-hidden="true">→</span>{' '}
        <span class="mono">{pair.to.version}</span>
      </h2>
      <p class="actions">
        <a class="btn" href={comparePath(page, name, pair.to.version, pair.from.version)}>
          <Icon page={page} name="compare" />
          {words.swap}
        </a>
        {[pair.from, pair.to].map(({ version, file }) => (
          <a class="btn" href={archivePath(page, file)} download={file}>
            {words.download(version)}
          </a>
        ))}
      </p>
      {backwards && <p class="note">{words.back}</p>}
      {comparison === undefined ? (
        <p class="note bad">
          {words.busy} <a href={comparePath(page, name, pair.from.version, pair.to.version)}>{words.retry}</a>
        </p>
      ) : (
        <Result {...props} pair={pair} comparison={comparison} />
      )}
    </>
  )
}

type ResultProps = CompareProps & {
  pair: NonNullable<CompareProps['pair']>
  comparison: NumberedComparison
}

function Result({ page, name, pair, comparison }: ResultProps) {
  const words = compareWords[page.language]
  const { files, truncated } = comparison
  if (pair.from.version === pair.to.version) return <p class="note">{words.same}</p>
  if (files.length === 0) return <p class="note good">{words.identical}</p>
  const shown = compareParts.filter((part) => files.some(({ area }) => area === part))
  const partNames = { ...words, other: words.files }
  return (
    <>
      <nav class="parts" aria-label={words.parts}>
        <a href="#summary">{words.summary}</a>
        {shown.map((part) => (
          <a href={`#${part}`}>{partNames[part]}</a>
        ))}
      </nav>
      {truncated && <p class="note">{words.truncated}</p>}
      <Summary page={page} comparison={comparison} />
      {shown.map((part) => {
        const Files = part === 'charts' ? FileChanges : FileDiffs
        return (
          <section id={part} aria-labelledby={`${part}-title`}>
            <h2 id={`${part}-title`}>{partNames[part]}</h2>
            <Files
              page={page}
              name={name}
              from={pair.from.version}
              to={pair.to.version}
              files={files.filter(({ area }) => area === part)}
            />
          </section>
        )
      })}
    </>
  )
}
