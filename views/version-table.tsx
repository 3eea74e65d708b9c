/** @jsxImportSource preact */
import type { ComponentChildren } from 'preact'
import { archivePath, chartPath, comparePath, type Page } from './page.ts'
import { Badge, CopyButton, Icon, Time } from './parts.tsx'
import { sizeText } from './words/language.ts'
import { shellWords } from './words/shell.ts'
import { versionsWords } from './words/versions.ts'

/** One version of a chart in a list. */
export interface VersionRow {
  readonly version: string
  readonly appVersion: string
  /** Milliseconds since 1970. */
  readonly published: number
  /** Bytes. */
  readonly size: number
  /** SHA-256, hex. */
  readonly digest: string
  readonly file: string
  readonly signed: boolean
  readonly prerelease: boolean
  readonly deprecated: boolean
  /** The version before it; undefined for the oldest. */
  readonly previous: string | undefined
  /** It stands selected, because the reader selected it on the page before. */
  readonly selected: boolean
}

export interface VersionTableProps {
  readonly page: Page
  readonly name: string
  readonly groups: readonly { readonly major: string | undefined; readonly rows: readonly VersionRow[] }[]
  readonly sort: 'version' | 'published' | 'size'
  readonly sortAddress: (sort: 'version' | 'published' | 'size') => string
}

/** Versions as a table, grouped by major number where they are sorted by number. */
export function VersionTable({ page, name, groups, sort, sortAddress }: VersionTableProps) {
  const words = versionsWords[page.language]
  const heading = (by: 'version' | 'published' | 'size') => (
    <th
      scope="col"
      {...(by === sort && { 'aria-sort': 'descending' as const })}
      {...(by === 'size' && { class: 'num' })}
    >
      {by === sort ? (
        words[by]
      ) : (
        <a href={sortAddress(by)} title={words.sortBy(words[by])}>
          {words[by]}
        </a>
      )}
    </th>
  )
  return (
    <div class="tw" tabIndex={0} role="region" aria-label={words.caption}>
      <table class="t versions">
        <caption class="vh">{words.caption}</caption>
        <thead>
          <tr>
            <th scope="col">
              <span class="vh">{words.select}</span>
            </th>
            {heading('version')}
            <th scope="col">{words.app}</th>
            {heading('published')}
            {heading('size')}
            <th scope="col">{words.digest}</th>
            <th scope="col">{words.signed}</th>
            <th scope="col">
              <span class="vh">{words.actions}</span>
            </th>
          </tr>
        </thead>
        {groups.map(({ major, rows }) => (
          <tbody>
            {major !== undefined && (
              <tr class="group">
                <th scope="rowgroup" colSpan={8}>
                  {words.major(major)}
                </th>
              </tr>
            )}
            {rows.map((row) => (
              <Row page={page} name={name} row={row} />
            ))}
          </tbody>
        ))}
      </table>
    </div>
  )
}

function Row({ page, name, row }: { page: Page; name: string; row: VersionRow }) {
  const words = versionsWords[page.language]
  const { version, appVersion, published, size, digest, signed } = row
  return (
    <tr data-row {...(row.prerelease && { class: 'pre' })}>
      <td>
        <input
          type="checkbox"
          name="version"
          value={version}
          checked={row.selected}
          aria-label={words.selectOne(version)}
        />
      </td>
      <th scope="row">
        <a class="mono" href={chartPath(page, name, version)}>
          {version}
        </a>{' '}
        <RowBadges page={page} row={row} />
      </th>
      <td class="mono">{appVersion}</td>
      <td>
        <Time page={page} at={published} />
      </td>
      <td class="num">{sizeText(size)}</td>
      <td class="mono">
        <span title={`sha256:${digest}`}>sha256:{digest.slice(0, 4)}…</span>{' '}
        <CopyButton page={page} text={`sha256:${digest}`} what={version} />
      </td>
      <td>
        {signed ? (
          <span class="yes">
            <Icon page={page} name="seal" size={14} /> {words.signedMark}
          </span>
        ) : (
          <span class="no">{words.unsigned}</span>
        )}
      </td>
      <td>
        <RowMenu page={page} name={name} row={row} />
      </td>
    </tr>
  )
}

function RowBadges({ page, row }: { page: Page; row: VersionRow }) {
  const words = shellWords[page.language]
  return (
    <>
      {row.prerelease && <Badge kind="pre">◇ {words.prerelease}</Badge>}
      {row.deprecated && <Badge kind="dep">{words.deprecated}</Badge>}
    </>
  )
}

function RowMenu({ page, name, row }: { page: Page; name: string; row: VersionRow }) {
  const words = versionsWords[page.language]
  const { version, file, previous } = row
  const remove = chartPath(page, name, version, 'delete')
  return (
    <details class="rowmenu" name="row">
      <summary aria-label={words.actionsOf(version)}>⋯</summary>
      <ul class="menu">
        <Item href={archivePath(page, file)} attributes={{ download: file }}>
          {words.download}
        </Item>
        {previous !== undefined && (
          <Item href={comparePath(page, name, previous, version)}>{words.comparePrevious}</Item>
        )}
        {page.canDelete && (
          <Item
            href={remove}
            attributes={{
              class: 'danger',
              'hx-get': remove,
              'hx-target': '#dialogs',
              'hx-select': 'dialog',
              'hx-swap': 'innerHTML',
            }}
          >
            {words.remove}
          </Item>
        )}
      </ul>
    </details>
  )
}

function Item({
  href,
  attributes = {},
  children,
}: {
  href: string
  attributes?: Readonly<Record<string, string>>
  children: ComponentChildren
}) {
  return (
    <li>
      <a href={href} {...attributes}>
        {children}
      </a>
    </li>
  )
}
