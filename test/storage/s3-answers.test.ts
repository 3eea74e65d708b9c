import { describe, expect, test } from 'bun:test'
import { isRegistryError } from '../../src/errors.ts'
import type { Keys } from '../../src/storage/aws-keys.ts'
import { fixedKeys, renewedKeys } from '../../src/storage/aws-keys.ts'
import { checked } from '../../src/storage/checked.ts'
import type { S3Options } from '../../src/storage/s3-options.ts'
import { s3Storage } from '../../src/storage/s3.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { bytes, text } from './contract.ts'

/** What the store says next to a call of this method, once each; then it does its work again. */
type Script = Partial<Record<string, Response[]>>

interface StandIn extends AsyncDisposable {
  readonly storage: Storage
  readonly script: Script
  readonly calls: string[]
}

const time = new Date('2026-02-03T04:05:06Z').toUTCString()
const keys: Keys = { accessKey: 'a', secretKey: 's' }

/** A store that keeps objects, answers HEAD without saying why, as Amazon does, and says now and then what a test wants. */
async function opened(changes: Partial<S3Options> = {}): Promise<StandIn> {
  const objects = new Map<string, Uint8Array<ArrayBuffer>>()
  const script: Script = {}
  const calls: string[] = []
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const { pathname, searchParams } = new URL(request.url)
      const { method } = request
      const body = await request.bytes()
      calls.push(`${method} ${pathname}`)
      const said = script[method]?.shift()
      if (said !== undefined) return said
      const found = objects.get(pathname)
      const headers = { etag: `"${found?.length ?? body.length}"`, 'last-modified': time }
      if (method === 'PUT') {
        if (request.headers.has('if-none-match') && found !== undefined)
          return refusal(412, 'PreconditionFailed')
        objects.set(pathname, body)
        return new Response('', { headers })
      }
      if (method === 'DELETE') {
        objects.delete(pathname)
        return new Response(null, { status: 204 })
      }
      if (searchParams.has('list-type')) {
        return new Response('<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>')
      }
      if (found === undefined) return refusal(404, 'NoSuchKey', method)
      return new Response(method === 'HEAD' ? null : found, {
        headers: { ...headers, 'content-length': String(found.length) },
      })
    },
  })
  const ignore = () => undefined
  const storage = await s3Storage({
    driver: 'amazon',
    endpoint: server.url,
    bucket: 'charts',
    prefix: '',
    region: 'us-east-1',
    pathStyle: true,
    keys: fixedKeys(keys),
    encryption: {},
    createBucket: false,
    bucketHint: 'make it',
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    patienceMs: 2_000,
    ...changes,
  })
  calls.length = 0
  return { storage: checked(storage), script, calls, [Symbol.asyncDispose]: () => server.stop(true) }
}

function refusal(status: number, code: string, method = 'GET'): Response {
  const xml = `<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>Words of the store</Message></Error>`
  return new Response(method === 'HEAD' ? null : xml, { status })
}

describe('a missing object', () => {
  test('is told from a missing bucket and from a page of a proxy', async () => {
    await using place = await opened()
    const { storage, script, calls } = place
    expect(await storage.info('a')).toBeUndefined()
    expect(calls).toEqual(['HEAD /charts/a', 'GET /charts/a'])
    expect(await storage.get('a')).toBeUndefined()
    for (const answer of [
      refusal(404, 'NoSuchBucket'),
      new Response('<h1>Not Found</h1>', { status: 404 }),
    ]) {
      script.GET = [answer.clone(), answer.clone()]
      expect(await caught(storage.info('a'))).toMatchObject({ code: 'unavailable' })
      expect(await caught(storage.get('a'))).toMatchObject({ code: 'unavailable' })
    }
  })
})

test('a page of a proxy is no store: not at start, not for check(), not as a listing', async () => {
  await using place = await opened()
  const page = () => new Response('<html>Please sign in</html>')
  place.script.GET = [page()]
  expect(await caught(place.storage.check())).toMatchObject({ code: 'unavailable' })
  place.script.GET = Array.from({ length: 20 }, page)
  const error = await caught(Array.fromAsync(place.storage.list('')))
  expect(error.message).toContain('is no S3 store')
  await using proxy = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: page })
  const start = await caught(opened({ endpoint: proxy.url }))
  expect(start.message).toContain('what answers at the address of the store is no S3 store')
})

