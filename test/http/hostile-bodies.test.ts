import {
  afterAll,
  afterEach,
  beforeAll,
  beforeEach,
  describe,
  expect,
  setDefaultTimeout,
  test,
} from 'bun:test'
import { gzipSync } from 'node:zlib'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import { chunks, head, parseResponse, rawConnection, rawRequest } from '../support/raw-http.ts'
import type { RawConnection, RawRequest, RawResponse } from '../support/raw-http.ts'
import { exact, site } from '../support/site.ts'
import { startServer } from '../support/start-server.ts'
import type { RunningServer } from '../support/start-server.ts'
import { filesBelow } from '../support/temp-folder.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(30_000)

const limit = 200_000
const readTimeout = 2
const archive = await chart('mychart', '1.0.0').tgz()
const large = await chart('large', '1.0.0').sized(250_000).tgz()
const whole = await chart('whole', '1.0.0').sized(60_000).tgz()
const boundary = 'b0undary'
const multipart = { 'Content-Type': `multipart/form-data; boundary=${boundary}` }

let server: RunningServer
let before: string[]

beforeAll(async () => {
  server = await startServer({
    flags: ['--max-upload-size', String(limit), '--read-timeout', String(readTimeout)],
  })
})

afterAll(() => server[Symbol.asyncDispose]())

beforeEach(async () => {
  before = await server.charts()
})

/** Whatever came in: nothing is stored, nothing waits in the temp folder, and the next request is served. */
afterEach(async () => {
  expect(await server.charts()).toEqual(before)
  await eventually(async () => (await filesBelow(server.tmp)).filter(isUpload), [])
  await eventually(async () => (await filesBelow(server.folder)).filter(isUpload), before)
  expect((await fetch(`${server.url}/livez`)).status).toBe(200)
})

describe('a body over the limit', () => {
  const bodies: { title: string; request: Partial<RawRequest> }[] = [
    { title: 'with its length', request: { body: large } },
    { title: 'in chunks, without a length', request: { body: large, chunked: true } },
    { title: 'as a form with its length', request: { body: form([['chart', large]]), headers: multipart } },
    {
      title: 'as a form in chunks',
      request: { body: form([['chart', large]]), headers: multipart, chunked: true },
    },
    {
      title: 'as a form whose other fields are too large',
      request: { body: form([['note', large]]), headers: multipart, chunked: true },
    },
    { title: 'as a provenance', request: { target: '/api/prov', body: large } },
    { title: 'as a provenance in chunks', request: { target: '/api/prov', body: large, chunked: true } },
  ]
  for (const { title, request } of bodies) {
    test(`is refused with 413 and the limit when it comes ${title}`, async () => {
      const response = await post(request)
      expectRefusal(response, 413)
    })
  }

  test('is refused before it arrives when its length tells', async () => {
    using connection = await rawConnection(server.port)
    await connection.send(
      head(server.port, {
        method: 'POST',
        target: '/api/charts',
        headers: { 'Content-Length': '10000000000' },
      }),
    )
    expectRefusal(parseResponse(await connection.received(5_000)), 413)
  })

  test('is not taken for the next request on the same connection', async () => {
    const smuggled = 'GET /smuggled HTTP/1.1\r\nHost: localhost\r\n\r\n'
    for (const chunked of [false, true]) {
      using connection = await rawConnection(server.port)
      const body = Buffer.from(smuggled.repeat(6_000))
      const headers = { Connection: 'keep-alive' }
      await connection.send(
        head(server.port, { method: 'POST', target: '/api/charts', headers, body, chunked }),
      )
      await connection.send(chunked ? chunks(body) : body)
      await Bun.sleep(300)
      await connection.send(head(server.port, { target: '/livez' }))
      const text = Buffer.from(await connection.received(5_000)).toString()
      const statuses = [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status)
      // Closing behind the refusal is fine, too.
      expect(['413', '413 200']).toContain(statuses.join(' '))
    }
  })

  test('begins one byte above the limit', async () => {
    const size = archive.byteLength
    for (const [flag, status] of [
      [size, 201],
      [size - 1, 413],
    ] as const) {
      await using tight = await startServer({ flags: ['--max-upload-size', String(flag)] })
      expect((await site(tight).publish(archive)).status).toBe(status)
    }
  })
})

