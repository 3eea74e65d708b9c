import { describe, expect, test } from 'bun:test'
import { isRegistryError } from '../../src/errors.ts'
import { renewedKeys } from '../../src/storage/aws-keys.ts'
import { checked } from '../../src/storage/checked.ts'
import type { GoogleOptions } from '../../src/storage/google-options.ts'
import { googleStorage } from '../../src/storage/google.ts'
import { StoreAway } from '../../src/storage/late.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { bytes, keys, text } from './contract.ts'
import { StoreFailure } from '../../src/storage/store-failure.ts'

interface StandIn extends AsyncDisposable {
  readonly storage: Storage
  /** What the store says next to a call of this method, once each; then it does its work again. */
  readonly script: Partial<Record<string, (() => Response)[]>>
  /** "GET /storage/v1/b/charts/o?…", and the Authorization that came with it. */
  readonly calls: { readonly call: string; readonly authorization: string | null }[]
}

interface Kept {
  readonly resource: {
    name: string
    size: string
    generation: string
    timeCreated: string
    metadata?: unknown
  }
  readonly content: Uint8Array<ArrayBuffer>
}

const quiet = { debug() {}, info() {}, warn() {}, error() {} }
const timeCreated = '2026-02-03T04:05:06.789Z'

/** A bucket that answers as Google's own documents say, where fake-gcs-server does not, and what a test wants. */
async function opened(changes: Partial<GoogleOptions> = {}): Promise<StandIn> {
  const objects = new Map<string, Kept>()
  const script: StandIn['script'] = {}
  const calls: { call: string; authorization: string | null }[] = []
  let generation = 1_700_000_000_000_000
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const { pathname, search, searchParams } = new URL(request.url)
      const body = await request.text()
      calls.push({
        call: `${request.method} ${pathname}${search}`,
        authorization: request.headers.get('authorization'),
      })
      const said = script[request.method]?.shift()
      if (said !== undefined) return said()
      const match = searchParams.get('ifGenerationMatch')
      if (pathname.startsWith('/upload/')) {
        const [, about = '', content = ''] = /\r\n\r\n(\{.*\})\r\n[^]*?\r\n\r\n([^]*)\r\n--/.exec(body) ?? []
        const { name, metadata } = JSON.parse(about) as { name: string; metadata?: unknown }
        if (match !== null && match !== (objects.get(name)?.resource.generation ?? '0')) {
          return refusal(412, 'conditionNotMet')
        }
        const resource = {
          name,
          size: String(content.length),
          generation: String(++generation),
          timeCreated,
          metadata,
        }
        objects.set(name, { resource, content: new Uint8Array(bytes(content)) })
        return Response.json(resource)
      }
      const name = /\/o\/(.+)$/.exec(pathname)?.[1]
      if (name === undefined) return Response.json(listing([...objects.keys()].sort(), searchParams))
      const found = objects.get(decodeURIComponent(name))
      if (found === undefined) return missing(searchParams.get('alt') === 'media')
      if (request.method === 'DELETE') {
        objects.delete(decodeURIComponent(name))
        return new Response(null, { status: 204 })
      }
      if (searchParams.get('alt') !== 'media') return Response.json(found.resource)
      if (searchParams.get('ifGenerationNotMatch') === found.resource.generation) {
        return new Response(null, { status: 304 })
      }
      const headers = {
        'x-goog-generation': found.resource.generation,
        'last-modified': new Date(timeCreated).toUTCString(),
      }
      return new Response(found.content, { headers })
    },
  })

  function listing(names: string[], query: URLSearchParams) {
    const size = Number(query.get('maxResults'))
    const from = query.get('pageToken') ?? query.get('startOffset') ?? ''
    const wanted = names.filter((name) => name >= from && name.startsWith(query.get('prefix') ?? ''))
    const items = wanted.slice(0, size).map((name) => objects.get(name)?.resource)
    const next = wanted[size]
    return {
      kind: 'storage#objects',
      ...(items.length > 0 && { items }),
      ...(next && { nextPageToken: next }),
    }
  }

  const storage = await googleStorage({
    endpoint: server.url,
    bucket: 'charts',
    prefix: '',
    tokens: undefined,
    log: quiet,
    patienceMs: 2_000,
    ...changes,
  })
  calls.length = 0
  return { storage: checked(storage), script, calls, [Symbol.asyncDispose]: () => server.stop(true) }
}

function refusal(status: number, reason: string, message = 'Words of the store'): Response {
  const error = { code: status, message, errors: [{ domain: 'global', reason, message }] }
  return Response.json({ error }, { status })
}

function missing(plain: boolean): Response {
  const text = 'No such object: charts/whatever'
  return plain ? new Response(text, { status: 404 }) : refusal(404, 'notFound', text)
}

