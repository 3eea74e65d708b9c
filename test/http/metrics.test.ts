import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { RegistryError } from '../../src/errors.ts'
import { withBodyBytes } from '../../src/http/body-bytes.ts'

import { createMetrics, type Metrics } from '../../src/http/metrics.ts'
import { createExposition } from '../../src/http/metrics-registry.ts'
import { countRequests } from '../../src/http/metrics-requests.ts'
import { Timings } from '../../src/http/metrics-timings.ts'
import { noteRejections } from '../../src/http/rejections.ts'
import type { SeenRequest } from '../../src/http/seen-request.ts'
import { get, post, remove, type Ask, type Row } from '../../src/http/route.ts'
import type { RepositoryInventory } from '../../src/registry/inventory.ts'
import type { Registry } from '../../src/registry/registry.ts'
import { readExposition, type Exposition } from '../support/exposition.ts'
import { projectRoot } from '../support/start-server.ts'

const nothing = () => new Response(null)
const index = get('/:repo/index.yaml', 'pull', nothing)
const upload = post('/api/:repo/charts', 'push', nothing)
const build = { version: '1.2.3', revision: 'abc', runtime: 'bun 9' }

interface Told extends Partial<Omit<SeenRequest, 'request' | 'response'>> {
  readonly method?: string
  readonly path?: string
  readonly headers?: Record<string, string>
  readonly status?: number
  readonly bytes?: number
}

function seen({
  method = 'GET',
  path = '/org/index.yaml',
  headers = {},
  status = 200,
  bytes = 0,
  ...rest
}: Told) {
  const request = new Request(`http://127.0.0.1${path}`, { method, headers })
  const response = withBodyBytes(new Response(null, { status }), bytes)
  return { request, response, row: index, repo: 'org', error: undefined, nanoseconds: 1e6, ...rest }
}

/** A registry as far as it is asked for metrics. */
function registry(repositories: readonly RepositoryInventory[] = [], degraded = false, ageMs?: number) {
  return { inventory: () => repositories, knowledge: { degraded, ageMs } } as unknown as Registry
}

async function read(metrics: Metrics, of = registry()): Promise<Exposition> {
  const [row] = metrics.rows(of)
  const response = await (row as Row).answer({ request: new Request('http://127.0.0.1/metrics') } as Ask)
  return readExposition(await response.text())
}

