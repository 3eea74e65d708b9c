import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import { afterAll, describe, expect } from 'bun:test'
import { isRegistryError, RegistryError } from '../../src/errors.ts'
import { azureOptions } from '../../src/storage/azure-settings.ts'
import { azureStorage } from '../../src/storage/azure.ts'
import { checked } from '../../src/storage/checked.ts'
import { StoreAway } from '../../src/storage/late.ts'
import type { Storage } from '../../src/storage/storage.ts'
import type { Azurite } from '../support/azurite.ts'
import { azuriteAccount, startAzurite } from '../support/azurite.ts'
import { eventually } from '../support/eventually.ts'
import type { Fault, FaultProxy } from '../support/fault-proxy.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { peerTest } from '../support/peers.ts'
import { bytes, keys, text } from './contract.ts'

let running: Promise<Azurite> | undefined
afterAll(async () => (await running)?.[Symbol.asyncDispose](), 60_000)

interface Opened extends AsyncDisposable {
  readonly storage: Storage
  /** The same container, past the proxy. */
  readonly direct: Storage
  readonly proxy: FaultProxy
  readonly azurite: Azurite
}

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

function driver(
  url: string,
  container: string,
  patienceMs: number,
  onePieceBytes?: number,
): Promise<Storage> {
  const { account, key } = azuriteAccount
  const connectionString = `BlobEndpoint=${url}/${account};AccountName=${account};AccountKey=${key}`
  const settings = { backend: 'microsoft', container, prefix: 'charts', connectionString } as const
  return azureStorage({
    ...azureOptions(settings, {}, quiet),
    patienceMs,
    ...(onePieceBytes !== undefined && { onePieceBytes }),
  })
}

/** A container of its own behind a proxy that breaks what it is told to break. */
async function opened(onePieceBytes?: number): Promise<Opened> {
  const azurite = await (running ??= startAzurite())
  const proxy = await startFaultProxy(azurite.url)
  const { account, key } = azuriteAccount
  const service = new BlobServiceClient(azurite.endpoint, new StorageSharedKeyCredential(account, key))
  const container = `faults-${crypto.randomUUID().slice(0, 18)}`
  await service.createContainer(container)
  const storage = checked(await driver(proxy.url, container, 2_000, onePieceBytes))
  const direct = checked(await driver(azurite.url, container, 9_000))
  return { storage, direct, proxy, azurite, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() }
}

const small = bytes('the bytes of an archive')
const large = crypto.getRandomValues(new Uint8Array(64 * 1024))
const largeBlob = new Blob(Array.from({ length: 48 }, () => large)) // 3 MiB: streamed

describe('an answer that got lost', () => {
  peerTest(
    ['azurite'],
    'to a put when absent, or a replacement, is a success when the object is ours',
    async () => {
      // In one piece, and in blocks whose last call is the one that counts.
      for (const [onePieceBytes, tries] of [
        [undefined, 1],
        [1_000_000, 2],
      ] as const) {
        await using place = await opened(onePieceBytes)
        const { storage, direct, proxy } = place
        for (const [key, body] of [['small', small] as const, ['large', largeBlob] as const]) {
          proxy.set('lose', key === 'large' ? tries : 1)
          const put = await storage.put(key, body, { when: 'absent' })
          expect(await direct.info(key)).toEqual(put)
          expect(await sizeOf(direct, key)).toBe(body instanceof Blob ? body.size : body.byteLength)
        }
        const { etag } = await storage.put('log', small)
        proxy.set('lose', 1)
        const next = await storage.replace?.('log', bytes('more'), etag)
        expect(await direct.info('log')).toEqual(next)
        expect(await text(direct, 'log')).toBe('more')
        expect(proxy.count()).toBe(2 + tries)
      }
    },
  )

  peerTest(
    ['azurite'],
    'to a put when absent, or a replacement, is a conflict when another was there before, of the same bytes too',
    async () => {
      await using place = await opened()
      const { storage, direct, proxy } = place
      for (const [key, body] of [['small', small] as const, ['large', largeBlob] as const]) {
        // Each carries the mark of another put.
        const { etag } = await direct.put(key, body, { when: 'absent' })
        proxy.set('lose', 1)
        expect((await caught(storage.put(key, body, { when: 'absent' }))).code).toBe('conflict')
        if (!storage.replace || !direct.replace) throw new Error('The driver has no replace()')
        await direct.replace(key, body instanceof Blob ? await body.bytes() : body, etag)
        proxy.set('lose', 1)
        expect((await caught(storage.replace(key, small, etag))).code).toBe('conflict')
        expect(await sizeOf(direct, key)).toBe(body instanceof Blob ? body.size : body.byteLength)
      }
    },
  )

  peerTest(['azurite'], 'to a plain put or a delete is healed by doing it again', async () => {
    await using place = await opened()
    const { storage, direct, proxy } = place
    proxy.set('lose', 2)
    await storage.put('a', small)
    expect(await text(direct, 'a')).toBe('the bytes of an archive')
    proxy.set('lose', 1)
    expect(await storage.delete('a')).toBe(true)
    expect(await direct.info('a')).toBeUndefined()
    expect(await storage.delete('a')).toBe(false)
  })
})

