import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { chart } from '../support/chart-builder.ts'
import { lint, readExposition, scrape, type Exposition } from '../support/exposition.ts'
import { peerTest } from '../support/peers.ts'
import { rawRequest } from '../support/raw-http.ts'
import { basic, exact, site, type Site } from '../support/site.ts'
import { projectRoot, startServer, type RunningServer } from '../support/start-server.ts'
import { tempFolder } from '../support/temp-folder.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(30_000)

const credentials = { user: 'pilot', password: 'secret' }
const [first, second] = [await chart('mychart', '1.0.0').tgz(), await chart('mychart', '1.1.0').tgz()]
const requests = 'chartmuseum_requests_total'
const operations = 'chartroom_storage_operation_duration_seconds_count'

/** What Prometheus' own linter says of ChartMuseum's names, which stay. */
const museumNames = ['chartmuseum_chart_versions_served_total', 'chartmuseum_charts_served_total'].map(
  (name) => `${name} non-counter metrics should not have "_total" suffix`,
)

describe('a server with repositories of any depth below a context path, behind basic auth', () => {
  let server: RunningServer
  let org: Site
  const metrics = () => scrape(`${server.url}/metrics`)

  beforeAll(async () => {
    const limits = ['--max-upload-size', '20000']
    const access = ['--basic-auth-user', credentials.user, '--basic-auth-pass', credentials.password]
    // Without statefiles an index is made for readers only.
    const where = ['--depth-dynamic', '--context-path', '/ctx', '--disable-statefiles']
    server = await startServer({ flags: ['--enable-metrics', ...where, ...access, ...limits] })
    org = site(server, { repo: 'org', context: '/ctx', credentials })
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test('has nothing to tell of repositories that nobody published to', async () => {
    for (const repo of ['ghost', 'ghost/of/a/ghost'])
      expect((await site(server, { repo, context: '/ctx', credentials }).get('/index.yaml')).status).toBe(200)
    const found = await metrics()
    expect(found.types.get('chartmuseum_charts_served_total')).toBe('gauge')
    expect(found.text).not.toContain('ghost')
  })

  test('counts what was done', async () => {
    const before = await metrics()
    const statuses = [
      await org.publish(first),
      await org.publish(second),
      await site(server, { repo: 'org/team', context: '/ctx', credentials }).publish(first),
      await org.publish(await chart('mychart', '1.0.0').with('other', 'bytes').tgz()),
      await org.publish(await chart('mychart', '1.0.0').with('other', 'bytes').tgz()),
      ...(await Promise.all([1, 2, 3].map(() => org.publish(new TextEncoder().encode('no chart'))))),
      await org.publish(new Uint8Array(20_001)),
      await org.call('POST', '/charts', { body: exact(first), anonymous: true }),
      ...(await Promise.all([1, 2, 3].map(() => org.get('/index.yaml', wrong('Basic eDp5'))))),
      await org.get('/index.yaml', wrong('Bearer abc')),
      await org.get('/index.yaml', { anonymous: true }),
      await org.get('/index.yaml'),
      await org.get('/index.yaml', { headers: { 'user-agent': 'Helm/4.2.4' } }),
      await org.get('/charts/mychart-1.0.0.tgz'),
      await org.get('/charts/missing-1.0.0.tgz'),
    ].map(({ status }) => status)
    const expected = '201 201 201 409 409 400 400 400 413 401 401 401 401 401 401 200 200 200 404'
    expect(statuses.join(' ')).toBe(expected)
    const form = new FormData()
    form.append('file', new File([exact(await chart('paged', '1.0.0').tgz())], 'paged-1.0.0.tgz'))
    form.append('file', new File(['no chart'], 'broken.tgz'))
    const page = { method: 'POST', headers: basic(credentials) }
    const sent = await fetch(`${server.url}/ctx/org/-/upload`, { ...page, body: form })
    expect(await sent.text()).toContain('NOT_GZIP')
    expect((await fetch(`${server.url}/ctx/-/signout`, page)).status).toBe(401)

    const now = await metrics()
    const grown = (name: string, labels: Record<string, string> = {}) =>
      (now.value(name, labels) ?? 0) - (before.value(name, labels) ?? 0)
    const served = { method: 'GET', url: '/:repo/index.yaml' }
    expect({
      published: grown(requests, { method: 'POST', url: '/api/:repo/charts', code: '201' }),
      conflicts: grown(requests, { method: 'POST', url: '/api/:repo/charts', code: '409' }),
      invalid: grown(requests, { method: 'POST', url: '/api/:repo/charts', code: '400' }),
      indexes: grown(requests, { ...served, code: '200' }),
      refused: grown(requests, { ...served, code: '401' }),
      missing: grown(requests, { method: 'GET', url: '/:repo/charts/:filename', code: '404' }),
      timed: grown('chartmuseum_request_duration_seconds_count', { ...served, code: '200' }),
    }).toEqual({ published: 3, conflicts: 2, invalid: 3, indexes: 2, refused: 5, missing: 1, timed: 2 })
    const reasons = ['conflict', 'not_gzip', 'too_large', 'unauthorized', 'unavailable']
    expect(reasons.map((reason) => grown('chartroom_uploads_rejected_total', { reason }))).toEqual([
      2, 4, 1, 1, 0,
    ])
    const schemes = ['basic', 'bearer', 'other']
    expect(schemes.map((scheme) => grown('chartroom_authentication_failures_total', { scheme }))).toEqual([
      3, 1, 0,
    ])
    expect(grown('chartroom_upload_received_bytes_total')).toBeGreaterThan(3 * first.length)
    expect(grown('chartmuseum_response_size_bytes_sum')).toBeGreaterThan(first.length)
    expect(now.value('chartroom_requests_in_flight')).toBe(0)

    const held = (repo: string) => [
      now.value('chartmuseum_charts_served_total', { repo }),
      now.value('chartmuseum_chart_versions_served_total', { repo }),
    ]
    expect([held('org'), held('org/team')]).toEqual([
      [2, 3],
      [1, 1],
    ])
    const index = await (await org.get('/index.yaml')).text()
    const yaml = (await metrics()).value('chartroom_index_bytes', { repo: 'org', format: 'yaml' })
    expect(yaml).toBe(Buffer.byteLength(index))
    expect(now.value('chartroom_index_bytes', { repo: 'org', format: 'json' })).toBeGreaterThan(500)
    expect(grown('chartroom_index_build_duration_seconds_count', { format: 'json' })).toBe(1)
    expect(grown(operations, { operation: 'put', outcome: 'ok' })).toBeGreaterThanOrEqual(4)
    expect(now.value('chartroom_catalog_degraded')).toBe(0)
    expect(now.value('chartroom_catalog_age_seconds')).toBeLessThan(60)
  })

  test('gets no new series from a thousand addresses, methods, hosts and repositories that somebody makes up', async () => {
    const strange = async (count: number) => {
      const random = () => crypto.randomUUID().slice(0, 8)
      const one = async (i: number) => {
        const paths = [
          `/${random()}`,
          `/ctx/${random()}/index.yaml`,
          `/ctx/api/${random()}/charts/${random()}`,
        ]
        const path = `${paths[i % 3]}?${random()}=${random()}`
        const method = ['GET', 'HEAD', 'PUT', 'PATCH', 'DELETE'][i % 5] ?? 'GET'
        const headers = { ...(i % 2 === 0 ? basic(credentials) : {}), host: `${random()}.example:${i}` }
        await (await fetch(server.url + path, { method, headers })).arrayBuffer()
      }
      for (let i = 0; i < count; i += 50) await Promise.all(Array.from({ length: 50 }, (_, j) => one(i + j)))
    }
    await strange(50)
    const before = await metrics()
    await strange(1000)
    const after = await metrics()
    // Of the store there may be more: catalogs are saved in the background, whoever asks for what.
    const ofRequests = (found: Exposition) =>
      found.identities().filter((identity) => !identity.startsWith('chartroom_storage_'))
    expect(ofRequests(after)).toEqual(ofRequests(before))
    expect(operationsIn(after)).toBeLessThan(20)
    expect(after.sum(requests) - before.sum(requests)).toBeGreaterThan(300)
    expect(after.value('chartroom_unmatched_requests_total')).toBeGreaterThan(300)
  })

  test('is asked at the root and below the context path, without credentials, by GET and HEAD', async () => {
    const before = await metrics()
    for (const path of ['/metrics', '/ctx/metrics']) {
      const whole = await rawRequest(server.port, { target: path })
      expect([path, whole.status, whole.headers.get('content-type')]).toEqual([
        path,
        200,
        'text/plain; version=0.0.4; charset=utf-8; escaping=underscores',
      ])
      const head = await rawRequest(server.port, { target: path, method: 'HEAD' })
      expect([head.status, head.body.length]).toEqual([200, 0])
      expect((await rawRequest(server.port, { target: path, method: 'POST' })).status).toBe(404)
      const gzip = { 'Accept-Encoding': 'gzip' }
      const packed = await rawRequest(server.port, { target: path, headers: gzip })
      expect(packed.headers.get('content-encoding')).toBe('gzip')
      const text = new TextDecoder().decode(Bun.gunzipSync(exact(packed.body)))
      expect(readExposition(text).types).toEqual(before.types)
      expect(packed.body.length * 4).toBeLessThan(text.length)
    }
    const after = await metrics()
    expect(after.sum(requests)).toBe(before.sum(requests))
    const scrapes = 'promhttp_metric_handler_requests_total'
    expect((after.value(scrapes, { code: '200' }) ?? 0) - (before.value(scrapes, { code: '200' }) ?? 0)).toBe(
      7,
    )
  })

  test('keeps the address from a repository of that name', async () => {
    const named = site(server, { repo: 'metrics', context: '/ctx', credentials })
    expect((await named.publish(first)).status).toBe(201)
    expect(Object.keys((await named.index()).entries)).toEqual(['mychart'])
    const found = await scrape(`${server.url}/ctx/metrics`)
    expect(found.value('chartmuseum_charts_served_total', { repo: 'metrics' })).toBe(1)
  })

  test('describes the address in its OpenAPI document', async () => {
    const answer = await fetch(`${server.url}/ctx/-/openapi.json`, { headers: basic(credentials) })
    const { paths } = (await answer.json()) as { paths: Record<string, object> }
    expect(Object.keys(paths['/metrics'] ?? {})).toEqual(['get', 'head'])
  })

  peerTest(['promtool'], 'passes promtool, but for two names of ChartMuseum', async ({ promtool }) => {
    expect((await lint(promtool, (await metrics()).text)).sort()).toEqual(museumNames)
  })

  test('is what the README, the dashboard and the alerts know', async () => {
    const found = await metrics()
    const known = found.queryable()
    expect(await readmeTable()).toEqual(tableOf(found))
    for (const expression of [...(await dashboardExpressions()), ...(await alertExpressions())]) {
      const names = namesIn(expression)
      expect(names.length).toBeGreaterThan(0)
      expect({ expression, unknown: names.filter((name) => !known.has(name) && name !== 'up') }).toEqual({
        expression,
        unknown: [],
      })
    }
  })
})

describe('two servers on one store', () => {
  test('each tell what they did, and both what there is', async () => {
    await using folder = await tempFolder()
    const flags = ['--enable-metrics']
    await using one = await startServer({ flags, folder: folder.path })
    await using other = await startServer({ flags, folder: folder.path })
    for (const server of [one, other]) expect((await site(server).get('/index.yaml')).status).toBe(200)
    for (const archive of [first, second]) expect((await site(one).publish(archive)).status).toBe(201)
    const versionsAt = async (server: RunningServer) =>
      (await scrape(`${server.url}/metrics`)).value('chartmuseum_chart_versions_served_total', { repo: '' })
    expect(Object.keys((await site(other).index()).entries)).toEqual(['mychart'])
    expect([await versionsAt(one), await versionsAt(other)]).toEqual([2, 2])
    const published = async (server: RunningServer) =>
      (await scrape(`${server.url}/metrics`)).sum(requests, { url: '/api/:repo/charts', code: '201' })
    expect([await published(one), await published(other)]).toEqual([2, 0])
  })
})

describe('a server whose store is away', () => {
  test('counts what failed, and goes on telling what it knew', async () => {
    await using folder = await tempFolder()
    const root = join(folder.path, 'charts')
    await using server = await startServer({ folder: root, flags: ['--enable-metrics', '--depth', '1'] })
    expect((await site(server, { repo: 'metrics' }).publish(first)).status).toBe(201)
    const before = await scrape(`${server.url}/metrics`)
    const failures = { outcome: 'unavailable' }
    expect(before.sum(operations, failures)).toBe(0)
    await rename(root, `${root}-away`)
    expect((await site(server, { repo: 'metrics' }).publish(second)).status).toBe(503)
    const away = await scrape(`${server.url}/metrics`)
    expect(away.sum(operations, failures)).toBeGreaterThan(0)
    expect(away.value('chartroom_uploads_rejected_total', { reason: 'unavailable' })).toBe(1)
    expect(away.value('chartmuseum_charts_served_total', { repo: 'metrics' })).toBe(1)
  })
})

describe('a server without metrics', () => {
  test('answers 404 and does not describe them', async () => {
    await using server = await startServer({ flags: ['--context-path', '/ctx'] })
    for (const path of ['/metrics', '/ctx/metrics']) expect((await fetch(server.url + path)).status).toBe(404)
    const document = await fetch(`${server.url}/ctx/-/openapi.json`)
    expect(await document.text()).not.toContain('/metrics')
  })
})

describe('what is delivered for Prometheus and Grafana', () => {
  peerTest(['promtool'], 'are alerts that promtool takes', async ({ promtool }) => {
    expect(await promtoolSays(promtool, ['check', 'rules', join(projectRoot, alertsFile)])).toContain(
      'SUCCESS',
    )
  })

  peerTest(
    ['promtool'],
    'are alerts that fire when something is wrong, and not before',
    async ({ promtool }) => {
      await using folder = await tempFolder()
      const own = 'job="chartroom",instance="a"'
      const series = (name: string, labels: string, values: string) => ({
        series: `${name}{${own}${labels}}`,
        values,
      })
      const firing = (alertname: string, eval_time: string, count: number) => ({
        expr: `count(ALERTS{alertname="${alertname}",alertstate="firing"}) or vector(0)`,
        eval_time,
        exp_samples: [{ labels: '{}', value: count }],
      })
      const test = {
        interval: '1m',
        input_series: [
          series('up', '', '1x20 0x20'),
          series('chartroom_catalog_degraded', '', '0x10 1x30'),
          series('chartroom_catalog_age_seconds', '', '5x10 100x30'),
          series(requests, ',code="200",url="/:repo/index.yaml"', '0+60x40'),
          series(requests, ',code="503",url="/:repo/index.yaml"', '0x10 0+30x30'),
          series('chartroom_uploads_rejected_total', ',reason="full"', '0x10 1x30'),
          series('chartroom_authentication_failures_total', ',scheme="basic"', '0x10 0+600x30'),
          series(operations, ',operation="put",outcome="unavailable"', '0x10 0+60x30'),
          series(operations, ',operation="put",outcome="conflict"', '0+600x40'),
        ],
        promql_expr_test: [
          ['ChartroomStoreAway', '15m'],
          ['ChartroomCatalogStale', '20m'],
          ['ChartroomErrors', '25m'],
          ['ChartroomFull', '15m'],
          ['ChartroomPasswordsGuessed', '30m'],
          ['ChartroomStorageFailing', '25m'],
          ['ChartroomDown', '30m'],
        ].flatMap(([name = '', at = '']) => [firing(name, '9m', 0), firing(name, at, 1)]),
      }
      const file = join(folder.path, 'tests.yaml')
      await Bun.write(file, JSON.stringify({ rule_files: [join(projectRoot, alertsFile)], tests: [test] }))
      expect(await promtoolSays(promtool, ['test', 'rules', file])).toContain('SUCCESS')
    },
  )

  peerTest(['promtool'], 'are queries that promtool takes', async ({ promtool }) => {
    await using folder = await tempFolder()
    const expressions = await dashboardExpressions()
    const rules = expressions.map((expr, i) => ({ record: `query:${i}`, expr }))
    const file = join(folder.path, 'rules.yaml')
    await Bun.write(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }))
    const said = await promtoolSays(promtool, ['check', 'rules', file])
    expect(said).toContain(`SUCCESS: ${expressions.length} rules found`)
  })

  peerTest(['promtool'], 'is a scrape configuration that promtool takes', async ({ promtool }) => {
    await using folder = await tempFolder()
    const text = /```yaml\n(scrape_configs:[\s\S]*?)```/.exec(await read('README.md'))?.[1] ?? ''
    await Bun.write(join(folder.path, 'prometheus.yml'), text)
    expect(await promtoolSays(promtool, ['check', 'config', join(folder.path, 'prometheus.yml')])).toContain(
      'SUCCESS',
    )
  })

  test('is a dashboard that Grafana can import', async () => {
    const dashboard = await readDashboard()
    expect([dashboard.id, dashboard.title, dashboard.uid]).toEqual([null, 'Chartroom', 'chartroom'])
    const variables = dashboard.templating.list.map(({ name, type }) => `${type} ${name}`)
    expect(variables).toEqual(['datasource datasource', 'query job', 'query instance', 'query repo'])
    const ids = dashboard.panels.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const { type, title, datasource, targets = [], gridPos } of dashboard.panels) {
      expect([title, gridPos.x + gridPos.w <= 24]).toEqual([title, true])
      if (type === 'row') continue
      const sources = [datasource, ...targets.map((target) => target.datasource)]
      for (const source of sources)
        expect([title, source]).toEqual([title, { type: 'prometheus', uid: '${datasource}' }])
      expect([title, targets.length > 0]).toEqual([title, true])
    }
  })
})

