import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { chart } from '../support/chart-builder.ts'
import { rawRequest } from '../support/raw-http.ts'
import type { RawResponse } from '../support/raw-http.ts'
import { site } from '../support/site.ts'
import { startServer } from '../support/start-server.ts'
import type { RunningServer } from '../support/start-server.ts'
import { filesBelow, tempFolder } from '../support/temp-folder.ts'
import type { TempFolder } from '../support/temp-folder.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(30_000)

/** Segments that name nothing: written into every place of a path where a name, a version or a file can stand. */
const hostile = [
  '..',
  '.',
  '...',
  '....',
  '%2e',
  '%2e%2e',
  '%2E%2e',
  '.%2e',
  '..%2f..%2fsecret',
  '..%2Fsecret',
  '%2e%2e%2fsecret',
  '..%5csecret',
  '..\\secret',
  '../secret',
  '%2e%2e/secret',
  '..;/secret',
  '%2f',
  '%2fetc%2fpasswd',
  '%5c',
  'mychart%2f1.0.0',
  '%00',
  'mychart%00',
  '%00mychart',
  'mychart%00.tgz',
  '%0d%0aX-Injected:%20yes',
  '%0a',
  '%1b%5b31m',
  '%7f',
  '%c2%85',
  '%252e%252e',
  '%252e%252e%252fsecret',
  '%252f',
  '%25252f',
  '%2500',
  '%255c',
  '%c0%ae%c0%ae',
  '%c0%afsecret',
  '%e0%80%ae',
  '%ff',
  '%zz',
  '%',
  '%2',
  '%u002e%u002e',
  '-',
  '.chartroom',
  '.chartroom%2ftmp',
  '.oci',
  '~root',
  'x'.repeat(256),
  'x'.repeat(5_000),
  '%41'.repeat(2_000),
] as const

/** Every place at depth 0. `{}` is where the segment goes. */
const places: readonly [method: string, target: string][] = [
  ['GET', '/{}'],
  ['GET', '/{}/index.yaml'],
  ['GET', '/{}/mychart-1.0.0.tgz'],
  ['GET', '/charts/{}'],
  ['GET', '/charts/{}.tgz'],
  ['GET', '/charts/{}.tgz.prov'],
  ['GET', '/charts/{}-1.0.0.tgz'],
  ['GET', '/charts/{}/mychart-1.0.0.tgz'],
  ['HEAD', '/charts/{}-1.0.0.tgz'],
  ['GET', '/api/{}'],
  ['GET', '/api/{}/charts'],
  ['GET', '/api/charts/{}'],
  ['HEAD', '/api/charts/{}'],
  ['GET', '/api/charts/{}/1.0.0'],
  ['GET', '/api/charts/mychart/{}'],
  ['HEAD', '/api/charts/mychart/{}'],
  ['GET', '/api/charts/mychart/{}/values'],
  ['GET', '/api/charts/{}/1.0.0/values'],
  ['GET', '/api/charts/mychart/{}/templates'],
  ['GET', '/api/charts/mychart/1.0.0/{}'],
  ['DELETE', '/api/charts/{}'],
  ['DELETE', '/api/charts/{}/1.0.0'],
  ['DELETE', '/api/charts/mychart/{}'],
  ['DELETE', '/api/{}/charts/mychart/9.9.9'],
  ['POST', '/api/{}'],
  ['POST', '/api/{}/charts'],
  ['POST', '/api/{}/prov'],
  ['POST', '/api/charts/{}'],
]

/** The same where the repository is part of the path. */
const placesAtDepth1: readonly [method: string, target: string][] = [
  ['GET', '/{}/'],
  ['GET', '/{}/index.yaml'],
  ['HEAD', '/{}/index.yaml'],
  ['GET', '/{}/charts/secret-1.0.0.tgz'],
  ['GET', '/org/charts/{}'],
  ['GET', '/api/{}/charts'],
  ['GET', '/api/{}/charts/mychart'],
  ['GET', '/api/{}/charts/mychart/1.0.0'],
  ['GET', '/api/org/charts/{}/1.0.0'],
  ['DELETE', '/api/{}/charts/secret/1.0.0'],
  ['DELETE', '/api/org/charts/{}/1.0.0'],
  ['DELETE', '/api/org/charts/mychart/{}'],
  ['DELETE', '/api/{}/charts/secret'],
  ['POST', '/api/{}/charts'],
  ['POST', '/api/{}/prov'],
]

const archive = await chart('mychart', '1.0.0').tgz()
const secret = await chart('secret', '1.0.0').tgz()

