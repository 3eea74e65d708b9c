import { afterAll, describe, expect } from 'bun:test'
import type { RegistryError } from '../../src/errors.ts'
import { isRegistryError } from '../../src/errors.ts'
import { checked } from '../../src/storage/checked.ts'
import type { EtcdOptions } from '../../src/storage/etcd-settings.ts'
import { etcdStorage } from '../../src/storage/etcd.ts'
import { openLate } from '../../src/storage/late.ts'
import type { Storage } from '../../src/storage/storage.ts'
import type { Etcd } from '../support/etcd.ts'
import { startEtcd } from '../support/etcd.ts'
import { eventually } from '../support/eventually.ts'
import type { Fault, FaultProxy } from '../support/fault-proxy.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { peerTest } from '../support/peers.ts'
import { bytes, keys, text } from './contract.ts'

let running: Promise<Etcd> | undefined
afterAll(async () => (await running)?.[Symbol.asyncDispose](), 60_000)

interface Opened extends AsyncDisposable {
  readonly storage: Storage
  /** The same keys, past the proxy. */
  readonly direct: Storage
  readonly proxy: FaultProxy
  readonly etcd: Etcd
}

function optionsFor(endpoints: readonly string[], log: string[] = []): EtcdOptions {
  const keep = (message: string) => void log.push(message)
  const base = `/faults-${crypto.randomUUID().slice(0, 8)}`
  return { endpoints, tls: {}, base, log: { debug() {}, info: keep, warn: keep, error: keep } }
}

/** Keys of their own behind a proxy that breaks what it is told to break. */
async function opened(patienceMs = 2_000): Promise<Opened> {
  const etcd = await (running ??= startEtcd())
  const proxy = await startFaultProxy(etcd.url)
  const options = optionsFor([proxy.url])
  // Without the look for litter at start, which would meet the faults meant for others.
  const storage = checked(await etcdStorage({ ...options, patienceMs, probe: false }))
  const direct = checked(await etcdStorage({ ...options, endpoints: [etcd.url] }))
  return { storage, direct, proxy, etcd, [Symbol.asyncDispose]: () => proxy[Symbol.asyncDispose]() }
}

const small = bytes('the bytes of an archive')
const large = crypto.getRandomValues(new Uint8Array(1_400_000))
const own = '.chartroom/catalog/+'
const ownBytes = crypto.getRandomValues(new Uint8Array(1_700_000))

describe('an answer that got lost', () => {
  peerTest(['etcd'], 'to a put when absent is a success when the object is ours', async () => {
    await using place = await opened()
    const { storage, direct, proxy } = place
    for (const [key, body] of [['small', small] as const, ['large', large] as const]) {
      proxy.set('lose', 1)
      const put = await storage.put(key, body, { when: 'absent' })
      expect(await direct.info(key)).toEqual(put)
      expect(await contentOf(direct, key)).toEqual(body)
    }
    expect(proxy.count()).toBe(2)
  })

  peerTest(
    ['etcd'],
    'to a put when absent is a conflict when another was there, of the same bytes too',
    async () => {
      await using place = await opened()
      const { storage, direct, proxy } = place
      const before = await direct.put('a', small)
      proxy.set('lose', 1)
      expect((await caught(storage.put('a', small, { when: 'absent' }))).code).toBe('conflict')
      expect(await direct.info('a')).toEqual(before)
    },
  )

  peerTest(['etcd'], 'to a replacement is told apart from a conflict', async () => {
    await using place = await opened()
    const { storage, direct, proxy } = place
    const first = await direct.put('a', small)
    proxy.set('lose', 1)
    const second = await storage.replace?.('a', bytes('second'), first.etag)
    expect(await direct.info('a')).toEqual(second)
    proxy.set('lose', 1)
    const late = storage.replace?.('a', bytes('third'), first.etag) ?? Promise.resolve()
    expect((await caught(late)).code).toBe('conflict')
    expect(await text(direct, 'a')).toBe('second')
  })

  peerTest(['etcd'], 'to a plain put, a delete or a large object of our own is healed', async () => {
    await using place = await opened()
    const { storage, direct, proxy } = place
    proxy.set('lose', 2)
    await storage.put('a', small)
    expect(await text(direct, 'a')).toBe('the bytes of an archive')
    proxy.set('lose', 1)
    expect(await storage.delete('a')).toBe(true)
    expect(await direct.info('a')).toBeUndefined()
    await storage.put(own, ownBytes)
    proxy.set('lose', 3)
    const put = await storage.put(own, ownBytes.toReversed())
    expect(await direct.info(own)).toEqual(put)
    expect(await contentOf(direct, own)).toEqual(ownBytes.toReversed())
  })

  peerTest(['etcd'], 'cannot undo what came later, however late it is carried out', async () => {
    const etcd = await (running ??= startEtcd())
    // An endpoint that keeps writes for itself, as a member that stands still does.
    const kept: string[] = []
    await using frozen = freezer(etcd.url, kept)
    const options = { ...optionsFor([frozen.url, etcd.url]), patienceMs: 2_000, probe: false }
    const [one, other] = [checked(await etcdStorage(options)), checked(await etcdStorage(options))]
    await one.put('b', small)
    frozen.keep()
    await one.put('a', small, { when: 'absent' })
    expect(await other.delete('b')).toBe(true)
    expect(kept).toHaveLength(2)
    expect(await one.delete('a')).toBe(true)
    const again = await one.put('b', bytes('later'), { when: 'absent' })
    for (const body of kept) await fetch(`${etcd.url}/v3/kv/txn`, { method: 'POST', body })
    expect(await one.info('a')).toBeUndefined()
    expect(await one.info('b')).toEqual(again)
  })
})

