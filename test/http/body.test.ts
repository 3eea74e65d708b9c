import { describe, expect, test } from 'bun:test'
import { stat } from 'node:fs/promises'
import { createReceiver, isForm } from '../../src/http/body.ts'
import { digestOf, eventually, uploadServer, type Told } from './upload-server.ts'

const random = (size: number) => crypto.getRandomValues(new Uint8Array(Math.min(size, 65_536)))
const large = Buffer.concat(Array.from({ length: 8 }, () => random(65_536)))

async function post(url: URL, body: BodyInit, headers: Record<string, string> = {}) {
  const response = await fetch(url, { method: 'POST', body, headers })
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Told & { error: string },
  }
}

/** A body without a Content-Length. */
function chunked(chunks: Uint8Array[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk)
      controller.close()
    },
  })
}

describe('receive()', () => {
  test('keeps a small body in memory and a large one in a file, byte for byte', async () => {
    await using server = await uploadServer({ limit: 2_000_000 })
    expect((await post(server.url, 'hello')).body).toMatchObject({ charts: ['hello'], inMemory: [true] })
    expect((await post(server.url, large)).body).toMatchObject({
      charts: [digestOf(large)],
      inMemory: [false],
    })
    expect((await post(server.url, chunked([large, large.subarray(9)]))).body).toMatchObject({
      charts: [digestOf(Buffer.concat([large, large.subarray(9)]))],
    })
    expect(await server.isClean()).toBe(true)
  })

  test('takes every content type as it is, and no body as an empty one', async () => {
    await using server = await uploadServer()
    for (const type of [
      'application/x-www-form-urlencoded',
      'application/octet-stream',
      'text/plain',
      'application/json',
      'application/gzip',
    ]) {
      const { body } = await post(server.url, large.subarray(0, 9000), { 'content-type': type })
      expect(body.charts).toEqual([digestOf(large.subarray(0, 9000))])
    }
    expect((await post(server.url, '')).body.charts).toEqual([''])
    expect(await server.raw('POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')).toContain(
      '"charts":[""]',
    )
  })

  test('takes exactly the limit and refuses one byte more, announced or not', async () => {
    await using server = await uploadServer({ limit: 300_000 })
    expect((await post(server.url, large.subarray(0, 300_000))).status).toBe(200)
    expect((await post(server.url, chunked([large.subarray(0, 300_000)]))).status).toBe(200)
    for (const body of [
      large.subarray(0, 300_001),
      chunked([large.subarray(0, 300_000), large.subarray(0, 1)]),
    ]) {
      const refused = await post(server.url, body)
      expect(refused.status).toBe(413)
      expect(refused.body.error).toBe('request too large: the limit is 300000 bytes')
    }
    expect(await server.isClean()).toBe(true)
  })

  test('refuses an announced length over the limit before any byte is sent', async () => {
    await using server = await uploadServer()
    const answer = await server.raw('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n')
    expect(answer).toStartWith('HTTP/1.1 413')
    expect(answer).toContain('the limit is 1000000 bytes')
  })

  test('lets a client that sends on after a 413 finish, and serves its next request', async () => {
    await using server = await uploadServer({ limit: 100_000 })
    const chunks = `10000\r\n${'x'.repeat(65_536)}\r\n`.repeat(8)
    const next = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello'
    for (const head of ['Transfer-Encoding: chunked', `Content-Length: ${chunks.length + 5}`]) {
      const request = `POST / HTTP/1.1\r\nHost: x\r\n${head}\r\n\r\n`
      const answer = await server.raw(
        request,
        chunks.slice(0, 200_000),
        100,
        chunks.slice(200_000),
        '0\r\n\r\n',
        50,
        next,
      )
      expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 413', 'HTTP/1.1 200'])
    }
    expect(await server.isClean()).toBe(true)
  })

  test('stops reading a chunked body without end at the limit', async () => {
    await using server = await uploadServer({ limit: 200_000 })
    const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`
    const answer = await server.raw(
      'POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n',
      ...Array.from({ length: 10 }, () => [chunk, 10]).flat(),
    )
    expect(answer).toStartWith('HTTP/1.1 413')
    expect(await server.isClean()).toBe(true)
  })

  test('takes no body at all with a limit of 0, except an empty one', async () => {
    await using server = await uploadServer({ limit: 0 })
    expect((await post(server.url, '')).status).toBe(200)
    expect((await post(server.url, 'x')).status).toBe(413)
  })

  test('leaves nothing when the client goes away in the middle', async () => {
    await using server = await uploadServer()
    const head = 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n'
    const gone = server.raw(head, 'x'.repeat(5000), 50, 'x'.repeat(100_000), 100)
    expect(await eventually(async () => (await server.folder.files()).length === 1)).toBe(true)
    await gone
    expect(await server.isClean()).toBe(true)
  })

  test('answers 408 to a body that trickles, however steadily, and leaves nothing', async () => {
    await using server = await uploadServer({ deadlineMs: 300, memoryBytes: 100 })
    const trickle = Array.from({ length: 20 }, () => ['x'.repeat(50), 40]).flat()
    const answer = await server.raw(
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n',
      ...trickle,
    )
    expect(answer).toStartWith('HTTP/1.1 408')
    expect(answer.toLowerCase()).toContain('connection: close')
    expect(answer).toContain('longer than')
    expect(await server.isClean()).toBe(true)
  })

  test('answers 408 to a body that never begins', async () => {
    await using server = await uploadServer({ deadlineMs: 200 })
    const answer = await server.raw('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n')
    expect(answer).toStartWith('HTTP/1.1 408')
  })

  test('waits for ever with a deadline of 0, and does not take a huge one for none', async () => {
    for (const deadlineMs of [0, 365 * 24 * 3600 * 1000]) {
      await using server = await uploadServer({ deadlineMs })
      const head = 'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 5\r\n\r\n'
      expect(await server.raw(head, 'he', 300, 'llo')).toContain('"charts":["hello"]')
    }
  })

  test('goes to the disk early when many small uploads together hold too much memory', async () => {
    await using server = await uploadServer({ memoryBytes: 10_000, totalMemoryBytes: 15_000 })
    const half = 'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 9000\r\n\r\n'
    const first = server.raw(half, 'a'.repeat(8000), 400, 'a'.repeat(1000))
    await Bun.sleep(100)
    const held = server.receiver.heldBytes()
    expect(held).toBeGreaterThanOrEqual(8000)
    const { body } = await post(server.url, large.subarray(0, 9000))
    expect(body).toMatchObject({ charts: [digestOf(large.subarray(0, 9000))], inMemory: [false] })
    expect(await first).toContain('"inMemory":[true]')
    expect(await server.isClean()).toBe(true)
  })

  test('makes its files readable for nobody else, and its folder when that is missing', async () => {
    await using server = await uploadServer({ memoryBytes: 10 })
    const folder = `${server.folder.path}/not/there`
    const receiver = createReceiver({
      folder,
      limit: 1000,
      deadlineMs: 1000,
      memoryBytes: 10,
      totalMemoryBytes: 100,
    })
    const upload = await receiver.receive(
      new Request('http://localhost', { method: 'POST', body: 'x'.repeat(100) }),
    )
    const [file] = await server.folder.files()
    expect((await stat(`${server.folder.path}/${file}`)).mode & 0o777).toBe(0o600)
    await upload.discard()
    await upload.discard()
    expect(await server.folder.files()).toEqual([])
  })

  test('says that its folder is a file, without its path', async () => {
    await using server = await uploadServer({ folder: '/dev/null' })
    const refused = await post(server.url, large)
    expect(refused.status).toBe(503)
    expect(refused.body.error).toBe('Cannot receive the upload: its temporary file cannot be written.')
    expect(server.receiver.heldBytes()).toBe(0)
  })
})

describe('isForm()', () => {
  const form = (type?: string) =>
    isForm(
      new Request('http://localhost', {
        method: 'POST',
        ...(type !== undefined && { headers: { 'content-type': type } }),
      }),
    )

  test('is true for multipart/form-data in any case, with any parameters', () => {
    for (const type of [
      'multipart/form-data',
      'multipart/form-data; boundary=x',
      'Multipart/Form-Data;boundary=x',
      ' multipart/form-data ;x',
    ]) {
      expect(form(type)).toBe(true)
    }
  })

  test('is false for everything else', () => {
    const others = [
      undefined,
      '',
      'multipart/mixed; boundary=x',
      'multipart/form-data-x',
      'application/x-www-form-urlencoded',
      'text/plain; a=multipart/form-data',
    ]
    for (const type of others) expect(form(type)).toBe(false)
  })
})
