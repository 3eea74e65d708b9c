import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { memoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import { serveMode, type ModeServer } from '../support/mode-server.ts'
import { publishOne, repositoryOver, storedKeys, usualOptions } from '../support/repository.ts'
import { basic, exact, sha256, site } from '../support/site.ts'
import type { Site } from '../support/site.ts'

// A machine that may be busy.
setDefaultTimeout(30_000)

const a1 = await chart('a', '1.0.0').tgz()
const a1Other = await chart('a', '1.0.0').with('NOTES.txt', 'other bytes').tgz()
const a2 = await chart('a', '2.0.0').tgz()
const b1 = await chart('b', '1.0.0').tgz()
const provenance = (name: string, version: string, more = '') =>
  `-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nname: ${name}\nversion: ${version}\n${more}\n...\n`
const one = { 'a-1.0.0.tgz': a1, 'b-1.0.0.tgz': b1 }
const saved = '201 {"saved":true}'
const full = (limit: number) => `507 {"error":"repo has reached storage limit","limit":${limit}}`

/** "201 {"saved":true}": what curl shows of an answer. */
async function shown(answer: Promise<Response>): Promise<string> {
  const response = await answer
  return `${response.status} ${await response.text()}`
}

/** Uploads a form as `curl -F chart=@file -F prov=@file` does. */
function upload(ours: Site, parts: readonly [field: string, data: Uint8Array | string][], query = '') {
  const form = new FormData()
  for (const [field, data] of parts) {
    form.append(field, new Blob([typeof data === 'string' ? data : exact(data)]), 'file')
  }
  return ours.call('POST', `/charts${query}`, { body: form })
}

/** "1.0.0 2.0.0": the versions of a chart in the index, newest first. */
async function versionsOf(ours: Site, name = 'a'): Promise<string> {
  return ((await ours.index()).entries[name] ?? []).map(({ version }) => version).join(' ')
}

const html = { headers: { accept: 'text/html' } }

describe('repositories with a path of several parts', () => {
  test('are found below a context path, with absolute addresses, and nowhere else', async () => {
    const flags = ['--depth', '2', '--context-path', 'ctx/', '--chart-url', 'https://cdn.example.com/']
    await using server = await serveMode(flags, { 'o/t/a-1.0.0.tgz': a1 })
    const ours = site(server, { repo: 'o/t', context: '/ctx' })
    expect(await shown(ours.publish(a2))).toBe(saved)
    const { entries, serverInfo } = await ours.index()
    expect(serverInfo).toEqual({ contextPath: '/ctx' })
    expect(entries.a?.map(({ urls }) => urls)).toEqual([
      ['https://cdn.example.com/ctx/o/t/charts/a-2.0.0.tgz'],
      ['https://cdn.example.com/ctx/o/t/charts/a-1.0.0.tgz'],
    ])
    const answers = [
      ['/ctx/o/t/charts/a-1.0.0.tgz', 200],
      ['/ctx/api/o/t/charts/a/1.0.0/values', 200],
      ['/ctx/api/o/t/charts/a/1.0.0/templates', 200],
      ['/ctx', 200],
      ['/ctx/', 200],
      ['/ctx/o/t/', 200],
      ['/ctx/info', 200],
      ['/o/t/index.yaml', 404],
      ['/ctxo/t/index.yaml', 404],
      ['/ctx/o/index.yaml', 404],
      ['/ctx/index.yaml', 404],
      ['/api/o/t/charts', 404],
    ] as const
    for (const [path, status] of answers)
      expect([path, (await fetch(server.url + path)).status]).toEqual([path, status])
    const document = (await (await fetch(`${server.url}/ctx/-/openapi.json`)).json()) as OpenApi
    expect(document.servers).toEqual([{ url: '/ctx' }])
    expect(Object.keys(document.paths).filter((path) => path.endsWith('/index.yaml'))).toEqual([
      '/{repo1}/{repo2}/index.yaml',
    ])
  })

  test('of three parts, and of any number beside --depth', async () => {
    await using deep = await serveMode(['--depth=3'], { 'o/t/r/a-1.0.0.tgz': a1 })
    expect(await versionsOf(site(deep, { repo: 'o/t/r' }))).toBe('1.0.0')
    await using any = await serveMode(['--depth-dynamic', '--depth', '2'], {
      'o/t/r/a-1.0.0.tgz': a1,
      ...one,
    })
    for (const repo of ['', 'o/t/r']) expect(await versionsOf(site(any, { repo }))).toBe('1.0.0')
  })
})

describe('--chart-url', () => {
  test.each([
    ['https://cdn.example.com', 'https://cdn.example.com/charts/a-1.0.0.tgz'],
    ['https://cdn.example.com/x/', 'https://cdn.example.com/x/charts/a-1.0.0.tgz'],
    ['cdn.example.com', 'cdn.example.com/charts/a-1.0.0.tgz'],
    ['', 'charts/a-1.0.0.tgz'],
  ])('%s gives %s', async (given, url) => {
    await using server = await serveMode(['--chart-url', given], one)
    expect((await site(server).index()).entries.a?.[0]?.urls).toEqual([url])
    expect((await site(server).call('GET', '/charts/a/1.0.0/values')).status).toBe(200)
  })
})

interface OpenApi {
  readonly servers: unknown
  readonly tags: readonly { readonly name: string }[]
  readonly paths: Readonly<Record<string, object>>
}

/** What nobody may do by way of pages, and the links to it. */
async function expectReadOnlyPages(server: ModeServer, headers: Record<string, string> = {}): Promise<void> {
  const ask = (path: string, init: RequestInit = {}) => fetch(server.url + path, { ...init, headers })
  const before = await server.charts()
  for (const path of ['/-/trash', '/-/chart/a/delete', '/-/chart/a/1.0.0/delete']) {
    expect([path, (await ask(path)).status]).toEqual([path, 404])
  }
  for (const path of ['/-/delete', '/-/chart/a/delete', '/-/chart/a/1.0.0/delete', '/-/trash/x/restore']) {
    const body = new URLSearchParams({ chart: 'a', name: 'a', version: '1.0.0' })
    expect([path, (await ask(path, { method: 'POST', body })).status]).toEqual([path, 404])
  }
  for (const path of [
    '/',
    '/-/chart/a',
    '/-/chart/a/1.0.0',
    '/-/chart/a/versions',
    '/-/whoami',
    '/-/chart/none',
  ]) {
    const page = await (
      await fetch(server.url + path, { headers: { ...headers, accept: 'text/html' } })
    ).text()
    expect(page).toContain('</html>')
    expect([path, page.match(/(?:href|action)="[^"]*\/(?:delete|trash)[^"]*"/g)]).toEqual([path, null])
  }
  expect(await server.charts()).toEqual(before)
}

describe('--disable-api', () => {
  test('leaves what helm and readers need, and no way to change anything, pages included', async () => {
    await using server = await serveMode(['--disable-api'], one)
    const ours = site(server)
    for (const path of ['/index.yaml', '/charts/a-1.0.0.tgz', '/', '/-/chart/a', '/-/search?q=a', '/info']) {
      expect([path, (await ours.get(path)).status]).toEqual([path, 200])
    }
    const nothing = '404 {"error":"not found"}'
    for (const path of ['/charts', '/charts/a', '/charts/a/1.0.0', '/charts/a/1.0.0/readme', '/charts?q=a']) {
      expect(await shown(ours.call('GET', path))).toBe(nothing)
    }
    expect(await shown(ours.publish(a2))).toBe(nothing)
    expect(await shown(ours.attach(provenance('a', '1.0.0')))).toBe(nothing)
    for (const path of ['/charts/a/1.0.0', '/charts/a'])
      expect(await shown(ours.call('DELETE', path))).toBe(nothing)
    await expectReadOnlyPages(server)
  })

  test('has no page to upload on, offers none, and says so to programs', async () => {
    await using server = await serveMode(['--disable-api', '--depth=1'], { 'org/a-1.0.0.tgz': a1 })
    const form = new FormData()
    form.append('chart', new Blob([exact(a2)]), 'a-2.0.0.tgz')
    const answers = [
      fetch(`${server.url}/org/-/upload`, html),
      fetch(`${server.url}/org/-/upload`, { method: 'POST', body: form }),
    ]
    expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([404, 404])
    expect(await server.charts()).toEqual(['org/a-1.0.0.tgz'])
    for (const path of ['/', '/org/', '/empty/', '/org/-/chart/a', '/-/whoami', '/nothing/here']) {
      const page = await (await fetch(server.url + path, html)).text()
      expect([path, page.match(/\/-\/upload|cm-push|data-binary|upload\.js/g)]).toEqual([path, null])
    }
    const whoami = await fetch(`${server.url}/-/whoami`, { headers: { accept: 'application/json' } })
    expect(await whoami.json()).toMatchObject({
      repositories: [{ name: 'org', pull: true, push: false, delete: false }],
    })
  })

  test('is not in the OpenAPI document and not on the page of the explorer', async () => {
    await using server = await serveMode(['--disable-api'])
    const document = (await (await fetch(`${server.url}/-/openapi.json`)).json()) as OpenApi
    expect(Object.keys(document.paths).filter((path) => path.startsWith('/api'))).toEqual([])
    expect(Object.keys(document.paths)).toContain('/index.yaml')
    expect(document.tags.map(({ name }) => name)).not.toContain('Charts')
    expect(await (await fetch(`${server.url}/-/api`, html)).text()).not.toContain('cm-push')
  })

  test('stays off for those with credentials, and reading follows the access rules', async () => {
    const user = { user: 'u', password: 'p' }
    const access = ['--basic-auth-user', 'u', '--basic-auth-pass', 'p']
    await using closed = await serveMode(['--disable-api', ...access], one)
    const ours = site(closed, { credentials: user })
    expect((await ours.get('/index.yaml')).status).toBe(200)
    expect((await ours.get('/index.yaml', { anonymous: true })).status).toBe(401)
    expect((await ours.call('POST', '/charts', { body: exact(a2) })).status).toBe(404)
    await expectReadOnlyPages(closed, basic(user))
    await using readable = await serveMode(['--disable-api', '--auth-anonymous-get', ...access], one)
    expect((await site(readable).get('/index.yaml')).status).toBe(200)
    const home = await (await fetch(`${readable.url}/`, html)).text()
    expect(home.match(/\/-\/upload/g)).toBeNull()
  })
})

describe('--disable-delete', () => {
  test('leaves no way to delete, by the API or by pages, and the rest as it is', async () => {
    await using server = await serveMode(['--disable-delete'], one)
    const ours = site(server)
    for (const path of ['/charts/a', '/charts/a/1.0.0']) {
      expect(await shown(ours.call('DELETE', path))).toBe('404 {"error":"not found"}')
    }
    expect(await shown(ours.publish(a2))).toBe(saved)
    await expectReadOnlyPages(server)
    expect((await fetch(`${server.url}/-/upload`)).status).toBe(200)
    const document = (await (await fetch(`${server.url}/-/openapi.json`)).json()) as OpenApi
    expect(Object.values(document.paths).filter((item) => 'delete' in item)).toEqual([])
    const whoami = await fetch(`${server.url}/-/whoami`, { headers: { accept: 'application/json' } })
    expect(await whoami.json()).toMatchObject({ repositories: [{ push: true, delete: false }] })
  })

  test('does not keep --per-chart-limit from making room', async () => {
    await using server = await serveMode(['--disable-delete', '--per-chart-limit', '1'])
    const ours = site(server)
    for (const archive of [a1, a2]) expect(await shown(ours.publish(archive))).toBe(saved)
    expect(await server.charts()).toEqual(['a-2.0.0.tgz'])
    expect((await ours.call('DELETE', '/charts/a/2.0.0')).status).toBe(404)
  })
})

describe('overwriting', () => {
  test.each([
    [[], 409, 201],
    [['--allow-overwrite'], 201, 201],
    [['--disable-force-overwrite'], 409, 409],
    [['--allow-overwrite', '--disable-force-overwrite'], 201, 201],
  ])('with %j: %d, with ?force %d', async (flags, plain, forced) => {
    await using server = await serveMode(flags, { ...one, 'a-1.0.0.tgz.prov': provenance('a', '1.0.0') })
    const ours = site(server)
    for (const [query, status] of [
      ['', plain],
      ['?force', forced],
    ] as const) {
      const signed: [string, Uint8Array | string][] = [
        ['chart', a1Other],
        ['prov', provenance('a', '1.0.0', 'home: x')],
      ]
      expect((await ours.attach(provenance('a', '1.0.0', 'home: y'), query)).status).toBe(status)
      expect((await ours.publish(a1Other, query)).status).toBe(status)
      expect((await ours.publish(a1, query)).status).toBe(status)
      expect((await upload(ours, signed, query)).status).toBe(status)
    }
    expect(await versionsOf(ours)).toBe('1.0.0')
  })
})

describe('--max-storage-objects', () => {
  const limits = ['--disable-statefiles', '--max-storage-objects']

  test('counts provenance files, lets what is there be replaced, and takes new ones after a deletion', async () => {
    await using server = await serveMode([...limits, '3'], one)
    const ours = site(server)
    expect(await shown(ours.attach(provenance('a', '1.0.0')))).toBe(saved)
    for (const answer of [
      ours.publish(a2),
      ours.publish(a2, '?force'),
      ours.attach(provenance('b', '1.0.0')),
    ]) {
      expect(await shown(answer)).toBe(full(3))
    }
    const pair: [string, Uint8Array | string][] = [
      ['chart', a1Other],
      ['prov', provenance('a', '1.0.0', 'home: x')],
    ]
    expect(await shown(upload(ours, pair, '?force'))).toBe(saved)
    expect(await server.charts()).toEqual(['a-1.0.0.tgz', 'a-1.0.0.tgz.prov', 'b-1.0.0.tgz'])
    expect((await ours.call('DELETE', '/charts/b/1.0.0')).status).toBe(200)
    expect(await shown(ours.publish(a2))).toBe(saved)
  })

  test('takes all files of a form or none', async () => {
    await using server = await serveMode([...limits, '1'])
    const pair: [string, Uint8Array | string][] = [
      ['chart', a1],
      ['prov', provenance('a', '1.0.0')],
    ]
    expect(await shown(upload(site(server), pair))).toBe(full(1))
    expect(await server.charts()).toEqual([])
    expect(await shown(upload(site(server), pair.slice(0, 1)))).toBe(saved)
  })

  test('holds for each repository by itself', async () => {
    await using server = await serveMode([...limits, '1', '--depth=1'])
    for (const repo of ['x', 'y']) {
      const ours = site(server, { repo })
      expect(await shown(ours.publish(a1))).toBe(saved)
      expect(await shown(ours.publish(a2))).toBe(full(1))
      expect(await shown(ours.publish(a1Other, '?force'))).toBe(saved)
    }
  })

  test('lets everything be replaced with --allow-overwrite', async () => {
    await using server = await serveMode([...limits, '2', '--allow-overwrite'], one)
    expect(await shown(site(server).publish(a1Other))).toBe(saved)
    expect(await shown(site(server).publish(a2))).toBe(full(2))
  })

  // ChartMuseum: index-cache.yaml is one of the objects.
  test('counts the saved index, also before it is there', async () => {
    await using server = await serveMode(['--max-storage-objects', '2'], { 'a-1.0.0.tgz': a1 })
    expect(await shown(site(server).publish(a2))).toBe(full(2))
    await using later = await serveMode(['--max-storage-objects', '2'], {
      'a-1.0.0.tgz': a1,
      'index-cache.yaml': 'apiVersion: v1\nentries: {}\n',
    })
    expect(await shown(site(later).publish(a2))).toBe(full(2))
    await using empty = await serveMode(['--max-storage-objects', '2'])
    expect(await shown(site(empty).publish(a1))).toBe(saved)
    expect(await shown(site(empty).publish(a2))).toBe(full(2))
  })
})

describe('--per-chart-limit', () => {
  test('takes pre-releases, build metadata and names with -- for what Chart.yaml says they are', async () => {
    await using server = await serveMode(['--per-chart-limit', '2'])
    const ours = site(server)
    const steps = [
      ['a', '2.0.0-rc-2', '2.0.0-rc-2'],
      ['a', '2.0.0+b.5', '2.0.0+b.5 2.0.0-rc-2'],
      ['a', '1.0.0', '2.0.0+b.5 1.0.0'],
      // The one written longest ago goes, not the lowest.
      ['a', '0.5.0', '1.0.0 0.5.0'],
      ['a--b', '1.0.0-2', '1.0.0-2'],
      ['a--b', '1.0.0', '1.0.0 1.0.0-2'],
      ['a--b', '0.1.0', '1.0.0 0.1.0'],
      ['a-1', '0.1.0', '0.1.0'],
    ] as const
    for (const [name, version, versions] of steps) {
      expect(await shown(ours.publish(await chart(name, version).tgz()))).toBe(saved)
      expect([name, version, await versionsOf(ours, name)]).toEqual([name, version, versions])
      await Bun.sleep(5)
    }
    expect(await versionsOf(ours)).toBe('1.0.0 0.5.0')
  })

  test('takes a signed chart in one form, and its provenance goes with it', async () => {
    await using server = await serveMode(['--per-chart-limit', '1', '--allow-overwrite'])
    const ours = site(server)
    for (const version of ['2.0.0', '1.0.0', '1.0.0']) {
      const archive = await chart('a', version).tgz()
      const signed: [string, Uint8Array | string][] = [
        ['chart', archive],
        ['prov', provenance('a', version)],
      ]
      expect(await shown(upload(ours, signed))).toBe(saved)
    }
    expect(await server.charts()).toEqual(['a-1.0.0.tgz', 'a-1.0.0.tgz.prov'])
  })

  test('takes nothing away for a version that is replaced', async () => {
    await using server = await serveMode(['--per-chart-limit', '2'])
    const ours = site(server)
    for (const archive of [a1, a2]) await ours.publish(archive)
    for (const query of ['?force', '?force']) expect(await shown(ours.publish(a1Other, query))).toBe(saved)
    expect(await versionsOf(ours)).toBe('2.0.0 1.0.0')
  })

  // ChartMuseum: one for each upload; a limit that is set later must not empty a full store.
  test('takes one version away for each new one where there are more than the limit', async () => {
    const versions = ['0.1.0', '0.2.0', '0.3.0', '0.4.0']
    const files = await Promise.all(
      versions.map(async (version) => [`a-${version}.tgz`, await chart('a', version).tgz()] as const),
    )
    await using server = await serveMode(['--per-chart-limit', '2'], Object.fromEntries(files))
    const ours = site(server)
    expect(await shown(ours.publish(a1))).toBe(saved)
    expect((await versionsOf(ours)).split(' ')).toHaveLength(4)
    expect(await versionsOf(ours)).toStartWith('1.0.0 ')
    expect(await shown(ours.publish(a1Other, '?force'))).toBe(saved)
    expect((await versionsOf(ours)).split(' ')).toHaveLength(4)
  })

  test('takes the lowest of those that a bucket tells the same second of', async () => {
    const inner = memoryStorage()
    const storage: Storage = {
      ...inner,
      put: async (...given) => ({ ...(await inner.put(...given)), modified: new Date(0) }),
    }
    const limits = { ...usualOptions.limits, versionsPerChart: 2 }
    const repository = repositoryOver(storage, { limits })
    for (const version of ['1.0.0', '1.1.0', '1.2.0', '1.3.0']) {
      await publishOne(repository, await chart('a', version).tgz())
    }
    expect(await storedKeys(storage)).toEqual(['a-1.2.0.tgz', 'a-1.3.0.tgz'])
  })

  test('holds when many arrive at once', async () => {
    const archives = await Promise.all(Array.from({ length: 12 }, (_, i) => chart('a', `1.0.${i}`).tgz()))
    await using server = await serveMode(['--per-chart-limit', '3'])
    const ours = site(server)
    const answers = await Promise.all(archives.map((archive) => ours.publish(archive)))
    expect(answers.map(({ status }) => status)).toEqual(archives.map(() => 201))
    expect(await server.charts()).toHaveLength(3)
    expect((await versionsOf(ours)).split(' ')).toHaveLength(3)
    // A store without any delay, which lets more of them meet.
    const storage = memoryStorage()
    const repository = repositoryOver(storage, { limits: { ...usualOptions.limits, versionsPerChart: 3 } })
    await Promise.all(archives.map((archive) => publishOne(repository, archive)))
    expect(await storedKeys(storage)).toHaveLength(3)
  })
})

describe('--max-upload-size', () => {
  const tooLarge = (limit: number) =>
    `413 {"error":"request too large: the limit is ${limit} bytes","limit":${limit}}`

  test('takes a body of exactly that size, and says the limit in JSON for one byte more', async () => {
    await using server = await serveMode(['--max-upload-size', String(a1.byteLength)])
    const ours = site(server)
    expect(await shown(ours.publish(exact(new Uint8Array([...a1, 0]))))).toBe(tooLarge(a1.byteLength))
    expect(await shown(ours.publish(a1))).toBe(saved)
    expect(await shown(ours.attach(provenance('a', '1.0.0', '#'.repeat(a1.byteLength))))).toBe(
      tooLarge(a1.byteLength),
    )
    const body = new ReadableStream({
      start(controller) {
        controller.enqueue(new Uint8Array(a1.byteLength))
        controller.enqueue(new Uint8Array(1))
        controller.close()
      },
    })
    expect(await shown(ours.call('POST', '/charts', { body }))).toBe(tooLarge(a1.byteLength))
  })

  test('counts the whole form, and nothing of it stays', async () => {
    await using server = await serveMode(['--max-upload-size', String(a1.byteLength + 600)])
    const ours = site(server)
    const answer = await upload(ours, [
      ['chart', a1],
      ['prov', provenance('a', '1.0.0', '#'.repeat(600))],
    ])
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      413,
      'application/json; charset=utf-8',
    ])
    expect(await server.charts()).toEqual([])
    expect(await shown(upload(ours, [['chart', a1]]))).toBe(saved)
  })

  test('of 0 takes nothing', async () => {
    await using server = await serveMode(['--max-upload-size=0'])
    expect(await shown(site(server).publish(a1))).toBe(tooLarge(0))
    expect(await shown(site(server).publish(new Uint8Array()))).toBe('400 {"error":"EOF"}')
  })
})

