import { gzipSync } from 'node:zlib'
import type { VNode } from 'preact'
import { renderToString } from 'preact-render-to-string'
import type { Page, PageAssets, Theme } from '../../../views/page.ts'
import { chooseLanguage } from '../../../views/words/language.ts'
import type { Caller } from '../access/access.ts'
import { responseOf } from '../body-bytes.ts'
import { listsTag } from '../conditional.ts'
import { negotiateEncoding } from '../encoding.ts'
import { headersFor, type Surface } from '../headers.ts'
import { basePath } from '../public-url.ts'
import type { Ask } from '../route.ts'
import { assetUrls } from './assets.ts'
import type { WebParts, WebSettings } from './parts.ts'
import { rightsOf } from './rights.ts'

/** Repositories that the menu of every page lists. */
const mostInMenu = 100

/** What a page knows of the request. `inRepository: false` for pages of the server, and for lists of repositories. */
export async function pageOf(
  ask: Ask,
  parts: Pick<WebParts, 'settings' | 'registry' | 'rules'>,
  { inRepository = true } = {},
): Promise<Page> {
  const { repo, caller, publicUrl } = ask
  const { settings, registry, rules } = parts
  const { depth, dynamic } = settings
  const basics = await basicsOf(ask.request, settings, publicUrl)
  const below = repo === '' ? '' : `/${repo}`
  const known = depth === 0 && !dynamic ? [] : await registry.names({ depth, dynamic })
  const repositories = known.filter((name) => caller.may('pull', name))
  return {
    ...basics,
    repo,
    inRepository,
    repository: basics.contextPath + below,
    list: listAddress(basics.contextPath, repo, settings),
    repositories: repositories.slice(0, mostInMenu),
    moreRepositories: repositories.length > mostInMenu,
    ...rightsOf(caller, repo, settings, rules),
    publicUrl,
    repositoryUrl: publicUrl + below,
    alias: settings.repositoryAlias || (repo.split('/').at(-1) ?? '') || 'chartroom',
    staleSince: registry.staleSince?.getTime(),
  }
}

type Basics = Pick<
  Page,
  | 'contextPath'
  | 'language'
  | 'theme'
  | 'shortcuts'
  | 'access'
  | 'authentication'
  | 'version'
  | 'assets'
  | 'address'
  | 'now'
>

/**
 * What is known of a request before anybody knows what it is about: enough for the frame around an error. Addresses
 * begin with the path of the public address, which behind a proxy may be longer than our context path.
 */
export async function basicsOf(request: Request, settings: WebSettings, publicUrl: string): Promise<Basics> {
  const url = new URL(request.url)
  const contextPath = basePath(publicUrl)
  const isOpen = settings.authentication === 'none'
  const cookies = new Bun.CookieMap(request.headers.get('cookie') ?? '')
  return {
    contextPath,
    language: chooseLanguage(
      url.searchParams.get('lang'),
      cookies.get('cr_lang'),
      request.headers.get('accept-language'),
    ),
    theme: themeOf(cookies.get('cr_theme')),
    shortcuts: cookies.get('cr_keys') !== 'off',
    access: isOpen ? 'open' : settings.anonymousPull === true ? 'read-open' : 'closed',
    authentication: settings.authentication,
    version: settings.version,
    assets: await pageAssets(contextPath, settings),
    address: contextPath + url.pathname.slice(settings.contextPath.length) + url.search,
    now: Date.now(),
  }
}

/** A page about which nothing was asked: the frame around an error. */
export async function serverPage(
  request: Request,
  settings: WebSettings,
  publicUrl: string,
  { repo, caller }: { readonly repo: string; readonly caller: Caller },
): Promise<Page> {
  const basics = await basicsOf(request, settings, publicUrl)
  const below = repo === '' ? '' : `/${repo}`
  return {
    ...basics,
    repo,
    inRepository: repo !== '' || (settings.depth === 0 && !settings.dynamic),
    repository: basics.contextPath + below,
    list: listAddress(basics.contextPath, repo, settings),
    repositories: [],
    moreRepositories: false,
    // It is no place to upload from, also for those who may.
    ...rightsOf(caller, repo, settings),
    canUpload: false,
    canDelete: false,
    publicUrl,
    repositoryUrl: publicUrl + below,
    alias: settings.repositoryAlias || (repo.split('/').at(-1) ?? '') || 'chartroom',
  }
}

