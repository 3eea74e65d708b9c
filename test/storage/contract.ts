import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { isRegistryError } from '../../src/errors.ts'
import type { StorageSettings } from '../../src/storage/open.ts'
import type { ObjectInfo, Storage } from '../../src/storage/storage.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { awkwardKeys, BreakingBlob } from './contract-objects.ts'

/** A store that holds nothing, and how to be rid of it. */
export interface OpenedStorage {
  readonly storage: Storage
  /** How another process opens the same store; without it, cases with a process of their own are left out. */
  readonly settings?: StorageSettings
  /** Makes the store unusable, as an accident would: the folder or bucket is gone. */
  readonly ruin?: () => Promise<void>
  readonly dispose: () => Promise<void>
}

/** Cases that make no sense for a driver, by their names, and why. */
export interface LeftOut {
  readonly reason: string
  readonly tests: readonly string[]
}

/** Registers a test; a driver that needs a peer says so here (see `peerTest`). */
export type Register = (name: string, run: () => Promise<void>, timeoutMs?: number) => void

/**
 * What `Storage` promises, as one suite that every driver passes. Each case starts on an empty store and leaves one.
 * A case that is left out prints its reason.
 */
export function storageContract(
  name: string,
  open: () => Promise<OpenedStorage>,
  leftOut: readonly LeftOut[] = [],
  register: Register = test,
): void {
  const left = new Set(leftOut.flatMap(({ tests }) => tests))
  function promise(sentence: string, run: Case, timeoutMs?: number): void {
    const reason = leftOut.find(({ tests }) => tests.includes(sentence))?.reason
    left.delete(sentence)
    if (reason !== undefined) return console.log(`Left out for ${name} storage: ${sentence}: ${reason}`)
    register(sentence, () => onEmptyStore(open, run), timeoutMs)
  }
  describe(`${name} storage`, () => {
    writing(promise)
    reading(promise)
    listing(promise)
    together(promise)
    onCondition(promise)
    accidents(promise)
    // A name that no case has would leave out nothing, in silence.
    if (left.size > 0) throw new Error(`The contract has no case "${[...left].join('", "')}"`)
  })
}

async function onEmptyStore(open: () => Promise<OpenedStorage>, run: Case): Promise<void> {
  const opened = await open()
  const { storage, dispose } = opened
  try {
    expect(await keys(storage)).toEqual([])
    const ruined = await run(storage, opened)
    if (ruined === 'ruined') return
    for (const key of await keys(storage)) await storage.delete(key)
    expect(await keys(storage)).toEqual([])
  } finally {
    await storage.close()
    await dispose()
  }
}

type Case = (storage: Storage, opened: OpenedStorage) => Promise<void | 'ruined'>
type PromiseCase = (sentence: string, run: Case, timeoutMs?: number) => void

