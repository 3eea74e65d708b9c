import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { chart } from '../support/chart-builder.ts'
import { serveMode } from '../support/mode-server.ts'
import { basic, exact, site } from '../support/site.ts'
import { tempFolder } from '../support/temp-folder.ts'

// A machine that may be busy.
setDefaultTimeout(30_000)

const a1 = await chart('a', '1.0.0').tgz()
const one = { 'a-1.0.0.tgz': a1 }
const user = { user: 'u', password: 'p' }
const access = ['--basic-auth-user', 'u', '--basic-auth-pass', 'p']
const html = { headers: { accept: 'text/html' } }

describe('--json-index', () => {
  test.each([['--json-index'], ['--index-format=json']])(
    '%s: JSON for everybody, by the same name and type',
    async (flag) => {
      await using server = await serveMode([flag, '--depth=1', '--context-path=/ctx'], {
        'org/a-1.0.0.tgz': a1,
      })
      const ours = site(server, { repo: 'org', context: '/ctx' })
      for (const agent of ['curl/8', 'Helm/3.8.0', 'Helm/3.20.2']) {
        const response = await ours.get('/index.yaml', { headers: { 'user-agent': agent } })
        expect(response.headers.get('content-type')).toBe('application/x-yaml')
        expect(await response.json()).toMatchObject({
          apiVersion: 'v1',
          serverInfo: { contextPath: '/ctx' },
          entries: { a: [{ version: '1.0.0', urls: ['charts/a-1.0.0.tgz'] }] },
        })
      }
    },
  )

  test('without it, only what reads JSON faster gets it', async () => {
    await using server = await serveMode([], one)
    const text = async (agent: string) =>
      (await site(server).get('/index.yaml', { headers: { 'user-agent': agent } })).text()
    expect(await text('Helm/3.8.0')).toStartWith('apiVersion: v1\n')
    expect(await text('Helm/3.20.2')).toStartWith('{"apiVersion":"v1",')
  })
})

/** The headers by which a browser lets a page of another origin read, or not. */
function corsOf({ headers }: Response): Record<string, string> {
  return Object.fromEntries([...headers].filter(([name]) => name.startsWith('access-control-')))
}

const origin = 'https://ui.example.com'
const allowed = { 'access-control-allow-origin': origin }

describe('--cors-alloworigin', () => {
  const flags = ['--cors-alloworigin', origin]
  const preflight = (url: string, method: string) =>
    fetch(url, {
      method: 'OPTIONS',
      headers: {
        origin,
        'access-control-request-method': method,
        'access-control-request-headers': 'authorization',
      },
    })

  test.each([
    ['at the root', [], ''],
    ['below a context path', ['--context-path=/ctx'], '/ctx'],
  ])('%s: on every answer of the API, its errors too, and on nothing else', async (_title, more, context) => {
    await using server = await serveMode([...flags, ...more], one)
    const ours = site(server, { context })
    const answers = [
      ['GET', '/charts', 200],
      ['HEAD', '/charts/a', 200],
      ['GET', '/charts/a/1.0.0/values', 200],
      ['GET', '/charts/none', 404],
      ['GET', '/charts?limit=0', 400],
      ['GET', '/no/such/route/at/all', 404],
      ['PUT', '/charts', 404],
    ] as const
    for (const [method, path, status] of answers) {
      const response = await ours.call(method, path)
      expect([method, path, response.status, corsOf(response)]).toEqual([method, path, status, allowed])
    }
    const conflict = await ours.publish(a1)
    expect([conflict.status, corsOf(conflict)]).toEqual([409, allowed])
    for (const path of [
      '/index.yaml',
      '/charts/a-1.0.0.tgz',
      '/',
      '/-/chart/a',
      '/-/openapi.json',
      '/info',
      '/none',
    ]) {
      expect([path, corsOf(await ours.get(path))]).toEqual([path, {}])
    }
  })

  test('answers a preflight on the API, for reading only and never with credentials', async () => {
    await using server = await serveMode([...flags, '--context-path=/ctx', ...access], one)
    for (const method of ['GET', 'POST', 'DELETE']) {
      const response = await preflight(`${server.url}/ctx/api/charts`, method)
      expect([response.status, await response.text()]).toEqual([204, ''])
      const { 'access-control-max-age': age, ...rest } = corsOf(response)
      expect(Number(age)).toBeGreaterThan(0)
      expect(rest).toEqual({ ...allowed, 'access-control-allow-methods': 'GET, HEAD' })
    }
    for (const path of ['/ctx/index.yaml', '/ctx/', '/api/charts', '/ctx/charts/a-1.0.0.tgz', '/health']) {
      const response = await preflight(server.url + path, 'GET')
      expect([path, response.status, corsOf(response)]).toEqual([path, 404, {}])
    }
  })

  // ChartMuseum: not on a 401.
  test('is on what may be read without credentials, and not on what asks for them', async () => {
    await using server = await serveMode([...flags, ...access, '--auth-anonymous-get'], one)
    const ours = site(server, { credentials: user })
    const anonymous = { anonymous: true }
    expect(corsOf(await ours.call('GET', '/charts', anonymous))).toEqual(allowed)
    const refused = await ours.call('POST', '/charts', { ...anonymous, body: exact(a1) })
    expect([refused.status, corsOf(refused)]).toEqual([401, {}])
    const crossSite = await ours.call('DELETE', '/charts/a/1.0.0', { headers: { origin } })
    expect(crossSite.status).toBe(403)
    expect(await server.charts()).toEqual(['a-1.0.0.tgz'])
  })

  test('without it a preflight finds nothing and no answer has the header', async () => {
    await using server = await serveMode([], one)
    const response = await preflight(`${server.url}/api/charts`, 'GET')
    expect([response.status, corsOf(response)]).toEqual([404, {}])
    expect(corsOf(await site(server).call('GET', '/charts', { headers: { origin } }))).toEqual({})
  })
})

