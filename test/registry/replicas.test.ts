import { afterEach, describe, expect, test } from 'bun:test'
import { isRegistryError, RegistryError } from '../../src/errors.ts'
import { changesKey } from '../../src/registry/keys.ts'
import { createRegistry, type Registry } from '../../src/registry/registry.ts'
import type { RegistryOptions } from '../../src/registry/registry.ts'
import type { ChangeLog } from '../../src/storage/change-log.ts'
import { localStorage } from '../../src/storage/local.ts'
import { memoryStorage } from '../../src/storage/memory.ts'
import { objectLog } from '../../src/storage/object-log.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { chart } from '../support/chart-builder.ts'
import { keptLog, publishOne, uploadOf, usualOptions } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'

const open: Registry[] = []

afterEach(async () => {
  for (const registry of open.splice(0)) await registry.close()
})

function replica(storage: Storage, options: Partial<RegistryOptions> = {}): Registry {
  const { watch: _, ...unwatched } = storage
  const registry = createRegistry(
    unwatched,
    { ...usualOptions, statefile: undefined, trashMs: 60_000, ...options },
    undefined,
    keptLog(),
  )
  open.push(registry)
  return registry
}

async function shown(registry: Registry, repo = ''): Promise<string[]> {
  const document = await registry.repository(repo).document('json')
  const index = (await document.body.json()) as {
    entries: Record<string, { version: string; digest: string }[]>
  }
  return Object.entries(index.entries)
    .flatMap(([name, versions]) =>
      versions.map(({ version, digest }) => `${name} ${version} ${digest.slice(0, 8)}`),
    )
    .toSorted()
}

/** The same store, with calls counted, held back or made to fail. */
function watched(storage: Storage) {
  const calls: string[] = []
  const held = new Map<string, Promise<void>>()
  let broken = false
  async function through<T>(what: string, run: () => Promise<T>): Promise<T> {
    calls.push(what)
    await held.get(what)
    if (broken) throw new RegistryError('unavailable', 'storage', 'the store is away')
    return run()
  }
  const wrapped: Storage = {
    ...storage,
    get: (key) => through(`get ${key}`, () => storage.get(key)),
    info: (key) => through(`info ${key}`, () => storage.info(key)),
    put: (key, body, when) => through(`put ${key}`, () => storage.put(key, body, when)),
    delete: (key) => through(`delete ${key}`, () => storage.delete(key)),
    async *list(prefix, how) {
      calls.push(`list ${prefix}`)
      if (broken) throw new RegistryError('unavailable', 'storage', 'the store is away')
      yield* storage.list(prefix, how)
    },
    getUnless: (key, etag) =>
      through(`look ${key}`, async () => {
        const info = await storage.info(key)
        return info?.etag === etag ? 'same' : storage.get(key)
      }),
    replace: (key, body, etag) =>
      through(
        `replace ${key}`,
        async () => (await storage.replace?.(key, body, etag)) ?? storage.put(key, body),
      ),
    check: () => through('check', () => storage.check()),
  }
  return {
    storage: wrapped,
    calls,
    taken: () => calls.splice(0),
    break: (now: boolean) => (broken = now),
    /** Holds back every such call until the returned function is called. */
    hold(what: string): () => void {
      const { promise, resolve } = Promise.withResolvers<void>()
      held.set(what, promise)
      return () => {
        held.delete(what)
        resolve()
      }
    },
  }
}

async function storages(run: (storage: Storage) => Promise<void>): Promise<void> {
  await run(memoryStorage())
  const { replace: _, ...unconditional } = memoryStorage()
  await run(unconditional)
  await using folder = await tempFolder()
  await run(await localStorage({ root: folder.path, log: keptLog() }))
}