describe('a broken connection', () => {
  peerTest(['etcd'], 'in the middle of an object is healed by reading again', async () => {
    await using place = await opened()
    const { storage, proxy } = place
    await storage.put('a', large)
    await storage.put(own, ownBytes)
    proxy.set({ cut: 100_000 }, 2)
    expect(await contentOf(storage, 'a')).toEqual(large)
    proxy.set({ cut: 400_000 }, 2)
    expect(await contentOf(storage, own)).toEqual(ownBytes)
    expect(proxy.count()).toBe(4)
  })

  peerTest(['etcd'], 'that does not heal is an error in the stream, never a short one', async () => {
    await using place = await opened()
    const { storage, proxy } = place
    await storage.put(own, ownBytes)
    const body = (await storage.get(own))?.body
    proxy.set({ cut: 400 })
    const error = await caught(new Response(body).bytes())
    expect(error.message).toBe(`Cannot read "${own}": etcd broke the connection; try again later`)
  })

  peerTest(['etcd'], 'in the middle of a listing is healed, and never a short list', async () => {
    await using place = await opened()
    const { storage, direct, proxy } = place
    await Promise.all(Array.from({ length: 20 }, (_, i) => direct.put(`k${i}`, small)))
    proxy.set({ cut: 1_500 }, 1)
    expect(await keys(storage)).toHaveLength(20)
    proxy.set({ cut: 1_500 })
    expect((await caught(keys(storage))).code).toBe('unavailable')
  })
})

describe.each([['stall'], ['garbage'], ['lose'], [{ cut: 0 }]] satisfies [Fault][])(
  'an etcd that does %j',
  (fault) => {
    peerTest(['etcd'], 'is unavailable, never empty, and serves again when it is well', async () => {
      await using place = await opened(1_000)
      const { storage, direct, proxy } = place
      const { etag } = await direct.put('a', small)
      proxy.set(fault)
      const calls = [
        () => storage.get('a'),
        () => storage.get('never-there'),
        () => storage.getUnless?.('a', etag) ?? Promise.resolve(),
        () => storage.info('a'),
        () => keys(storage),
        () => storage.put('b', small, { when: 'absent' }),
        () => storage.put(own, ownBytes),
        () => storage.replace?.('a', small, etag) ?? Promise.resolve(),
        () => storage.delete('a'),
        () => storage.check(),
      ]
      for (const error of await Promise.all(calls.map((call) => caught(call())))) {
        expect(error).toMatchObject({ code: 'unavailable', about: 'storage' })
        expect(error.message).not.toContain('127.0.0.1')
      }
      proxy.set('none')
      await eventually(() => text(storage, 'a').catch(() => undefined), 'the bytes of an archive', 10_000)
      await direct.put(own, ownBytes)
      expect(await contentOf(direct, own)).toEqual(ownBytes)
    })
  },
)

describe('an etcd that is killed or stands still', () => {
  peerTest(['etcd'], 'is unavailable within 10 s, and then served without help', async () => {
    const etcd = await (running ??= startEtcd())
    const storage = checked(await etcdStorage(optionsFor([etcd.url])))
    const put = await storage.put('a', small)
    const hasty = checked(await etcdStorage({ ...optionsFor([etcd.url]), patienceMs: 2_000 }))
    const away = async (storage: Storage) => {
      const started = Date.now()
      const calls = [
        () => storage.get('a'),
        () => storage.info('never-there'),
        () => keys(storage),
        () => storage.put('b', small, { when: 'absent' }),
        () => storage.delete('c'),
        () => storage.check(),
      ]
      for (const error of await Promise.all(calls.map((call) => caught(call())))) {
        expect(error).toMatchObject({ code: 'unavailable', about: 'storage' })
      }
      expect(Date.now() - started).toBeLessThan(10_000)
    }
    const look = async () => {
      const found = await storage.info('a').catch((error: unknown) => error)
      return isRegistryError(found, 'unavailable') ? 'unavailable' : found
    }
    await etcd.stop('SIGKILL')
    await away(hasty)
    await etcd.start(false)
    await eventually(look, put, 30_000)
    await etcd.members[0]?.freeze()
    await away(hasty)
    etcd.members[0]?.thaw()
    await eventually(look, put, 30_000)
    expect(await text(storage, 'a')).toBe('the bytes of an archive')
  })

  peerTest(['etcd'], 'is waited for at start', async () => {
    const etcd = await (running ??= startEtcd())
    await etcd.stop('SIGKILL')
    const options = optionsFor([etcd.url])
    await expect(etcdStorage(options)).rejects.toThrow(
      `Cannot open the etcd storage at ${etcd.url}: nobody listens there; start etcd, or correct`,
    )
    const opening = openLate(() => etcdStorage(options), options.log, { firstMs: 50, longestMs: 100 })
    await etcd.start(false)
    await (await opening.storage).check()
  })
})

