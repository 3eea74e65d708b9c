import { afterAll, describe, expect } from 'bun:test'
import { isRegistryError, type RegistryError } from '../../src/errors.ts'
import { checked } from '../../src/storage/checked.ts'
import { googleStorage } from '../../src/storage/google.ts'
import { StoreAway } from '../../src/storage/late.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { eventually } from '../support/eventually.ts'
import type { Fault, FaultProxy } from '../support/fault-proxy.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import type { Gcs } from '../support/gcs.ts'
import { startGcs } from '../support/gcs.ts'
import { peerTest } from '../support/peers.ts'
import { bytes, keys, text } from './contract.ts'

let running: Promise<Gcs> | undefined
afterAll(async () => (await running)?.[Symbol.asyncDispose]())

interface Opened extends AsyncDisposable {
  readonly storage: Storage
  /** The same bucket, past the proxy. */
  readonly direct: Storage
  readonly proxy: FaultProxy
  readonly gcs: Gcs
}

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

function open(url: string, bucket: string, patienceMs: number): Promise<Storage> {
  return googleStorage({
    endpoint: new URL(url),
    bucket,
    prefix: 'charts/',
    tokens: undefined,
    log: quiet,
    patienceMs,
  })
}

/** A bucket of its own behind a proxy that breaks what it is told to break. */
async function opened(): Promise<Opened> {
  const gcs = await (running ??= startGcs())
  const proxy = await startFaultProxy(gcs.url)
  const bucket = `faults-${crypto.randomUUID().slice(0, 18)}`
  await gcs.makeBucket(bucket)
  const [storage, direct] = await Promise.all([open(proxy.url, bucket, 1_000), open(gcs.url, bucket, 9_000)])
  return {
    storage: checked(storage),
    direct: checked(direct),
    proxy,
    gcs,
    [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose](),
  }
}

const small = bytes('the bytes of an archive')
const piece = crypto.getRandomValues(new Uint8Array(64 * 1024))
const large = new Blob(Array.from({ length: 48 }, () => piece)) // 3 MiB: streamed
const bodies = [
  ['small', small],
  ['large', large],
] as const

describe('an answer that got lost', () => {
  peerTest(['fake-gcs-server'], 'to a put when absent is a success when the object is ours', async () => {
    await using place = await opened()
    const { storage, direct, proxy } = place
    for (const [key, body] of bodies) {
      proxy.set('lose', 1)
      const put = await storage.put(key, body, { when: 'absent' })
      expect(await direct.info(key)).toEqual(put)
      expect(await digestOf(direct, key)).toBe(await digest(body))
    }
    expect(proxy.count()).toBe(2)
  })

  peerTest(
    ['fake-gcs-server'],
    'to a put when absent is a conflict when another was there before, of the same bytes too',
    async () => {
      await using place = await opened()
      const { storage, direct, proxy } = place
      for (const [key, body] of bodies) {
        const before = await direct.put(key, body)
        proxy.set('lose', 1)
        expect((await caught(storage.put(key, body, { when: 'absent' }))).code).toBe('conflict')
        expect(await direct.info(key)).toEqual(before)
      }
    },
  )

  peerTest(
    ['fake-gcs-server'],
    'to a replacement is a success when it is ours, and else a conflict',
    async () => {
      await using place = await opened()
      const { storage, direct, proxy } = place
      const { etag } = await direct.put('a', small)
      proxy.set('lose', 1)
      const put = await storage.replace?.('a', bytes('new'), etag)
      expect(await direct.info('a')).toEqual(put)
      expect(await text(direct, 'a')).toBe('new')
      proxy.set('lose', 1)
      expect((await caught(replaced(storage, etag))).code).toBe('conflict')
      expect(await direct.delete('a')).toBe(true)
      proxy.set('lose', 1)
      expect((await caught(replaced(storage, put?.etag ?? ''))).code).toBe('conflict')
      expect(await direct.info('a')).toBeUndefined()
    },
  )

  peerTest(['fake-gcs-server'], 'to a plain put or a delete is healed by doing it again', async () => {
    await using place = await opened()
    const { storage, direct, proxy } = place
    proxy.set('lose', 2)
    await storage.put('a', small)
    expect(await text(direct, 'a')).toBe('the bytes of an archive')
    proxy.set('lose', 2)
    expect(await storage.delete('a')).toBe(true)
    expect(await direct.info('a')).toBeUndefined()
  })
})

