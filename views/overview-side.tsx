/** @jsxImportSource preact */
import type { ComponentChildren } from 'preact'
import { Package, type PackageProps } from './package.tsx'
import { chartPage, chartPath, type Page } from './page.ts'
import { Badge, OutsideLink, Time } from './parts.tsx'
import { overviewWords } from './words/overview.ts'
import { shellWords } from './words/shell.ts'

/** A version on the track beside the README. */
export interface TrackStop {
  readonly version: string
  /** Milliseconds since 1970. */
  readonly published: number
  readonly prerelease: boolean
  readonly deprecated: boolean
  readonly current: boolean
}

/** One chart that this chart needs, and where it is found. */
export interface SideNeed {
  readonly name: string
  /** "2.x.x", or "2.x.x → 2.9.0". */
  readonly version: string
  /** Its page here; undefined when it comes from elsewhere. */
  readonly address: string | undefined
  readonly vendored: boolean
}

/** An address outside, with its text. */
export interface SideLink {
  readonly text: string
  readonly href: string
}

/** What stands beside the README. */
export interface SideProps extends PackageProps {
  readonly track: readonly TrackStop[]
  readonly versionCount: number
  readonly needs: readonly SideNeed[]
  readonly maintainers: readonly { readonly name: string; readonly link: SideLink | undefined }[]
  readonly home: SideLink | undefined
  readonly links: readonly SideLink[]
  readonly sources: readonly SideLink[]
  readonly keywords: readonly string[]
}

/** The column with the facts of a version. */
export function Side(props: SideProps) {
  const { page, needs, maintainers, keywords } = props
  const words = overviewWords[page.language]
  const shown = needs.slice(0, mostNeeds)
  return (
    <aside class="side">
      <Track {...props} />
      <Package {...props} />
      {needs.length > 0 && (
        <Section title={words.needs}>
          <dl>
            {shown.map((need) => (
              <Need page={page} need={need} />
            ))}
          </dl>
          {needs.length > shown.length && (
            <p class="more">
              <a href={chartPath(page, props.name, props.version, 'dependencies')}>
                {words.moreNeeds(needs.length - shown.length)}
              </a>
            </p>
          )}
        </Section>
      )}
      {maintainers.length > 0 && (
        <Section title={words.maintainers}>
          <ul class="links">
            {maintainers.map(({ name, link }) => (
              <li>
                <a href={`${page.repository}/?maintainer=${encodeURIComponent(name)}`}>{name}</a>
                {link !== undefined && (
                  <>
                    {' · '}
                    <OutsideLink page={page} href={link.href}>
                      {link.text}
                    </OutsideLink>
                  </>
                )}
              </li>
            ))}
          </ul>
        </Section>
      )}
      <Links {...props} />
      {keywords.length > 0 && (
        <Section title={words.keywords}>
          <p class="tags">
            {keywords.map((keyword) => (
              <>
                <a class="chip" href={`${page.repository}/?keyword=${encodeURIComponent(keyword)}`}>
                  {keyword}
                </a>{' '}
              </>
            ))}
          </p>
        </Section>
      )}
    </aside>
  )
}

const mostNeeds = 8

function Section({ title, children }: { title: string; children: ComponentChildren }) {
  return (
    <section>
      <h2>{title}</h2>
      {children}
    </section>
  )
}

function Track({ page, name, track, versionCount }: SideProps) {
  const words = overviewWords[page.language]
  const at = track.findIndex(({ current }) => current)
  return (
    <Section title={words.versions}>
      <ol class="track">
        {track.map((stop, place) => (
          <li class={trackClass(stop)}>
            <a
              href={chartPath(page, name, stop.version)}
              {...(stop.current && { 'aria-current': 'page' as const })}
              {...(place === at + 1 && { 'data-key': '[', title: words.older })}
              {...(place === at - 1 && { 'data-key': ']', title: words.newerVersion })}
            >
              {stop.version}
            </a>
            {stop.prerelease && <Badge kind="pre">{shellWords[page.language].prerelease}</Badge>}
            {stop.deprecated && <Badge kind="dep">{shellWords[page.language].deprecated}</Badge>}
            <Time page={page} at={stop.published} />
          </li>
        ))}
      </ol>
      <p class="more">
        <a href={chartPage(page, name, 'versions')}>{words.allVersions(versionCount)}</a>
      </p>
    </Section>
  )
}

function trackClass({ prerelease, current, deprecated }: TrackStop): string {
  return [prerelease && 'pre', current && 'cur', deprecated && 'dep'].filter(Boolean).join(' ')
}

function Need({ page, need }: { page: Page; need: SideNeed }) {
  return (
    <>
      <dt>{need.address === undefined ? need.name : <a href={need.address}>{need.name}</a>}</dt>
      <dd class="mono">
        {need.version}
        {need.vendored && <span class="vh"> ({overviewWords[page.language].vendored})</span>}
      </dd>
    </>
  )
}

function Links({ page, home, links, sources }: SideProps) {
  const words = overviewWords[page.language]
  const all = [
    ...(home === undefined ? [] : [{ href: home.href, text: `${words.home}: ${home.text}` }]),
    ...links,
    ...sources.map(({ href, text }) => ({ href, text: `${words.source}: ${text}` })),
  ]
  if (all.length === 0) return null
  return (
    <Section title={words.links}>
      <ul class="links">
        {all.map(({ href, text }) => (
          <li>
            <OutsideLink page={page} href={href}>
              {text}
            </OutsideLink>
          </li>
        ))}
      </ul>
    </Section>
  )
}
