/** @jsxImportSource preact */
import type { ValuesCode } from '../src/reader/values-code.ts'
import { ChartShell, type ChartHead } from './chart-head.tsx'
import { Code, CopyAll } from './code.tsx'
import { chartPath, filePath, type Page } from './page.ts'
import { numberText } from './words/language.ts'
import { sourceWords } from './words/source.ts'

/** A key that a search found. */
export interface FoundKey {
  readonly path: string
  readonly line: number
  /** "#v.a.b", or "#L12" for a key without an anchor. */
  readonly fragment: string
}

export interface ValuesProps {
  readonly page: Page
  readonly head: ChartHead
  /** The script of pages with source text. */
  readonly script: string
  /** Undefined: the chart has no values.yaml. */
  readonly values: Omit<ValuesCode, 'keys'> | undefined
  readonly keyCount: number
  /** Why it is shown as text only. */
  readonly problem: string | undefined
  /** What is searched, and what was found; undefined when nothing is. */
  readonly search:
    { readonly words: string; readonly keys: readonly FoundKey[]; readonly count: number } | undefined
}

/** The default values of a version, with a search for keys. */
export function ValuesPage(props: ValuesProps) {
  const { page, head, script, values } = props
  const words = sourceWords[page.language].values
  return (
    <ChartShell page={page} head={head} section="values" title={words.title} scripts={[script]}>
      <div class="wrap page">
        {values === undefined ? (
          <div class="empty">
            <h2>{words.none}</h2>
            <p>{words.noneHint}</p>
          </div>
        ) : (
          <Values {...props} values={values} />
        )}
      </div>
    </ChartShell>
  )
}

function Values(props: ValuesProps & { values: Omit<ValuesCode, 'keys'> }) {
  const { page, head, values, problem } = props
  const words = sourceWords[page.language].values
  const keyPage = chartPath(page, head.name, head.version, 'values/key')
  return (
    <>
      <h2 class="vh">values.yaml</h2>
      {problem !== undefined && <p class="note bad">{words.broken(problem)}</p>}
      {values.manyDocuments && <p class="note">{words.documents}</p>}
      {values.truncated && <p class="note">{words.truncated}</p>}
      <Search {...props} />
      <Code
        page={page}
        html={values.html}
        name="values.yaml"
        attributes={{ 'data-key-page': `${keyPage}?path=`, 'data-key-menu': words.menu }}
      />
    </>
  )
}

function Search({ page, head, search, keyCount, values }: ValuesProps) {
  const words = sourceWords[page.language]
  const { language } = page
  const found = words.values.found(numberText(language, search?.count ?? 0), numberText(language, keyCount))
  return (
    <div class="finder">
      <form
        class="codebar"
        role="search"
        aria-label={words.values.find}
        action={chartPath(page, head.name, head.version, 'values')}
      >
        <label class="vh" for="find">
          {words.values.find}
        </label>
        <input
          id="find"
          name="find"
          type="search"
          value={search?.words ?? ''}
          placeholder={`${words.values.find} · ${words.values.example}`}
          autocomplete="off"
          spellcheck={false}
          maxLength={200}
        />
        <button class="btn">{words.values.search}</button>
        <p
          id="found"
          role="status"
          data-all={words.values.count(keyCount)}
          data-found={words.values.found('{found}', numberText(language, keyCount))}
        >
          {search === undefined ? words.values.count(keyCount) : found}
        </p>
        {values?.truncated !== true && <CopyAll page={page} />}
        <a
          class="btn"
          href={filePath(page, head.name, head.version, 'raw', 'values.yaml')}
          download="values.yaml"
        >
          {words.downloadFile}
        </a>
      </form>
      <ul class="keys" id="matches" aria-label={words.values.find} hidden={search === undefined}>
        {search?.keys.map(({ path, fragment }) => (
          <li>
            <a href={fragment} data-path={path}>
              {path}
            </a>
            <a
              class="no-js"
              href={`${chartPath(page, head.name, head.version, 'values/key')}?path=${encodeURIComponent(path)}`}
            >
              <span aria-hidden="true">⋯</span>
              <span class="vh">{words.values.menu}</span>
            </a>
          </li>
        ))}
      </ul>
      <p class="hint">{words.values.howTo}</p>
    </div>
  )
}
