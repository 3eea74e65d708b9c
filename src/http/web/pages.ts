import {
  assetDoc,
  explorerDoc,
  faviconDoc,
  homeDoc,
  openApiDoc,
  robotsDoc,
  swaggerDoc,
  swaggerDocumentDoc,
} from '../docs/pages.ts'
import { headersFor } from '../headers.ts'
import { basePath } from '../public-url.ts'
import { get, post, type Answer, type Ask, type Row } from '../route.ts'
import { sendAsset, sendFavicon } from './assets.ts'
import { documentAnswer } from './documents.ts'
import type { WebParts } from './parts.ts'
import { remember } from './prepared.ts'

/**
 * What a browser asks, with paths below the context path. What costs time to load (preact, the Swagger plugin) is loaded
 * by the first request that needs it: the first `index.yaml` after a start must not wait for it.
 */
export function webRows(parts: WebParts): {
  readonly fixed: readonly Row[]
  readonly scoped: readonly Row[]
} {
  return { fixed: [...serverRows(parts), ...accountRows(parts)], scoped: pageRows(parts) }
}

/** A module of answers, loaded by the first request for one of them. */
type Send = (ask: Ask, parts: WebParts) => Response | Promise<Response>

const late =
  (parts: WebParts) =>
  <M extends Record<Name, Send>, Name extends string>(load: () => Promise<M>, name: Name): Answer =>
  async (ask) => {
    const response = await (await load())[name](ask, parts)
    if (ask.query.has('lang')) await rememberLanguage(ask, response)
    return response
  }

/** A language that the address asks for counts for the pages after it, too. */
async function rememberLanguage({ query, publicUrl }: Ask, response: Response): Promise<void> {
  const { askedLanguageCookie } = await import('./preferences.ts')
  const cookie = askedLanguageCookie(query, publicUrl)
  if (cookie !== undefined) response.headers.append('set-cookie', cookie)
}

// Kept once they are loaded: import() of a module that is there costs something on every call.
const list = remember(() => import('./list.ts'))
const searchPage = remember(() => import('./search-page.ts'))
const overview = remember(() => import('./overview.ts'))
const dependencies = remember(() => import('./dependencies.ts'))
const versions = remember(() => import('./versions.ts'))
const icons = remember(() => import('./icons.ts'))
const values = remember(() => import('./values.ts'))
const schema = remember(() => import('./schema.ts'))
const files = remember(() => import('./files.ts'))
const compare = remember(() => import('./compare-page.ts'))
const upload = remember(() => import('./upload.ts'))
const deletion = remember(() => import('./delete.ts'))
const trash = remember(() => import('./trash.ts'))
const account = remember(() => import('./account.ts'))
const explorer = remember(() => import('./explorer.ts'))

/** What belongs to no repository. */
function serverRows(parts: WebParts): Row[] {
  const { operator } = parts
  const answer = late(parts)
  const openApi = documentAnswer(parts)
  const sendList = answer(list, 'sendList')
  const home: Answer =
    operator?.home === undefined
      ? sendList
      : () => new Response(operator.home, { headers: headersFor('page', 'text/html; charset=utf-8') })
  const signIn = answer(account, 'sendSignIn')
  return [
    get('/', 'pull', (ask) => (ask.query.has('signin') ? signIn(ask) : home(ask)), homeDoc),
    get('/-/', 'pull', sendList),
    ...(operator?.rows ?? []),
    get('/-/search', 'pull', answer(searchPage, 'sendSearchPage')),
    get('/-/api', 'pull', answer(explorer, 'sendExplorer'), explorerDoc),
    get('/-/openapi.json', 'pull', openApi, openApiDoc),
    get('/swagger/json', 'pull', openApi, swaggerDocumentDoc),
    get('/swagger', 'none', toExplorer, swaggerDoc),
    get('/-/assets/:hash/:file', 'none', sendAsset, assetDoc),
    get('/favicon.ico', 'none', sendFavicon, faviconDoc),
    get('/robots.txt', 'none', robots, robotsDoc),
  ]
}

