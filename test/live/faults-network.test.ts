import { afterAll, describe, expect } from 'bun:test'
import type { Fault } from '../support/fault-proxy.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { startEtcd } from '../support/etcd.ts'
import { etcdFlags, killStores, minioEnvironment, minioFlags } from '../support/kill-stores.ts'
import { startMinio } from '../support/minio.ts'
import { peerTest } from '../support/peers.ts'
import { expectAll, expectRecovery, expectSurvival, longestMs, startVictim } from '../support/store-faults.ts'

/** Milliseconds for one test: they wait for the patience of the server, all at the same time. */
const timeout = 120_000

/** Each store, how a server is started over a part of it of its own, and how large an archive it takes. */
const stores = {
  minio: {
    run: startMinio,
    start: (url: string, part: string) => ({
      flags: minioFlags({ url, bucket: part }),
      env: minioEnvironment,
    }),
    largeBytes: 3_000_000,
  },
  etcd: {
    run: startEtcd,
    start: (url: string, part: string) => ({ flags: etcdFlags(url, part) }),
    largeBytes: 800_000,
  },
} as const
type StoreName = keyof typeof stores

const running = new Map<StoreName, Promise<{ readonly url: string } & AsyncDisposable>>()
afterAll(async () => {
  for (const store of running.values()) await (await store)[Symbol.asyncDispose]()
}, 60_000)

/** A server over a part of the store, with a proxy between that breaks what it is told to break. */
async function behindProxy(name: StoreName, part: string) {
  const { run, start, largeBytes } = stores[name]
  const store = running.get(name) ?? run()
  running.set(name, store)
  const proxy = await startFaultProxy((await store).url)
  const victim = await startVictim(start(proxy.url, part), largeBytes)
  return {
    ...victim,
    proxy,
    async [Symbol.asyncDispose]() {
      await victim[Symbol.asyncDispose]()
      await proxy[Symbol.asyncDispose]()
    },
  }
}

describe.concurrent('a server whose store', () => {
  const faults: [what: string, fault: Fault, names: StoreName[]][] = [
    ['lets nothing through', 'stall', ['minio', 'etcd']],
    ['answers garbage', 'garbage', ['minio', 'etcd']],
    ['breaks every connection', { cut: 0 }, ['minio', 'etcd']],
    ['breaks every connection in the middle of an answer', { cut: 300 }, ['minio']],
    ['stops in the middle of every answer', { stopAfter: 300 }, ['minio']],
  ]
  for (const [place, [what, fault, names]] of faults.entries()) {
    for (const name of names) {
      peerTest(
        [name],
        `(${name}) ${what} hangs nobody, tells nothing wrong, and recovers by itself`,
        async () => {
          await using victim = await behindProxy(name, `broken-${place}`)
          victim.proxy.set(fault)
          await expectSurvival(victim)
          victim.proxy.set('none')
          await expectRecovery(victim)
        },
        timeout,
      )
    }
  }

  for (const name of ['minio', 'etcd'] as const) {
    peerTest(
      [name],
      `(${name}) is frozen, killed and started again hangs nobody, tells nothing wrong, and recovers by itself`,
      async () => {
        await using opened = await killStores[name].open()
        const { start, kill, freeze } = opened.store
        await using victim = await startVictim(start, stores[name].largeBytes)
        for (const harm of [freeze, kill]) {
          const bringBack = await harm?.()
          await expectSurvival(victim)
          await bringBack?.()
          await expectRecovery(victim)
        }
      },
      timeout,
    )
  }

  peerTest(
    ['minio'],
    'is slow, or breaks downloads in the middle, is served rightly all the same',
    async () => {
      await using victim = await behindProxy('minio', 'slow')
      victim.proxy.set({ delayMs: 150 })
      await expectRecovery(victim)
      victim.proxy.set({ cut: 700_000 }, 3)
      await expectAll(victim)
      expect(victim.proxy.count()).toBeGreaterThan(0)
    },
    timeout,
  )

  peerTest(
    ['minio'],
    'stops in the middle of a download ends it, and never with fewer bytes as if they were all',
    async () => {
      await using victim = await behindProxy('minio', 'downloads')
      for (const [first, then] of [
        [{ stopAfter: 1_000_000 }, 'stall'],
        [{ cut: 1_000_000 }, { cut: 0 }],
      ] satisfies [Fault, Fault][]) {
        victim.proxy.set(first)
        const answer = await victim.ours.get('/charts/large-1.0.0.tgz')
        victim.proxy.set(then)
        let [got, last, longest] = [0, performance.now(), 0]
        const whole = await readAll(answer, (bytes) => {
          longest = Math.max(longest, performance.now() - last)
          last = performance.now()
          got += bytes
        })
        longest = Math.max(longest, performance.now() - last)
        const late = longest > longestMs && Math.round(longest)
        expect({ whole, less: got < 3_000_000, late }).toEqual({ whole: false, less: true, late: false })
      }
      victim.proxy.set('none')
      await expectRecovery(victim)
    },
    timeout,
  )
})

/** True when the body came to its end. */
async function readAll(answer: Response, got: (bytes: number) => void): Promise<boolean> {
  try {
    for await (const chunk of answer.body ?? []) got(chunk.byteLength)
    return true
  } catch (error) {
    expect(error).toBeInstanceOf(Error)
    return false
  }
}