describe('two registries on one store', () => {
  test('show after every change the same, whoever made it', () =>
    storages(async (storage) => {
      const replicas = [replica(storage), replica(storage), replica(storage)] as const
      for (const one of replicas) expect(await shown(one)).toEqual([])
      const model = new Map<string, string>()
      for (let step = 0; step < 40; step++) {
        const writer = replicas[step % 3]?.repository('')
        const version = `1.0.${(step * 7) % 9}`
        const archive = await chart('a', version).with('step', String(step)).tgz()
        const there = model.has(version)
        if (there && step % 2 === 0) {
          await writer?.remove('a', version)
          model.delete(version)
        } else {
          const published = await writer?.publish(
            { archives: [uploadOf(archive)], provenances: [] },
            { force: true },
          )
          model.set(version, published?.charts[0]?.version.digest.slice(0, 8) ?? '')
        }
        const wanted = [...model].map(([known, digest]) => `a ${known} ${digest}`).toSorted()
        for (const one of replicas) expect(await shown(one)).toEqual(wanted)
      }
    }))

  test('undo for each other, and see provenance files that come and go', () =>
    storages(async (storage) => {
      const [one, two] = [replica(storage).repository('org'), replica(storage).repository('org')]
      await publishOne(one, await chart('a', '1.0.0').tgz())
      expect(await two.versions('a')).toHaveLength(1)
      const { deletion } = await two.remove('a', '1.0.0')
      expect(await one.versions('a')).toEqual([])
      await one.restore(deletion?.id ?? '')
      expect(await two.versions('a')).toHaveLength(1)
      const provenance = Buffer.from(
        '-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nname: a\nversion: 1.0.0\n\n...\nfiles:\n  a-1.0.0.tgz: sha256:00\n-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----\n',
      )
      await one.publish({ archives: [], provenances: [uploadOf(provenance)] }, { force: false })
      expect((await two.versions('a'))[0]?.signed).toBe(true)
      await two.publish(
        { archives: [uploadOf(await chart('a', '1.0.0').with('new', '').tgz())], provenances: [] },
        { force: true },
      )
      expect((await one.versions('a'))[0]?.signed).toBe(false)
    }))

  test('name repositories that got their first chart or lost their last one anywhere', () =>
    storages(async (storage) => {
      const [one, two] = [replica(storage), replica(storage)]
      const names = (registry: Registry) => registry.names({ depth: 1, dynamic: false })
      expect(await names(two)).toEqual([])
      for (const repo of ['x', 'y', 'z']) {
        await publishOne(one.repository(repo), await chart('a', '1.0.0').tgz())
        expect(await names(two)).toContain(repo)
        expect(await names(one)).toContain(repo)
      }
      expect(await two.repository('y').versions('a')).toHaveLength(1)
      await one.repository('y').removeChart('a')
      expect(await names(two)).toEqual(['x', 'z'])
      expect(await names(one)).toEqual(['x', 'z'])
    }))

  test('let exactly one of them publish a version', () =>
    storages(async (storage) => {
      const replicas = Array.from({ length: 4 }, () => replica(storage))
      const archives = await Promise.all(
        replicas.map((_, n) => chart('a', '1.0.0').with('by', String(n)).tgz()),
      )
      const results = await Promise.allSettled(
        replicas.map((one, n) => publishOne(one.repository(''), archives[n] ?? new Uint8Array())),
      )
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
      const lost = results.flatMap((result) =>
        result.status === 'rejected' ? [result.reason as unknown] : [],
      )
      expect(lost.every((reason) => isRegistryError(reason, 'conflict'))).toBe(true)
      const all = await Promise.all(replicas.map((one) => shown(one)))
      for (const index of all) expect(index).toEqual(all[0] ?? [])
      expect(all[0]).toHaveLength(1)
    }))
})