describe('what the store says', () => {
  test.each([
    [507, 'insufficientStorage', 'full'],
    [403, 'quotaExceeded', 'full'],
    [413, 'uploadTooLarge', 'too_large'],
    [403, 'forbidden', 'unavailable'],
    [401, 'authError', 'unavailable'],
    [403, 'retentionPolicyNotMet', 'unavailable'],
    [302, 'elsewhere', 'unavailable'],
    [418, 'somethingNew', 'unavailable'],
  ])('%d %s becomes %s in a sentence of ours', async (status, reason, expected) => {
    await using place = await opened()
    place.script.POST = [() => refusal(status, reason)]
    const error = await caught(place.storage.put('org/a', bytes('a')))
    expect(error).toMatchObject({ code: expected, about: 'storage' })
    expect(error.message).toMatch(/^Cannot store "org\/a": [^<>]{10,}$/)
    expect(error.message).not.toContain('Words of the store')
    expect(place.calls).toHaveLength(1)
  })

  test.each([
    [503, 'backendError', ''],
    [500, 'internalError', ''],
    [429, 'rateLimitExceeded', ''],
    [403, 'userRateLimitExceeded', ''],
    [408, 'requestTimeout', ''],
    [409, 'conflict', ''],
    [400, 'invalid', 'Provided MD5 hash "a" doesn\'t match calculated MD5 hash "b".'],
  ])('%d %s is tried again', async (status, reason, message) => {
    await using place = await opened()
    place.script.POST = [1, 2].map(() => () => refusal(status, reason, message))
    await place.storage.put('a', bytes('a'), { when: 'absent' })
    expect(await text(place.storage, 'a')).toBe('a')
    expect(place.calls.filter(({ call }) => call.startsWith('POST'))).toHaveLength(3)
  })

  test('of a missing object is told from what is said of a missing bucket or by a proxy', async () => {
    await using place = await opened()
    expect(await place.storage.get('a')).toBeUndefined()
    expect(await place.storage.info('a')).toBeUndefined()
    expect(place.calls).toHaveLength(2)
    const gone = () => refusal(404, 'notFound', 'The specified bucket does not exist.')
    const proxy = () => new Response('<h1>Not found</h1>', { status: 404 })
    for (const answer of [gone, proxy]) {
      place.script.GET = [answer, answer]
      const error = await caught(place.storage.get('a'))
      expect(error.message).toBe('Cannot read "a": the bucket is gone; tell the operator')
    }
  })

  test.each([
    ['no JSON', () => new Response('<html>Welcome</html>')],
    ['half of a list', () => new Response('{"kind":"storage#objects","items":[{"name":"a"')],
    ['another list', () => Response.json({ kind: 'storage#buckets', items: [] })],
    ['an object without a size', () => Response.json({ kind: 'storage#objects', items: [{ name: 'a' }] })],
  ])('is never an empty store when it is %s', async (_what, answer) => {
    for (const ask of [(storage: Storage) => keys(storage), (storage: Storage) => storage.info('a')]) {
      await using place = await opened({ patienceMs: 1000 })
      place.script.GET = Array.from({ length: 50 }, () => answer)
      expect((await caught(ask(place.storage))).message).toContain('is not Google Cloud Storage')
    }
  })
})

