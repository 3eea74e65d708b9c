import { afterAll, describe, expect } from 'bun:test'
import { isRegistryError, RegistryError } from '../../src/errors.ts'
import { fixedKeys } from '../../src/storage/aws-keys.ts'
import { checked } from '../../src/storage/checked.ts'
import type { S3Options } from '../../src/storage/s3-options.ts'
import { s3Storage } from '../../src/storage/s3.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { eventually } from '../support/eventually.ts'
import type { Fault, FaultProxy } from '../support/fault-proxy.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import type { Minio } from '../support/minio.ts'
import { minioKeys, startMinio } from '../support/minio.ts'
import { peerTest } from '../support/peers.ts'
import { bytes, keys, text } from './contract.ts'

let running: Promise<Minio> | undefined
afterAll(async () => (await running)?.[Symbol.asyncDispose](), 60_000)

interface Opened extends AsyncDisposable {
  readonly storage: Storage
  /** The same bucket, past the proxy. */
  readonly direct: Storage
  readonly proxy: FaultProxy
  readonly minio: Minio
  readonly log: readonly string[]
}

/** A bucket of its own behind a proxy that breaks what it is told to break. */
async function opened(fault: Fault = 'none'): Promise<Opened> {
  const minio = await (running ??= startMinio())
  const proxy = await startFaultProxy(minio.url)
  proxy.set(fault)
  const log: string[] = []
  const keep = (message: string) => void log.push(message)
  const options: S3Options = {
    ...optionsFor(proxy.url),
    log: { debug: keep, info: keep, warn: keep, error: keep },
    patienceMs: 2_000,
  }
  const storage = checked(await s3Storage(options))
  const direct = checked(await s3Storage({ ...options, endpoint: new URL(minio.url), patienceMs: 9_000 }))
  return { storage, direct, proxy, minio, log, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() }
}

/** A bucket of its own at an address. */
function optionsFor(url: string): Omit<S3Options, 'log'> {
  return {
    driver: 'minio',
    endpoint: new URL(url),
    bucket: `faults-${crypto.randomUUID().slice(0, 18)}`,
    prefix: 'charts/',
    region: 'us-east-1',
    pathStyle: true,
    keys: fixedKeys(minioKeys),
    encryption: {},
    createBucket: true,
    bucketHint: 'make it',
  }
}

const small = bytes('the bytes of an archive')
const large = crypto.getRandomValues(new Uint8Array(64 * 1024))
const largeBlob = new Blob(Array.from({ length: 48 }, () => large)) // 3 MiB: streamed

describe('an answer that got lost', () => {
  peerTest(['minio'], 'to a put when absent is a success when the object is ours', async () => {
    await using place = await opened()
    const { storage, direct, proxy } = place
    for (const [key, body] of [['small', small] as const, ['large', largeBlob] as const]) {
      proxy.set('lose', 1)
      const put = await storage.put(key, body, { when: 'absent' })
      expect(await direct.info(key)).toEqual(put)
      expect(await sizeOf(direct, key)).toBe(body instanceof Blob ? body.size : body.byteLength)
    }
    expect(proxy.count()).toBe(2)
  })

  peerTest(
    ['minio'],
    'to a put when absent is a conflict when another was there before, of the same bytes too',
    async () => {
      await using place = await opened()
      const { storage, direct, proxy } = place
      for (const [key, body] of [['small', small] as const, ['large', largeBlob] as const]) {
        await direct.put(key, body)
        proxy.set('lose', 1)
        expect((await caught(storage.put(key, body, { when: 'absent' }))).code).toBe('conflict')
        expect(await sizeOf(direct, key)).toBe(body instanceof Blob ? body.size : body.byteLength)
      }
    },
  )

  peerTest(
    ['minio'],
    'to a replacement is a success when it was written, and a conflict when another came first',
    async () => {
      await using place = await opened()
      const { storage, direct, proxy } = place
      const first = await direct.put('log', bytes('first'))
      proxy.set('lose', 1)
      const mine = await replaced(storage, 'log', 'mine', first.etag)
      expect(await direct.info('log')).toEqual(mine)
      expect(await text(direct, 'log')).toBe('mine')
      // The same bytes by another are not mine.
      await direct.put('log', bytes('other'))
      const theirs = await direct.put('log', bytes('again'))
      proxy.set('lose', 1)
      expect((await caught(replaced(storage, 'log', 'again', mine.etag))).code).toBe('conflict')
      await direct.delete('log')
      proxy.set('lose', 1)
      expect((await caught(replaced(storage, 'log', 'again', theirs.etag))).code).toBe('conflict')
      expect(await direct.info('log')).toBeUndefined()
      expect(proxy.count()).toBe(3)
    },
  )

  peerTest(['minio'], 'to a plain put or a delete is healed by doing it again', async () => {
    await using place = await opened()
    const { storage, direct, proxy } = place
    proxy.set('lose', 2)
    await storage.put('a', small)
    expect(await text(direct, 'a')).toBe('the bytes of an archive')
    proxy.set('lose', 1)
    expect(await storage.delete('a')).toBe(true)
    expect(await direct.info('a')).toBeUndefined()
  })
})