function writing(promise: PromiseCase): void {
  promise('put() gives back what info() and get() then say', async (storage) => {
    const before = Date.now()
    const put = await storage.put('org/mychart-1.0.0.tgz', bytes('one'))
    expect(put).toEqual({
      key: 'org/mychart-1.0.0.tgz',
      size: 3,
      modified: expect.any(Date),
      etag: expect.any(String),
    })
    expect(Math.abs(put.modified.getTime() - before)).toBeLessThan(5000)
    expect(await storage.info(put.key)).toEqual(put)
    expect(await storage.get(put.key)).toMatchObject({ ...put })
    expect(await text(storage, put.key)).toBe('one')
  })

  promise('put() replaces an object, and its change tag differs though size stays', async (storage) => {
    const tags = new Set<string>()
    for (let i = 10; i < 30; i++) tags.add((await storage.put('a', bytes(`v${i}`))).etag)
    expect(tags.size).toBe(20)
    expect(await text(storage, 'a')).toBe('v29')
  })

  promise('put() takes an empty body and a Blob', async (storage) => {
    expect((await storage.put('empty', new Uint8Array())).size).toBe(0)
    expect(await text(storage, 'empty')).toBe('')
    await storage.put('blob', new Blob(['a', 'b', 'c']))
    expect(await text(storage, 'blob')).toBe('abc')
  })

  promise('put() keeps nothing when its stream fails half-way', async (storage) => {
    await expect(storage.put('new', new BreakingBlob())).rejects.toThrow()
    expect(await storage.info('new')).toBeUndefined()
    await expect(storage.put('new', new BreakingBlob(), { when: 'absent' })).rejects.toThrow()
    await expect(storage.put('new', new BreakingBlob(3_000_000))).rejects.toThrow()
    await expect(storage.put('new', new BreakingBlob(3_000_000), { when: 'absent' })).rejects.toThrow()
    expect(await keys(storage)).toEqual([])
  })

  promise('put() leaves the old object whole when its stream fails half-way', async (storage) => {
    const old = await storage.put('old', bytes('old'))
    await expect(storage.put('old', new BreakingBlob())).rejects.toThrow()
    await expect(storage.put('old', new BreakingBlob(3_000_000))).rejects.toThrow()
    expect(await storage.info('old')).toEqual(old)
    expect(await text(storage, 'old')).toBe('old')
  })

  promise('put() when absent refuses to replace, with conflict', async (storage) => {
    const first = await storage.put('a', bytes('first'), { when: 'absent' })
    const error = await storage
      .put('a', bytes('second'), { when: 'absent' })
      .catch((reason: unknown) => reason)
    expect(isRegistryError(error, 'conflict')).toBe(true)
    expect(await storage.info('a')).toEqual(first)
    expect(await text(storage, 'a')).toBe('first')
  })

  promise('delete() says whether something was there', async (storage) => {
    await storage.put('org/a', bytes('a'))
    expect(await storage.delete('org/b')).toBe(false)
    expect(await storage.delete('org')).toBe(false)
    expect(await storage.delete('org/a/below')).toBe(false)
    expect(await storage.delete('nowhere/a')).toBe(false)
    expect(await storage.delete('org/a')).toBe(true)
    expect(await storage.delete('org/a')).toBe(false)
    expect(await storage.info('org/a')).toBeUndefined()
  })

  promise(
    'a 64 MiB object is written from a Blob and read as it was',
    async (storage) => {
      await using folder = await tempFolder()
      const path = join(folder.path, 'big')
      const size = 64 * 1024 * 1024
      const piece = crypto.getRandomValues(new Uint8Array(64 * 1024))
      await Bun.write(path, new Blob(Array.from({ length: size / piece.byteLength }, () => piece)))
      const put = await storage.put('big', Bun.file(path), { when: 'absent' })
      expect(put.size).toBe(size)
      expect(put).toEqual((await storage.info('big')) ?? put)
      expect(await digestOf(storage, 'big')).toBe(await digestOf(Bun.file(path).stream()))
      await storage.delete('big')
    },
    60_000,
  )

  promise(
    'a 192 MiB object is streamed: written and read with flat memory',
    async (_storage, { settings }) => {
      await using folder = await tempFolder()
      // In a process of its own: in this one the memory of all the other tests moves too.
      const program = join(import.meta.dir, 'large-object.ts')
      const child = Bun.spawn([process.execPath, program, folder.path, JSON.stringify(settings)], {
        // As this process sees it now: without it, as it was at its start.
        env: { ...process.env },
        stdout: 'pipe',
      })
      const { size, growth } = (await new Response(child.stdout).json()) as { size: number; growth: number }
      expect(size).toBe(192 * 1024 * 1024)
      // What waits to be collected takes 31 to 47 MB with MinIO, for 64 MiB and for 256 MiB alike.
      expect(growth).toBeLessThan(size / 3)
    },
    120_000,
  )
}