describe('--artifact-hub-repo-id', () => {
  const id = (...ids: string[]) => ids.flatMap((each) => ['--artifact-hub-repo-id', each])
  const none = '404 {"error":"Artifact Hub repository ID not found"}'
  const unknown = '404 {"error":"not found"}'

  test.each([
    ['of the only repository', id('root'), [['/artifacthub-repo.yml', 'root']]],
    [
      'of several repositories, an "=" in the id too',
      [...id('x=1', 'y=a=b'), '--depth=1'],
      [
        ['/x/artifacthub-repo.yml', '1'],
        ['/y/artifacthub-repo.yml', 'a=b'],
        ['/z/artifacthub-repo.yml', none],
        ['/artifacthub-repo.yml', unknown],
      ],
    ],
    [
      'of the whole server beside repositories with a path',
      [...id('root', 'o/t=1'), '--depth=2', '--context-path=/ctx'],
      [
        ['/ctx/artifacthub-repo.yml', 'root'],
        ['/ctx/o/t/artifacthub-repo.yml', '1'],
        ['/ctx/o/artifacthub-repo.yml', unknown],
        ['/artifacthub-repo.yml', unknown],
      ],
    ],
    [
      'of repositories at any depth',
      [...id('root', 'o=1', 'o/t=2'), '--depth-dynamic', '--context-path=/ctx'],
      [
        ['/ctx/artifacthub-repo.yml', 'root'],
        ['/ctx/o/artifacthub-repo.yml', '1'],
        ['/ctx/o/t/artifacthub-repo.yml', '2'],
        ['/ctx/p/artifacthub-repo.yml', none],
      ],
    ],
  ] as const)('tells the id %s', async (_title, flags, answers) => {
    await using server = await serveMode(flags)
    for (const [path, expected] of answers) {
      const response = await fetch(server.url + path)
      const known = response.status === 200
      if (known) expect(response.headers.get('content-type')).toBe('application/x-yaml')
      const text = await response.text()
      const wanted = expected.startsWith('404') ? expected : `200 repositoryID: ${expected}\n`
      expect([path, `${response.status} ${text}`]).toEqual([path, wanted])
    }
  })

  test('is read with the rights of reading, and stands in the OpenAPI document', async () => {
    await using server = await serveMode([...id('root'), '--depth=1', ...access])
    const path = `${server.url}/artifacthub-repo.yml`
    expect((await fetch(path)).status).toBe(401)
    expect((await fetch(path, { headers: basic(user) })).status).toBe(200)
    const document = await (await fetch(`${server.url}/-/openapi.json`, { headers: basic(user) })).json()
    expect(Object.keys(document.paths)).toContain('/artifacthub-repo.yml')
  })
})

/** A folder as `--web-template-path` names it. */
async function pages(files: Readonly<Record<string, string>>) {
  const folder = await tempFolder()
  for (const [path, text] of Object.entries(files)) await Bun.write(join(folder.path, path), text)
  return folder
}