/** The same page as it would be inside of a repository: addresses made from it lead there. */
export function within(page: Page, repo: string, settings: WebSettings): Page {
  const { contextPath } = page
  const repository = repo === '' ? contextPath : `${contextPath}/${repo}`
  return { ...page, repo, inRepository: true, repository, list: listAddress(contextPath, repo, settings) }
}

function listAddress(contextPath: string, repo: string, { ownHome = false }: WebSettings): string {
  if (repo !== '') return `${contextPath}/${repo}/`
  return ownHome ? `${contextPath}/-/` : `${contextPath}/`
}

async function pageAssets(contextPath: string, { systemFonts = false }: WebSettings): Promise<PageAssets> {
  const urls = await assetUrls(contextPath, { fonts: !systemFonts })
  return {
    stylesheet: urls['chartroom.css'],
    icon: urls['rose.svg'],
    sprite: urls['icons.svg'],
    htmx: urls['htmx.min.js'],
    script: urls['chartroom.js'],
    font: systemFonts ? undefined : urls['public-sans.woff2'],
  }
}

function themeOf(cookie: string | null | undefined): Theme {
  return cookie === 'day' || cookie === 'night' ? cookie : 'auto'
}

/** The HTML of a page. Throws Error for one that holds a tag of htmx's own: those come from nowhere but an attack. */
export function renderPage<Props>(page: VNode<Props>): string {
  const html = `<!doctype html>${renderToString(page)}`
  // htmx rewrites such tags before the HTML is parsed, so one of them in a chart's text could act; it is always escaped.
  if (html.includes('<hx-')) throw new Error('A page holds the start of an <hx-…> tag')
  return html
}

export interface SendPageOptions {
  readonly status?: number
  readonly surface?: Surface
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Answers a page: always asked again, never sent twice, compressed as the browser allows. The type is `text/html`
 * without a charset, as ChartMuseum's welcome page has it; the charset stands in the page.
 */
export function sendPage<Props>(
  request: Request,
  page: VNode<Props>,
  options: SendPageOptions = {},
): Response {
  const html = new TextEncoder().encode(renderPage(page))
  const { status = 200, surface = 'page' } = options
  const headers = headersFor(surface)
  for (const [name, value] of Object.entries(options.headers ?? {})) headers.set(name, value)
  headers.set('cache-control', status === 200 ? 'private, no-cache' : 'no-store')
  headers.set('vary', 'Accept-Encoding, Accept-Language, Cookie')
  if (status === 200) {
    const tag = `"${Bun.hash(html).toString(16)}"`
    // Weak: the same page may be sent in several encodings.
    headers.set('etag', `W/${tag}`)
    const known = request.headers.get('if-none-match')
    if (known !== null && listsTag(known, tag)) return new Response(null, { status: 304, headers })
  }
  headers.set('content-type', 'text/html')
  // As bytes: a text body would get a charset added to its type.
  return responseOf(encoded(request, headers, html), { status, headers })
}

/** Below this a compressed page is hardly smaller, bytes. */
const leastCompressed = 1024

function encoded(request: Request, headers: Headers, html: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const encoding = negotiateEncoding(request.headers.get('accept-encoding'))
  if (encoding === undefined || html.byteLength < leastCompressed) return html
  headers.set('content-encoding', encoding)
  return new Uint8Array(
    encoding === 'gzip' ? gzipSync(html, { level: 3 }) : Bun.zstdCompressSync(html, { level: 3 }),
  )
}
