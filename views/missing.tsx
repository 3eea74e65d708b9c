/** @jsxImportSource preact */
import { archivePath, chartPage, chartPath, inside, type Page } from './page.ts'
import { Time } from './parts.tsx'
import { Shell } from './shell.tsx'
import { missingWords } from './words/chart-head.ts'

/** What is known of a chart or a version that is not there. */
export interface MissingProps {
  readonly page: Page
  readonly name: string
  /** The version that was asked for; undefined when the chart itself is unknown. */
  readonly version: string | undefined
  /** Charts with names like it. */
  readonly nearest: readonly string[]
  /** Versions that are there, the first of them, newest first. */
  readonly versions: readonly string[]
  readonly versionCount: number
  /** It was deleted lately. */
  readonly deleted: { readonly at: number; readonly by: string | undefined } | undefined
  /** A file of that name lies in the store and cannot be read as a chart. */
  readonly broken: { readonly file: string; readonly reason: string } | undefined
}

/** Says what is not there, and offers what may have been meant. */
export function Missing(props: MissingProps) {
  const { page, name, version, nearest, versions, deleted, broken } = props
  const words = missingWords[page.language]
  return (
    <Shell
      page={page}
      title={words.title}
      masthead={
        <>
          <p class="status">404</p>
          <h1>{version === undefined ? words.noChart(name, page.repo) : words.noVersion(name, version)}</h1>
        </>
      }
    >
      <div class="wrap page">
        {deleted !== undefined && <Deleted {...props} deleted={deleted} />}
        {broken !== undefined && (
          <p class="note bad">
            {words.broken(broken.file)} <span lang="en">{broken.reason}</span>{' '}
            <a href={archivePath(page, broken.file)} download={broken.file}>
              {words.download}
            </a>
          </p>
        )}
        {nearest.length > 0 && (
          <>
            <h2>{words.nearest}</h2>
            <ul class="links">
              {nearest.map((each) => (
                <li>
                  <a href={chartPath(page, each)}>{each}</a>
                </li>
              ))}
            </ul>
          </>
        )}
        {versions.length > 0 && <Versions {...props} />}
        <p>
          <a href={`${page.list}?q=${encodeURIComponent(name)}`}>{words.search}</a>
          {' · '}
          <a href={page.list}>{words.toList}</a>
        </p>
      </div>
    </Shell>
  )
}

function Deleted({
  page,
  name,
  version,
  deleted,
}: MissingProps & { deleted: NonNullable<MissingProps['deleted']> }) {
  const words = missingWords[page.language]
  return (
    <p class="note warn">
      {words.deleted(version === undefined ? name : `${name} ${version}`)}{' '}
      <Time page={page} at={deleted.at} />
      {deleted.by !== undefined && ` ${words.by(deleted.by)}`}
      {page.canDelete && (
        <>
          {' · '}
          <a href={inside(page, 'trash')}>{words.trash}</a>
        </>
      )}
    </p>
  )
}

function Versions({ page, name, versions, versionCount }: MissingProps) {
  const words = missingWords[page.language]
  return (
    <>
      <h2>{words.versions}</h2>
      <ul class="links mono">
        {versions.map((each) => (
          <li>
            <a href={chartPath(page, name, each)}>{each}</a>
          </li>
        ))}
      </ul>
      <p>
        <a href={chartPage(page, name, 'versions')}>{words.allVersions(versionCount)}</a>
      </p>
    </>
  )
}
