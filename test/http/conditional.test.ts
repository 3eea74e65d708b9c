import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { listsTag, parseRange, sendObject } from '../../src/http/conditional.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

const bytes = 'abcdefghij'.repeat(100)
const modified = new Date('2026-11-22T10:20:30.456Z')
const lastModified = 'Sun, 22 Nov 2026 10:20:30 GMT'

let folder: TempFolder
let server: ReturnType<typeof Bun.serve>

beforeAll(async () => {
  folder = await tempFolder()
  const file = join(folder.path, 'inside-name.bin')
  await Bun.write(file, bytes)
  await Bun.write(join(folder.path, 'empty'), '')
  server = Bun.serve({
    port: 0,
    fetch(request) {
      const { pathname } = new URL(request.url)
      const bodies: Record<string, Blob> = {
        '/file': Bun.file(file),
        '/memory': new Blob([bytes]),
        '/empty': Bun.file(join(folder.path, 'empty')),
      }
      const body = bodies[pathname] as Blob
      const headers = { vary: 'Accept-Encoding' }
      return sendObject({
        request,
        body,
        size: body.size,
        etag: 'tag-1',
        modified,
        type: 'application/x-tar',
        headers,
      })
    },
  })
})

afterAll(async () => {
  await server.stop(true)
  await folder[Symbol.asyncDispose]()
})

function ask(path: string, headers: Record<string, string> = {}, method = 'GET') {
  return fetch(new URL(path, server.url), { method, headers })
}

// A Bun.file answers ranges by itself where we let it; both kinds must look the same from outside.
for (const path of ['/file', '/memory']) {
  describe(`sendObject() of ${path}`, () => {
    test('sends the whole with its validators and type, and no name from the disk', async () => {
      const response = await ask(path)
      expect(response.status).toBe(200)
      expect(await response.text()).toBe(bytes)
      expect(Object.fromEntries(response.headers)).toMatchObject({
        etag: '"tag-1"',
        'last-modified': lastModified,
        'content-type': 'application/x-tar',
        'content-length': '1000',
        'accept-ranges': 'bytes',
        'content-disposition': 'inline',
        vary: 'Accept-Encoding',
        'x-content-type-options': 'nosniff',
      })
    })

    test('answers HEAD with the same headers and the true length', async () => {
      const response = await ask(path, { range: 'bytes=0-9' }, 'HEAD')
      expect(response.status).toBe(200)
      expect(response.headers.get('content-length')).toBe('1000')
      expect(response.headers.get('content-type')).toBe('application/x-tar')
      expect(response.headers.get('etag')).toBe('"tag-1"')
      expect(await response.text()).toBe('')
    })

    const unchanged: Record<string, string>[] = [
      { 'if-none-match': '"tag-1"' },
      { 'if-none-match': 'W/"tag-1"' },
      { 'if-none-match': '"x", W/"y" , "tag-1"' },
      { 'if-none-match': '*' },
      { 'if-modified-since': lastModified },
      { 'if-none-match': '"tag-1"', 'if-modified-since': 'Mon, 01 Jan 2001 00:00:00 GMT' },
      { 'if-none-match': '"tag-1"', range: 'bytes=0-1' },
    ]
    for (const headers of unchanged) {
      test(`answers 304 without a body to ${JSON.stringify(headers)}`, async () => {
        for (const method of ['GET', 'HEAD']) {
          const response = await ask(path, headers, method)
          expect(response.status).toBe(304)
          expect(response.headers.get('etag')).toBe('"tag-1"')
          expect(response.headers.get('vary')).toBe('Accept-Encoding')
          expect(await response.text()).toBe('')
        }
      })
    }

    const changed: Record<string, string>[] = [
      { 'if-none-match': '"tag-2"' },
      { 'if-none-match': 'tag-1' },
      { 'if-none-match': '' },
      { 'if-modified-since': 'Sun, 22 Nov 2026 10:20:29 GMT' },
      { 'if-modified-since': 'Mon, 23 Nov 2026 00:00:00 GMT' },
      { 'if-modified-since': 'yesterday' },
      { 'if-none-match': '"tag-2"', 'if-modified-since': lastModified },
    ]
    for (const headers of changed) {
      test(`answers 200 to ${JSON.stringify(headers)}`, async () => {
        expect((await ask(path, headers)).status).toBe(200)
      })
    }

    const parts: [string, string, string][] = [
      ['bytes=0-9', 'bytes 0-9/1000', bytes.slice(0, 10)],
      ['bytes=5-5', 'bytes 5-5/1000', 'f'],
      ['bytes=990-', 'bytes 990-999/1000', bytes.slice(990)],
      ['bytes=990-5000', 'bytes 990-999/1000', bytes.slice(990)],
      ['bytes=-3', 'bytes 997-999/1000', 'hij'],
      ['bytes=-5000', 'bytes 0-999/1000', bytes],
      ['bytes=0-999', 'bytes 0-999/1000', bytes],
      ['BYTES = 1 - 2', 'bytes 1-2/1000', 'bc'],
    ]
    for (const [range, contentRange, text] of parts) {
      test(`answers 206 to ${range}`, async () => {
        const response = await ask(path, { range })
        expect(response.status).toBe(206)
        expect(response.headers.get('content-range')).toBe(contentRange)
        expect(response.headers.get('content-length')).toBe(String(text.length))
        expect(response.headers.get('content-type')).toBe('application/x-tar')
        expect(await response.text()).toBe(text)
      })
    }

    for (const range of ['bytes=1000-', 'bytes=5000-6000', 'bytes=-0']) {
      test(`answers 416 to ${range}`, async () => {
        const response = await ask(path, { range })
        expect(response.status).toBe(416)
        expect(response.headers.get('content-range')).toBe('bytes */1000')
        expect(await response.text()).toBe('')
      })
    }

    for (const range of [
      'bytes=0-1,5-6',
      'bytes=9-5',
      'bytes=a-b',
      'bytes=-',
      'bytes=',
      'items=0-1',
      '0-1',
      'bytes=0x1-2',
    ]) {
      test(`ignores the range ${range}`, async () => {
        const response = await ask(path, { range })
        expect(response.status).toBe(200)
        expect(await response.text()).toBe(bytes)
      })
    }

    const ifRange: [string, number][] = [
      ['"tag-1"', 206],
      [lastModified, 206],
      ['W/"tag-1"', 200],
      ['"tag-2"', 200],
      ['Mon, 23 Nov 2026 00:00:00 GMT', 200],
      ['nonsense', 200],
    ]
    for (const [condition, status] of ifRange) {
      test(`answers ${status} to a range if it is still ${condition}`, async () => {
        const response = await ask(path, { range: 'bytes=0-9', 'if-range': condition })
        expect(response.status).toBe(status)
        expect((await response.text()).length).toBe(status === 206 ? 10 : 1000)
      })
    }
  })
}

