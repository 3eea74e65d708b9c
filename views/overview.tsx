/** @jsxImportSource preact */
import { ChartShell, type ChartHead } from './chart-head.tsx'
import { Code, type CodeLine } from './code-lines.tsx'
import { DeletedNote, type DeletedNoteProps } from './deleted-note.tsx'
import { Install, type InstallCommands } from './install.tsx'
import { Side, type SideProps } from './overview-side.tsx'
import { chartPath, comparePath, filePath, type Page } from './page.ts'
import { overviewWords } from './words/overview.ts'

/** What is to be said before anything else; at most two of them are shown. */
export type Banner =
  | { readonly kind: 'deprecated'; readonly successor: string | undefined }
  | { readonly kind: 'newer' | 'upcoming'; readonly version: string }
  | { readonly kind: 'prerelease' }

/** The README of a version. */
export type ReadmePart =
  | {
      readonly kind: 'ready'
      /** Safe HTML from the reader; the only raw HTML of this page. */
      readonly html: string
      readonly toc: readonly { readonly id: string; readonly text: string; readonly level: number }[]
      readonly form: 'rendered' | 'plain'
      readonly truncated: boolean
      /** The file, as the archive names it. */
      readonly path: string
      /** BCP 47. */
      readonly language: string
    }
  /** Still being rendered: the browser asks for it again. */
  | { readonly kind: 'later' }
  | { readonly kind: 'none'; readonly values: readonly CodeLine[] }

export interface OverviewProps {
  readonly page: Page
  readonly head: ChartHead
  readonly canonical: string | undefined
  readonly banners: readonly Banner[]
  readonly commands: InstallCommands
  readonly readme: ReadmePart
  /** Why the archive cannot be read; undefined when it can. */
  readonly problem: string | undefined
  readonly side: SideProps
  /** What was deleted or brought back on the way here. */
  readonly deleted: DeletedNoteProps | undefined
}

/** What a version is, how to use it, and its README. */
export function Overview(props: OverviewProps) {
  const { page, head, canonical, banners, commands, readme, problem, side, deleted } = props
  const words = overviewWords[page.language]
  return (
    <ChartShell page={page} head={head} section="overview" {...(canonical !== undefined && { canonical })}>
      {deleted !== undefined && <DeletedNote {...deleted} />}
      <div class="wrap chart">
        <div class="lead">
          {banners.map((banner) => (
            <BannerNote page={page} head={head} banner={banner} />
          ))}
          {problem !== undefined && (
            <p class="note bad" role="alert">
              {words.unreadable} {problem}
            </p>
          )}
          <Install page={page} commands={commands} library={head.type === 'library'} />
          {problem === undefined && <ReadmeSection page={page} head={head} readme={readme} />}
        </div>
        <Side {...side} />
      </div>
    </ChartShell>
  )
}

function BannerNote({ page, head, banner }: { page: Page; head: ChartHead; banner: Banner }) {
  const words = overviewWords[page.language]
  const { name, version } = head
  switch (banner.kind) {
    case 'deprecated':
      return (
        <p class="note warn">
          <strong>{words.deprecated}</strong>
          {banner.successor !== undefined && (
            <>
              {' '}
              {words.successor} <a href={chartPath(page, banner.successor)}>{banner.successor}</a>
            </>
          )}
        </p>
      )
    case 'newer':
      return (
        <p class="note">
          <a href={chartPath(page, name, banner.version)}>
            <strong>{words.newer(banner.version)}</strong>
          </a>{' '}
          · <a href={comparePath(page, name, version, banner.version)}>{words.compare}</a>
        </p>
      )
    case 'upcoming':
      return (
        <p class="note">
          <a href={chartPath(page, name, banner.version)}>
            <strong>{words.upcoming(banner.version)}</strong>
          </a>{' '}
          {words.upcomingNote} <code>--devel</code>
        </p>
      )
    case 'prerelease':
      return (
        <p class="note">
          {words.prerelease} <code>--devel</code>
        </p>
      )
  }
}

/** The README, or what stands in its place. Also the part that the browser asks for when it was not ready. */
export function ReadmeSection({ page, head, readme }: { page: Page; head: ChartHead; readme: ReadmePart }) {
  const words = overviewWords[page.language]
  const address = chartPath(page, head.name, head.version, 'readme')
  const waiting =
    readme.kind === 'later'
      ? {
          class: 'pending',
          'hx-get': address,
          'hx-trigger': 'load',
          'hx-select': '#readme',
          'hx-swap': 'outerHTML',
          'hx-target': 'this',
        }
      : {}
  return (
    <section id="readme" {...waiting}>
      <h2>{words.readme}</h2>
      {readme.kind === 'later' && (
        <p>
          {words.loading} <a href={address}>{words.showReadme}</a>
        </p>
      )}
      {readme.kind === 'none' && <NoReadme page={page} head={head} values={readme.values} />}
      {readme.kind === 'ready' && <ReadmeText page={page} head={head} readme={readme} />}
    </section>
  )
}

type ReadyReadme = Extract<ReadmePart, { kind: 'ready' }>

function ReadmeText({ page, head, readme }: { page: Page; head: ChartHead; readme: ReadyReadme }) {
  const words = overviewWords[page.language]
  const { html, toc, form, truncated, path, language } = readme
  const listed = toc.filter(({ level }) => level <= 3)
  return (
    <>
      {(truncated || form === 'plain') && (
        <p class="note">
          {truncated && `${words.truncated} `}
          {form === 'plain' && `${words.plain} `}
          <a href={filePath(page, head.name, head.version, 'raw', path)}>{words.wholeReadme}</a>
        </p>
      )}
      {listed.length > 2 && (
        <details class="toc">
          <summary>{words.contents}</summary>
          <ul>
            {listed.map(({ id, text, level }) => (
              <li {...(level === 3 && { class: 'deep' })}>
                <a href={`#${encodeURIComponent(id)}`}>{text}</a>
              </li>
            ))}
          </ul>
        </details>
      )}
      <article class="prose" hx-ignore lang={language} dangerouslySetInnerHTML={{ __html: html }} />
    </>
  )
}

function NoReadme({ page, head, values }: { page: Page; head: ChartHead; values: readonly CodeLine[] }) {
  const words = overviewWords[page.language]
  return (
    <>
      <p>{words.noReadme}</p>
      {values.length > 0 && (
        <>
          <p>{words.firstValues}</p>
          <Code lines={values} />
          <p>
            <a href={chartPath(page, head.name, head.version, 'values')}>{words.allValues}</a>
          </p>
        </>
      )}
    </>
  )
}

/** A page with the README alone: for browsers without script, and what the others take the section from. */
export function ReadmePage({ page, head, readme }: { page: Page; head: ChartHead; readme: ReadmePart }) {
  const words = overviewWords[page.language]
  return (
    <ChartShell page={page} head={head} section="overview" title={words.readme}>
      <div class="wrap page">
        <ReadmeSection page={page} head={head} readme={readme} />
      </div>
    </ChartShell>
  )
}
