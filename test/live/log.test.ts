import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import { rawRequest } from '../support/raw-http.ts'
import { basic, site } from '../support/site.ts'
import { projectRoot, startServer, type RunningServer, type StartOptions } from '../support/start-server.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(30_000)

const archive = await chart('mychart', '1.0.0').tgz()
const credentials = { user: 'pilot', password: 'pass-in-no-log' }
const program = [process.execPath, join(projectRoot, 'src', 'main.ts')]
/** The program with its standard error, or output, where nothing can be written. */
const broken = (redirected: string) => ['bash', '-c', `exec "$0" "$@" ${redirected}`, ...program]
/** Without the flags for a storage, which stand first: it greets on standard output then. */
const trial = ['bash', '-c', 'main=$1; shift 5; exec "$0" "$main" "$@" >/dev/full', ...program]

let folder: TempFolder
let plain: RunningServer
let json: RunningServer
const running: Record<string, RunningServer> = {}

beforeAll(async () => {
  folder = await tempFolder()
  const charts = join(folder.path, 'charts')
  await mkdir(charts)
  await Bun.write(join(charts, 'bad-1.0.0.tgz'), 'no archive')
  const auth = ['--basic-auth-user', credentials.user, '--basic-auth-pass', credentials.password]
  const proxies = ['--trusted-proxies', '127.0.0.1,10.0.0.0/8,fd00::/8']
  const wanted: Record<string, StartOptions> = {
    plain: { folder: charts, flags: ['--debug', '--enforce-semver2', ...auth] },
    json: { flags: ['--log-json', '--log-health', '--log-latency-integer', '--depth', '1', ...proxies] },
    full: { entry: broken('2>/dev/full') },
    closed: { entry: broken('2>&-') },
    gone: { entry: broken('2> >(head -c 5 >/dev/null)') },
    greeting: { entry: trial },
  }
  const starting = Object.entries(wanted).map(async ([kind, options]) => {
    running[kind] = await startServer(options)
  })
  // Those that start must be ended, also when another does not.
  await Promise.allSettled(starting)
  await Promise.all(starting)
  plain = running['plain'] as RunningServer
  json = running['json'] as RunningServer
})
afterAll(async () => {
  await Promise.all(Object.values(running).map((server) => server[Symbol.asyncDispose]()))
  await folder[Symbol.asyncDispose]()
})

/** The lines that a server has written since a request, with marks in place of what differs every time. */
async function linesFor(server: RunningServer, id: string): Promise<string[]> {
  const found = () =>
    server
      .logs()
      .split('\n')
      .filter((line) => line.includes(`"reqID": "${id}"`))
  await eventually(() => found().some((line) => line.includes('Request served')), true)
  return found().map((line) =>
    line
      .replace(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/, 'TIME')
      .replace(/\[\d+\]/, '[N]')
      .replace(/"latency": "[\d.]+(µs|ms|s)"/, '"latency": "…"')
      .replace(id, 'ID'),
  )
}

const right = basic(credentials)

