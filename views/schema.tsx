/** @jsxImportSource preact */
import type { Schema } from '../src/reader/schema.ts'
import type { AnchoredRow, SchemaGroup } from '../src/reader/schema-groups.ts'
import { ChartShell, type ChartHead } from './chart-head.tsx'
import { Code } from './code.tsx'
import { chartPath, filePath, type Page } from './page.ts'
import { limitTexts } from './schema-limits.ts'
import { schemaWords } from './words/schema.ts'

export interface SchemaProps {
  readonly page: Page
  readonly head: ChartHead
  readonly script: string
  /** Undefined: the chart has no schema. */
  readonly schema: Omit<Schema, 'rows'> | undefined
  readonly groups: readonly SchemaGroup[]
  /** Groups are open, because they are few. */
  readonly open: boolean
  /** The file itself, where it cannot be shown as a table. */
  readonly html: string | undefined
}

/** What values.schema.json says, as tables: one for each key of the top that has keys below it. */
export function SchemaPage(props: SchemaProps) {
  const { page, head, script, schema } = props
  const words = schemaWords[page.language]
  return (
    <ChartShell page={page} head={head} section="schema" title={words.title} scripts={[script]}>
      <div class="wrap page">
        {schema === undefined ? (
          <div class="empty">
            <h2>{words.none}</h2>
            <p>{words.noneHint}</p>
            <p>
              <a href={chartPath(page, head.name, head.version, 'values')}>{words.toValues}</a>
            </p>
          </div>
        ) : (
          <Tables {...props} schema={schema} />
        )}
      </div>
    </ChartShell>
  )
}

function Tables({ page, head, schema, groups, open, html }: SchemaProps & { schema: Omit<Schema, 'rows'> }) {
  const words = schemaWords[page.language]
  return (
    <>
      <h2>{schema.title ?? words.file}</h2>
      <div class="codebar">
        <p>{words.intro}</p>
        <a class="btn" href={filePath(page, head.name, head.version, 'files', 'values.schema.json')}>
          {words.file}
        </a>
      </div>
      {schema.problem !== undefined && <p class="note bad">{words.problem(schema.problem)}</p>}
      {schema.truncated && <p class="note">{words.truncated}</p>}
      {html !== undefined && <Code page={page} html={html} name="values.schema.json" />}
      {groups.map(({ head: top, rows }) =>
        top === undefined ? (
          <Table page={page} rows={rows} />
        ) : (
          <details class="schema-group" open={open}>
            <summary>
              <span class="mono">{top.path}</span> <span class="hint">{words.keys(rows.length)}</span>
            </summary>
            <Table page={page} rows={[top, ...rows]} />
          </details>
        ),
      )}
    </>
  )
}

function Table({ page, rows }: { page: Page; rows: readonly AnchoredRow[] }) {
  const words = schemaWords[page.language]
  const label = rows[0]?.path || words.root
  return (
    <div class="tw" role="region" tabIndex={0} aria-label={`${words.title} ${label}`}>
      <table class="t schema">
        <thead>
          <tr>
            <th scope="col">{words.key}</th>
            <th scope="col">{words.type}</th>
            <th scope="col">{words.default}</th>
            <th scope="col">{words.allowed}</th>
            <th scope="col">{words.description}</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <Row page={page} row={row} />
          ))}
        </tbody>
      </table>
    </div>
  )
}

function Row({ page, row }: { page: Page; row: AnchoredRow }) {
  const words = schemaWords[page.language]
  const [, keyword, number = ''] = /^(oneOf|anyOf|allOf) (\d+)$/.exec(row.group ?? '') ?? []
  const group = keyword === undefined ? undefined : words.groups[keyword as keyof typeof words.groups]
  return (
    <tr class={`l${Math.min(row.level, 12)}`}>
      <th scope="row" id={row.anchor}>
        {row.path === '' ? words.root : row.path}
        {group !== undefined && <span class="hint"> {words.option(group, number)}</span>}
      </th>
      <td>
        {row.type === '' ? words.any : row.type}
        {row.required && <span class="badge plain">{words.required}</span>}
        {row.deprecated && <span class="badge dep">{words.deprecated}</span>}
      </td>
      <td>{row.default !== undefined && <code>{row.default}</code>}</td>
      <td>
        {row.enum.map((value) => (
          <>
            <code>{value}</code>{' '}
          </>
        ))}
        {limitTexts(words, row.limits).map((text) => (
          <span class="limits">{text}</span>
        ))}
        {row.reference !== undefined && <span class="limits">{words.see(row.reference)}</span>}
      </td>
      <td>{row.description}</td>
    </tr>
  )
}