describe('a call', () => {
  test('with a condition that holds brings no bytes, and takes one round trip', async () => {
    await using place = await opened()
    const { etag } = await place.storage.put('a', bytes('a'))
    place.calls.length = 0
    expect(await place.storage.getUnless?.('a', etag)).toBe('same')
    expect(place.calls.map(({ call }) => call)).toEqual([
      `GET /storage/v1/b/charts/o/a?alt=media&ifGenerationNotMatch=${etag}`,
    ])
  })

  test('for a listing passes over what belongs to Chartroom, page by page', async () => {
    await using place = await opened()
    for (let i = 0; i < 1_100; i++) await place.storage.put(`.chartroom/trash/${i}`, new Uint8Array())
    for (let i = 0; i < 1_002; i++) await place.storage.put(`k${1_000 + i}`, new Uint8Array())
    place.calls.length = 0
    expect(await keys(place.storage)).toEqual(Array.from({ length: 1_002 }, (_, i) => `k${1_000 + i}`))
    expect(place.calls.map(({ call }) => /&(startOffset|pageToken)=.*/.exec(call)?.[0])).toEqual([
      undefined,
      '&startOffset=.chartroom0',
      '&startOffset=.chartroom0&pageToken=k2000',
    ])
    expect(await keys(place.storage, '.chartroom/')).toHaveLength(1_100)
  })

  test('carries a token, and a new one once when the store refuses it', async () => {
    let tokens = 0
    const read = async () => ({
      headers: { authorization: `Bearer ${++tokens}` },
      expires: Date.now() + 3_600_000,
    })
    await using place = await opened({ tokens: renewedKeys(read, quiet) })
    await place.storage.put('a', bytes('a'))
    expect(place.calls.map(({ authorization }) => authorization)).toEqual(['Bearer 1'])
    place.script.GET = [() => refusal(401, 'authError')]
    expect(await text(place.storage, 'a')).toBe('a')
    expect(place.calls.map(({ authorization }) => authorization)).toEqual([
      'Bearer 1',
      'Bearer 1',
      'Bearer 2',
    ])
    place.script.GET = [1, 2].map(() => () => refusal(401, 'authError'))
    expect((await caught(place.storage.get('a'))).message).toContain('the store refuses it to this server')
  })

  test('is not held for longer than a store that is silent by a sign-in that is', async () => {
    let silent = false
    const read = async () => {
      if (silent) await new Promise(() => undefined)
      return { headers: {}, expires: Date.now() }
    }
    await using place = await opened({ tokens: renewedKeys(read, quiet), patienceMs: 500 })
    silent = true
    const begun = performance.now()
    expect((await caught(place.storage.get('a'))).message).toContain('cannot sign in to the store now')
    expect(performance.now() - begun).toBeLessThan(10_000)
    silent = false
  })

  test('with a name that is too long is not sent', async () => {
    await using place = await opened({ prefix: `${'p'.repeat(900)}/` })
    const error = await caught(place.storage.put('x'.repeat(200), bytes('a')))
    expect(error).toMatchObject({ code: 'invalid' })
    expect(place.calls).toEqual([])
  })
})

describe('at start', () => {
  test('a service account that may only read is served, with a warning', async () => {
    const warnings: string[] = []
    const log = { ...quiet, warn: (message: string) => void warnings.push(message) }
    const stub = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch: ({ method }) =>
        method === 'GET' ? Response.json({ kind: 'storage#objects' }) : refusal(403, 'forbidden'),
    })
    await openedAt(stub.url, { log })
    expect(warnings).toEqual([
      expect.stringMatching(/^Uploads and deletions will fail: .*"charts" \(forbidden 403/),
    ])
    await stub.stop(true)
  })

  test.each([
    [() => refusal(403, 'forbidden'), false, 'give it the role "Storage Object User" on the bucket'],
    [() => refusal(401, 'required'), false, 'the service account may not list its objects'],
    [
      () => refusal(404, 'notFound'),
      false,
      'there is no such bucket; make it, or correct --storage-google-bucket',
    ],
    [() => refusal(503, 'backendError'), true, 'try again later'],
  ])('a refusal of the first listing is told to the operator (%#)', async (answer, later, sentence) => {
    const stub = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: answer })
    const error = await openedAt(stub.url).catch((reason: unknown) => reason)
    expect(isRegistryError(error, 'unavailable') && error.message).toContain(sentence)
    expect(error instanceof StoreAway).toBe(later)
    await stub.stop(true)
  })

  test('a store that takes no notice of conditions is refused', async () => {
    const resource = { size: '0', generation: '5', timeCreated }
    const stub = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      async fetch(request) {
        if (request.method === 'GET') return Response.json({ kind: 'storage#objects' })
        const name = /"name":"([^"]+)"/.exec(await request.text())?.[1]
        return Response.json({ ...resource, name })
      },
    })
    await expect(openedAt(stub.url)).rejects.toThrow('does not obey conditions')
    await stub.stop(true)
  })

  test('credentials that cannot be had are told, and a sign-in that fails now is tried later', async () => {
    const failing = (error: unknown) => ({ keys: () => Promise.reject(error), forget: () => undefined })
    const none = new StoreFailure('NoCredentials', 0, '', {
      cause: new Error('set GOOGLE_APPLICATION_CREDENTIALS'),
    })
    const url = new URL('http://127.0.0.1:1')
    await expect(openedAt(url, { tokens: failing(none) })).rejects.toThrow(
      'set GOOGLE_APPLICATION_CREDENTIALS',
    )
    const away = await openedAt(url, { tokens: failing(new StoreFailure('SignInFailed', 503)) }).catch(
      (error) => error,
    )
    expect(away).toBeInstanceOf(StoreAway)
  })
})

function openedAt(endpoint: URL, changes: Partial<GoogleOptions> = {}): Promise<Storage> {
  return googleStorage({
    endpoint,
    bucket: 'charts',
    prefix: '',
    tokens: undefined,
    log: quiet,
    patienceMs: 500,
    ...changes,
  })
}

async function caught(promise: Promise<unknown>) {
  const error = await promise.then(
    (value) => new Error(`nothing was thrown, but came ${Bun.inspect(value)}`),
    (reason: unknown) => reason,
  )
  if (!isRegistryError(error)) throw error
  return error
}
