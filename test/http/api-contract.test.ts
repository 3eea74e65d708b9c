import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import { rawRequest } from '../support/raw-http.ts'
import { sha256, site } from '../support/site.ts'
import type { IndexEntry, Site } from '../support/site.ts'
import { startServer } from '../support/start-server.ts'
import type { RunningServer } from '../support/start-server.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(30_000)

const json = 'application/json; charset=utf-8'
const values = '# the greeting\ngreeting: hello\nreplicas: 1\n'

/** What the repository holds while it is only read. */
const archives: Record<string, Uint8Array> = Object.fromEntries(
  await Promise.all(
    [
      chart('alpha', '0.1.0'),
      chart('alpha', '0.2.0').with('values.yaml', values),
      chart('alpha', '0.10.0'),
      chart('alpha', '1.0.0-beta.1'),
      chart('build', '0.2.0+build.5'),
      chart('lenient', 'v1.2'),
      chart('pre', '2.0.0-rc.1'),
      chart('bare', '1.0.0').without('values.yaml').without('templates/configmap.yaml'),
      chart('empty', '1.0.0').with('values.yaml', ''),
    ].map(async (built) => [built.file, await built.tgz()] as const),
  ),
)
const provenance = '-----BEGIN PGP SIGNED MESSAGE-----\n\nname: alpha\nversion: 0.2.0\n'
const names = ['alpha', 'bare', 'build', 'empty', 'lenient', 'pre']

let server: RunningServer
let ours: Site

beforeAll(async () => {
  server = await startServer()
  ours = site(server)
  for (const archive of Object.values(archives)) expect((await ours.publish(archive)).status).toBe(201)
  expect((await ours.attach(provenance)).status).toBe(201)
})

afterAll(() => server[Symbol.asyncDispose]())

const ofNames = (body: unknown) => Object.keys(body as object)
const ofVersions = (body: unknown) => (body as IndexEntry[]).map(({ version }) => version)
const ofVersion = (body: unknown) => (body as IndexEntry).version