describe('three members', () => {
  peerTest(['etcd'], 'serve while one of them is killed or stands still', async () => {
    await using etcd = await startEtcd({ members: 3 })
    const [first, second] = etcd.members
    const log: string[] = []
    const storage = checked(await etcdStorage(optionsFor(etcd.endpoints.split(','), log)))
    await storage.put('a', small)
    const heard: (string | undefined)[] = []
    const unwatch = storage.watch?.('', (key) => void heard.push(key))
    const work = async (key: string) => {
      await storage.put(key, small, { when: 'absent' })
      expect(await text(storage, 'a')).toBe('the bytes of an archive')
      expect(await keys(storage)).toContain(key)
      expect(await storage.info('never-there')).toBeUndefined()
      await eventually(() => heard.includes(key), true, 10_000)
      expect(await storage.delete(key)).toBe(true)
    }
    await work('all-up')
    await first?.stop('SIGKILL')
    await work('one-down')
    expect(log).toContain('An etcd endpoint fails; the others are used')
    await first?.start()
    await second?.freeze()
    await work('one-stands-still')
    second?.thaw()
    await work('well-again')
    expect(await keys(storage)).toEqual(['a'])
    unwatch?.()
    await storage.close()
  })
})

describe('an etcd over its quota', () => {
  peerTest(
    ['etcd'],
    'is full: reads and deletions go on, and it recovers when its operator has made room',
    async () => {
      await using etcd = await startEtcd({ flags: ['--quota-backend-bytes', String(8 * 1024 * 1024)] })
      const storage = checked(await etcdStorage(optionsFor([etcd.url])))
      await storage.put('kept', small)
      await storage.put('gone', small)
      let error: RegistryError | undefined
      for (let i = 0; error === undefined && i < 20; i++) {
        const body = crypto.getRandomValues(new Uint8Array(1_000_000))
        await storage.put('filler', body).catch((reason: RegistryError) => (error = reason))
      }
      expect(error).toMatchObject({ code: 'full', about: 'storage' })
      expect((await caught(storage.put('new', small, { when: 'absent' }))).code).toBe('full')
      expect((await caught(storage.put(own, ownBytes))).code).toBe('full')
      expect(await text(storage, 'kept')).toBe('the bytes of an archive')
      expect(await storage.info('new')).toBeUndefined()
      expect(await storage.delete('gone')).toBe(true)
      expect(await keys(storage)).toEqual(['filler', 'kept'])
      expect(await keys(storage, '.chartroom/')).toEqual([])
      await storage.delete('filler')
      const { header } = (await etcd.ask('/v3/kv/range', { key: 'x' })) as { header: Record<string, string> }
      await etcd.ask('/v3/kv/compaction', { revision: header.revision, physical: true })
      await etcd.ask('/v3/maintenance/defragment', {})
      await etcd.ask('/v3/maintenance/alarm', {
        action: 'DEACTIVATE',
        memberID: header.member_id,
        alarm: 'NOSPACE',
      })
      await storage.put('new', small, { when: 'absent' })
      await storage.put(own, ownBytes)
      expect(await contentOf(storage, own)).toEqual(ownBytes)
    },
  )
})

/** An endpoint that passes everything on, until it keeps writes without an answer. */
function freezer(target: string, kept: string[]) {
  let keeping = false
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 30,
    async fetch(request) {
      const body = await request.text()
      const writes = /request_(put|delete)/.test(body)
      if (!keeping || !writes) return fetch(target + new URL(request.url).pathname, { method: 'POST', body })
      kept.push(body)
      await Bun.sleep(20_000)
      return new Response()
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    keep: () => void (keeping = true),
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

async function contentOf(storage: Storage, key: string): Promise<Uint8Array> {
  return new Response((await storage.get(key))?.body).bytes()
}

async function caught(promise: Promise<unknown>): Promise<RegistryError> {
  const error = await promise.then(
    (value) => new Error(`nothing was thrown, but came ${Bun.inspect(value)}`),
    (reason: unknown) => reason,
  )
  if (!isRegistryError(error)) throw error
  return error
}