describe('a broken connection', () => {
  peerTest(['fake-gcs-server'], 'in the middle of a small object is healed by reading again', async () => {
    await using place = await opened()
    const { storage, proxy } = place
    const body = new Uint8Array(500_000).fill(7)
    const { etag } = await storage.put('a', body)
    proxy.set({ cut: 100_000 }, 2)
    expect(await digestOf(storage, 'a')).toBe(await digest(body))
    expect(proxy.count()).toBe(2)
    proxy.set({ cut: 100_000 }, 1)
    expect(await storage.getUnless?.('a', `${etag}1`)).toMatchObject({ etag, size: 500_000 })
  })

  peerTest(
    ['fake-gcs-server'],
    'in the middle of a large object is followed by another from there',
    async () => {
      await using place = await opened()
      const { storage, proxy } = place
      await storage.put('a', large)
      proxy.set({ cut: 700_000 }, 3)
      expect(await digestOf(storage, 'a')).toBe(await digest(large))
      expect(proxy.count()).toBe(3)
    },
  )

  peerTest(
    ['fake-gcs-server'],
    'that does not heal is an error in the stream, never a short one',
    async () => {
      await using place = await opened()
      const { storage, proxy } = place
      // More than sockets, proxy and runtime hold: all of 3 MiB may have arrived before the connection is cut.
      const huge = new Blob(Array.from({ length: 256 }, () => piece))
      await storage.put('a', huge)
      const body = (await storage.get('a'))?.body
      proxy.set({ cut: 300 })
      const error = await caught(new Response(body).bytes())
      expect(error.message).toBe('Cannot read "a": the store broke the connection; try again later')
      proxy.set('none')
      expect(await digestOf(storage, 'a')).toBe(await digest(huge))
    },
  )

  peerTest(['fake-gcs-server'], 'is not followed by the bytes of another object', async () => {
    await using place = await opened()
    const { storage, direct } = place
    await storage.put('a', large)
    const streams = await Promise.all([1, 2].map(async () => (await storage.get('a'))?.body))
    // A body that nobody begins to read for a second gives its connection back.
    await Bun.sleep(1_500)
    expect((await new Response(streams[0]).bytes()).byteLength).toBe(large.size)
    await direct.put('a', new Blob([new Uint8Array(large.size)]))
    const error = await caught(new Response(streams[1]).bytes())
    expect(error.message).toContain('it was replaced or deleted while it was read')
  })

  peerTest(['fake-gcs-server'], 'in the middle of a listing is healed, and never a short list', async () => {
    await using place = await opened()
    const { storage, proxy } = place
    for (let i = 0; i < 20; i++) await storage.put(`k${i}`, small)
    proxy.set({ cut: 1_500 }, 1)
    expect(await keys(storage)).toHaveLength(20)
    proxy.set({ cut: 1_500 })
    expect((await caught(keys(storage))).code).toBe('unavailable')
  })

  peerTest(['fake-gcs-server'], 'in the middle of an upload leaves nothing behind', async () => {
    await using place = await opened()
    const { storage, direct, proxy } = place
    proxy.set('stall')
    expect((await caught(storage.put('a', large, { when: 'absent' }))).code).toBe('unavailable')
    proxy.set('none')
    expect(await direct.info('a')).toBeUndefined()
    // Right after a vain wait calls have a tenth of the patience, until the store gives a sign of life.
    expect(await storage.info('a')).toBeUndefined()
    await storage.put('a', large, { when: 'absent' })
    expect(await digestOf(direct, 'a')).toBe(await digest(large))
  })
})

describe.each([['stall'], ['garbage'], ['lose'], [{ cut: 0 }]] satisfies [Fault][])(
  'a store that does %j',
  (fault) => {
    peerTest(
      ['fake-gcs-server'],
      'is unavailable, never empty, and its work is done again when it is well',
      async () => {
        await using place = await opened()
        const { storage, proxy } = place
        const { etag } = await storage.put('a', small)
        proxy.set(fault)
        const calls = [
          () => storage.get('a'),
          () => storage.info('a'),
          () => storage.getUnless?.('a', etag) ?? Promise.resolve(),
          () => keys(storage),
          () => storage.put('b', small, { when: 'absent' }),
          () => storage.put('c', large),
          () => replaced(storage, etag),
          () => storage.delete('a'),
          () => storage.check(),
        ]
        const begun = performance.now()
        for (const error of await Promise.all(calls.map((call) => caught(call())))) {
          expect(error).toMatchObject({ code: 'unavailable', about: 'storage' })
          expect(error.message).not.toMatch(/127\.0\.0\.1|faults-/)
        }
        expect(performance.now() - begun).toBeLessThan(10_000)
        proxy.set('none')
        await storage.check()
        await storage.put('d', large)
        expect(await digestOf(storage, 'd')).toBe(await digest(large))
      },
    )
  },
)

describe('a fake-gcs-server that is killed', () => {
  peerTest(['fake-gcs-server'], 'is unavailable while it is gone, and then served without help', async () => {
    await using place = await opened()
    const { storage, gcs } = place
    const put: unknown = await storage.put('a', small)
    await gcs.stop('SIGKILL')
    const calls = [
      () => storage.get('a'),
      () => storage.info('none'),
      () => storage.put('b', small),
      () => storage.check(),
    ]
    for (const call of calls) expect((await caught(call())).code).toBe('unavailable')
    expect(await open(gcs.url, 'charts', 500).catch((error: unknown) => error)).toBeInstanceOf(StoreAway)
    await gcs.start()
    const look = async () => {
      const found = await storage.info('a').catch((error: unknown) => error)
      return isRegistryError(found, 'unavailable') ? 'unavailable' : found
    }
    await eventually(look, put, 30_000)
    await storage.put('b', small, { when: 'absent' })
    expect(await keys(storage)).toEqual(['a', 'b'])
  })
})

function replaced(storage: Storage, etag: string): Promise<unknown> {
  return storage.replace?.('a', bytes('other'), etag) ?? Promise.resolve()
}

async function digest(body: Uint8Array | Blob): Promise<string> {
  const all = body instanceof Blob ? await body.bytes() : body
  return Bun.SHA256.hash(all, 'hex')
}

async function digestOf(storage: Storage, key: string): Promise<string> {
  const found = await storage.get(key)
  return digest(await new Response(found?.body).bytes())
}

async function caught(promise: Promise<unknown>): Promise<RegistryError> {
  const error = await promise.then(
    (value) => new Error(`nothing was thrown, but came ${Bun.inspect(value)}`),
    (reason: unknown) => reason,
  )
  if (!isRegistryError(error)) throw error
  return error
}