describe('what the store says', () => {
  test.each([
    [507, 'InsufficientStorage', 'full'],
    [400, 'XMinioStorageFull', 'full'],
    [400, 'KeyTooLongError', 'invalid'],
    [400, 'EntityTooLarge', 'too_large'],
    [400, 'XMinioParentIsObject', 'conflict'],
    [403, 'AccessDenied', 'unavailable'],
    [403, 'RequestTimeTooSkewed', 'unavailable'],
    [301, 'PermanentRedirect', 'unavailable'],
    [418, 'SomethingNew', 'unavailable'],
  ])('%d %s becomes %s in a sentence of ours', async (status, code, expected) => {
    await using place = await opened()
    place.script.PUT = [refusal(status, code)]
    const error = await caught(place.storage.put('org/a', bytes('a')))
    expect(error).toMatchObject({ code: expected, about: 'storage' })
    expect(error.message).toMatch(/^Cannot store "org\/a": [^<>]{10,}$/)
    expect(error.message).not.toContain('Words of the store')
    expect(place.calls).toHaveLength(1)
  })

  test.each([
    [503, 'SlowDown'],
    [500, 'InternalError'],
    [429, 'TooManyRequests'],
    [409, 'ConditionalRequestConflict'],
  ])('%d %s is tried again', async (status, code) => {
    await using place = await opened()
    place.script.PUT = [refusal(status, code), refusal(status, code)]
    await place.storage.put('a', bytes('a'), { when: 'absent' })
    expect(await text(place.storage, 'a')).toBe('a')
    expect(place.calls.filter((call) => call.startsWith('PUT'))).toHaveLength(3)
  })

  test('of keys that have ended makes new ones be fetched, once', async () => {
    let reads = 0
    const source = renewedKeys(async () => ({ ...keys, accessKey: `key-${++reads}` }), {
      debug() {},
      info() {},
      warn() {},
      error() {},
    })
    await using place = await opened({ keys: source })
    await place.storage.put('a', bytes('a'))
    expect(reads).toBe(1)
    place.script.GET = [refusal(400, 'ExpiredToken')]
    expect(await text(place.storage, 'a')).toBe('a')
    expect(reads).toBe(2)
    place.script.GET = [refusal(400, 'ExpiredToken'), refusal(400, 'ExpiredToken')]
    expect((await caught(place.storage.get('a'))).message).toContain('the keys of this server have ended')
  })

  test('of keys that cannot be had is told without their source', async () => {
    let fails = false
    const source = {
      keys: async () => {
        if (fails) throw new Error('the metadata service has a secret')
        return keys
      },
      forget: () => undefined,
    }
    await using place = await opened({ keys: source })
    fails = true
    expect((await caught(place.storage.get('a'))).message).toBe(
      'Cannot read "a": this server has no keys for the store now; its operator has to look at its log',
    )
  })
})

test('a store that refuses conditions at all is guarded within this process', async () => {
  const errors: string[] = []
  const log = { debug() {}, info() {}, warn() {}, error: (message: string) => void errors.push(message) }
  const conditions = { status: 501 }
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request) =>
      request.headers.has('if-none-match')
        ? refusal(conditions.status, 'NotImplemented')
        : new Response('<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>'),
  })
  const { storage } = await opened()
  expect(storage.conditionalWrites).toBe(true)
  const other = await s3Storage({
    driver: 'amazon',
    endpoint: server.url,
    bucket: 'charts',
    prefix: '',
    region: 'us-east-1',
    pathStyle: true,
    keys: fixedKeys(keys),
    encryption: {},
    createBucket: false,
    bucketHint: 'make it',
    log,
  })
  expect(other.conditionalWrites).toBe(false)
  expect(errors).toHaveLength(1)
  await server.stop(true)
})

async function caught(promise: Promise<unknown>) {
  const error = await promise.then(
    (value) => new Error(`nothing was thrown, but came ${Bun.inspect(value)}`),
    (reason: unknown) => reason,
  )
  if (!isRegistryError(error)) throw error
  return error
}