/** Who reads, and how the pages should be for them: nothing of the charts is told here. */
function accountRows(parts: WebParts): Row[] {
  const answer = late(parts)
  return [
    get('/-/whoami', 'pull', answer(account, 'sendWhoAmI')),
    get('/-/shortcuts', 'none', answer(account, 'sendShortcuts')),
    post('/-/prefs', 'none', answer(account, 'receivePrefs')),
    post('/-/signout', 'none', answer(account, 'receiveSignOut')),
    // Where the page that answers a sign-out is loaded again.
    get('/-/signout', 'none', answer(account, 'sendSignedOut')),
    get('/-/signed-out', 'none', answer(account, 'sendSignedOut')),
  ]
}

const chart = '/:repo/-/chart/:name'
const version = `${chart}/:version`

/** The pages of a repository, of any depth. */
function pageRows(parts: WebParts): Row[] {
  const answer = late(parts)
  return [
    get('/:repo/', 'pull', answer(list, 'sendList')),
    get(chart, 'pull', answer(overview, 'sendOverview')),
    get(version, 'pull', answer(overview, 'sendOverview')),
    get(`${version}/readme`, 'pull', answer(overview, 'sendReadme')),
    get(`${chart}/versions`, 'pull', answer(versions, 'sendVersions')),
    get(`${chart}/icon`, 'pull', answer(icons, 'sendIcon')),
    get(`${version}/icon`, 'pull', answer(icons, 'sendIcon')),
    get(`${version}/dependencies`, 'pull', answer(dependencies, 'sendDependencies')),
    get(`${version}/values`, 'pull', answer(values, 'sendValues')),
    get(`${version}/values/key`, 'pull', answer(values, 'sendKey')),
    get(`${version}/schema`, 'pull', answer(schema, 'sendSchema')),
    get(`${version}/templates`, 'pull', answer(files, 'sendTemplates')),
    get(`${version}/templates/:path`, 'pull', answer(files, 'sendTemplate')),
    get(`${version}/files`, 'pull', answer(files, 'sendFiles')),
    get(`${version}/files/:path`, 'pull', answer(files, 'sendFile')),
    get(`${version}/raw/:path`, 'pull', answer(files, 'sendRaw')),
    get(`${chart}/compare`, 'pull', answer(compare, 'sendCompare')),
    get(`${chart}/compare/:version`, 'pull', answer(compare, 'sendCompare')),
    ...(parts.settings.readOnly === true ? [] : uploadRows(answer)),
    ...(parts.rules.deletes ? deletionRows(answer) : []),
  ]
}

function uploadRows(answer: ReturnType<typeof late>): Row[] {
  return [
    get('/:repo/-/upload', 'push', answer(upload, 'sendUpload')),
    post('/:repo/-/upload', 'push', answer(upload, 'receiveUpload')),
  ]
}

function deletionRows(answer: ReturnType<typeof late>): Row[] {
  return [
    get(`${version}/delete`, 'push', answer(deletion, 'sendDelete')),
    post(`${version}/delete`, 'push', answer(deletion, 'receiveDelete')),
    get(`${chart}/delete`, 'push', answer(deletion, 'sendDelete')),
    post(`${chart}/delete`, 'push', answer(deletion, 'receiveDelete')),
    post('/:repo/-/delete', 'push', answer(deletion, 'receiveBulk')),
    get('/:repo/-/trash', 'push', answer(trash, 'sendTrash')),
    post('/:repo/-/trash/:name/restore', 'push', answer(trash, 'receiveRestore')),
  ]
}

/** The address is a path only: a proxy in front may have another name and scheme than we know. */
function toExplorer({ publicUrl }: Ask): Response {
  const headers = headersFor('protocol')
  headers.set('location', `${basePath(publicUrl)}/-/api`)
  return new Response(null, { status: 302, headers })
}

function robots(): Response {
  return new Response('User-agent: *\nDisallow: /\n', {
    headers: headersFor('protocol', 'text/plain; charset=utf-8'),
  })
}
