/** @jsxImportSource preact */
import type { ValueEntry } from '../src/reader/value-copies.ts'
import { ChartShell, type ChartHead } from './chart-head.tsx'
import { chartPath, type Page } from './page.ts'
import { CopyButton } from './parts.tsx'
import { sourceWords } from './words/source.ts'

export interface ValueKeyProps {
  readonly page: Page
  readonly head: ChartHead
  /** The path that was asked for, as it may be shown. */
  readonly path: string
  /** Undefined: there is no such key. */
  readonly entry: ValueEntry | undefined
  /** "#v.a.b" */
  readonly fragment: string
  /** Address of the key with host, to be copied. */
  readonly link: string
  /** Paths of other keys, where there is no such key. */
  readonly near: readonly string[]
}

/** One key of the values and the ways to use it. What is in `#key` is also the menu of the values page. */
export function ValueKeyPage(props: ValueKeyProps) {
  const { page, head, path, entry } = props
  const words = sourceWords[page.language].key
  return (
    <ChartShell page={page} head={head} section="values" title={words.title(path)}>
      <div class="wrap page">
        {entry === undefined ? <NoKey {...props} /> : <Key {...props} entry={entry} />}
      </div>
    </ChartShell>
  )
}

function NoKey({ page, head, path, near }: ValueKeyProps) {
  const words = sourceWords[page.language].key
  return (
    <div class="empty">
      <h2>{path === '' ? words.noKey : words.missing(path)}</h2>
      {near.length > 0 && (
        <>
          <h3>{words.near}</h3>
          <ul class="links mono">
            {near.map((each) => (
              <li>
                <a
                  href={`${chartPath(page, head.name, head.version, 'values/key')}?path=${encodeURIComponent(each)}`}
                >
                  {each}
                </a>
              </li>
            ))}
          </ul>
        </>
      )}
      <p>
        <a href={chartPath(page, head.name, head.version, 'values')}>{words.all}</a>
      </p>
    </div>
  )
}

function Key(props: ValueKeyProps & { entry: ValueEntry }) {
  const { page, head, entry, fragment } = props
  const words = sourceWords[page.language].key
  return (
    <section class="keycard" id="key">
      <h2 class="mono">{entry.path}</h2>
      <p>
        <a href={chartPath(page, head.name, head.version, 'values') + fragment}>{words.line(entry.line)}</a>
      </p>
      {entry.description !== undefined && <p class="said">{entry.description}</p>}
      <dl class="facts-list">
        <dt>{words.type}</dt>
        <dd>{words.types[entry.type]}</dd>
        {entry.default !== undefined && (
          <>
            <dt>{words.default}</dt>
            <dd>
              <code>{entry.default}</code>
            </dd>
          </>
        )}
      </dl>
      {entry.example !== undefined && (
        <>
          <h3>{words.example}</h3>
          <pre class="code" tabIndex={0}>
            {entry.example}
          </pre>
        </>
      )}
      <Copies {...props} />
    </section>
  )
}

function Copies({ page, entry, link }: ValueKeyProps & { entry: ValueEntry }) {
  const words = sourceWords[page.language].key
  const inList = /(?:^|[^\\])\[\d+\]/.test(entry.path)
  return (
    <dl class="copies">
      <Copy page={page} name={words.path} text={entry.path} />
      <Copy
        page={page}
        name={words.set}
        text={entry.set}
        otherwise={entry.type === 'object' ? words.noSet : words.tooLong}
      />
      <Copy
        page={page}
        name={words.yaml}
        text={entry.yaml?.trimEnd()}
        otherwise={inList ? words.noYaml : words.tooLong}
      />
      <Copy page={page} name={words.link} text={link} />
    </dl>
  )
}

function Copy({
  page,
  name,
  text,
  otherwise,
}: {
  page: Page
  name: string
  text: string | undefined
  otherwise?: string
}) {
  return (
    <>
      <dt>{name}</dt>
      <dd>
        {text === undefined ? (
          otherwise
        ) : (
          <div class="cmd text">
            <code>{text}</code>
            <CopyButton page={page} what={name} />
          </div>
        )}
      </dd>
    </>
  )
}