/** Reads and what they answer. `pick` says what of a JSON body is compared; without it, all of it. */
const reads: {
  ask: string
  status?: number
  type?: string
  pick?: (body: unknown) => unknown
  body: unknown
}[] = [
  { ask: '/health', body: { healthy: true } },
  { ask: '/livez', body: { healthy: true } },
  { ask: '/readyz', body: { healthy: true } },
  { ask: '/info', pick: ofNames, body: ['version', 'conditionalWrites'] },
  // The list of all charts, in byte order of their names, and its pages.
  { ask: '/api/charts', pick: ofNames, body: names },
  { ask: '/api/charts?offset=0', pick: ofNames, body: names },
  { ask: '/api/charts?limit=2', pick: ofNames, body: ['alpha', 'bare'] },
  { ask: '/api/charts?offset=1&limit=2', pick: ofNames, body: ['bare', 'build'] },
  { ask: '/api/charts?offset=5&limit=9', pick: ofNames, body: ['pre'] },
  { ask: '/api/charts?offset=6&limit=1', body: {} },
  { ask: '/api/charts?offset=99', body: {} },
  { ask: '/api/charts?offset=4', pick: ofNames, body: ['lenient', 'pre'] },
  { ask: '/api/charts?offset=%2B1&limit=1', pick: ofNames, body: ['bare'] },
  { ask: '/api/charts?limit=1&limit=2', pick: ofNames, body: ['alpha'] },
  ...['-1', 'x', '', '1.5', '+1', '0x1', '1_0', '1e1', '%00'].map((offset) => ({
    ask: `/api/charts?offset=${offset}`,
    status: 400,
    body: { error: 'offset is not a valid non-negative integer' },
  })),
  ...['0', '-1', 'x', '', '1.5', '0x1'].map((limit) => ({
    ask: `/api/charts?limit=${limit}`,
    status: 400,
    body: { error: 'limit is not a valid positive integer' },
  })),
  // One chart: its versions, newest first.
  { ask: '/api/charts/alpha', pick: ofVersions, body: ['1.0.0-beta.1', '0.10.0', '0.2.0', '0.1.0'] },
  { ask: '/api/charts/nothing', status: 404, body: { error: 'chart not found' } },
  { ask: '/api/charts/', status: 404, body: { error: 'chart not found' } },
  { ask: '/api/charts/Alpha', status: 404, body: { error: 'chart not found' } },
  { ask: '/api/charts/charts', status: 404, body: { error: 'chart not found' } },
  { ask: '/api/charts/alpha-0.1.0.tgz', status: 404, body: { error: 'chart not found' } },
  // One version: exact, the newest stable one, or the newest that a range allows.
  ...(
    [
      ['alpha/0.1.0', '0.1.0'],
      ['alpha/1.0.0-beta.1', '1.0.0-beta.1'],
      ['alpha/latest', '0.10.0'],
      ['alpha/', '0.10.0'],
      ['alpha/~0.1', '0.1.0'],
      ['alpha/%5E0.2.0', '0.2.0'],
      ['alpha/^0.2.0', '0.2.0'],
      ['alpha/%3E=0.1.0', '0.10.0'],
      ['alpha/%3C0.10.0', '0.2.0'],
      ['alpha/0.x', '0.10.0'],
      ['alpha/*', '0.10.0'],
      ['alpha/%3E=0.1.0,%3C0.10.0', '0.2.0'],
      ['alpha/%3E=1.0.0-0', '1.0.0-beta.1'],
      ['alpha/9.9.9%20%7C%7C%200.1.0', '0.1.0'],
      ['build/0.2.0+build.5', '0.2.0+build.5'],
      ['build/0.2.0%2Bbuild.5', '0.2.0+build.5'],
      ['build/0.2.0', '0.2.0+build.5'],
      ['lenient/v1.2', 'v1.2'],
      ['lenient/1.2.0', 'v1.2'],
      ['pre/2.0.0-rc.1', '2.0.0-rc.1'],
    ] as const
  ).map(([path, version]) => ({ ask: `/api/charts/${path}`, pick: ofVersion, body: version })),
  ...['', '/values', '/templates'].flatMap((behind) => [
    { ask: `/api/charts/nothing/1.0.0${behind}`, status: 404, body: { error: 'no chart name found' } },
    {
      ask: `/api/charts/alpha/9.9.9${behind}`,
      status: 404,
      body: { error: 'no chart version found for alpha-9.9.9' },
    },
    {
      ask: `/api/charts/pre/latest${behind}`,
      status: 404,
      body: { error: 'no chart version found for pre-' },
    },
    { ask: `/api/charts/alpha/abc${behind}`, status: 404, body: { error: 'improper constraint: abc' } },
    {
      ask: `/api/charts/alpha/2.0.0%20%7C%7C%20abc${behind}`,
      status: 404,
      body: { error: 'improper constraint:  abc' },
    },
  ]),
  // Files of one version.
  { ask: '/api/charts/alpha/0.2.0/values', type: 'application/yaml', body: values },
  { ask: '/api/charts/alpha/%5E0.2/values', type: 'application/yaml', body: values },
  { ask: '/api/charts/empty/1.0.0/values', type: 'application/yaml', body: '' },
  { ask: '/api/charts/bare/1.0.0/values', status: 404, body: { error: 'values.yaml not found' } },
  { ask: '/api/charts/bare/1.0.0/templates', body: { templates: null, values: null } },
  {
    ask: '/api/charts/empty/1.0.0/templates',
    pick: (body) => (body as { values: unknown }).values,
    body: {},
  },
  {
    ask: '/api/charts/alpha/0.2.0/templates',
    pick: (body) => {
      const { templates, values: parsed } = body as {
        templates: { name: string; data: string }[]
        values: unknown
      }
      return [
        templates.map(({ name, data }) => [name, Buffer.from(data, 'base64').toString().slice(0, 14)]),
        parsed,
      ]
    },
    body: [[['templates/configmap.yaml', 'apiVersion: v1']], { greeting: 'hello', replicas: 1 }],
  },
  // What helm downloads.
  { ask: '/charts/alpha-0.2.0.tgz.prov', type: 'application/pgp-signature', body: provenance },
  { ask: '/charts/alpha-0.1.0.tgz.prov', status: 404, body: { error: 'object not found' } },
  { ask: '/charts/nothing-1.0.0.tgz', status: 404, body: { error: 'object not found' } },
  { ask: '/charts/alpha-0.1.0', status: 400, body: { error: 'unsupported file extension' } },
  { ask: '/charts/index-cache.yaml', status: 400, body: { error: 'unsupported file extension' } },
  { ask: '/artifacthub-repo.yml', status: 404, body: { error: 'Artifact Hub repository ID not found' } },
]

