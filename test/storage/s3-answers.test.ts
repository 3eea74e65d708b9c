import { describe, expect, test } from 'bun:test'
import { isRegistryError } from '../../src/errors.ts'
import type { Keys } from '../../src/storage/aws-keys.ts'
import { fixedKeys, renewedKeys } from '../../src/storage/aws-keys.ts'
import { checked } from '../../src/storage/checked.ts'
import type { S3Options } from '../../src/storage/s3-options.ts'
import { s3Storage } from '../../src/storage/s3.ts'
import type { Storage } from '../../src/storage/storage.ts'
import type { S3StandIn, StandInCall, StandInHabits } from '../support/s3-stand-in.ts'
import { refusal, startS3StandIn } from '../support/s3-stand-in.ts'
import { bytes, text } from './contract.ts'

interface Place extends AsyncDisposable {
  readonly storage: Storage
  readonly script: S3StandIn['script']
  readonly calls: StandInCall[]
}

const time = new Date('2026-02-03T04:05:06Z').toUTCString()
const keys: Keys = { accessKey: 'a', secretKey: 's' }

/** A store that says now and then what a test wants. */
async function opened(changes: Partial<S3Options> = {}, habits: StandInHabits = {}): Promise<Place> {
  const server = startS3StandIn(habits)
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
  const { script, calls } = server
  calls.length = 0
  return {
    storage: checked(storage),
    script,
    calls,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  }
}

describe('a missing object', () => {
  test('is told from a missing bucket and from a page of a proxy', async () => {
    await using place = await opened()
    const { storage, script, calls } = place
    expect(await storage.info('a')).toBeUndefined()
    expect(calls.map(({ method, path }) => `${method} ${path}`)).toEqual(['HEAD /charts/a', 'GET /charts/a'])
    expect(await storage.get('a')).toBeUndefined()
    for (const answer of [
      () => refusal(404, 'NoSuchBucket'),
      () => new Response('<h1>Not Found</h1>', { status: 404 }),
    ]) {
      script.GET = [answer, answer]
      expect(await caught(storage.info('a'))).toMatchObject({ code: 'unavailable' })
      expect(await caught(storage.get('a'))).toMatchObject({ code: 'unavailable' })
    }
  })
})

test('a page of a proxy is no store: not at start, not for check(), not as a listing', async () => {
  await using place = await opened()
  const page = () => new Response('<html>Please sign in</html>')
  place.script.GET = [page]
  expect(await caught(place.storage.check())).toMatchObject({ code: 'unavailable' })
  place.script.GET = Array.from({ length: 20 }, () => page)
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
    place.script.PUT = [() => refusal(status, code)]
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
    place.script.PUT = [1, 2].map(() => () => refusal(status, code))
    await place.storage.put('a', bytes('a'), { when: 'absent' })
    expect(await text(place.storage, 'a')).toBe('a')
    expect(place.calls.filter(({ method }) => method === 'PUT')).toHaveLength(3)
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
    place.script.GET = [() => refusal(400, 'ExpiredToken')]
    expect(await text(place.storage, 'a')).toBe('a')
    expect(reads).toBe(2)
    place.script.GET = [1, 2].map(() => () => refusal(400, 'ExpiredToken'))
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

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

/** The lines that a start writes for the operator. */
async function startLines(habits: StandInHabits, changes: Partial<S3Options> = {}) {
  const lines: string[] = []
  const keep = (message: string) => void lines.push(message)
  const place = await opened({ ...changes, log: { ...quiet, warn: keep, error: keep } }, habits)
  return { ...place, lines }
}

describe('a store', () => {
  test.each([[501], [400]])(
    'that refuses conditions with %d is guarded within this process',
    async (status) => {
      await using place = await startLines({ conditions: status })
      expect(place.storage.conditionalWrites).toBe(false)
      expect(place.storage.replace).toBeUndefined()
      expect(place.lines).toEqual([expect.stringContaining('does not support conditional writes')])
      await place.storage.put('a', bytes('a'), { when: 'absent' })
      expect(await caught(place.storage.put('a', bytes('b'), { when: 'absent' }))).toMatchObject({
        code: 'conflict',
      })
    },
  )

  test('that obeys If-None-Match and not If-Match has no replace(), and one line says so', async () => {
    await using place = await startLines({ conditions: 'creates only' })
    expect(place.storage.conditionalWrites).toBe(true)
    expect(place.storage.replace).toBeUndefined()
    expect(place.lines).toEqual([expect.stringContaining('does not obey If-Match')])
  })

  test('that obeys both has it, and nothing is said', async () => {
    await using place = await startLines({})
    expect(place.storage.conditionalWrites).toBe(true)
    expect(place.storage.replace).toBeDefined()
    expect(place.lines).toEqual([])
  })

  test('is asked with If-None-Match whether an object is the same; one that takes no notice gives "same" too', async () => {
    await using place = await opened()
    const { etag } = await place.storage.put('a', bytes('a'))
    place.calls.length = 0
    expect(await place.storage.getUnless?.('a', etag)).toBe('same')
    expect(place.calls.map(({ headers }) => headers.get('if-none-match'))).toEqual([`"${etag}"`])
    place.calls.length = 0
    place.script.GET = [() => new Response('a', { headers: { etag: `"${etag}"`, 'last-modified': time } })]
    expect(await place.storage.getUnless?.('a', etag)).toBe('same')
    expect(place.calls.filter(({ method }) => method === 'GET')).toHaveLength(1)
  })
})

async function caught(promise: Promise<unknown>) {
  const error = await promise.then(
    (value) => new Error(`nothing was thrown, but came ${Bun.inspect(value)}`),
    (reason: unknown) => reason,
  )
  if (!isRegistryError(error)) throw error
  return error
}
