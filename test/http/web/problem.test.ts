import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { RegistryError, type ErrorAbout, type ErrorCode } from '../../../src/errors.ts'
import type { Access } from '../../../src/http/access/access.ts'
import { basicAccess } from '../../../src/http/access/basic.ts'
import { createApp } from '../../../src/http/app.ts'
import { listen, type Listener } from '../../../src/http/listener.ts'
import { createFront } from '../../../src/http/front.ts'
import { compile } from '../../../src/http/paths.ts'
import { addresses } from '../../../src/http/public-url.ts'
import { get, post } from '../../../src/http/route.ts'
import { assetUrl } from '../../../src/http/web/assets.ts'
import { problemPage } from '../../../src/http/web/problem.ts'
import type { LogWriter } from '../../../src/log-writer.ts'
import { problemWords } from '../../../views/words/problem.ts'
import { keptLog } from '../../support/repository.ts'
import { basic } from '../../support/site.ts'
import { settings } from '../web-fixture.ts'

const browser = { accept: 'text/html', 'accept-language': 'en' }
const keeper = { user: 'keeper', password: 'secret' }

/** The keeper may do everything; "reader" may read the repository "org" and nothing else. */
function access(): Access {
  const known = basicAccess({ ...keeper, anonymousGet: false })
  const reader = {
    name: 'reader',
    may: (action: string, repository: string) => action === 'pull' && repository === 'org',
  }
  const isReader = (header: string | null) =>
    header === basic({ user: 'reader', password: 'x' }).authorization
  return {
    ...known,
    callerOf: (header, address) => (isReader(header) ? reader : known.callerOf(header, address)),
  }
}

const log = keptLog()
/** What the next page or the next problem page throws. */
const next: { error: unknown; page: unknown } = { error: undefined, page: undefined }
let listener: Listener
let url: string

beforeAll(() => {
  const contextPath = '/ctx'
  const boom = () => {
    throw next.error
  }
  const rows = [
    get('/:repo/', 'pull', () => new Response('the repository')),
    get('/:repo/-/chart/:name', 'pull', boom),
    get('/:repo/-/chart/:name/icon', 'pull', () => new Response('an icon')),
    post('/:repo/-/upload', 'push', () => new Response('uploaded')),
    get('/:repo/index.yaml', 'pull', () => new Response('an index')),
  ]
  const web = { ...settings, contextPath, depth: 1, authentication: 'basic' as const }
  const front = createFront({
    matcher: compile(rows, { contextPath, depth: 1, dynamic: false }),
    access: access(),
    addresses: addresses({ contextPath, tls: false, trustedProxies: [] }),
    hostRefusal: () => undefined,
    log: { ...log, request: () => undefined, flush: () => undefined } as LogWriter,
    logHealth: false,
    debug: false,
    contextPath,
    corsOrigin: '',
    problemPage: (problem) => {
      if (next.page !== undefined) throw next.page
      return problemPage(web, problem)
    },
  })
  const assets = get('/-/assets/:hash/:file', 'none', () => new Response('an asset'))
  const app = createApp({ front, rootRows: [], fixedRows: [assets], contextPath, idleSeconds: 30 })
  listener = listen(app, { hostname: '127.0.0.1', port: 0, tls: undefined, idleSeconds: 10 })
  url = `http://127.0.0.1:${listener.port}/ctx`
})

afterAll(() => listener.drain())

interface Told {
  readonly status: number
  readonly headers: Headers
  readonly html: string
  readonly title: string | undefined
}

async function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Told> {
  const sent = { ...browser, ...basic(keeper), ...headers }
  const response = await fetch(url + path, { headers: sent, method, redirect: 'manual' })
  const html = await response.text()
  const title = /<h1[^>]*>(.*?)<\/h1>/.exec(html)?.[1]
  return { status: response.status, headers: response.headers, html, title }
}

function askThrowing(error: unknown, headers?: Record<string, string>): Promise<Told> {
  next.error = error
  return ask('/org/-/chart/redis', headers)
}