interface Dashboard {
  readonly id: number | null
  readonly uid: string
  readonly title: string
  readonly templating: { readonly list: readonly { name: string; type: string }[] }
  readonly panels: readonly {
    readonly id: number
    readonly type: string
    readonly title: string
    readonly datasource?: object
    readonly gridPos: { readonly x: number; readonly w: number }
    readonly targets?: readonly { readonly expr: string; readonly datasource: object }[]
  }[]
}

const alertsFile = 'deploy/prometheus/alerts.yaml'

async function read(file: string): Promise<string> {
  return Bun.file(join(projectRoot, file)).text()
}

async function readDashboard(): Promise<Dashboard> {
  return JSON.parse(await read('deploy/grafana/chartroom.json')) as Dashboard
}

/** What the panels ask, with values in the place of Grafana's variables. */
async function dashboardExpressions(): Promise<string[]> {
  const { panels } = await readDashboard()
  const expressions = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr))
  const filled = expressions.map((expr) =>
    expr.replaceAll('$__rate_interval', '5m').replace(/\$(job|instance|repo)\b/g, '.*'),
  )
  expect(filled.filter((expr) => expr.includes('$'))).toEqual([])
  return filled
}

async function alertExpressions(): Promise<string[]> {
  const { groups } = Bun.YAML.parse(await read(alertsFile)) as { groups: { rules: { expr: string }[] }[] }
  return groups.flatMap(({ rules }) => rules.map(({ expr }) => expr))
}