describe('a local folder', () => {
  test('is watched with --cache-interval 0, too', async () => {
    await using server = await serveMode(['--cache-interval', '0'], one)
    const ours = site(server)
    expect(await versionsOf(ours)).toBe('1.0.0')
    await Bun.write(`${server.folder}/a-2.0.0.tgz`, a2)
    await eventually(() => versionsOf(ours), '2.0.0 1.0.0')
  })

  test('is all that counts with --disable-statefiles, whatever an index-cache.yaml says', async () => {
    const created = '2001-01-01T00:00:00Z'
    const entry = (name: string) =>
      `  ${name}:\n  - apiVersion: v1\n    created: "${created}"\n    digest: ${sha256(a1)}\n    name: ${name}\n    urls:\n    - charts/${name}-1.0.0.tgz\n    version: 1.0.0\n`
    const stale = `apiVersion: v1\nentries:\n${entry('a')}${entry('ghost')}generated: "${created}"\nserverInfo: {}\n`
    await using server = await serveMode(['--disable-statefiles'], { ...one, 'index-cache.yaml': stale })
    const ours = site(server)
    const { entries } = await ours.index()
    expect(Object.keys(entries)).toEqual(['a', 'b'])
    expect(entries.a?.[0]?.created).not.toBe(created)
    expect(await shown(ours.publish(a2))).toBe(saved)
    await server.stop()
    expect(await Bun.file(`${server.folder}/index-cache.yaml`).text()).toBe(stale)
  })
})
