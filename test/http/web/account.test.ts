import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { join } from 'node:path'
import { chart } from '../../support/chart-builder.ts'
import { basic, site } from '../../support/site.ts'
import { startServer, type RunningServer } from '../../support/start-server.ts'
import { tempFolder } from '../../support/temp-folder.ts'
import { textOf } from './chart-site.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(30_000)

const credentials = { user: 'alice', password: 'päss:wörd' }
const signedIn = basic(credentials)
const browser = { accept: 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8' }
const auth = ['--basic-auth-user', credentials.user, '--basic-auth-pass', credentials.password]
const pageChallenge = 'Basic realm="ChartMuseum", charset="UTF-8"'

/** Asks as a browser does, without going where it is sent. */
function ask(server: RunningServer, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { ...browser, ...(init.headers as Record<string, string> | undefined) }
  return fetch(server.url + path, {
    redirect: 'manual',
    ...init,
    headers,
    tls: { rejectUnauthorized: false },
  })
}

function send(server: RunningServer, path: string, fields: Record<string, string>, headers = {}) {
  return ask(server, path, { method: 'POST', body: new URLSearchParams(fields), headers })
}

const title = async (response: Response) => /<h1[^>]*>(.*?)<\/h1>/.exec(await response.text())?.[1]

describe('a server behind basic auth, below a context path', () => {
  let server: RunningServer
  beforeAll(async () => {
    server = await startServer({ flags: [...auth, '--context-path', '/ctx'] })
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test('asks browsers for the password with a page, in their language', async () => {
    const english = await ask(server, '/ctx/?signin&next=/ctx/x')
    expect(english.status).toBe(401)
    expect(english.headers.get('www-authenticate')).toBe(pageChallenge)
    expect(english.headers.get('content-type')).toStartWith('text/html')
    const html = await english.text()
    expect(html).toContain('<h1>Sign in to continue.</h1>')
    expect(textOf(html)).toContain(`helm repo add chartroom ${server.url}/ctx --username NAME`)
    expect(html).toContain('href="/ctx/?signin&amp;next=%2Fctx%2Fx"')
    const chinese = await ask(server, '/ctx/-/whoami', { headers: { 'accept-language': 'zh-CN,zh;q=0.9' } })
    expect(chinese.status).toBe(401)
    expect(await title(chinese)).toBe('请登录后继续。')
  })

  test('asks programs as ChartMuseum does, with JSON', async () => {
    for (const accept of ['*/*', 'application/json', 'text/plain']) {
      const response = await ask(server, '/ctx/-/whoami', { headers: { accept } })
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toBe('Basic realm="ChartMuseum"')
      expect(await response.json()).toEqual({ error: 'unauthorized' })
    }
    const api = await ask(server, '/ctx/api/charts')
    expect(api.headers.get('www-authenticate')).toBe('Basic realm="ChartMuseum"')
  })

  test('has the files of the 401 page in public', async () => {
    const html = await (await ask(server, '/ctx/?signin')).text()
    const files = [...html.matchAll(/(?:src|href)="(\/ctx\/-\/assets\/[^"#]+)/g)].map(
      ([, path]) => path ?? '',
    )
    expect(new Set(files.map((path) => path.split('.').at(-1)))).toContain('css')
    for (const path of files) expect((await ask(server, path)).status).toBe(200)
  })

  test('goes on to the page that was asked for, once signed in', async () => {
    const next = '/ctx/org/-/chart/redis/1.0.0%2Bb?find=a%2Fb#L1'
    const response = await ask(server, `/ctx/?signin&next=${encodeURIComponent(next)}`, { headers: signedIn })
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe(next)
    expect(response.headers.get('cache-control')).toBe('no-store')
    const without = await ask(server, '/ctx/?signin', { headers: signedIn })
    expect(without.headers.get('location')).toBe('/ctx/')
  })

  const elsewhere = [
    'https://evil.example/ctx/',
    '//evil.example/ctx/',
    '/ctx//evil.example',
    '/ctx/..//evil.example',
    '/ctx/.//evil.example',
    '/ctx/%2e%2e/%2e%2e//evil.example',
    '/\\evil.example',
    '/ctx/\\evil.example',
    '\\/evil.example',
    '/ctx',
    '/other/',
    '/ctxx/',
    '/ctx/../other/',
    '/ctx/%2e%2e/other/',
    'javascript:alert(1)',
    '/ctx/\t/evil.example',
    '/ctx/\r\nSet-Cookie: a=b',
    '\t/ctx/',
    ' /ctx/',
    'ctx/',
    '',
    'http:/ctx/',
  ]
  test.each(elsewhere)('does not go to %j after a sign-in or a form', async (next) => {
    const response = await ask(server, `/ctx/?signin&next=${encodeURIComponent(next)}`, { headers: signedIn })
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe('/ctx/')
    expect(response.headers.get('set-cookie')).toBeNull()
    const form = await send(server, '/ctx/-/prefs', { theme: 'day', next })
    expect(form.headers.get('location')).toBe('/ctx/')
  })

  test('keeps what was chosen in cookies of the context path that no script reads', async () => {
    const next = '/ctx/?q=a&lang=en'
    const response = await send(server, '/ctx/-/prefs', { theme: 'night', lang: 'zh-CN', keys: 'off', next })
    expect(response.status).toBe(303)
    expect(response.headers.get('location')).toBe('/ctx/?q=a')
    const attributes = 'Path=/ctx/; Max-Age=31536000; SameSite=Lax; HttpOnly'
    expect(response.headers.getSetCookie()).toEqual([
      `cr_theme=night; ${attributes}`,
      `cr_lang=zh-CN; ${attributes}`,
      `cr_keys=off; ${attributes}`,
    ])
    const cookie = 'cr_theme=night; cr_lang=zh-CN; cr_keys=off'
    const html = await (await ask(server, '/ctx/-/shortcuts', { headers: { cookie } })).text()
    expect(html).toMatch(/<html lang="zh-CN"[^>]* data-theme="night"[^>]* data-shortcuts="off"/)
  })

  test('changes only what the form has, and refuses what there is not', async () => {
    const one = await send(server, '/ctx/-/prefs', { theme: 'auto' })
    expect(one.headers.getSetCookie().map((cookie) => cookie.split(';')[0])).toEqual(['cr_theme=auto'])
    const wrong: Record<string, string>[] = [
      { theme: 'Day' },
      { lang: 'de' },
      { keys: '' },
      { theme: 'x; Domain=evil' },
    ]
    for (const fields of wrong) {
      const response = await send(server, '/ctx/-/prefs', fields)
      expect(response.status).toBe(400)
      expect(response.headers.get('set-cookie')).toBeNull()
    }
    const upload = await ask(server, '/ctx/-/prefs', {
      method: 'POST',
      body: '{}',
      headers: { 'content-type': 'application/json' },
    })
    expect(upload.status).toBe(400)
    const large = await send(server, '/ctx/-/prefs', { theme: 'day', next: 'x'.repeat(300_000) })
    expect(large.status).toBe(413)
  })

  test('refuses preferences and sign-outs that another site sends', async () => {
    for (const path of ['/ctx/-/prefs', '/ctx/-/signout']) {
      const response = await send(server, path, { theme: 'night' }, { 'sec-fetch-site': 'cross-site' })
      expect(response.status).toBe(403)
      expect(response.headers.get('set-cookie')).toBeNull()
      expect(await title(response)).toBe('Refused: this request came from another site.')
    }
  })

  test('remembers a language that an address asks for', async () => {
    const response = await ask(server, '/ctx/-/signed-out?lang=zh-CN')
    expect(response.headers.getSetCookie()).toEqual([
      'cr_lang=zh-CN; Path=/ctx/; Max-Age=31536000; SameSite=Lax; HttpOnly',
    ])
    expect((await ask(server, '/ctx/-/signed-out?lang=xx')).headers.get('set-cookie')).toBeNull()
  })

  test('signs out with a challenge of the same realm, and a page', async () => {
    for (const headers of [signedIn, {}, basic({ user: 'signed-out', password: 'x' })]) {
      const response = await send(server, '/ctx/-/signout', {}, headers)
      expect(response.status).toBe(401)
      expect(response.headers.get('www-authenticate')).toBe(pageChallenge)
      expect(response.headers.get('clear-site-data')).toBeNull()
      expect(await title(response)).toBe('You are signed out')
    }
    for (const path of ['/ctx/-/signed-out', '/ctx/-/signout']) {
      const page = await ask(server, path)
      expect(page.status).toBe(200)
      expect(page.headers.get('www-authenticate')).toBeNull()
    }
  })

  test('says who somebody is, to people and to programs', async () => {
    const page = await ask(server, '/ctx/-/whoami', { headers: signedIn })
    expect(page.status).toBe(200)
    expect(await title(page)).toBe('Signed in as alice')
    const json = await ask(server, '/ctx/-/whoami', { headers: { ...signedIn, accept: 'application/json' } })
    expect(json.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(await json.json()).toEqual({
      user: 'alice',
      authentication: 'basic',
      realm: 'ChartMuseum',
      repositories: [{ name: '', pull: true, push: true, delete: true }],
    })
  })

  test('answers HEAD and asks nobody for a list of keys', async () => {
    expect((await ask(server, '/ctx/-/whoami', { method: 'HEAD', headers: signedIn })).status).toBe(200)
    const keys = await ask(server, '/ctx/-/shortcuts')
    expect(keys.status).toBe(200)
    const html = await keys.text()
    expect(html.match(/<dialog open/g)).toHaveLength(1)
    expect(html.match(/<h1/g)).toHaveLength(1)
  })
})

describe('a server that everybody may read', () => {
  let server: RunningServer
  beforeAll(async () => {
    server = await startServer({
      flags: [...auth, '--auth-anonymous-get', '--depth', '1', '--disable-delete'],
    })
    const archive = await chart('mychart', '1.0.0').tgz()
    for (const repo of ['one', 'two']) {
      expect((await site(server, { repo, credentials }).publish(archive)).status).toBe(201)
    }
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test('challenges nobody but where somebody wants to sign in, at the root', async () => {
    expect((await ask(server, '/-/whoami')).status).toBe(200)
    const asked = await ask(server, '/?signin&next=/one/')
    expect(asked.status).toBe(401)
    expect(asked.headers.get('www-authenticate')).toBe(pageChallenge)
    const upload = await ask(server, '/one/-/upload?x=1')
    expect(upload.status).toBe(303)
    expect(upload.headers.get('location')).toBe('/?signin&next=%2Fone%2F-%2Fupload%3Fx%3D1')
    expect(upload.headers.get('www-authenticate')).toBeNull()
    expect((await ask(server, '/one/-/upload', { headers: { accept: '*/*' } })).status).toBe(401)
    expect((await send(server, '/one/-/upload', {})).status).toBe(401)
  })

  test('offers to sign in instead of what needs it, and names what somebody may do', async () => {
    const anonymous = await (await ask(server, '/one/-/nothing')).text()
    expect(anonymous).toContain('Sign in to upload')
    expect(anonymous).toContain('href="/?signin&amp;next=%2Fone%2F-%2Fupload"')
    expect(anonymous).not.toContain('/-/signout')
    expect(anonymous).toContain('can read')
    const known = await (await ask(server, '/-/whoami', { headers: signedIn })).text()
    expect(known).toContain('can read and upload')
    expect(known).toContain('action="/-/signout"')
    expect(known).not.toContain('?signin')
    expect(known).toContain('Deleting is switched off')
  })

  test('tells programs the rights in each repository', async () => {
    const rights = async (headers: Record<string, string>) =>
      (await (
        await ask(server, '/-/whoami', { headers: { ...headers, accept: 'application/json' } })
      ).json()) as unknown
    const repositories = (push: boolean) =>
      ['one', 'two'].map((name) => ({ name, pull: true, push, delete: false }))
    const realm = { authentication: 'basic', realm: 'ChartMuseum' }
    expect(await rights(signedIn)).toEqual({ user: 'alice', ...realm, repositories: repositories(true) })
    expect(await rights({})).toEqual({ user: null, ...realm, repositories: repositories(false) })
  })
})

describe('a server without credentials', () => {
  test('has nothing to sign in to, and cookies for HTTPS only where it is reached so', async () => {
    await using server = await startServer()
    const home = await ask(server, '/?signin&next=/-/whoami')
    expect(home.status).toBe(303)
    expect(home.headers.get('location')).toBe('/-/whoami')
    const whoami = await (await ask(server, '/-/whoami')).text()
    expect(whoami).not.toContain('?signin')
    expect(whoami).not.toContain('/-/signout"')
    expect((await send(server, '/-/signout', {})).status).toBe(303)
    const json = await ask(server, '/-/whoami', { headers: { accept: 'application/json' } })
    expect(await json.json()).toMatchObject({ user: null, authentication: 'none' })
    const [cookie] = (await send(server, '/-/prefs', { theme: 'day' })).headers.getSetCookie()
    expect(cookie).toBe('cr_theme=day; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly')
  })

  test('marks cookies as Secure with TLS of its own, and with that of a trusted proxy', async () => {
    await using folder = await tempFolder()
    const tls = ['--tls-self-signed', '--tls-self-signed-dir', join(folder.path, 'tls')]
    await using server = await startServer({ flags: tls })
    const [own] = (await send(server, '/-/prefs', { theme: 'day' })).headers.getSetCookie()
    expect(own).toBe('cr_theme=day; Path=/; Max-Age=31536000; SameSite=Lax; HttpOnly; Secure')
    await using below = await startServer({ flags: [...tls, '--context-path', '/ctx'] })
    for (const path of ['/ctx', '/ctx/', '/ctx/?q=a', '/ctx/-/'])
      expect((await ask(below, path)).status).toBe(200)
    await using behind = await startServer({ flags: ['--trusted-proxies', '127.0.0.1'] })
    const forwarded = {
      'x-forwarded-proto': 'https',
      'x-forwarded-prefix': '/front',
      'x-forwarded-host': 'charts.example.com',
    }
    const response = await send(behind, '/-/prefs', { keys: 'on', next: '/front/a' }, forwarded)
    expect(response.headers.getSetCookie()).toEqual([
      'cr_keys=on; Path=/front/; Max-Age=31536000; SameSite=Lax; HttpOnly; Secure',
    ])
    expect(response.headers.get('location')).toBe('/front/a')
  })
})