describe('GET', () => {
  test.each(reads)("$ask answers what ChartMuseum's clients expect", async (row) => {
    const response = await rawRequest(server.port, { target: row.ask })
    const text = response.text()
    expect(`${response.status} ${text.slice(0, 300)}`).toStartWith(`${row.status ?? 200} `)
    expect(response.headers.get('content-type')).toBe(row.type ?? json)
    expect(response.headers.get('x-request-id')).toMatch(/^[\w-]{20,}$/)
    if (typeof row.body === 'string' && row.pick === undefined) expect(text).toBe(row.body)
    else expect((row.pick ?? ((body: unknown) => body))(JSON.parse(text))).toEqual(row.body)
    if (response.headers.get('content-type') === json) expect(text).not.toMatch(/[<>&]|\n$/)
  })

  test('an archive answers its very bytes, spelled with + or %2B', async () => {
    for (const [file, bytes] of Object.entries(archives)) {
      for (const spelling of [file, encodeURIComponent(file)]) {
        const response = await rawRequest(server.port, { target: `/charts/${spelling}` })
        expect(response.status).toBe(200)
        expect(response.headers.get('content-type')).toBe('application/x-tar')
        expect(Buffer.from(response.body).equals(Buffer.from(bytes))).toBe(true)
      }
    }
  })

  test("an entry has the keys of Helm's index, a relative URL and the digest", async () => {
    const { created, ...entry } = (await (await ours.call('GET', '/charts/alpha/0.2.0')).json()) as IndexEntry
    expect(entry).toEqual({
      name: 'alpha',
      version: '0.2.0',
      description: 'A chart named alpha',
      apiVersion: 'v2',
      appVersion: '1.2.3',
      urls: ['charts/alpha-0.2.0.tgz'],
      digest: sha256(archives['alpha-0.2.0.tgz'] ?? new Uint8Array()),
    })
    expect(Math.abs(Date.now() - Date.parse(created))).toBeLessThan(60_000)
    const index = await ours.index()
    expect(index.entries.alpha?.find(({ version }) => version === '0.2.0')).toEqual({ created, ...entry })
    expect(index).toMatchObject({ apiVersion: 'v1', serverInfo: {} })
    expect(Object.keys(index.entries)).toEqual(names)
    expect(await (await ours.call('GET', '/charts')).json()).toEqual(index.entries)
  })

  test('a request id that was sent comes back', async () => {
    const response = await ours.get('/index.yaml', { headers: { 'x-request-id': 'my-id-1' } })
    expect(response.headers.get('x-request-id')).toBe('my-id-1')
  })

  test('the OCI interface answers in its own form, with how to upload instead', async () => {
    const response = await rawRequest(server.port, { target: '/v2/' })
    expect(response.status).toBe(404)
    const { errors } = JSON.parse(response.text()) as { errors: { code: string; message: string }[] }
    expect(errors[0]?.code).toMatch(/^[A-Z_]+$/)
    expect(errors[0]?.message).toContain('/api/charts')
  })
})

describe('HEAD', () => {
  test('answers the headers of GET everywhere, and no body', async () => {
    const paths = [
      '/index.yaml',
      '/charts/alpha-0.2.0.tgz',
      '/charts/alpha-0.2.0.tgz.prov',
      ...reads.map(({ ask }) => ask),
    ]
    for (const target of paths) {
      const get = await rawRequest(server.port, { target })
      const head = await rawRequest(server.port, { method: 'HEAD', target })
      expect(`${target} ${head.status}`).toBe(`${target} ${get.status}`)
      expect(head.headers.get('content-type'), target).toBe(get.headers.get('content-type'))
      expect(head.headers.get('etag'), target).toBe(get.headers.get('etag'))
      if (get.status === 200)
        expect(head.headers.get('content-length'), target).toBe(String(get.body.byteLength))
      expect(head.body.byteLength).toBe(0)
    }
  })
})