describe('what is counted of requests', () => {
  test('is one series per route, method and status', async () => {
    const metrics = createMetrics(build)
    const told: [Told, number][] = [
      [{}, 3],
      [{ status: 304 }, 2],
      [{ method: 'HEAD' }, 1],
      [{ row: upload, method: 'POST', status: 201 }, 2],
      [{ row: remove('/api/:repo/charts/:name', 'push', nothing), method: 'DELETE', status: 404 }, 1],
    ]
    for (const [one, times] of told) for (let i = 0; i < times; i++) metrics.observe(seen(one))
    const found = await read(metrics)
    const count = (labels: Record<string, string>) => found.value('chartmuseum_requests_total', labels)
    expect(count({ url: '/:repo/index.yaml', method: 'GET', code: '200', host: '', handler: 'helm' })).toBe(3)
    expect(count({ url: '/:repo/index.yaml', code: '304' })).toBe(2)
    expect(count({ url: '/:repo/index.yaml', method: 'HEAD' })).toBe(1)
    expect(count({ url: '/api/:repo/charts', method: 'POST', code: '201', handler: 'api' })).toBe(2)
    expect(count({ url: '/api/:repo/charts/:name', method: 'DELETE', code: '404' })).toBe(1)
    expect(found.sum('chartmuseum_request_duration_seconds_count')).toBe(9)
    expect(found.value('chartmuseum_request_size_bytes_count')).toBe(9)
  })

  test('has labels of the program only, whatever requests bring', async () => {
    const metrics = createMetrics(build)
    const ask = (path: string, told: Told = {}) =>
      metrics.observe(seen({ path, headers: { host: `${path.slice(1)}.example`, 'x-y': path }, ...told }))
    ask('/a/index.yaml')
    ask('/a', { row: undefined, status: 404 })
    ask('/a', { status: 401, headers: { authorization: 'Basic x' } })
    const before = (await read(metrics)).identities()
    for (let i = 0; i < 1000; i++) {
      const random = crypto.randomUUID()
      ask(`/${random}/index.yaml?${random}`, { repo: random, error: new Error(random) })
      ask(`/${random}`, {
        row: undefined,
        status: 404,
        repo: random,
        method: ['PUT', 'PATCH', 'LINK'][i % 3] ?? '',
      })
      ask(`/${random}/index.yaml`, { status: 401, headers: { authorization: `${random} ${random}` } })
    }
    const after = await read(metrics)
    expect(after.identities()).toEqual(before)
    expect(after.value('chartroom_unmatched_requests_total')).toBe(1001)
    expect(after.value('chartroom_authentication_failures_total', { scheme: 'other' })).toBe(1000)
    expect(after.text).not.toContain('.example')
  })

  test('leaves out the reading of metrics', async () => {
    const metrics = createMetrics(build)
    const [row] = metrics.rows(registry())
    for (let i = 0; i < 5; i++) metrics.observe(seen({ row, path: '/metrics' }))
    const found = await read(metrics)
    expect(found.series.filter(({ name }) => name === 'chartmuseum_requests_total')).toEqual([])
    expect(found.value('chartmuseum_response_size_bytes_count')).toBe(0)
  })

  test('tells sizes in bytes', async () => {
    const metrics = createMetrics(build)
    metrics.observe(seen({ path: '/org/index.yaml?long', headers: { host: 'example.com' }, bytes: 1000 }))
    metrics.observe(seen({ method: 'HEAD', path: '/org/index.yaml', bytes: 1000 }))
    metrics.observe(
      seen({
        row: upload,
        method: 'POST',
        path: '/api/charts',
        headers: { 'content-length': '70000' },
        bytes: 14,
      }),
    )
    const found = await read(metrics)
    const header = 'HTTP/1.1'.length
    const sizes = [
      '/org/index.yaml'.length + 3 + header + 'hostexample.com'.length,
      '/org/index.yaml'.length + 4 + header,
      '/api/charts'.length + 4 + header + 'content-length70000'.length + 70_000,
    ]
    expect(found.value('chartmuseum_request_size_bytes_sum')).toBe(sizes.reduce((a, b) => a + b, 0))
    // To HEAD nothing is sent.
    expect(found.value('chartmuseum_response_size_bytes_sum')).toBe(1014)
  })

  test('are failures to sign in only where credentials were sent, and nobody signed out', () => {
    const { observe, authenticationFailures } = countRequests()
    const basic = { authorization: 'Basic eDp5' }
    for (let i = 0; i < 4; i++) observe(seen({ status: 401, headers: basic }))
    for (let i = 0; i < 3; i++) observe(seen({ status: 401, headers: { authorization: 'bearer abc' } }))
    observe(seen({ status: 401, headers: { authorization: 'Digest abc' } }))
    observe(seen({ status: 401 }))
    observe(seen({ status: 403, headers: basic }))
    observe(seen({ status: 401, headers: basic, row: post('/-/signout', 'none', nothing), method: 'POST' }))
    expect(Object.fromEntries(authenticationFailures)).toEqual({ basic: 4, bearer: 3, other: 1 })
  })

  test('are uploads by the reason why they were refused, of a page file by file', () => {
    const { observe, rejectedUploads } = countRequests()
    const page = post('/:repo/-/upload', 'push', nothing)
    const refuse = (row: Row, error: unknown) => observe(seen({ row, method: 'POST', status: 400, error }))
    refuse(upload, new RegistryError('conflict', 'file', 'x'))
    refuse(upload, new RegistryError('conflict', 'version', 'x'))
    refuse(page, new RegistryError('too_large', 'upload', 'x'))
    refuse(upload, new RegistryError('invalid', 'archive', 'x', {}, { verdict: { reason: 'bomb' } }))
    refuse(upload, new Error('unforeseen'))
    // No upload.
    refuse(post('/:repo/-/delete', 'push', nothing), new RegistryError('conflict', 'version', 'x'))
    const form = seen({ row: page, method: 'POST' })
    noteRejections(form.request, ['not_gzip', 'not_gzip', 'conflict'])
    observe(form)
    expect(Object.fromEntries([...rejectedUploads].filter(([, count]) => count > 0))).toEqual({
      conflict: 3,
      too_large: 1,
      bomb: 1,
      internal: 1,
      not_gzip: 2,
    })
  })

  test('are those that are being answered', async () => {
    const metrics = createMetrics(build)
    const waiting = Promise.withResolvers<Response>()
    const front = metrics.around({ serve: () => waiting.promise })
    for (let i = 0; i < 3; i++) void front.serve(new Request('http://127.0.0.1/'), () => undefined, undefined)
    metrics.observe(seen({}))
    const inFlight = (await read(metrics)).value('chartroom_requests_in_flight')
    // Whoever reads is in flight too, but not in this test; it does not count itself.
    expect(inFlight).toBe(3 - 1 - 1)
  })
})

describe('Timings', () => {
  test('puts a time into the first bucket that is not below it', () => {
    const timings = new Timings([0.005, 0.01, 1])
    for (const ms of [0, 5, 5.001, 10, 999, 1000, 1001]) timings.add(ms * 1e6)
    expect(timings.buckets).toEqual([2, 2, 2, 1])
    expect(timings.count).toBe(7)
    expect(timings.sum).toBeCloseTo(3.020001, 9)
  })

  test('become buckets that each have all that is below them', async () => {
    const metrics = createMetrics(build)
    for (const ms of [1, 6, 7, 20_000]) metrics.observe(seen({ nanoseconds: ms * 1e6 }))
    const found = await read(metrics)
    const below = (le: string) => found.value('chartmuseum_request_duration_seconds_bucket', { le })
    expect([below('0.005'), below('0.01'), below('10'), below('+Inf')]).toEqual([1, 3, 3, 4])
    expect(found.value('chartmuseum_request_duration_seconds_sum')).toBeCloseTo(20.014, 9)
    const bounds = found.series
      .filter(({ name }) => name === 'chartmuseum_request_duration_seconds_bucket')
      .map(({ labels }) => labels['le'])
    expect(bounds.join(' ')).toBe('0.005 0.01 0.025 0.05 0.1 0.25 0.5 1 2.5 5 10 +Inf')
  })
})