describe('--web-template-path', () => {
  test.each([
    ['at the root', [], '', one],
    [
      'with a repository path below a context path',
      ['--depth=1', '--context-path=/ctx'],
      '/ctx',
      { 'org/a-1.0.0.tgz': a1 },
    ],
  ])(
    '%s: its index.html and its static files, and nothing else of the folder',
    async (_title, flags, context, files) => {
      await using folder = await pages({
        'index.html': '<h1>Ours</h1>\n',
        'other.html': 'other',
        'notes.txt': 'notes',
        'static/main.css': 'b {}\n',
        'static/deep/app.js': '1\n',
        'static/.env': 'SECRET=1\n',
      })
      await using server = await serveMode(['--web-template-path', folder.path, ...flags], files)
      const ask = async (path: string) => {
        const response = await fetch(server.url + context + path)
        return [path, response.status, response.headers.get('content-type'), await response.text()] as const
      }
      expect(await ask('/')).toEqual(['/', 200, 'text/html; charset=utf-8', '<h1>Ours</h1>\n'])
      const [, status, type, css] = await ask('/static/main.css')
      expect([status, css]).toEqual([200, 'b {}\n'])
      expect(type).toStartWith('text/css')
      expect((await ask('/static/deep/app.js')).slice(0, 2)).toEqual(['/static/deep/app.js', 200])
      for (const path of [
        '/other.html',
        '/notes.txt',
        '/static/.env',
        '/static/none',
        '/static/',
        '/static/..%2findex.html',
      ]) {
        expect((await ask(path)).slice(0, 2)).toEqual([path, 404])
      }
      // The list is at "/-/" now.
      expect((await ask('/-/'))[3]).toContain('</html>')
      if (context !== '') expect((await fetch(`${server.url}/static/main.css`)).status).toBe(404)
      const repository = context === '' ? '' : '/org'
      expect((await ask(`${repository}/index.yaml`))[1]).toBe(200)
      expect(server.logs()).not.toContain('template')
    },
  )

  test('is served as it is, with a warning where it holds template marks', async () => {
    await using folder = await pages({ 'index.html': '<p>{{ .Name }}</p>' })
    await using server = await serveMode(['--web-template-path', folder.path])
    expect(await (await fetch(server.url)).text()).toBe('<p>{{ .Name }}</p>')
    expect(server.logs()).toMatch(/WARN.*template marks/)
  })

  test.each([
    ['is missing', undefined],
    ['has no index.html', { 'other.html': 'other' }],
  ])('that %s is a warning, and the own page is shown', async (_title, files) => {
    await using folder = await pages(files ?? {})
    const path = files === undefined ? join(folder.path, 'none') : folder.path
    await using server = await serveMode(['--web-template-path', path], one)
    expect(await (await fetch(server.url, html)).text()).toContain('Chartroom')
    expect(server.logs()).toMatch(/WARN.*--web-template-path/)
    expect((await fetch(`${server.url}/static/x`)).status).toBe(404)
    expect((await site(server).get('/index.yaml')).status).toBe(200)
  })

  test('asks for credentials as everything else that is read does', async () => {
    await using folder = await pages({ 'index.html': 'ours', 'static/a.txt': 'a' })
    await mkdir(join(folder.path, 'static/empty'))
    await using server = await serveMode(['--web-template-path', folder.path, ...access])
    for (const path of ['/', '/static/a.txt']) {
      expect((await fetch(server.url + path)).status).toBe(401)
      expect((await fetch(server.url + path, { headers: basic(user) })).status).toBe(200)
    }
  })
})

describe('what is not needed here', () => {
  test('is accepted, and one line for each says why it has no effect', async () => {
    const flags = [
      ['--cache=redis', /no Redis/],
      ['--index-limit=1', /at most four/],
      ['--always-regenerate-chart-index', /always shows what is stored/],
      ['--storage-timestamp-tolerance=1s', /needs no tolerance/],
    ] as const
    const given = flags.map(([flag]) => flag)
    await using server = await serveMode(
      [...given, '--cache-redis-addr=127.0.0.1:1', '--cache-redis-db=3'],
      one,
    )
    for (const [flag, why] of flags) {
      const name = flag.split('=', 1)[0] as string
      const lines = server.logs().split('\n')
      const told = lines.filter((line) => line.includes('has no effect') && line.includes(`${name} `))
      expect(told).toHaveLength(1)
      expect(server.logs()).toMatch(why)
    }
    expect((await site(server).publish(await chart('a', '2.0.0').tgz())).status).toBe(201)
    expect((await site(server).index()).entries.a).toHaveLength(2)
  })

  test.each(['--index-limit=0', '--cache=', '--storage-timestamp-tolerance=0s'])(
    '%s says nothing',
    async (flag) => {
      await using server = await serveMode([flag])
      expect(server.logs()).not.toContain('no effect')
    },
  )
})
