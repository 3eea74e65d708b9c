/** @jsxImportSource preact */
import type { ComponentChildren } from 'preact'
import { archivePath, chartPage, chartPath, comparePath, filePath, type ChartTab, type Page } from './page.ts'
import { Badge, Badges, ChartIcon, Icon, Time, type Marks } from './parts.tsx'
import { Shell } from './shell.tsx'
import { chartHeadWords } from './words/chart-head.ts'
import { numberText } from './words/language.ts'

/** The sections of a chart, each at an address of its own. */
export type ChartSection = 'overview' | ChartTab | 'versions'

/** What the head of every page of a chart shows. */
export interface ChartHead {
  readonly name: string
  readonly version: string
  /** The archive's file name. */
  readonly file: string
  /** SHA-256, hex. */
  readonly digest: string
  readonly description: string
  readonly appVersion: string
  readonly type: 'application' | 'library'
  readonly kubeVersion: string
  readonly marks: Marks
  /** What is wrong with the provenance, if anything. */
  readonly failure: 'unreadable' | 'signature' | 'digest' | 'file' | 'key' | undefined
  /** Milliseconds since 1970. */
  readonly published: number
  readonly hasSchema: boolean
  readonly versions: number
  readonly dependencies: number
  /** The version that this one is best compared with, and which of the two is older. */
  readonly other: { readonly version: string; readonly older: boolean } | undefined
}

/** The frame of a page of a chart: the shell with the head of the chart in its masthead. */
export function ChartShell({
  page,
  head,
  section,
  title,
  scripts,
  canonical,
  children,
}: {
  page: Page
  head: ChartHead
  section: ChartSection
  /** What the page is beside the chart: "Values". */
  title?: string
  scripts?: readonly string[]
  canonical?: string
  children: ComponentChildren
}) {
  const name = section === 'versions' ? head.name : `${head.name} ${head.version}`
  return (
    <Shell
      page={page}
      title={title === undefined ? name : `${title} · ${name}`}
      {...(scripts && { scripts })}
      {...(canonical !== undefined && { canonical })}
      masthead={<Masthead page={page} head={head} section={section} />}
    >
      {children}
    </Shell>
  )
}

function Masthead({ page, head, section }: { page: Page; head: ChartHead; section: ChartSection }) {
  const { name, version, description } = head
  return (
    <>
      <div class="chead">
        <ChartIcon page={page} name={name} version={version} size={72} />
        <div>
          <h1 tabIndex={-1}>
            {name} <span class="mono">{version}</span>
          </h1>
          {description !== '' && <p class="lede">{description}</p>}
          <Facts page={page} head={head} />
        </div>
        <Actions page={page} head={head} />
      </div>
      <Tabs page={page} head={head} section={section} />
    </>
  )
}

function Facts({ page, head }: { page: Page; head: ChartHead }) {
  const words = chartHeadWords[page.language]
  return (
    <p class="meta">
      <Badges page={page} marks={head.marks} />
      {head.failure !== undefined && (
        <Badge kind={head.failure === 'key' ? 'plain' : 'bad'}>
          <Icon page={page} name="seal-broken" size={12} />
          {words.failed[head.failure]}
        </Badge>
      )}
      {head.appVersion !== '' && <span class="mono">{words.app(head.appVersion)}</span>}
      {head.type === 'application' && <span>{words.application}</span>}
      {head.kubeVersion !== '' && <span>{words.kubernetes(head.kubeVersion)}</span>}
      <span>
        {words.published} <Time page={page} at={head.published} />
      </span>
    </p>
  )
}

function Actions({ page, head }: { page: Page; head: ChartHead }) {
  const words = chartHeadWords[page.language]
  const { name, version, file, other } = head
  const [from, to] = other?.older === false ? [version, other.version] : [other?.version ?? '', version]
  return (
    <div class="act">
      <a class="btn pri" href={archivePath(page, file)} download={file}>
        <Icon page={page} name="down" />
        {words.download}
      </a>
      {other !== undefined && (
        <a class="btn" href={comparePath(page, name, from, to)} data-key="c">
          {words.compare}
          <span class="vh"> {words.compareWith(other.version)}</span>
        </a>
      )}
      <button type="button" class="btn" popovertarget="more" aria-label={words.more}>
        <span aria-hidden="true">⋯</span>
      </button>
      <MoreMenu page={page} head={head} />
    </div>
  )
}

function MoreMenu({ page, head }: { page: Page; head: ChartHead }) {
  const words = chartHeadWords[page.language]
  const { name, version, digest } = head
  const origin = page.publicUrl.slice(0, page.publicUrl.length - page.contextPath.length)
  return (
    <div id="more" class="menu" popover="auto">
      <ul>
        <li class="needs-js">
          <button type="button" data-copy={origin + chartPath(page, name, version)} data-key="y">
            {words.copyLink}
          </button>
        </li>
        <li class="needs-js">
          <button type="button" data-copy={`sha256:${digest}`}>
            {words.copyDigest}
          </button>
        </li>
        <li>
          <a href={filePath(page, name, version, 'files', 'Chart.yaml')}>{words.chartYaml}</a>
        </li>
        {page.canDelete && (
          <>
            <li>
              <Confirm href={chartPath(page, name, version, 'delete')}>{words.deleteVersion}</Confirm>
            </li>
            <li>
              <Confirm href={chartPage(page, name, 'delete')}>{words.deleteChart}</Confirm>
            </li>
          </>
        )}
      </ul>
    </div>
  )
}

/** A link to a page that asks before it deletes; shown as a dialog where there is script. */
function Confirm({ href, children }: { href: string; children: string }) {
  return (
    <a class="danger" href={href} hx-get={href} hx-target="#dialogs" hx-select="dialog" hx-swap="innerHTML">
      {children}
    </a>
  )
}

function Tabs({ page, head, section }: { page: Page; head: ChartHead; section: ChartSection }) {
  const words = chartHeadWords[page.language]
  const { name, version, hasSchema, dependencies, versions } = head
  const tabs: readonly (readonly [ChartSection, string, number])[] = [
    ['overview', chartPath(page, name, version), 0],
    ['values', chartPath(page, name, version, 'values'), 0],
    ...(hasSchema ? [['schema', chartPath(page, name, version, 'schema'), 0] as const] : []),
    ['templates', chartPath(page, name, version, 'templates'), 0],
    ['files', chartPath(page, name, version, 'files'), 0],
    ['dependencies', chartPath(page, name, version, 'dependencies'), dependencies],
    ['versions', chartPage(page, name, 'versions'), versions],
  ]
  return (
    <nav class="tabs" aria-label={words.sections}>
      {tabs.map(([tab, href, count], at) => (
        <a
          href={href}
          data-key={String(at + 1)}
          {...(tab === section && { 'aria-current': 'page' as const })}
        >
          {words.tabs[tab]}
          {count > 0 && <sup>{numberText(page.language, count)}</sup>}
        </a>
      ))}
    </nav>
  )
}