describe('what is told of the store', () => {
  const repository = (name: string, charts: number, versions: number, yaml?: number, json?: number) => ({
    name,
    charts,
    versions,
    indexBytes: { yaml, json },
  })

  test('are the repositories that there are, with the indexes that were made', async () => {
    const metrics = createMetrics(build)
    const found = await read(metrics, registry([repository('', 2, 5, 1000), repository('a"b\\c', 1, 1)]))
    expect(found.value('chartmuseum_charts_served_total', { repo: '' })).toBe(2)
    expect(found.value('chartmuseum_chart_versions_served_total', { repo: '' })).toBe(5)
    expect(found.text).toContain('chartmuseum_charts_served_total{repo="a\\"b\\\\c"} 1')
    expect(found.series.filter(({ name }) => name === 'chartroom_index_bytes')).toEqual([
      { name: 'chartroom_index_bytes', labels: { repo: '', format: 'yaml' }, value: 1000 },
    ])
  })

  test('are thousands of repositories, when there are so many', async () => {
    const many = Array.from({ length: 5000 }, (_, i) => repository(`org-${i}`, i, i, i, i))
    const found = await read(createMetrics(build), registry(many))
    expect(found.series.filter(({ name }) => name === 'chartroom_index_bytes').length).toBe(10_000)
    expect(found.value('chartmuseum_charts_served_total', { repo: 'org-4999' })).toBe(4999)
  })

  test('is how long ago all was known, and nothing before the first look', async () => {
    const metrics = createMetrics(build)
    const fresh = await read(metrics, registry([], false, 1500))
    expect(fresh.value('chartroom_catalog_age_seconds')).toBe(1.5)
    expect(fresh.value('chartroom_catalog_degraded')).toBe(0)
    const away = await read(metrics, registry([], true))
    expect(away.value('chartroom_catalog_age_seconds')).toBeUndefined()
    expect(away.value('chartroom_catalog_degraded')).toBe(1)
  })

  test('are its operations by outcome, and the making of indexes', async () => {
    const metrics = createMetrics(build)
    metrics.observeStorage('get', 'ok', 2e6)
    metrics.observeStorage('get', 'ok', 2e6)
    metrics.observeStorage('put', 'unavailable', 8e9)
    metrics.observeBuild('yaml', 4e6)
    metrics.observeUpload(70)
    metrics.observeUpload(7)
    const found = await read(metrics)
    const operations = 'chartroom_storage_operation_duration_seconds'
    expect(found.value(`${operations}_count`, { operation: 'get', outcome: 'ok' })).toBe(2)
    expect(found.value(`${operations}_sum`, { operation: 'put', outcome: 'unavailable' })).toBe(8)
    expect(found.value('chartroom_index_build_duration_seconds_sum', { format: 'yaml' })).toBe(0.004)
    expect(found.value('chartroom_upload_received_bytes_total')).toBe(77)
  })
})

test('a scrape that fails is counted as one', async () => {
  const metrics = createMetrics(build)
  let broken = true
  const [row] = metrics.rows({
    ...registry(),
    inventory() {
      if (broken) throw new Error('broken')
      return []
    },
  })
  const ask = async () => (row as Row).answer({ request: new Request('http://127.0.0.1/metrics') } as Ask)
  expect(ask()).rejects.toThrow('broken')
  await Bun.sleep(0)
  broken = false
  const found = readExposition(await (await ask()).text())
  expect(found.value('promhttp_metric_handler_requests_total', { code: '500' })).toBe(1)
  expect(found.value('promhttp_metric_handler_requests_total', { code: '200' })).toBe(0)
  expect(found.value('promhttp_metric_handler_requests_in_flight')).toBe(1)
})

test('two expositions of one process share nothing', async () => {
  const definition = (value: number) =>
    ({ name: 'x', type: 'gauge', help: 'X', read: () => [{ labels: {}, value }] }) as const
  const [one, other] = [createExposition([definition(1)]), createExposition([definition(2)])]
  expect([await one(), await other()]).toEqual([
    '# HELP x X\n# TYPE x gauge\nx 1\n',
    '# HELP x X\n# TYPE x gauge\nx 2\n',
  ])
})

test('prom-client is loaded by the first scrape, not before', async () => {
  const program = `
    const { createMetrics } = await import('./src/http/metrics.ts')
    const isLoaded = () => Object.keys(require.cache).some((path) => path.includes('/prom-client/'))
    const [row] = createMetrics({}).rows({ inventory: () => [], knowledge: {} })
    const before = isLoaded()
    await row.answer({ request: new Request('http://127.0.0.1/metrics') })
    console.log(before, isLoaded())`
  const child = Bun.spawn([process.execPath, '-e', program], { cwd: join(projectRoot), stderr: 'pipe' })
  expect(await new Response(child.stdout).text()).toBe('false true\n')
})