describe('the console form', () => {
  test('says what became of a request, at the right level', async () => {
    const asked = [
      ['INFO', 'GET', '/index.yaml', 200, ''],
      ['INFO', 'HEAD', '/index.yaml', 200, ''],
      ['INFO', 'GET', '/info', 200, ''],
      ['WARN', 'GET', '/nothing', 404, 'not found'],
      ['WARN', 'GET', '/a%20b%0a', 404, 'not found'],
      ['WARN', 'GET', '/charts/none-1.0.0.tgz', 404, 'object not found'],
      ['WARN', 'GET', '/charts/none.zip', 400, 'unsupported file extension'],
      ['WARN', 'GET', '/api/charts/none', 404, 'chart not found'],
    ] as const
    const sent = asked.map(async ([level, method, path, status, comment]) => {
      const id = Bun.randomUUIDv7()
      const headers = { 'x-request-id': id, 'x-forwarded-for': '203.0.113.7', ...right }
      const response = await fetch(plain.url + path, { method, headers })
      expect(response.headers.get('x-request-id')).toBe(id)
      expect(await linesFor(plain, id)).toEqual([
        `TIME\tDEBUG\t[N] Incoming request: ${path}\t{"reqID": "ID"}`,
        `TIME\t${level}\t[N] Request served\t{"path": "${path}", "comment": "${comment}", "clientIP": "127.0.0.1", ` +
          `"method": "${method}", "statusCode": ${status}, "latency": "…", "reqID": "ID"}`,
      ])
    })
    await Promise.all(sent)
  })

  test('has the lines that operators look for', async () => {
    const place = site(plain, { credentials })
    expect((await place.publish(archive)).status).toBe(201)
    expect((await place.call('DELETE', '/charts/mychart/1.0.0')).status).toBe(200)
    for (const line of [
      'WARN\tThe configuration option enforce-semver2 has been deprecated',
      `INFO\tStarting Chartroom\t{"host": "127.0.0.1", "port": ${plain.port}}\n`,
      'WARN\tInvalid package in storage\t{"repo": "", "action": "added", "package": "bad-1.0.0.tgz", "error": ',
      'DEBUG\tAdding package to storage\t{"repo": "", "package": "mychart-1.0.0.tgz"}\n',
      'DEBUG\tDeleting package from storage\t{"repo": "", "package": "mychart-1.0.0.tgz"}\n',
      'DEBUG\tindex-cache.yaml saved in storage\t{"repo": ""}\n',
    ]) {
      await eventually(() => (plain.logs().includes(line) ? line : plain.logs()), line, 10_000)
    }
    expect(plain.logs()).not.toContain('\u001b')
  })

  test('says nothing of health checks that are fine', async () => {
    for (const path of ['/health', '/livez', '/readyz']) await fetch(plain.url + path)
    const id = Bun.randomUUIDv7()
    await fetch(`${plain.url}/x/health`, { headers: { 'x-request-id': id } })
    expect(await linesFor(plain, id)).toHaveLength(1)
    expect(plain.logs()).not.toMatch(/"path": "\/(health|livez|readyz)"|request: \/(health|livez|readyz)/)
  })

  test('holds no secret, wherever it was sent', async () => {
    const id = Bun.randomUUIDv7()
    const port = plain.port
    const secret = {
      Authorization: `Bearer ${'s3cret-token.'.repeat(3)}`,
      Cookie: 'c=s3cret',
      'X-Request-Id': id,
    }
    for (const target of [
      '/index.yaml?token=s3cret&password=s3cret',
      `http://user:s3cret@127.0.0.1:${port}/index.yaml?x=s3cret`,
      '/api/charts?offset=s3cret',
      '/nothing?s3cret#s3cret',
    ]) {
      for (const headers of [secret, { ...secret, Authorization: right.authorization }]) {
        await rawRequest(port, { target, headers })
      }
    }
    await linesFor(plain, id)
    await Bun.sleep(200)
    expect(plain.logs()).not.toContain('s3cret')
    expect(plain.logs()).not.toContain(credentials.password)
    expect(plain.logs()).not.toContain(right.authorization.slice(6))
  })

  test('takes only request ids that a line can hold', async () => {
    const own = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/
    const sent = ['', 'with space', 'x'.repeat(129), 'é', '"'].map(async (odd) => {
      const { headers } = await rawRequest(plain.port, { target: '/info', headers: { 'X-Request-Id': odd } })
      const id = headers.get('x-request-id') ?? ''
      if (odd !== '"') expect(id).toMatch(own)
      expect(await linesFor(plain, id.replace('"', '\\"'))).not.toEqual([])
    })
    await Promise.all(sent)
  })
})