/** The names of metrics in a query: what is no function, no keyword, no label and no text. */
function namesIn(expression: string): string[] {
  const bare = expression
    .replace(/"(?:[^"\\]|\\.)*"/g, '""')
    .replace(/\{[^}]*\}/g, '')
    .replace(/\[[^\]]*\]/g, '')
  const names = bare
    .replace(/\b(by|without|on|ignoring)\s*\([^)]*\)/g, '')
    .matchAll(/[a-z_:][\w:]*(?!\s*\(|[\w:])/gi)
  return [...names]
    .map(([name]) => name)
    .filter((name) => name !== 'and' && name !== 'or' && name !== 'unless')
}

/** The rows of the README's table of metrics. */
async function readmeTable(): Promise<string[]> {
  const table = (await read('README.md')).split('<!-- metrics -->')[1]?.split('<!-- /metrics -->')[0] ?? ''
  const rows = table.split('\n').filter((line) => line.startsWith('| `'))
  return rows.map((line) =>
    line
      .split('|')
      .map((cell) => cell.trim())
      .join('|'),
  )
}

/** The same rows, as a server tells them. */
function tableOf({ types, helps, series }: Exposition): string[] {
  return [...types].map(([name, type]) => {
    const own = series.filter(
      (one) => one.name === name || (type !== 'gauge' && one.name === `${name}_count`),
    )
    const labels = [...new Set(own.flatMap((one) => Object.keys(one.labels)))].sort()
    return `|\`${name}\`|${type}|${labels.map((label) => `\`${label}\``).join(', ')}|${helps.get(name)}|`
  })
}

/** How many pairs of operation and outcome there are. */
function operationsIn({ series }: Exposition): number {
  return series.filter(({ name }) => name === operations).length
}

function wrong(authorization: string) {
  return { headers: { authorization } }
}

async function promtoolSays(promtool: string, args: readonly string[]): Promise<string> {
  const child = Bun.spawn([promtool, ...args], { stdout: 'pipe', stderr: 'pipe' })
  const said = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  return said.join('')
}