describe('a look into the log', () => {
  test('is all that a read costs while nothing is new, and one or two serve any number of readers', async () => {
    const store = watched(memoryStorage())
    const [one, two] = [replica(store.storage), replica(store.storage)]
    await publishOne(one.repository(''), await chart('a', '1.0.0').tgz())
    expect(await shown(two)).toHaveLength(1)
    await shown(one)
    store.taken()
    await shown(two)
    expect(store.taken()).toEqual(['look .chartroom/changes'])
    await Promise.all(Array.from({ length: 100 }, () => shown(two)))
    expect(store.taken().length).toBeLessThanOrEqual(2)
  })

  test('lets a reader join only one that starts after the reader came', async () => {
    const store = watched(memoryStorage())
    const [one, two] = [replica(store.storage), replica(store.storage)]
    await publishOne(one.repository(''), await chart('a', '1.0.0').tgz())
    await shown(two)
    // The first reader's look has passed the log already when the second version is answered for.
    const slow = replica({
      ...store.storage,
      getUnless: async (key, etag) => {
        const answer = await store.storage.getUnless?.(key, etag)
        if (armed) {
          armed = false
          passed.resolve()
          await release.promise
        }
        return answer
      },
    })
    let armed = false
    const [passed, release] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    expect(await shown(slow)).toHaveLength(1)
    armed = true
    const early = shown(slow)
    await passed.promise
    await publishOne(one.repository(''), await chart('a', '2.0.0').tgz())
    const late = shown(slow)
    release.resolve()
    expect((await early).length).toBeGreaterThanOrEqual(1)
    expect(await late).toHaveLength(2)
  })

  test('answers nobody from memory while its news is on its way', async () => {
    const memory = memoryStorage()
    const log = objectLog(memory, changesKey)
    let isRead = false
    let arrival = Promise.resolve()
    const slow: ChangeLog = {
      append: (changes) => log.append(changes),
      async look() {
        const news = await log.look()
        isRead = true
        await arrival
        return news
      },
      unchangedNow: () => isRead,
    }
    const [writer, reader] = [replica(memory), replica({ ...memory, log: () => slow })]
    await publishOne(writer.repository(''), await chart('a', '1.0.0').tgz())
    expect(await shown(reader)).toHaveLength(1)
    await publishOne(writer.repository(''), await chart('a', '2.0.0').tgz())
    isRead = false
    const { promise, resolve } = Promise.withResolvers<void>()
    arrival = promise
    const early = shown(reader)
    await Bun.sleep(20)
    const late = shown(reader)
    await Bun.sleep(20)
    resolve()
    for (const each of [early, late]) expect(await each).toHaveLength(2)
  })

  test('costs nothing where the server is the only one', async () => {
    const store = watched(memoryStorage())
    const only = replica(store.storage, { freshness: { single: true, maxStaleMs: 0 } })
    await publishOne(only.repository(''), await chart('a', '1.0.0').tgz())
    await shown(only)
    expect(store.taken().filter((call) => call.endsWith('changes'))).toEqual([])
    expect(await shown(only)).toHaveLength(1)
    expect(store.taken()).toEqual([])
  })

  test('opens only the files that changed', async () => {
    const store = watched(memoryStorage())
    const [one, two] = [replica(store.storage), replica(store.storage)]
    for (let n = 0; n < 30; n++) await publishOne(one.repository(''), await chart('a', `1.0.${n}`).tgz())
    expect(await shown(two)).toHaveLength(30)
    await publishOne(one.repository(''), await chart('b', '1.0.0').tgz())
    store.taken()
    expect(await shown(two)).toHaveLength(31)
    expect(store.taken().filter((call) => /list|get .*tgz$/.test(call))).toEqual(['get b-1.0.0.tgz'])
  })
})

describe('a publish that is told of while it is written', () => {
  test('shows to a reader of another server as soon as it was answered, however early that one looked', async () => {
    const store = watched(memoryStorage())
    const [one, two] = [replica(store.storage), replica(store.storage)]
    await publishOne(one.repository(''), await chart('a', '1.0.0').tgz())
    await shown(two)
    const release = store.hold('put a-2.0.0.tgz')
    const publishing = publishOne(one.repository(''), await chart('a', '2.0.0').tgz())
    await Bun.sleep(20)
    expect(await shown(two)).toHaveLength(1)
    expect(await shown(two)).toHaveLength(1)
    release()
    await publishing
    expect(await shown(two)).toHaveLength(2)
    store.taken()
    await shown(two)
    expect(store.taken()).toEqual(['look .chartroom/changes'])
  })

  test('shows the digest that stays when two overwrite each other in another order than they told', async () => {
    const memory = memoryStorage()
    const slow = watched(memory)
    const [one, two, reader] = [replica(slow.storage), replica(memory), replica(memory)]
    await publishOne(one.repository(''), await chart('a', '1.0.0').tgz())
    for (const each of [two, reader]) await shown(each)
    const release = slow.hold('put a-1.0.0.tgz')
    const first = publishOne(one.repository(''), await chart('a', '1.0.0').with('by', 'one').tgz(), true)
    await Bun.sleep(20)
    const second = await publishOne(
      two.repository(''),
      await chart('a', '1.0.0').with('by', 'two').tgz(),
      true,
    )
    expect(await shown(reader)).toEqual([`a 1.0.0 ${second.charts[0]?.version.digest.slice(0, 8)}`])
    release()
    const last = `a 1.0.0 ${(await first).charts[0]?.version.digest.slice(0, 8)}`
    for (const each of [one, two, reader]) expect(await shown(each)).toEqual([last])
  })

  test('is taken back when nobody can be told', async () => {
    const memory = memoryStorage()
    const failing: Storage = {
      ...memory,
      replace: async () => {
        throw new RegistryError('unavailable', 'storage', 'cannot tell')
      },
    }
    const [one, two] = [replica(failing), replica(memory)]
    await publishOne(two.repository(''), await chart('a', '1.0.0').tgz())
    const error = await publishOne(one.repository(''), await chart('a', '2.0.0').tgz()).catch(
      (reason: unknown) => reason,
    )
    expect(isRegistryError(error, 'unavailable')).toBe(true)
    for (const each of [one, two]) expect(await shown(each)).toHaveLength(1)
    expect(await memory.info('a-2.0.0.tgz')).toBeUndefined()
  })

  test('leaves no other server looking for what was refused for ever', async () => {
    const store = watched(memoryStorage())
    const [one, two] = [replica(store.storage), replica(store.storage)]
    await publishOne(one.repository(''), await chart('a', '1.0.0').tgz())
    await shown(two)
    await store.storage.put('b-1.0.0.tgz', Buffer.from('put there by hand'))
    await expect(publishOne(one.repository(''), await chart('b', '1.0.0').tgz())).rejects.toThrow('exists')
    expect(await shown(two)).toHaveLength(1)
    expect((await two.repository('').facts()).unreadable).toHaveLength(1)
  })
})