describe('the JSON form', () => {
  /** The access line of one request that says where it comes from. */
  async function lineFor(
    headers: Record<string, string>,
    target = '/org/index.yaml',
  ): Promise<Record<string, unknown>> {
    const id = Bun.randomUUIDv7()
    await rawRequest(json.port, { target, headers: { ...headers, 'X-Request-Id': id } })
    const found = () =>
      json
        .logs()
        .split('\n')
        .filter((line) => line.includes(id))
    await eventually(() => found().length, 1)
    return JSON.parse(found()[0] ?? '') as Record<string, unknown>
  }

  test('has the fields of ChartMuseum in its order, the latency as a number, health checks too', async () => {
    const line = await lineFor({}, '/health')
    expect(Object.keys(line)).toEqual([
      'L',
      'T',
      'M',
      'path',
      'comment',
      'clientIP',
      'method',
      'statusCode',
      'latency',
      'reqID',
    ])
    expect(line).toMatchObject({ L: 'INFO', path: '/health', comment: '', method: 'GET', statusCode: 200 })
    expect(line['M']).toMatch(/^\[\d+\] Request served$/)
    expect(Number.isSafeInteger(line['latency'])).toBe(true)
    const times = json.logs().match(/"T":"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"/g)
    expect(times).toHaveLength(json.logs().trim().split('\n').length)
    expect(json.logs()).toContain(`"M":"Starting Chartroom","host":"127.0.0.1","port":${json.port}}\n`)
    expect(json.logs()).not.toContain('Incoming request')
  })

  const told: [what: string, headers: Record<string, string>, address: string][] = [
    ['nothing', {}, '127.0.0.1'],
    ['one address', { 'X-Forwarded-For': '203.0.113.7' }, '203.0.113.7'],
    ['a chain of proxies', { 'X-Forwarded-For': '203.0.113.7, 10.1.2.3, 10.0.0.9' }, '203.0.113.7'],
    [
      'what a client wrote before the proxy',
      { 'X-Forwarded-For': '1.1.1.1, 198.51.100.4, 10.0.0.9' },
      '198.51.100.4',
    ],
    ['proxies only', { 'X-Forwarded-For': '10.1.1.1, 10.0.0.9' }, '10.1.1.1'],
    ['IPv6', { 'X-Forwarded-For': '2001:db8::7, fd00::1' }, '2001:db8::7'],
    ['IPv6 with a port', { 'X-Forwarded-For': '[2001:db8::7]:4711' }, '2001:db8::7'],
    ['IPv4 in IPv6', { 'X-Forwarded-For': '::ffff:203.0.113.7' }, '203.0.113.7'],
    ['X-Real-IP', { 'X-Real-IP': '203.0.113.8' }, '203.0.113.8'],
    ['both', { 'X-Forwarded-For': '203.0.113.7', 'X-Real-IP': '203.0.113.8' }, '203.0.113.7'],
    ['no address', { 'X-Forwarded-For': '"} forged' }, '127.0.0.1'],
    ['no address behind one', { 'X-Forwarded-For': 'forged, 203.0.113.7' }, '203.0.113.7'],
    ['an address behind none', { 'X-Forwarded-For': '203.0.113.7, unknown' }, '127.0.0.1'],
  ]

  test('believes what a trusted proxy says of the address', async () => {
    const lines = told.map(async ([what, headers, address]) => {
      expect(`${what}: ${String((await lineFor(headers))['clientIP'])}`).toBe(`${what}: ${address}`)
    })
    await Promise.all(lines)
  })
})

test('a stranger cannot write an address into the log', async () => {
  const names = ['X-Forwarded-For', 'X-Real-IP', 'Forwarded', 'X-Client-IP', 'True-Client-IP']
  const sent = names.map(async (name) => {
    const id = Bun.randomUUIDv7()
    const value = name === 'Forwarded' ? 'for=203.0.113.9' : '203.0.113.9'
    await rawRequest(plain.port, { target: '/info', headers: { [name]: value, 'X-Request-Id': id } })
    expect((await linesFor(plain, id)).at(-1)).toContain('"clientIP": "127.0.0.1"')
  })
  await Promise.all(sent)
})

test.each(['full', 'closed', 'gone', 'greeting'])('a server whose log is %s goes on', async (kind) => {
  const server = running[kind] as RunningServer
  for (let i = 0; i < 50; i++) expect((await fetch(`${server.url}/nothing`)).status).toBe(404)
  expect((await site(server).publish(archive)).status).toBe(201)
  expect((await fetch(`${server.url}/index.yaml`)).status).toBe(200)
})