describe('a page for an error', () => {
  const cases: [ErrorCode, ErrorAbout, number, string][] = [
    ['invalid', 'request', 400, 'This address asks for something that cannot be.'],
    ['invalid', 'archive', 400, 'This archive cannot be read.'],
    ['invalid', 'provenance', 400, 'This cannot be done as asked.'],
    ['unauthorized', 'request', 401, 'Sign in to continue.'],
    ['forbidden', 'repository', 403, 'You may read here, but not change anything.'],
    ['not_found', 'chart', 404, 'There is no such chart.'],
    ['not_found', 'version', 404, 'There is no such version.'],
    ['conflict', 'version', 409, 'This exists already.'],
    ['too_slow', 'upload', 408, 'This took too long.'],
    ['too_large', 'upload', 413, 'This is too large.'],
    ['unavailable', 'storage', 503, 'The storage does not answer at the moment.'],
    ['full', 'storage', 507, 'There is no room left.'],
  ]
  test.each(cases)(
    'says %s of %s as %d, with the server’s own sentence',
    async (code, about, status, sentence) => {
      const told = await askThrowing(new RegistryError(code, about, 'own <words> & more'))
      expect(told).toMatchObject({ status, title: sentence })
      expect(told.html).toContain('<span lang="en">Own &lt;words> &amp; more</span>')
      expect(told.headers.get('cache-control')).toBe('no-store')
      expect(told.headers.get('content-security-policy')).toContain("script-src 'self'")
    },
  )

  test('is a whole page below the context path, of the repository and of the reader', async () => {
    const { html } = await askThrowing(new RegistryError('not_found', 'chart', 'not found'))
    expect(html).toStartWith('<!doctype html><html lang="en"')
    expect(html).toContain(`href="${await assetUrl('/ctx', 'chartroom.css')}"`)
    expect(html).toContain('action="/ctx/org/"')
    expect(html).toContain('keeper')
    expect(html).toContain('href="/ctx/org/?q=redis"')
    expect(html).not.toContain('The server says')
  })

  test('is in the language and the theme of the reader', async () => {
    const cookie = 'cr_lang=zh-CN; cr_theme=night'
    const told = await askThrowing(new RegistryError('unavailable', 'storage', 'x'), { cookie })
    expect(told.title).toBe('存储暂时没有响应。')
    expect(told.html).toMatch(/<html lang="zh-CN"[^>]* data-theme="night"/)
    expect(told.html).toContain('href="/ctx/org/-/chart/redis">重试</a>')
  })

  test('shows nothing of what nobody foresaw but the request id', async () => {
    const told = await askThrowing(new Error('ENOENT /data/secret/path'), { 'x-request-id': 'r-4711' })
    expect(told).toMatchObject({ status: 500, title: 'Something went wrong on the server.' })
    expect(told.html).toContain('<code>r-4711</code>')
    expect(told.html).not.toContain('secret')
    expect(log.lines.filter((line) => line.includes('ENOENT /data/secret/path'))).toHaveLength(1)
    const usual = await askThrowing(new RegistryError('not_found', 'chart', 'x'), {
      'x-request-id': 'r-4712',
    })
    expect(usual.html).not.toContain('r-4712')
  })

  test('cannot be made to hold a tag of htmx, and survives its own failure', async () => {
    const planted = await askThrowing(
      new RegistryError('invalid', 'chart', `<hx-x hx-post='/' hx-trigger='load'>`),
    )
    expect(planted.status).toBe(400)
    expect(planted.html).not.toContain('<hx-')
    next.page = new Error('the page broke')
    const plain = await askThrowing(new RegistryError('conflict', 'version', 'there already'))
    next.page = undefined
    expect(plain).toMatchObject({ status: 409, title: '409' })
    expect(plain.html).toContain('there already')
    expect(log.lines.some((line) => line.includes('the page broke'))).toBe(true)
  })

  test('has the same tellings in both languages', () => {
    const keys = (language: 'en' | 'zh-CN') => Object.keys(problemWords[language].tellings).sort()
    expect(keys('zh-CN')).toEqual(keys('en'))
  })
})

describe('what somebody may not do', () => {
  const reader = basic({ user: 'reader', password: 'x' })

  test('is not told apart from what is not there, where it is a repository', async () => {
    next.error = new RegistryError('not_found', 'chart', 'not found')
    for (const path of ['/secret/-/chart/redis', '/secret/', '/nothing/', '/secret/-/chart/redis/icon']) {
      const told = await ask(path, reader)
      expect(told).toMatchObject({ status: 404, title: 'There is no such page.' })
      expect(told.html.replaceAll('secret', 'nothing')).not.toContain('may not')
    }
    expect((await ask('/org/', reader)).html).toBe('the repository')
  })

  test('is said where they may read', async () => {
    const told = await ask('/org/-/upload', reader, 'POST')
    expect(told).toMatchObject({ status: 403, title: 'You may read here, but not change anything.' })
    expect(told.html).toContain('<span lang="en">&quot;reader&quot; may not push here</span>')
    expect(told.html).toContain('reader')
  })

  test('is asked for before it is said what there is, without credentials', async () => {
    for (const path of ['/org/', '/nothing/', '/org/-/chart/x']) {
      const told = await ask(path, { authorization: '' })
      expect(told).toMatchObject({ status: 401, title: 'Sign in to continue.' })
      expect(told.headers.get('www-authenticate')).toBe('Basic realm="ChartMuseum", charset="UTF-8"')
    }
  })
})

describe('what other sites ask for', () => {
  const embedded = ['no-cors', 'cors', 'same-origin', 'websocket', '']
  test.each(embedded)('is refused when it is a page or an icon in mode %j', async (mode) => {
    const headers = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': mode }
    next.error = undefined
    for (const path of ['/org/', '/org/-/chart/redis/icon', '/org/-/chart/redis']) {
      for (const method of ['GET', 'HEAD']) {
        expect((await ask(path, headers, method)).status).toBe(403)
      }
    }
    const told = await ask('/org/', headers)
    expect(told.title).toBe('Refused: this request came from another site.')
  })

  test('is answered when somebody follows a link, and when it is no page', async () => {
    const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' }
    expect((await ask('/org/', link)).html).toBe('the repository')
    const embedding = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' }
    expect((await ask('/org/index.yaml', embedding)).html).toBe('an index')
    expect((await ask('/-/assets/x/y', embedding)).html).toBe('an asset')
    for (const site of ['same-origin', 'same-site', 'none']) {
      const headers = { 'sec-fetch-site': site, 'sec-fetch-mode': 'no-cors' }
      expect((await ask('/org/-/chart/redis/icon', headers)).html).toBe('an icon')
    }
  })
})