describe('while the store does not answer', () => {
  test('reads go on, what is not known is not denied, readiness says degraded, and all recovers', async () => {
    const store = watched(memoryStorage())
    const [one, other] = [replica(store.storage), replica(store.storage)]
    await publishOne(one.repository(''), await chart('a', '1.0.0').tgz())
    await publishOne(one.repository('org'), await chart('a', '1.0.0').tgz())
    expect(await one.names({ depth: 1, dynamic: false })).toEqual(['org'])
    await shown(one)
    expect(await one.check()).toEqual({ degraded: undefined })
    store.break(true)
    expect(await shown(one)).toHaveLength(1)
    expect((await one.check()).degraded?.reason).toContain('the store is away')
    expect(await one.names({ depth: 1, dynamic: false })).toEqual(['org'])
    expect(one.staleSince).toBeDate()
    for (const ask of [
      () => one.repository('').version('b', '1.0.0'),
      () => Promise.resolve(one.repository('').file('b-1.0.0.tgz')),
      () => Promise.resolve(one.repository('').chartDocument('b')),
      () => Promise.resolve(one.repository('never-read').document('yaml')),
      () =>
        publishOne(one.repository(''), new Uint8Array(0)).catch(async () =>
          one.repository('').remove('a', '9.0.0'),
        ),
    ]) {
      const error = await ask().catch((reason: unknown) => reason)
      expect(isRegistryError(error, 'unavailable')).toBe(true)
    }
    store.break(false)
    await publishOne(other.repository(''), await chart('a', '2.0.0').tgz())
    await Bun.sleep(2500)
    expect(await shown(one)).toHaveLength(2)
    expect(await one.check()).toEqual({ degraded: undefined })
  })

  test('nothing is answered where nothing may be stale, nor when it is stale for too long', async () => {
    for (const maxStaleMs of [0, 300]) {
      const store = watched(memoryStorage())
      const one = replica(store.storage, { freshness: { single: false, maxStaleMs } })
      await publishOne(one.repository(''), await chart('a', '1.0.0').tgz())
      await shown(one)
      store.break(true)
      if (maxStaleMs > 0) expect(await shown(one)).toHaveLength(1)
      await Bun.sleep(maxStaleMs)
      const error = await shown(one).catch((reason: unknown) => reason)
      expect(isRegistryError(error, 'unavailable')).toBe(true)
      const readiness = await one.check().catch((reason: unknown) => reason)
      expect(isRegistryError(readiness, 'unavailable')).toBe(true)
    }
  })

  test('a server that has its store for itself answers what it knows, which is all there is', async () => {
    const store = watched(memoryStorage())
    const one = replica(store.storage, { freshness: { single: true, maxStaleMs: 0 } })
    await publishOne(one.repository(''), await chart('a', '1.0.0').tgz())
    store.break(true)
    expect(await shown(one)).toHaveLength(1)
    expect(
      isRegistryError(
        await one
          .repository('')
          .version('b', '1')
          .catch((e: unknown) => e),
        'not_found',
      ),
    ).toBe(true)
    expect((await one.check()).degraded?.reason).toContain('the store is away')
  })

  test('what another server published just before is not forgotten when reading it fails', async () => {
    const store = watched(memoryStorage())
    const other = replica(store.storage)
    const reader = watched(store.storage)
    const one = replica(reader.storage)
    await publishOne(other.repository(''), await chart('a', '1.0.0').tgz())
    await shown(one)
    await publishOne(other.repository(''), await chart('a', '2.0.0').tgz())
    const release = reader.hold('get a-2.0.0.tgz')
    const early = shown(one)
    await Bun.sleep(20)
    reader.break(true)
    release()
    expect(await early).toHaveLength(1)
    reader.break(false)
    await Bun.sleep(1500)
    expect(await shown(one)).toHaveLength(2)
  })
})