function reading(promise: PromiseCase): void {
  promise('what is missing is undefined, not an error', async (storage) => {
    await storage.put('org/a', bytes('a'))
    for (const key of ['nothing', 'org', 'org/b', 'org/a/below', 'nowhere/deep/below']) {
      expect(await storage.get(key)).toBeUndefined()
      expect(await storage.info(key)).toBeUndefined()
    }
  })

  promise('check() is content with a store that works', async (storage) => {
    await storage.check()
  })

  promise('keys keep every legal character', async (storage) => {
    const wanted = awkwardKeys()
    await inParallel(16, wanted, async (key) => void (await storage.put(key, bytes(key))))
    expect(await keys(storage)).toEqual(wanted.toSorted())
    for (const key of wanted) {
      expect(await text(storage, key)).toBe(key)
      expect((await storage.info(key))?.key).toBe(key)
    }
    await inParallel(16, wanted, async (key) => expect(await storage.delete(key)).toBe(true))
  })
}

function listing(promise: PromiseCase): void {
  promise(
    'list() gives 2,100 objects in key order, with what info() says',
    async (storage) => {
      // Three pages of S3 and Google (1,000 objects), and of etcd (2,000 keys, two for each object).
      const wanted = Array.from({ length: 2100 }, (_, i) => `many/chart-${i}.0.0.tgz`)
      const put = new Map<string, ObjectInfo>()
      await inParallel(64, wanted, async (key) => void put.set(key, await storage.put(key, bytes(key))))
      const listed = await Array.fromAsync(storage.list('many/'))
      expect(listed.map(({ key }) => key)).toEqual(wanted.toSorted())
      expect(new Map(listed.map((info) => [info.key, info]))).toEqual(put)
      await inParallel(64, wanted, async (key) => void (await storage.delete(key)))
    },
    120_000,
  )

  promise('list() gives what starts with the prefix, and nothing else', async (storage) => {
    for (const key of ['org/a', 'org/team/b', 'org2/c', 'org.txt', 'or', 'x/org/d'])
      await storage.put(key, bytes(key))
    expect(await keys(storage, 'org/')).toEqual(['org/a', 'org/team/b'])
    expect(await keys(storage, 'org')).toEqual(['org.txt', 'org/a', 'org/team/b', 'org2/c'])
    expect(await keys(storage, 'org/t')).toEqual(['org/team/b'])
    expect(await keys(storage, 'org/team/')).toEqual(['org/team/b'])
    expect(await keys(storage, 'none/')).toEqual([])
    expect(await keys(storage, 'or/')).toEqual([])
  })

  promise('list() orders by code units of the whole key, across folders', async (storage) => {
    const wanted = [
      'a',
      'a!',
      'a-b',
      'a.b',
      'a/b',
      'a/b.c',
      'a/b/c',
      'a0',
      'aa',
      'é',
      '日本',
      '\u{10000}',
      '\u{ffee}',
    ]
    const possible = wanted.filter((key) => !['a', 'a/b'].includes(key)) // An object is never a folder too.
    for (const key of possible) await storage.put(key, bytes(key))
    expect(await keys(storage)).toEqual(possible.toSorted())
  })

  promise('list() shallow gives only what is directly below', async (storage) => {
    for (const key of ['a', 'org/b', 'org/team/c', 'org/team/deep/d']) await storage.put(key, bytes(key))
    expect(await keys(storage, '', true)).toEqual(['a'])
    expect(await keys(storage, 'org/', true)).toEqual(['org/b'])
    expect(await keys(storage, 'org/team/', true)).toEqual(['org/team/c'])
  })

  promise('list() shows what is below .chartroom/ only when it is asked for', async (storage) => {
    for (const key of ['a', '.chartroom/catalog/org/_', '.chartroom/trash/org/1/c.tgz', '.other/b'])
      await storage.put(key, bytes(key))
    expect(await keys(storage)).toEqual(['.other/b', 'a'])
    expect(await keys(storage, '.chartroom/catalog/')).toEqual(['.chartroom/catalog/org/_'])
    expect(await keys(storage, '.chartroom/trash/org/1/', true)).toEqual(['.chartroom/trash/org/1/c.tgz'])
    expect(await keys(storage, '.chartroom/trash/')).toEqual(['.chartroom/trash/org/1/c.tgz'])
    for (const key of await keys(storage, '.chartroom/')) expect(await storage.delete(key)).toBe(true)
  })

  promise('list() can be left before its end', async (storage) => {
    for (let i = 0; i < 10; i++) await storage.put(`k${i}`, bytes('x'))
    for await (const { key } of storage.list('')) if (key === 'k1') break
    expect(await keys(storage)).toHaveLength(10)
  })
}

