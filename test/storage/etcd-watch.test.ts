import { afterAll, describe, expect } from 'bun:test'
import { checked } from '../../src/storage/checked.ts'
import type { EtcdOptions } from '../../src/storage/etcd-settings.ts'
import { etcdStorage } from '../../src/storage/etcd.ts'
import type { Storage } from '../../src/storage/storage.ts'
import type { Etcd } from '../support/etcd.ts'
import { startEtcd } from '../support/etcd.ts'
import { eventually } from '../support/eventually.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { peerTest } from '../support/peers.ts'
import { bytes, text } from './contract.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

let running: Promise<Etcd> | undefined
afterAll(async () => (await running)?.[Symbol.asyncDispose](), 60_000)

interface Opened extends AsyncDisposable {
  readonly etcd: Etcd
  readonly storage: Storage
  /** Another process on the same keys. */
  readonly other: Storage
  readonly base: string
}

async function opened(endpoint?: string): Promise<Opened> {
  const etcd = await (running ??= startEtcd())
  const base = `/watch-${crypto.randomUUID().slice(0, 8)}`
  const options: EtcdOptions = { endpoints: [endpoint ?? etcd.url], tls: {}, base, log: quiet }
  const storage = checked(await etcdStorage(options))
  const other = checked(await etcdStorage({ ...options, endpoints: [etcd.url] }))
  return { etcd, storage, other, base, [Symbol.asyncDispose]: () => storage.close() }
}

/** What a watcher heard: keys, or "anything". */
function listen(storage: Storage, prefix: string) {
  const heard: string[] = []
  const stop = storage.watch?.(prefix, (key) => void heard.push(key ?? 'anything')) ?? (() => undefined)
  return { heard, stop }
}

describe('watch() on etcd', () => {
  peerTest(['etcd'], 'tells each folder of its direct children, and nobody of our own objects', async () => {
    await using place = await opened()
    const { etcd, storage, other, base } = place
    const [top, org, again] = ['', 'org/', 'org/'].map((prefix) => listen(storage, prefix))
    const files = ['a', 'org/a-1.0.0.tgz', 'org/team/b', '.chartroom/changes', 'organisation/c']
    for (const key of files) await other.put(key, bytes(key))
    await etcd.ask('/v3/kv/put', { key: `${base}/org/by-hand.tgz`, value: 'x' })
    await other.delete('org/a-1.0.0.tgz')
    await other.put('z', bytes('z'))
    await eventually(() => top?.heard, ['a', 'z'], 5_000)
    expect(org?.heard).toEqual(['org/a-1.0.0.tgz', 'org/by-hand.tgz', 'org/a-1.0.0.tgz'])
    expect(again?.heard).toEqual(org?.heard ?? [])
  })

  peerTest(
    ['etcd'],
    'tells of what happened since the store was opened, and stops when it is told to',
    async () => {
      await using place = await opened()
      const { storage, other } = place
      await other.put('early', bytes('early'))
      const first = listen(storage, '')
      await eventually(() => first.heard, ['early'], 5_000)
      const second = listen(storage, '')
      await other.put('later', bytes('later'))
      await eventually(() => second.heard, ['later'], 5_000)
      first.stop()
      await other.put('last', bytes('last'))
      await eventually(() => second.heard, ['later', 'last'], 5_000)
      expect(first.heard).toEqual(['early', 'later'])
      second.stop()
      await other.put('unheard', bytes('unheard'))
      // All stopped and begun again: it goes on where it ended.
      const third = listen(storage, '')
      await eventually(() => third.heard, ['unheard'], 5_000)
    },
  )

  peerTest(['etcd'], 'has one stream however many listen, and takes large changes', async () => {
    const etcd = await (running ??= startEtcd())
    const streams = new Set<number>()
    let count = 0
    await using server = counting(etcd.url, () => streams.add(++count))
    await using place = await opened(server.url)
    const { storage, other } = place
    const all = Array.from({ length: 50 }, (_, i) => listen(storage, `r${i}/`))
    const large = crypto.getRandomValues(new Uint8Array(1_500_000))
    await Promise.all(all.map((_, i) => other.put(`r${i}/a`, i % 10 ? bytes('small') : large)))
    await eventually(() => all.every(({ heard }, i) => heard.includes(`r${i}/a`)), true, 20_000)
    expect(streams.size).toBe(1)
  })

  peerTest(['etcd'], 'survives a restart, and a connection that stands still', async () => {
    const etcd = await (running ??= startEtcd())
    await using proxy = await startFaultProxy(etcd.url)
    await using place = await opened(proxy.url)
    const { storage, other } = place
    const { heard } = listen(storage, '')
    await other.put('one', bytes('1'))
    await eventually(() => heard.includes('one'), true, 5_000)
    await etcd.stop('SIGKILL')
    await etcd.start()
    await other.put('two', bytes('2'))
    await eventually(() => heard.includes('two'), true, 15_000)
    proxy.set('stall')
    await other.put('three', bytes('3'))
    await Bun.sleep(2_500)
    proxy.set('none')
    await eventually(() => heard.includes('three'), true, 15_000)
    expect(heard).not.toContain('anything')
  })

  peerTest(['etcd'], 'asks for a listing when etcd forgot what happened meanwhile', async () => {
    const etcd = await (running ??= startEtcd())
    await using proxy = await startFaultProxy(etcd.url)
    await using place = await opened(proxy.url)
    const { storage, other } = place
    const [top, org] = [listen(storage, ''), listen(storage, 'org/')]
    await other.put('one', bytes('1'))
    await eventually(() => top.heard.includes('one'), true, 5_000)
    proxy.set({ cut: 0 })
    await other.put('two', bytes('2'))
    const { header } = (await etcd.ask('/v3/kv/range', { key: 'x' })) as { header: { revision: string } }
    await other.put('two', bytes('3'))
    await etcd.ask('/v3/kv/compaction', { revision: String(Number(header.revision) + 1) })
    proxy.set('none')
    await eventually(() => org.heard, ['anything'], 15_000)
    expect(top.heard).toContain('anything')
    await other.put('org/four', bytes('4'))
    await eventually(() => org.heard, ['anything', 'org/four'], 15_000)
    expect(await text(storage, 'two')).toBe('3')
  })
})

/** An endpoint that passes everything on and tells of streams. */
function counting(target: string, stream: () => void) {
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 30,
    async fetch(request) {
      const path = new URL(request.url).pathname
      if (path === '/v3/watch') stream()
      return fetch(target + path, { method: 'POST', body: await request.text() })
    },
  })
  return { url: `http://127.0.0.1:${server.port}`, [Symbol.asyncDispose]: () => server.stop(true) }
}
