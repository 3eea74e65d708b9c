/** @jsxImportSource preact */
import type { ComponentChildren } from 'preact'
import { chartPath, chartPage, type Page } from './page.ts'
import { agoText, dateText } from './words/language.ts'
import { shellWords } from './words/shell.ts'

/** A drawing of the sprite, beside a text that says the same. */
export function Icon({ page, name, size = 16 }: { page: Page; name: string; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} aria-hidden="true">
      <use href={`${page.assets.sprite}#${name}`} />
    </svg>
  )
}

/** A command to type: it wraps and is never clipped; the button copies it whole. */
export function Command({ page, children }: { page: Page; children: string }) {
  const origin = /https?:\/\/[^/\s]+/.exec(children)?.[0]
  return (
    <div class="cmd" {...(origin !== undefined && { 'data-origin': origin })}>
      <code>{unbrokenFlags(children)}</code>
      <CopyButton page={page} />
    </div>
  )
}

/** A line may end before a flag, never behind its dashes, where browsers like to break. */
function unbrokenFlags(command: string): ComponentChildren {
  return command
    .split(/(?<= )(--[\w-]+)/)
    .map((part, at) => (at % 2 === 0 ? part : <span class="flag">{part}</span>))
}

/** Copies the code beside it, or the text it is given. */
export function CopyButton({ page, text, what }: { page: Page; text?: string; what?: string }) {
  const { copy } = shellWords[page.language]
  return (
    <button type="button" class="copy needs-js" data-copy={text ?? ''}>
      {copy}
      {what !== undefined && <span class="vh"> {what}</span>}
    </button>
  )
}

export type BadgeKind = 'ok' | 'pre' | 'dep' | 'lib' | 'bad' | 'plain'

/** A mark with a word in it. */
export function Badge({ kind, children }: { kind: BadgeKind; children: ComponentChildren }) {
  return <span class={`badge ${kind}`}>{children}</span>
}

/** What is to be known of a version at a glance. */
export interface Marks {
  readonly signed?: boolean | undefined
  readonly verified?: boolean | undefined
  readonly prerelease?: boolean | undefined
  readonly deprecated?: boolean | undefined
  readonly library?: boolean | undefined
}

/** The badges of a version, always in the same order. */
export function Badges({ page, marks }: { page: Page; marks: Marks }) {
  const words = shellWords[page.language]
  const seal = marks.verified === true || marks.signed === true
  return (
    <>
      {marks.deprecated === true && <Badge kind="dep">{words.deprecated}</Badge>}
      {marks.prerelease === true && <Badge kind="pre">{words.prerelease}</Badge>}
      {seal && (
        <Badge kind="ok">
          <Icon page={page} name="seal" size={12} />
          {marks.verified === true ? words.verified : words.signed}
        </Badge>
      )}
      {marks.library === true && <Badge kind="lib">{words.library}</Badge>}
    </>
  )
}

/** A time (milliseconds since 1970): how long ago, and the moment itself for those who want to know. */
export function Time({ page, at }: { page: Page; at: number }) {
  return (
    <time dateTime={new Date(at).toISOString()} title={dateText(page.language, at)}>
      {agoText(page.language, at, page.now)}
    </time>
  )
}

/** The icon of a chart, beside its name. */
export function ChartIcon({
  page,
  name,
  version,
  size,
}: {
  page: Page
  name: string
  version?: string
  size: 40 | 48 | 72
}) {
  const src = version === undefined ? chartPage(page, name, 'icon') : chartPath(page, name, version, 'icon')
  return <img class="chart-icon" src={src} width={size} height={size} alt="" loading="lazy" />
}

/** A link that leaves the registry; its host stands beside it where the text does not say it. */
export function OutsideLink({ page, href, children }: { page: Page; href: string; children: string }) {
  const host = URL.parse(href)?.host ?? ''
  return (
    <a href={href} rel="nofollow noopener noreferrer">
      {children}
      {host !== '' && !children.includes(host) && <span class="host"> {host}</span>}
      <span class="vh"> ({shellWords[page.language].opensElsewhere})</span>
    </a>
  )
}

/** Numbered links to the pages of a list: the first, the last, and those around this one. */
export function PageLinks({
  page,
  current,
  last,
  address,
  attributes = () => ({}),
}: {
  page: Page
  current: number
  last: number
  address: (number: number) => string
  /** More attributes for the link to an address: how htmx should follow it. */
  attributes?: (href: string) => Readonly<Record<string, string>>
}) {
  const words = shellWords[page.language]
  if (last <= 1) return <nav class="pag" id="pages" aria-label={words.pages} />
  const near = new Set([1, last, current - 1, current, current + 1])
  const shown = [...near].filter((number) => number >= 1 && number <= last).sort((a, b) => a - b)
  const link = (number: number, text: string) => (
    <a href={address(number)} {...attributes(address(number))}>
      {text}
    </a>
  )
  return (
    <nav class="pag" id="pages" aria-label={words.pages}>
      {current > 1 && link(current - 1, words.previous)}
      {shown.map((number, at) => (
        <>
          {at > 0 && number - (shown[at - 1] ?? 0) > 1 && <span aria-hidden="true">…</span>}
          {number === current ? (
            <a href={address(number)} aria-current="page" {...attributes(address(number))}>
              {number}
            </a>
          ) : (
            link(number, String(number))
          )}
        </>
      ))}
      {current < last && link(current + 1, words.next)}
    </nav>
  )
}