function together(promise: PromiseCase): void {
  promise('of 8 writers that put one key when absent, exactly one wins', async (storage) => {
    for (let round = 0; round < 20; round++) {
      const key = `races/${round}`
      const writers = Array.from({ length: 8 }, (_, i) =>
        storage.put(key, bytes(`writer ${i}`), { when: 'absent' }),
      )
      const results = await Promise.allSettled(writers)
      const winners = results.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []))
      expect(winners).toHaveLength(1)
      expect(await text(storage, key)).toBe(`writer ${winners[0]}`)
      const losers = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
      expect(losers.every((error) => isRegistryError(error, 'conflict'))).toBe(true)
    }
  })

  promise('readers during a replacement see the old or the new object, whole', async (storage) => {
    const [even, odd] = ['a'.repeat(300_000), 'b'.repeat(300_000)]
    await storage.put('busy', bytes(even))
    let writing = true
    const readers = Array.from({ length: 4 }, async () => {
      let reads = 0
      for (; writing || reads < 5; reads++) expect([even, odd]).toContain((await text(storage, 'busy')) ?? '')
      return reads
    })
    for (let i = 1; i <= 30; i++) await storage.put('busy', new Blob([i % 2 ? odd : even]))
    writing = false
    for (const reads of await Promise.all(readers)) expect(reads).toBeGreaterThan(4)
  })

  promise('writes of many keys at once all arrive', async (storage) => {
    const wanted = Array.from({ length: 100 }, (_, i) => `f${i % 5}/deep/${i}`)
    await Promise.all(wanted.map((key) => storage.put(key, bytes(key), { when: 'absent' })))
    expect(await keys(storage)).toEqual(wanted.toSorted())
    await Promise.all(wanted.map((key) => storage.delete(key)))
  })
}

/** The cases of the methods that a driver may lack: such a driver leaves them out, with its reason. */
export const casesOf = {
  getUnless: [
    'getUnless() gives "same", the object when its change tag differs, undefined when it is missing',
  ],
  replace: [
    'replace() writes over what still has its change tag, and gives back what info() then says',
    'replace() is refused with conflict, and changes nothing, when the object was changed or is gone',
    'of 8 writers that replace from the same change tag, exactly one wins',
  ],
} as const satisfies Partial<Record<keyof Storage, readonly string[]>>

function onCondition(promise: PromiseCase): void {
  promise(casesOf.getUnless[0], async (storage) => {
    for (const [key, body] of [
      ['org/small', bytes('old')],
      ['org/large', new Uint8Array(2_000_000)],
    ] as const) {
      const old = await storage.put(key, body)
      expect(await getUnless(storage, key, old.etag)).toBe('same')
      expect(await getUnless(storage, key, 'another')).toMatchObject({ ...old })
      const put = await storage.put(key, bytes('new'))
      const found = await getUnless(storage, key, old.etag)
      if (found === undefined || found === 'same') throw new Error(`got ${found}`)
      expect(found).toMatchObject({ ...put })
      expect(await new Response(found.body).text()).toBe('new')
      await storage.delete(key)
      expect(await getUnless(storage, key, put.etag)).toBeUndefined()
    }
    expect(await getUnless(storage, 'never', 'there')).toBeUndefined()
  })

  promise(casesOf.replace[0], async (storage) => {
    let last = await storage.put('org/log', bytes('v10'))
    for (let i = 11; i < 20; i++) {
      const next = await replace(storage, 'org/log', `v${i}`, last.etag)
      expect(next.etag).not.toBe(last.etag)
      expect(await storage.info('org/log')).toEqual(next)
      expect(await text(storage, 'org/log')).toBe(`v${i}`)
      last = next
    }
  })

  promise(casesOf.replace[1], async (storage) => {
    const first = await storage.put('a', bytes('first'))
    const second = await storage.put('a', bytes('second'))
    await expectConflict(replace(storage, 'a', 'third', first.etag))
    expect(await storage.info('a')).toEqual(second)
    expect(await text(storage, 'a')).toBe('second')
    await storage.delete('a')
    await expectConflict(replace(storage, 'a', 'third', second.etag))
    await expectConflict(replace(storage, 'never', 'third', second.etag))
    expect(await keys(storage)).toEqual([])
  })

  promise(casesOf.replace[2], async (storage) => {
    let { etag } = await storage.put('log', bytes('start'))
    for (let round = 0; round < 20; round++) {
      const writers = Array.from({ length: 8 }, (_, i) => replace(storage, 'log', `${round} by ${i}`, etag))
      const results = await Promise.allSettled(writers)
      const winners = results.flatMap((result, i) => (result.status === 'fulfilled' ? [i] : []))
      expect(winners).toHaveLength(1)
      expect(await text(storage, 'log')).toBe(`${round} by ${winners[0]}`)
      for (const result of results) {
        if (result.status === 'fulfilled') etag = result.value.etag
        else expect(isRegistryError(result.reason, 'conflict')).toBe(true)
      }
    }
  })
}