describe('a broken connection', () => {
  peerTest(['azurite'], 'in the middle of a small object is healed by reading again', async () => {
    await using place = await opened()
    const { storage, proxy } = place
    await storage.put('a', new Uint8Array(500_000).fill(7))
    proxy.set({ cut: 100_000 }, 2)
    expect(await sizeOf(storage, 'a')).toBe(500_000)
    expect(proxy.count()).toBe(2)
  })

  peerTest(['azurite'], 'in the middle of a large object is followed by another from there', async () => {
    await using place = await opened()
    const { storage, proxy } = place
    await storage.put('a', largeBlob)
    proxy.set({ cut: 700_000 }, 3)
    expect(await new Response((await storage.get('a'))?.body).bytes()).toEqual(await largeBlob.bytes())
    expect(proxy.count()).toBe(3)
  })

  peerTest(['azurite'], 'that does not heal is an error in the stream, never a short one', async () => {
    await using place = await opened()
    const { storage, proxy } = place
    // More than sockets, proxy and runtime hold.
    const huge = new Blob(Array.from({ length: 1024 }, () => large))
    await storage.put('a', huge)
    const body = (await storage.get('a'))?.body
    proxy.set({ cut: 400 })
    const error = await caught(new Response(body).bytes())
    expect(error.message).toBe('Cannot read "a": the store broke the connection; try again later')
    proxy.set('none')
    expect(await sizeOf(storage, 'a')).toBe(huge.size)
  })

  peerTest(['azurite'], 'is not followed by the bytes of another object', async () => {
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

  peerTest(['azurite'], 'is not held for a body that nobody reads', async () => {
    await using place = await opened()
    const { storage } = place
    await storage.put('a', largeBlob)
    // More than the connections that one process may have to a store (256).
    const bodies: unknown[] = []
    for (let i = 0; i < 30; i++) {
      const some = await Promise.all(Array.from({ length: 10 }, () => storage.get('a')))
      bodies.push(...some.map((found) => found?.body))
    }
    expect(bodies.filter((body) => body instanceof ReadableStream)).toHaveLength(300)
    expect(await storage.info('a')).toBeDefined()
  })

  peerTest(['azurite'], 'in the middle of a listing is healed, and never a short list', async () => {
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
      ['azurite'],
      'is unavailable, never empty, and its work is done again when it is well',
      async () => {
        await using place = await opened()
        const { storage, proxy } = place
        const { etag } = await storage.put('a', small)
        proxy.set(fault)
        const calls = [
          () => storage.get('a'),
          () => storage.info('a'),
          () => storage.getUnless?.('a', etag),
          () => keys(storage),
          () => storage.put('b', small, { when: 'absent' }),
          () => storage.put('c', largeBlob),
          () => storage.replace?.('a', small, etag),
          () => storage.delete('a'),
          () => storage.check(),
        ]
        const started = Date.now()
        for (const error of await Promise.all(calls.map((call) => caught(Promise.resolve(call()))))) {
          expect(error).toMatchObject({ code: 'unavailable', about: 'storage' })
          expect(Bun.inspect(error, { depth: 10 })).not.toMatch(/SharedKey|127\.0\.0\.1|chartroomtest/)
        }
        expect(Date.now() - started).toBeLessThan(10_000)
        proxy.set('none')
        await storage.check()
        await storage.put('d', largeBlob)
        expect(await sizeOf(storage, 'd')).toBe(largeBlob.size)
      },
    )
  },
)

describe('an Azurite that restarts', () => {
  peerTest(['azurite'], 'is unavailable while it is gone, and then served without help', async () => {
    await using place = await opened()
    const { storage, azurite } = place
    const put: unknown = await storage.put('a', small)
    // It writes what it knows every five seconds, and when it is asked to end.
    await azurite.stop('SIGTERM')
    for (const call of [() => storage.get('a'), () => storage.put('b', small), () => storage.check()]) {
      expect((await caught(call())).code).toBe('unavailable')
    }
    expect(await driver(azurite.url, 'any', 300).catch((error: unknown) => error)).toBeInstanceOf(StoreAway)
    await azurite.start(false)
    // None of what it answers until it serves may look like a missing object.
    const look = async () => {
      const found = await storage.info('a').catch((error: unknown) => error)
      return isRegistryError(found, 'unavailable') ? 'unavailable' : found
    }
    await eventually(look, put, 30_000)
    await storage.put('b', small, { when: 'absent' })
    expect(await keys(storage)).toEqual(['a', 'b'])
  })
})

async function sizeOf(storage: Storage, key: string): Promise<number> {
  const found = await storage.get(key)
  let size = 0
  for await (const chunk of (found?.body instanceof Blob ? found.body.stream() : found?.body) ?? []) {
    size += chunk.byteLength
  }
  return size
}

async function caught(promise: Promise<unknown>): Promise<RegistryError> {
  const error = await promise.then(
    (value) => new Error(`nothing was thrown, but came ${Bun.inspect(value)}`),
    (reason: unknown) => reason,
  )
  if (!isRegistryError(error)) throw error
  return error
}