describe('a broken connection', () => {
  peerTest(['minio'], 'in the middle of a small object is healed by reading again', async () => {
    await using place = await opened()
    const { storage, proxy } = place
    await storage.put('a', new Uint8Array(500_000).fill(7))
    proxy.set({ cut: 100_000 }, 2)
    expect(await sizeOf(storage, 'a')).toBe(500_000)
    expect(proxy.count()).toBe(2)
    proxy.set({ cut: 100_000 }, 1)
    expect(await storage.getUnless?.('a', 'another')).toMatchObject({ size: 500_000 })
    expect(proxy.count()).toBe(3)
  })

  peerTest(['minio'], 'in the middle of a large object is followed by another from there', async () => {
    await using place = await opened()
    const { storage, proxy } = place
    const put = await storage.put('a', largeBlob)
    proxy.set({ cut: 700_000 }, 3)
    const hash = new Bun.CryptoHasher('md5')
    const body = (await storage.get('a'))?.body
    for await (const chunk of (body instanceof Blob ? body.stream() : body) ?? []) hash.update(chunk)
    expect(hash.digest('hex')).toBe(put.etag)
    expect(proxy.count()).toBe(3)
  })

  peerTest(['minio'], 'that falls silent in the middle of a large object is left for another', async () => {
    await using place = await opened()
    const { storage, proxy } = place
    const put = await storage.put('a', largeBlob)
    proxy.set({ stopAfter: 2_000_000 })
    const found = await storage.getUnless?.('a', 'another')
    if (found === undefined || found === 'same') throw new Error(`got ${found}`)
    const hash = new Bun.CryptoHasher('md5')
    for await (const chunk of found.body instanceof Blob ? found.body.stream() : found.body)
      hash.update(chunk)
    expect(hash.digest('hex')).toBe(put.etag)
  })

  peerTest(['minio'], 'that does not heal is an error in the stream, never a short one', async () => {
    await using place = await opened()
    const { storage, proxy } = place
    // More than sockets, proxy and runtime hold: all of 3 MiB may have arrived before the connection is cut.
    const huge = new Blob(Array.from({ length: 1024 }, () => large))
    await storage.put('a', huge)
    const body = (await storage.get('a'))?.body
    proxy.set({ cut: 400 })
    const error = await caught(new Response(body).bytes())
    expect(error.message).toBe('Cannot read "a": the store broke the connection; try again later')
    proxy.set('none')
    expect(await sizeOf(storage, 'a')).toBe(huge.size)
  })

  peerTest(['minio'], 'is not followed by the bytes of another object', async () => {
    await using place = await opened()
    const { storage, direct } = place
    await storage.put('a', largeBlob)
    const bodies = await Promise.all([1, 2, 3].map(async () => (await storage.get('a'))?.body))
    // A body that nobody begins to read for a second gives its connection back.
    const atOnce = new Response(bodies[0]).bytes()
    await Bun.sleep(1_500)
    expect((await atOnce).byteLength).toBe(largeBlob.size)
    expect((await new Response(bodies[1]).bytes()).byteLength).toBe(largeBlob.size)
    await direct.put('a', new Blob([new Uint8Array(largeBlob.size)]))
    const error = await caught(new Response(bodies[2]).bytes())
    expect(error.message).toContain('it was replaced or deleted while it was read')
  })

  peerTest(['minio'], 'is not held for a body that nobody reads', async () => {
    await using place = await opened()
    const { storage } = place
    await storage.put('a', largeBlob)
    // More than the connections that one process may have to a store (256).
    const bodies: unknown[] = []
    for (let i = 0; i < 300; i++) bodies.push((await storage.get('a'))?.body)
    expect(bodies.filter((body) => body instanceof ReadableStream)).toHaveLength(300)
    expect(await storage.info('a')).toBeDefined()
  })

  peerTest(['minio'], 'in the middle of a listing is healed, and never a short list', async () => {
    await using place = await opened()
    const { storage, proxy } = place
    for (let i = 0; i < 20; i++) await storage.put(`k${i}`, small)
    proxy.set({ cut: 1_500 }, 1)
    expect(await keys(storage)).toHaveLength(20)
    proxy.set({ cut: 1_500 })
    expect((await caught(keys(storage))).code).toBe('unavailable')
  })
})