async function expectConflict(writing: Promise<unknown>): Promise<void> {
  const error = await writing.catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'conflict', about: 'storage' })
}

/** Calls what a driver may lack; one that lost it must not look as if it had passed. */
function getUnless(storage: Storage, key: string, etag: string) {
  if (storage.getUnless === undefined) throw new Error('The driver has no getUnless(): leave the case out')
  return storage.getUnless(key, etag)
}

function replace(storage: Storage, key: string, body: string, etag: string): Promise<ObjectInfo> {
  if (storage.replace === undefined) throw new Error('The driver has no replace(): leave the case out')
  return storage.replace(key, bytes(body), etag)
}

function accidents(promise: PromiseCase): void {
  promise('what is broken is an error, and never looks missing or empty', async (storage, { ruin }) => {
    await storage.put('org/a', bytes('a'))
    await ruin?.()
    const calls: readonly (() => Promise<unknown>)[] = [
      () => storage.get('org/a'),
      () => storage.get('org/never-there'),
      () => storage.info('org/a'),
      () => storage.info('org/never-there'),
      () => keys(storage, 'org/'),
      () => keys(storage),
      () => storage.check(),
      ...(storage.getUnless ? [() => getUnless(storage, 'org/a', 'tag')] : []),
      ...(storage.replace ? [() => replace(storage, 'org/a', 'b', 'tag')] : []),
    ]
    for (const call of calls) {
      const error = await call().then(
        (value) => value,
        (reason: unknown) => reason,
      )
      expect(error).toMatchObject({ code: 'unavailable', about: 'storage' })
    }
    return 'ruined'
  })
}

export function bytes(text: string): Uint8Array {
  return new TextEncoder().encode(text)
}

export async function text(storage: Storage, key: string): Promise<string | undefined> {
  const found = await storage.get(key)
  return found && (await new Response(found.body).text())
}

export async function keys(storage: Storage, prefix = '', shallow = false): Promise<string[]> {
  return (await Array.fromAsync(storage.list(prefix, { shallow }))).map(({ key }) => key)
}

/** SHA-256 of a stream, or of what stands under a key. */
async function digestOf(source: Storage | ReadableStream<Uint8Array>, key = ''): Promise<string> {
  const hash = new Bun.CryptoHasher('sha256')
  const body = source instanceof ReadableStream ? source : (await source.get(key))?.body
  for await (const chunk of (body instanceof Blob ? body.stream() : body) ?? []) hash.update(chunk)
  return hash.digest('hex')
}

async function inParallel<T>(
  many: number,
  items: readonly T[],
  run: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values()
  await Promise.all(
    Array.from({ length: many }, async () => {
      for (const item of left) await run(item)
    }),
  )
}