describe('sendObject() of an empty file', () => {
  test('is 200 with length 0, and 416 for any range', async () => {
    const whole = await ask('/empty')
    expect(whole.status).toBe(200)
    expect(whole.headers.get('content-length')).toBe('0')
    expect((await ask('/empty', { range: 'bytes=0-' })).status).toBe(416)
  })
})

describe('parseRange()', () => {
  test('is not misled by numbers beyond reason', () => {
    expect(parseRange(`bytes=0-${'9'.repeat(400)}`, 10)).toEqual({ start: 0, end: 10 })
    expect(parseRange(`bytes=${'9'.repeat(400)}-`, 10)).toBe('unsatisfiable')
    expect(parseRange(`bytes=-${'9'.repeat(400)}`, 10)).toEqual({ start: 0, end: 10 })
  })
})

describe('listsTag()', () => {
  test('compares whole tags only', () => {
    expect(listsTag('"ab"', '"a"')).toBe(false)
    expect(listsTag('"a, b"', '"a"')).toBe(false)
    expect(listsTag('"a", "b"', '"b"')).toBe(true)
    expect(listsTag('', '"a"')).toBe(false)
  })
})

test('sendObject() sends and compares no date in the second of the change', async () => {
  const body = new Blob(['new'])
  for (const [age, status, dated] of [
    [0, 200, false],
    [3000, 304, true],
  ] as const) {
    const changedAt = new Date(Math.floor(Date.now() / 1000) * 1000 + 500 - age)
    const request = new Request('http://localhost/', {
      headers: { 'if-modified-since': changedAt.toUTCString() },
    })
    const response = sendObject({
      request,
      body,
      size: 3,
      etag: 't',
      modified: changedAt,
      type: 'text/plain',
    })
    expect([response.status, response.headers.has('last-modified')]).toEqual([status, dated])
  }
})
