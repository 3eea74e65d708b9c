/** @jsxImportSource preact */
import type { ComponentChildren } from 'preact'
import { AccountMenu, RepositoryMenu } from './menus.tsx'
import { atRoot, inside, signInAddress, type Page } from './page.ts'
import { Icon } from './parts.tsx'
import { accountWords } from './words/account.ts'
import { dateText, languageNames, languages } from './words/language.ts'
import { shellWords } from './words/shell.ts'

/** The search box: what stands in it, and how the list below it follows while somebody types. */
export interface SearchBox {
  readonly value: string
  /** More attributes of the field, where the page itself is the list. */
  readonly attributes?: Readonly<Record<string, string>>
}

export interface ShellProps {
  readonly page: Page
  /** What the page is: "redis 21.2.4". The repository and the name of the program follow. */
  readonly title: string
  /** Loaded before the stylesheet of the pages, which has the last word. */
  readonly stylesheets?: readonly string[]
  /** Modules, loaded behind the script that every page has; that one comes first, before htmx. */
  readonly scripts?: readonly string[]
  /** Scripts of others that are no modules, in order. */
  readonly classicScripts?: readonly string[]
  readonly search?: SearchBox
  /** The address that this page should be known by. */
  readonly canonical?: string
  /** Stands on the tinted band below the header. */
  readonly masthead: ComponentChildren
  /** More attributes of `<main>`. */
  readonly main?: Readonly<Record<string, string>>
  readonly children?: ComponentChildren
}

/** htmx takes its attributes from us only, and no extension; see https://htmx.org/reference/#config. */
const htmxConfig = JSON.stringify({
  prefix: '',
  extensions: 'none',
  noSwap: [204, 304],
  defaultTimeout: 20_000,
})

/** The frame of every page: head, header with the neatline, masthead, content, footer. */
export function Shell(props: ShellProps) {
  const { page, masthead, main = {}, children } = props
  const words = shellWords[page.language]
  return (
    <html
      lang={page.language}
      dir="ltr"
      {...(page.theme !== 'auto' && { 'data-theme': page.theme })}
      {...(!page.shortcuts && { 'data-shortcuts': 'off' })}
      data-copied={words.copied}
      data-copy-failed={words.copyFailed}
      data-not-reached={words.notReached}
      data-retry={words.retry}
      data-other-address={words.otherAddress}
    >
      <Head {...props} />
      <body>
        <a class="skip" href="#main">
          {words.skip}
        </a>
        <Header {...props} />
        <main id="main" tabIndex={-1} {...main}>
          <div class="masthead">
            <Isobaths />
            <div class="wrap">{masthead}</div>
          </div>
          {page.staleSince !== undefined && (
            <div class="wrap">
              <p class="note warn">{words.stale(dateText(page.language, page.staleSince))}</p>
            </div>
          )}
          <div id="toast" class="wrap" role="status" />
          {children}
        </main>
        <Footer page={page} />
        <div id="dialogs" />
        <div id="status" role="status" class="vh" />
      </body>
    </html>
  )
}

function Head({ page, title, stylesheets = [], scripts = [], classicScripts = [], canonical }: ShellProps) {
  const { assets } = page
  const where = page.inRepository && page.repo !== '' ? [page.repo] : []
  const name = [title, ...where, 'Chartroom'].filter((part, at, all) => all.indexOf(part) === at)
  return (
    <head>
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width, initial-scale=1" />
      <meta name="robots" content="noindex" />
      <meta name="htmx-config" content={htmxConfig} />
      <title>{name.join(' · ')}</title>
      {canonical !== undefined && <link rel="canonical" href={canonical} />}
      <link rel="icon" type="image/svg+xml" href={assets.icon} />
      {assets.font !== undefined && (
        <link rel="preload" as="font" type="font/woff2" href={assets.font} crossorigin="anonymous" />
      )}
      {[...stylesheets, assets.stylesheet].map((href) => (
        <link rel="stylesheet" href={href} />
      ))}
      <script src={assets.script} type="module" />
      {[assets.htmx, ...classicScripts].map((src) => (
        <script src={src} defer />
      ))}
      {scripts.map((src) => (
        <script src={src} type="module" />
      ))}
    </head>
  )
}