describe.each([
  { title: 'at depth 0', flags: [], repo: '', table: places },
  { title: 'at depth 1', flags: ['--depth', '1'], repo: 'org', table: placesAtDepth1 },
  { title: 'at any depth', flags: ['--depth-dynamic'], repo: 'org', table: placesAtDepth1 },
  { title: 'below a context path', flags: ['--context-path', '/ctx'], repo: '', table: places },
])('a hostile path $title', ({ title, flags, repo, table }) => {
  const context = title === 'below a context path' ? '/ctx' : ''
  let folder: TempFolder
  let server: RunningServer

  beforeAll(async () => {
    folder = await tempFolder()
    const root = join(folder.path, 'root')
    await mkdir(root)
    // What a path that leaves the folder would find: a chart beside it, and one in it that no name leads to.
    await Bun.write(join(folder.path, 'secret-1.0.0.tgz'), secret)
    server = await startServer({ flags, folder: root })
    expect((await site(server, { repo, context }).publish(archive)).status).toBe(201)
    if (title === 'at any depth') expect((await site(server).publish(archive)).status).toBe(201)
  })

  afterAll(async () => {
    await server?.[Symbol.asyncDispose]()
    await folder?.[Symbol.asyncDispose]()
  })

  for (const [method, target] of table) {
    test(`is refused in ${method} ${target}, and changes nothing`, async () => {
      const before = await snapshot(folder.path)
      for (const segment of hostile) {
        const raw = context + target.replace('{}', segment)
        const response = await rawRequest(server.port, requestFor(method, raw))
        await expectHarmless(response, method, raw)
      }
      expect(await snapshot(folder.path)).toEqual(before)
      expect((await site(server, { repo, context }).get('/charts/mychart-1.0.0.tgz')).status).toBe(200)
    })
  }

  test('leaves no control characters and no line of its own in the log', async () => {
    const lines = server.logs().split('\n').length
    for (const value of ['\u001b[31mred', 'a\tb', 'x'.repeat(3_000), 'ü'])
      await rawRequest(server.port, {
        target: '/%1b%5b31m%0aINFO%20forged',
        headers: { 'X-Request-Id': value },
      })
    // oxlint-disable-next-line no-control-regex
    expect(server.logs()).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/)
    expect(server.logs().split('\n').length - lines).toBeLessThanOrEqual(4)
    expect(server.logs()).not.toMatch(/^INFO forged/m)
  })

  /**
   * 400 or 404, without a word of the inside. Dot segments, which clients and Bun resolve before anybody routes, may
   * lead to a real resource: then it is the very answer that the resolved path gets.
   */
  async function expectHarmless(response: RawResponse, method: string, raw: string): Promise<void> {
    const about = `${method} ${raw.slice(0, 200)} → ${response.status} ${response.text().slice(0, 300)}`
    const resolved = new URL(raw.replaceAll('\\', '/'), server.url).pathname
    // Where our own pages begin, the home page is.
    if (/^\/-\/?$/.test(raw.slice(context.length))) return expect(response.status, about).toBe(200)
    if (response.status === 200 || response.status === 201) {
      expect(resolved, about).not.toBe(raw)
      expect((await rawRequest(server.port, requestFor(method, resolved))).status, about).toBe(
        response.status,
      )
      expect(method, about).not.toBe('DELETE')
    } else if (response.status === 409) expect(resolved, about).not.toBe(raw)
    else expect([400, 404, 414, 431], about).toContain(response.status)
    expect(response.headers.get('x-injected'), about).toBeNull()
    expect(response.text(), about).not.toContain(folder.path)
    expect(Buffer.from(response.body).equals(secret), about).toBe(false)
  }
})

/** What is posted is there already: where a path leads to the repository after all, the answer is 409. */
function requestFor(method: string, target: string) {
  return method === 'POST' ? { method, target, body: archive } : { method, target }
}

/** Every file, with the digest of its bytes; what Chartroom keeps for itself may change. */
async function snapshot(folder: string): Promise<Record<string, string>> {
  const files = (await filesBelow(folder)).filter(
    (file) => !file.includes('.chartroom/') && !file.endsWith('index-cache.yaml'),
  )
  const digests = files.map(async (file) => {
    const bytes = await Bun.file(join(folder, file)).bytes()
    return [file, new Bun.CryptoHasher('sha256').update(bytes).digest('hex')] as const
  })
  return Object.fromEntries(await Promise.all(digests))
}

describe('a path that no route has', () => {
  const unknown: readonly [method: string, target: string][] = [
    ['GET', '/nothing'],
    ['GET', '/INDEX.yaml'],
    ['GET', '/index.yaml/'],
    ['GET', '//index.yaml'],
    ['GET', '/charts'],
    ['GET', '/api'],
    ['GET', '/api/'],
    ['GET', '/API/charts'],
    ['GET', '/api/charts/mychart/1.0.0/values/more'],
    ['GET', '/api/charts/mychart/1.0.0/nothing'],
    ['GET', '/api/prov'],
    ['GET', '/-/nothing'],
    ['GET', '/.chartroom/tmp'],
    ['POST', '/'],
    ['POST', '/index.yaml'],
    ['POST', '/charts'],
    ['POST', '/charts/mychart-1.0.0.tgz'],
    ['POST', '/api/charts/mychart'],
    ['POST', '/api/charts/mychart/1.0.0'],
    ['POST', '/health'],
    ['PUT', '/'],
    ['PUT', '/index.yaml'],
    ['PUT', '/charts/mychart-1.0.0.tgz'],
    ['PUT', '/api/charts'],
    ['PUT', '/api/charts/mychart/1.0.0'],
    ['PATCH', '/api/charts'],
    ['PATCH', '/api/charts/mychart/1.0.0'],
    ['OPTIONS', '/api/charts'],
    ['OPTIONS', '/index.yaml'],
    ['DELETE', '/'],
    ['DELETE', '/index.yaml'],
    ['DELETE', '/charts/mychart-1.0.0.tgz'],
    ['DELETE', '/api/charts'],
    ['DELETE', '/api/charts/'],
    ['DELETE', '/api/charts/mychart/'],
    ['DELETE', '/api/prov'],
    ['DELETE', '/health'],
  ]

  test("is 404 with ChartMuseum's text, whatever the method", async () => {
    await using server = await startServer()
    expect((await site(server).publish(archive)).status).toBe(201)
    for (const [method, target] of unknown) {
      const body = method === 'GET' || method === 'OPTIONS' ? {} : { body: archive }
      const response = await rawRequest(server.port, { method, target, ...body })
      const about = `${method} ${target}`
      expect(`${about} ${response.status} ${response.text()}`).toBe(`${about} 404 {"error":"not found"}`)
      expect(response.headers.get('content-type'), about).toBe('application/json; charset=utf-8')
      expect(response.headers.get('x-request-id'), about).not.toBeNull()
    }
    expect(await server.charts()).toEqual(['mychart-1.0.0.tgz'])
  })
})