describe.each([['stall'], ['garbage'], ['lose'], [{ cut: 0 }]] satisfies [Fault][])(
  'a store that does %j',
  (fault) => {
    peerTest(
      ['minio'],
      'is unavailable, never empty, and its work is done again when it is well',
      async () => {
        await using place = await opened()
        const { storage, proxy } = place
        const { etag } = await storage.put('a', small)
        proxy.set(fault)
        const calls = [
          () => storage.get('a'),
          () => storage.info('a'),
          () => storage.getUnless?.('a', etag) ?? missing(),
          () => replaced(storage, 'a', 'b', etag),
          () => keys(storage),
          () => storage.put('b', small, { when: 'absent' }),
          () => storage.put('c', largeBlob),
          () => storage.delete('a'),
          () => storage.check(),
        ]
        for (const error of await Promise.all(calls.map((call) => caught(call())))) {
          expect(error).toMatchObject({ code: 'unavailable', about: 'storage' })
          expect(told(error)).not.toMatch(/X-Amz|Signature|chartroom-test|127\.0\.0\.1/)
        }
        proxy.set('none')
        await storage.check()
        await storage.put('d', largeBlob)
        expect(await sizeOf(storage, 'd')).toBe(largeBlob.size)
      },
    )
  },
)

describe('a slow store', () => {
  peerTest(['minio'], 'does all that a fast one does', async () => {
    await using place = await opened()
    const { storage, direct, proxy } = place
    proxy.set({ delayMs: 250 })
    const [one, two] = await Promise.all([
      storage.put('a', small, { when: 'absent' }),
      storage.put('b', largeBlob, { when: 'absent' }),
    ])
    expect(await Promise.all([direct.info('a'), direct.info('b')])).toEqual([one, two])
    const again = storage.put('a', small, { when: 'absent' })
    const [error, same, size, listed] = await Promise.all([
      caught(again),
      storage.getUnless?.('a', one.etag),
      sizeOf(storage, 'b'),
      keys(storage),
    ])
    expect([error.code, same, size, listed]).toEqual(['conflict', 'same', largeBlob.size, ['a', 'b']])
    const next = await replaced(storage, 'a', 'next', one.etag)
    expect(await direct.info('a')).toEqual(next)
    expect((await caught(replaced(storage, 'a', 'late', one.etag))).code).toBe('conflict')
    expect(await storage.delete('a')).toBe(true)
  })
})