function Header({ page, search }: ShellProps) {
  const words = shellWords[page.language]
  return (
    <header class="top">
      <div class="wrap bar">
        <a class="brand" href={`${page.contextPath}/`}>
          <Icon page={page} name="rose" size={26} />
          Chartroom
        </a>
        <RepositoryMenu page={page} />
        <form class="search" role="search" action={page.inRepository ? page.list : atRoot(page, 'search')}>
          <Icon page={page} name="find" size={18} />
          <label class="vh" for="q">
            {words.searchIn(page.repo)}
          </label>
          <input
            id="q"
            name="q"
            type="search"
            value={search?.value ?? ''}
            autocomplete="off"
            spellcheck={false}
            maxLength={200}
            placeholder={words.searchCharts}
            data-key="/"
            {...search?.attributes}
          />
          <kbd aria-hidden="true">/</kbd>
        </form>
        <UploadLink page={page} />
        <AccountMenu page={page} />
      </div>
      <div class="neat" id="progress" />
    </header>
  )
}

/** For those who may upload here, and for those who might once they sign in; the others are told why there is none. */
function UploadLink({ page }: { page: Page }) {
  const words = shellWords[page.language]
  const { canUpload, uploadNeeds } = page
  if (!page.inRepository || !(canUpload || uploadNeeds !== undefined)) return null
  if (uploadNeeds === 'right' || uploadNeeds === 'token') {
    return (
      <a
        class="btn ghost"
        href={atRoot(page, 'whoami')}
        title={accountWords[page.language].uploadNeeds[uploadNeeds]}
      >
        {uploadNeeds === 'token' && <Icon page={page} name="up" />}
        <span {...(uploadNeeds === 'token' && { class: 'lbl' })}>{words.uploadNeeds[uploadNeeds]}</span>
      </a>
    )
  }
  const signIn = uploadNeeds === 'sign-in'
  const address = inside(page, 'upload')
  return (
    <a class="btn" href={signIn ? signInAddress(page, address) : address} data-key="u">
      <Icon page={page} name="up" />
      <span class="lbl">{signIn ? words.signInToUpload : words.upload}</span>
    </a>
  )
}

function Footer({ page }: { page: Page }) {
  const words = shellWords[page.language]
  return (
    <footer>
      <div class="wrap foot">
        <span>Chartroom {page.version}</span>
        <a href={atRoot(page, 'api')}>{words.explorer}</a>
        <a
          href={atRoot(page, 'shortcuts')}
          hx-get={atRoot(page, 'shortcuts')}
          hx-target="#dialogs"
          hx-select="dialog"
          hx-swap="innerHTML"
          data-key="?"
        >
          {words.shortcuts}
        </a>
        <span class="languages">
          {languages.map((language) =>
            language === page.language ? (
              <span lang={language}>{languageNames[language]}</span>
            ) : (
              <a href={inLanguage(page, language)} lang={language} hreflang={language}>
                {languageNames[language]}
              </a>
            ),
          )}
        </span>
      </div>
    </footer>
  )
}

/** This page in another language. */
function inLanguage({ address }: Page, language: string): string {
  const [path = '', query = ''] = address.split('?', 2)
  const asked = new URLSearchParams(query)
  asked.set('lang', language)
  return `${path}?${asked}`
}

/** Depth contours with their figures, drawn behind the masthead of wide windows. */
function Isobaths() {
  return (
    <svg class="iso" viewBox="0 0 620 180" preserveAspectRatio="xMaxYMin slice" aria-hidden="true">
      <g fill="none" stroke="currentColor" stroke-width="1.1">
        <path d="M240 0C222 60 190 112 158 180M302 0C282 66 246 120 214 180M368 0C338 70 306 116 268 180M436 0C396 62 384 128 330 180M512 0C462 46 486 116 372 180M588 0C530 52 560 128 404 180" />
      </g>
      <g fill="currentColor" font-size="13">
        {soundings.map(([x, y, depth]) => (
          <text x={x} y={y}>
            {depth}
          </text>
        ))}
      </g>
    </svg>
  )
}

const soundings = [
  [212, 112, 46],
  [270, 92, 31],
  [342, 100, 24],
  [410, 66, 18],
  [486, 104, 12],
  [574, 56, 7],
] as const