describe('an upload that stops half-way', () => {
  const stops: {
    title: string
    begin: () => string | Uint8Array
    how: (connection: RawConnection) => void
  }[] = []
  const beginnings: [string, () => string | Uint8Array][] = [
    ['with a length', () => Buffer.concat([start({ body: whole }), whole.subarray(0, 30_000)])],
    [
      'in chunks',
      () => Buffer.concat([start({ body: whole, chunked: true }), chunks(whole).subarray(0, 40_000)]),
    ],
    [
      'as a form',
      () =>
        Buffer.concat([
          start({ body: form([['chart', whole]]), headers: multipart }),
          form([['chart', whole]]).subarray(0, 30_000),
        ]),
    ],
    ['after its headers', () => start({ body: whole })],
    ['inside its headers', () => 'POST /api/charts HTTP/1.1\r\nHost: localhost\r\nContent-Le'],
  ]
  for (const [title, begin] of beginnings) {
    stops.push({ title: `${title}, by a reset`, begin, how: ({ socket }) => socket.resetAndDestroy() })
    stops.push({ title: `${title}, by closing`, begin, how: ({ socket }) => socket.destroy() })
    stops.push({ title: `${title}, by half-closing`, begin, how: ({ socket }) => socket.end() })
  }
  for (const { title, begin, how } of stops) {
    test(`leaves nothing: ${title}`, async () => {
      using connection = await rawConnection(server.port)
      await connection.send(begin())
      await Bun.sleep(50)
      how(connection)
      await connection.received(1_000)
    })
  }
})

describe('an upload that trickles', () => {
  for (const chunked of [false, true]) {
    test(`ends after the read timeout ${chunked ? 'in chunks' : 'with a length'}`, async () => {
      using connection = await rawConnection(server.port)
      const started = performance.now()
      await connection.send(
        head(server.port, { method: 'POST', target: '/api/charts', body: whole, chunked }),
      )
      const bytes = [...whole.subarray(0, 200)]
      while (!connection.socket.destroyed && !connection.socket.readableEnded && bytes.length > 0) {
        const byte = Uint8Array.of(bytes.shift() ?? 0)
        const part = chunked ? Buffer.concat([Buffer.from('1\r\n'), byte, Buffer.from('\r\n')]) : byte
        await connection.send(part)
        await Bun.sleep(100)
      }
      const received = await connection.received(100)
      expect(performance.now() - started).toBeLessThan((readTimeout + 6) * 1_000)
      if (received.byteLength > 0) expectRefusal(parseResponse(received), 408)
    }, 20_000)
  }
})

describe('a body that is nothing', () => {
  test('is refused as ChartMuseum refuses it when it is empty', async () => {
    for (const request of [{ body: '' }, {}, { body: '', chunked: true }]) {
      const response = await post(request)
      expect(`${response.status} ${response.text()}`).toBe('400 {"error":"EOF"}')
    }
    expectRefusal(await post({ target: '/api/prov', body: '' }), 400)
  })

  test('is refused when less arrives than an archive needs', async () => {
    for (const size of [1, 9, 10, 18, 100, archive.byteLength - 9])
      expectRefusal(await post({ body: archive.subarray(0, size) }), 400)
  })

  test('is refused when it is text, JSON, a zip or zeros', async () => {
    const junk = ['hello', '{"chart":"x"}', 'PK\u0003\u0004junk', '\0'.repeat(5_000), '\u001f\u008b']
    for (const body of junk) expectRefusal(await post({ body }), 400)
  })

  test('is refused as a provenance when it is empty, not signed or names no chart', async () => {
    const signed = '-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n'
    const bodies = [
      'hello',
      signed,
      `${signed}name: mychart\n`,
      `${signed}version: 1.0.0\n`,
      `${signed}name: ../mychart\nversion: 1.0.0\n`,
      `${signed}name: ${'x'.repeat(300)}\nversion: 1.0.0\n`,
      `${signed}name: a/b\nversion: 1.0.0\n`,
      `${signed}name: a\0b\nversion: 1.0.0\n`,
      ` ${signed}name: mychart\nversion: 1.0.0\n`,
    ]
    for (const body of bodies) expectRefusal(await post({ target: '/api/prov', body }), 400)
    for (const body of bodies)
      expectRefusal(await post({ body: form([['prov', Buffer.from(body)]]), headers: multipart }), 400)
  })
})