describe('a MinIO that restarts', () => {
  peerTest(['minio'], 'is unavailable while it is gone, and then served without help', async () => {
    await using place = await opened()
    const { storage, minio } = place
    const put = await storage.put('a', small)
    await minio.stop('SIGKILL')
    expect((await caught(storage.get('a'))).code).toBe('unavailable')
    expect((await caught(storage.getUnless?.('a', put.etag) ?? missing())).code).toBe('unavailable')
    expect((await caught(replaced(storage, 'a', 'b', put.etag))).code).toBe('unavailable')
    expect((await caught(storage.put('b', small))).code).toBe('unavailable')
    expect((await caught(storage.check())).code).toBe('unavailable')
    await minio.start(false)
    // Until it serves, it refuses connections and then calls; none of that may look like a missing object.
    const look = async () => {
      const found = await storage.info('a').catch((error: unknown) => error)
      return isRegistryError(found, 'unavailable') ? 'unavailable' : found
    }
    await eventually<unknown>(look, put, 30_000)
    await storage.put('b', small, { when: 'absent' })
    expect(await keys(storage)).toEqual(['a', 'b'])
  })
})

describe('a MinIO that starts later than the server', () => {
  peerTest(['minio'], 'is waited for', async () => {
    const minio = await (running ??= startMinio())
    await minio.stop('SIGKILL')
    const log: string[] = []
    const keep = (message: string) => void log.push(message)
    const opening = s3Storage({
      ...optionsFor(minio.url),
      log: { debug: keep, info: keep, warn: keep, error: keep },
      patienceMs: 1_000,
    })
    await eventually(() => log.length, 1, 20_000)
    expect(log).toEqual(['The store does not answer yet; waiting for it'])
    await minio.start(false)
    expect((await opening).conditionalWrites).toBe(true)
  })
})

describe('a store without conditional writes', () => {
  peerTest(
    ['minio'],
    'is found out at start, told loudly once, and guarded within this process',
    async () => {
      await using place = await opened('deaf')
      const { storage, direct, log } = place
      expect(storage.conditionalWrites).toBe(false)
      expect(storage.replace).toBeUndefined()
      expect(direct.conditionalWrites).toBe(true)
      expect(log.filter((line) => line.includes('does not support conditional writes'))).toHaveLength(1)
      for (let round = 0; round < 5; round++) {
        const writers = Array.from({ length: 8 }, (_, i) =>
          storage.put(`races/${round}`, bytes(`writer ${i}`), { when: 'absent' }),
        )
        const results = await Promise.allSettled(writers)
        expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
        const reasons = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
        expect(reasons.every((reason) => isRegistryError(reason, 'conflict'))).toBe(true)
      }
      expect(await keys(direct, '.chartroom/')).toEqual([])
    },
  )
})

function replaced(storage: Storage, key: string, body: string, etag: string) {
  return storage.replace?.(key, bytes(body), etag) ?? missing()
}

async function missing(): Promise<never> {
  throw new Error('the driver has not got the method')
}

async function sizeOf(storage: Storage, key: string): Promise<number> {
  const found = await storage.get(key)
  let size = 0
  for await (const chunk of (found?.body instanceof Blob ? found.body.stream() : found?.body) ?? []) {
    size += chunk.byteLength
  }
  return size
}

/** All that an error tells, with its causes. */
function told(error: unknown): string {
  return Bun.inspect(error, { depth: 10 })
}

async function caught(promise: Promise<unknown>): Promise<RegistryError> {
  const error = await promise.then(
    (value) => new Error(`nothing was thrown, but came ${Bun.inspect(value)}`),
    (reason: unknown) => reason,
  )
  if (!isRegistryError(error)) throw error
  return error
}