describe('conditions, ranges and encodings', () => {
  const plain = { 'Accept-Encoding': 'identity' }
  const cached = [
    '/index.yaml',
    '/charts/alpha-0.2.0.tgz',
    '/charts/alpha-0.2.0.tgz.prov',
    '/api/charts',
    '/api/charts/alpha',
  ]

  test.each(cached)('%s is 304 for the one who has it', async (target) => {
    // Within the second of a change no date is sent.
    const lastModified = async () => (await rawRequest(server.port, { target })).headers.has('last-modified')
    await eventually(lastModified, true)
    const first = await rawRequest(server.port, { target, headers: plain })
    const etag = first.headers.get('etag') ?? ''
    expect(etag).toMatch(/^"[^"]+"$/)
    expect(Date.parse(first.headers.get('last-modified') ?? '')).not.toBeNaN()
    for (const tag of [etag, `W/${etag}`, `"other", ${etag}`, '*']) {
      const again = await rawRequest(server.port, { target, headers: { ...plain, 'If-None-Match': tag } })
      expect(`${tag} ${again.status} ${again.body.byteLength}`).toBe(`${tag} 304 0`)
      expect(again.headers.get('etag')).toBe(etag)
    }
    const changed = await rawRequest(server.port, {
      target,
      headers: { ...plain, 'If-None-Match': '"other"' },
    })
    expect(changed.status).toBe(200)
  })

  test('an archive is sent in parts when asked for', async () => {
    const whole = Buffer.from(archives['alpha-0.2.0.tgz'] ?? [])
    const size = whole.byteLength
    const ranges: [string, number, Buffer][] = [
      ['bytes=0-9', 206, whole.subarray(0, 10)],
      ['bytes=10-', 206, whole.subarray(10)],
      ['bytes=-5', 206, whole.subarray(size - 5)],
      [`bytes=0-${size + 100}`, 206, whole],
      ['bytes=5-2', 200, whole],
      ['lines=0-9', 200, whole],
    ]
    for (const [range, status, part] of ranges) {
      const response = await rawRequest(server.port, {
        target: '/charts/alpha-0.2.0.tgz',
        headers: { Range: range },
      })
      expect(`${range} ${response.status}`).toBe(`${range} ${status}`)
      expect(Buffer.from(response.body).equals(part), range).toBe(true)
    }
    const beyond = await rawRequest(server.port, {
      target: '/charts/alpha-0.2.0.tgz',
      headers: { Range: `bytes=${size}-` },
    })
    expect(beyond.status).toBe(416)
    expect(beyond.headers.get('content-range')).toBe(`bytes */${size}`)
  })

  test('the index is compressed for those who ask, an archive for nobody', async () => {
    const ask = async (target: string, encoding?: string) =>
      rawRequest(server.port, {
        target,
        headers: encoding === undefined ? {} : { 'Accept-Encoding': encoding },
      })
    const bare = await ask('/index.yaml')
    expect(bare.headers.get('content-encoding')).toBeNull()
    for (const [asked, given] of [
      ['gzip', 'gzip'],
      ['zstd', 'zstd'],
      ['gzip, deflate, br', 'gzip'],
      ['identity', null],
      ['gzip;q=0', null],
      ['br', null],
    ] as const) {
      const response = await ask('/index.yaml', asked)
      expect(`${asked} ${response.headers.get('content-encoding')}`).toBe(`${asked} ${given}`)
      const bytes = new Uint8Array(response.body)
      const text =
        given === 'gzip' ? Bun.gunzipSync(bytes) : given === 'zstd' ? Bun.zstdDecompressSync(bytes) : bytes
      expect(Buffer.from(text).equals(Buffer.from(bare.body)), asked).toBe(true)
      expect(response.headers.get('vary')).toContain('Accept-Encoding')
      expect((await ask('/charts/alpha-0.2.0.tgz', asked)).headers.get('content-encoding')).toBeNull()
    }
  })
})