describe('a form that is none', () => {
  const noPart = 'no package or provenance file found in form fields chart and prov'
  const complete = form([['chart', archive]])
  const nothingIn: { title: string; type?: string; body: string | Uint8Array }[] = [
    { title: 'without a boundary', type: 'multipart/form-data', body: complete },
    { title: 'with an empty boundary', type: 'multipart/form-data; boundary=', body: complete },
    { title: 'with the end alone', body: `--${boundary}--\r\n` },
    { title: 'with values in place of files', body: `${field('chart', 'text')}--${boundary}--\r\n` },
    {
      title: 'with files in other fields',
      body: form([
        ['file', archive],
        ['Chart', archive],
      ]),
    },
  ]
  for (const { title, type, body } of nothingIn) {
    test(`is refused with ChartMuseum's text ${title}`, async () => {
      const headers = type === undefined ? multipart : { 'Content-Type': type }
      const response = await post({ body, headers })
      expectRefusal(response, 400)
      expect(JSON.parse(response.text()).error).toContain(noPart)
    })
  }

  const broken: { title: string; type?: string; body: string | Uint8Array }[] = [
    { title: 'with another boundary', type: 'multipart/form-data; boundary=other', body: complete },
    { title: 'with an empty body', body: '' },
    { title: 'cut inside the file', body: complete.subarray(0, complete.byteLength - 200) },
    { title: 'cut inside its end', body: complete.subarray(0, complete.byteLength - 6) },
    { title: 'cut inside the headers of a part', body: complete.subarray(0, 60) },
    {
      title: 'with a thousand fields',
      body: form(Array.from({ length: 1_000 }, (_, i) => [`f${i}`, Buffer.from('x')])),
    },
    {
      title: 'with a thousand values',
      body: Array.from({ length: 1_000 }, (_, i) => field(`f${i}`, 'x')).join(''),
    },
    { title: 'with thousands of empty parts', body: `--${boundary}\r\n\r\n\r\n`.repeat(5_000) },
    {
      title: 'with a file behind headers of 64 KB',
      body: part('chart', Buffer.from('x'), `X-Long: ${'x'.repeat(65_000)}\r\n`),
    },
    {
      title: 'with a file behind thousands of headers',
      body: part('chart', Buffer.from('x'), 'X: y\r\n'.repeat(5_000)),
    },
    {
      title: 'with a boundary of 5,000 characters',
      type: `multipart/form-data; boundary=${'b'.repeat(5_000)}`,
      body: complete,
    },
    { title: 'with a file that is no archive', body: form([['chart', Buffer.from('hello')]]) },
    { title: 'with an empty file', body: form([['chart', Buffer.alloc(0)]]) },
    {
      title: 'with a good archive and a bad provenance',
      body: form([
        ['chart', archive],
        ['prov', Buffer.from('x')],
      ]),
    },
    {
      title: 'with a bad archive and a good provenance',
      body: form([
        ['chart', Buffer.from('x')],
        ['prov', Buffer.from('-----BEGIN PGP SIGNED MESSAGE-----\n\nname: a\nversion: 1.0.0\n')],
      ]),
    },
  ]
  for (const { title, type, body } of broken) {
    test(`is refused with a sentence ${title}`, async () => {
      const headers = type === undefined ? multipart : { 'Content-Type': type }
      expectRefusal(await post({ body, headers }), 400)
      expectRefusal(await post({ body, headers, chunked: true }), 400)
    })
  }
})

test('a body is not waited for where the caller may not publish', async () => {
  await using closed = await startServer({ flags: ['--basic-auth-user', 'u', '--basic-auth-pass', 'p'] })
  using connection = await rawConnection(closed.port)
  await connection.send(
    head(closed.port, { method: 'POST', target: '/api/charts', headers: { 'Content-Length': '1000000' } }),
  )
  const response = parseResponse(await connection.received(5_000))
  expect(`${response.status} ${response.text()}`).toBe('401 {"error":"unauthorized"}')
})

describe('twenty bodies at the limit at once', () => {
  test('are all answered, and memory stays under 512 MiB', async () => {
    await using busy = await startServer()
    const ours = site(busy)
    const full = await Promise.all(
      Array.from({ length: 20 }, async (_, i) =>
        gzipSync(await chart(`full-${i}`, '1.0.0').sized(20_900_000).tar(), { level: 0 }),
      ),
    )
    expect(full.every((body) => body.byteLength > 20_900_000 && body.byteLength <= 20_971_520)).toBe(true)
    await allAnswered(
      full.map((body) => ours.publish(body)),
      [201, 503],
    )
    const zeros = Buffer.alloc(5 * 1024 * 1024)
    let roomy = chart('roomy', '1.0.0')
    for (let i = 0; i < 19; i++) roomy = roomy.with(`files/${i}`, zeros)
    const bombs = await Promise.all([
      roomy.tgz(),
      roomy.with('files/19', zeros).with('files/20', zeros).tgz(),
    ])
    await allAnswered(
      Array.from({ length: 20 }, (_, i) => ours.publish(exact(bombs[i % 2] ?? archive))),
      [201, 400, 409, 503],
    )
    const status = await Bun.file(`/proc/${busy.pid}/status`).text()
    const peak = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024
    expect(peak).toBeLessThan(512)
    expect((await filesBelow(busy.tmp)).filter(isUpload)).toEqual([])
    expect((await busy.charts()).length).toBeGreaterThan(10)
  }, 120_000)
})

async function allAnswered(answers: Promise<Response>[], allowed: number[]): Promise<void> {
  for (const response of await Promise.all(answers)) {
    expect(allowed, await response.text()).toContain(response.status)
    if (response.status === 503) expect(response.headers.get('retry-after')).not.toBeNull()
  }
}

function start(request: Partial<RawRequest>): Uint8Array {
  return Buffer.from(head(server.port, { method: 'POST', target: '/api/charts', ...request }))
}

function post(request: Partial<RawRequest>): Promise<RawResponse> {
  return rawRequest(server.port, { method: 'POST', target: '/api/charts', ...request })
}

/** A status of its own, and a sentence in JSON that shows nothing of the inside. */
function expectRefusal(response: RawResponse, status: number): void {
  expect(`${response.status} ${response.text().slice(0, 300)}`).toStartWith(`${status} `)
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
  const { error } = JSON.parse(response.text()) as { error: unknown }
  expect(typeof error === 'string' && error.length >= 3 && error.length <= 4_096).toBe(true)
  expect(error).not.toContain(server.tmp)
  expect(error).not.toContain(server.folder)
  // oxlint-disable-next-line no-control-regex
  expect(error).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/)
}

function form(parts: (readonly [name: string, data: Uint8Array])[]): Buffer {
  const written = parts.map(([name, data]) => part(name, data).subarray(0, -(boundary.length + 6)))
  return Buffer.concat([...written, Buffer.from(`--${boundary}--\r\n`)])
}

function part(name: string, data: Uint8Array, headers = ''): Buffer {
  const disposition = `Content-Disposition: form-data; name="${name}"; filename="${name}.bin"\r\n`
  const before = `--${boundary}\r\n${disposition}${headers}Content-Type: application/octet-stream\r\n\r\n`
  return Buffer.concat([Buffer.from(before), data, Buffer.from(`\r\n--${boundary}--\r\n`)])
}

function field(name: string, value: string): string {
  return `--${boundary}\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`
}

/** Unfinished uploads; the index files and saved catalogs that a server keeps for itself are none. */
function isUpload(file: string): boolean {
  return !file.startsWith('.chartroom/catalog/') && !file.includes('index') && !file.includes('catalog')
}
