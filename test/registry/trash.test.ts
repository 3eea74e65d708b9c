import { describe, expect, test } from 'bun:test'
import { RegistryError } from '../../src/errors.ts'
import type { Deletion } from '../../src/registry/deletion.ts'
import type { Removal } from '../../src/registry/remove.ts'
import type { Repository } from '../../src/registry/repository.ts'
import { sweepTrash } from '../../src/registry/sweep.ts'
import { memoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { chart } from '../support/chart-builder.ts'
import { keptLog, publishOne, repositoryOver, storedKeys, uploadOf } from '../support/repository.ts'

const trashMs = 15 * 60_000

function provenance(name: string, version: string): Uint8Array {
  return new TextEncoder().encode(
    `-----BEGIN PGP SIGNED MESSAGE-----\n\nname: ${name}\nversion: ${version}\n`,
  )
}

async function publishSigned(repository: Repository, name: string, version: string): Promise<void> {
  await repository.publish(
    {
      archives: [uploadOf(await chart(name, version).tgz())],
      provenances: [uploadOf(provenance(name, version))],
    },
    { force: false },
  )
}

async function refusal(work: Promise<unknown>): Promise<RegistryError> {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof RegistryError) return error
  throw new Error(`expected a RegistryError, got ${String(error)}`)
}

function deletionOf(removal: Removal): Deletion {
  if (removal.deletion === undefined) throw new Error('nothing was kept')
  return removal.deletion
}

/** Every object with its bytes, our own records left out but those of the trash. */
async function bytesIn(storage: Storage, prefix = ''): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for await (const { key } of storage.list(prefix)) {
    if (key.endsWith('index-cache.yaml')) continue
    const object = await storage.get(key)
    const body = object?.body instanceof Blob ? await object.body.bytes() : new Uint8Array()
    found[key] = new Bun.CryptoHasher('sha256').update(body).digest('hex')
  }
  return found
}

async function trashed(storage: Storage): Promise<string[]> {
  return Object.keys(await bytesIn(storage, '.chartroom/trash/'))
}

/** A store that fails from the n-th write or deletion on, as one does whose disk or process goes away. */
function failingFrom(inner: Storage, nth: number): { storage: Storage; calls: () => number } {
  let calls = 0
  const guard = () => {
    calls += 1
    if (calls >= nth) throw new RegistryError('unavailable', 'storage', 'the disk is gone')
  }
  const storage: Storage = {
    ...inner,
    async put(key, body, options) {
      if (!key.startsWith('.chartroom/catalog') && !key.endsWith('index-cache.yaml')) guard()
      return inner.put(key, body, options)
    },
    async delete(key) {
      guard()
      return inner.delete(key)
    },
  }
  return { storage, calls: () => calls }
}

describe('a deletion', () => {
  test('leaves the index at once and keeps archive and provenance with a record of who and when', async () => {
    const storage = memoryStorage()
    const repository = repositoryOver(storage, { name: 'org/team', trashMs })
    await publishSigned(repository, 'mychart', '1.0.0')
    const before = Date.now()
    const { versions, deletion } = await repository.remove('mychart', '1.0.0', 'alice')
    expect(versions).toBe(1)
    expect(deletion).toMatchObject({ repo: 'org/team', by: 'alice' })
    expect(deletion?.until.getTime()).toBeGreaterThanOrEqual(before + trashMs)
    expect(deletion?.versions).toMatchObject([
      { file: 'mychart-1.0.0.tgz', chart: 'mychart', version: '1.0.0', hasProvenance: true },
    ])
    expect(await (await repository.document('json')).body.text()).not.toContain('mychart')
    expect(await storedKeys(storage)).toEqual([])
    const start = `.chartroom/trash/org/team/+/${deletion?.id}`
    expect(await trashed(storage)).toEqual([`${start}.0.tgz`, `${start}.0.tgz.prov`, `${start}.json`])
    expect(await repository.trash()).toEqual([deletionOf({ versions, deletion })])
  })

  test('is undone byte for byte, with the time its entry had in the index', async () => {
    const storage = memoryStorage()
    const repository = repositoryOver(storage, { trashMs })
    await publishSigned(repository, 'mychart', '1.0.0')
    const [stored, entry] = [await bytesIn(storage), (await repository.version('mychart', '1.0.0')).entry]
    const { id } = deletionOf(await repository.remove('mychart', '1.0.0'))
    await Bun.sleep(1100)
    const { versions } = await repository.restore(id)
    expect(versions.map(({ version }) => version)).toEqual(['1.0.0'])
    expect(await bytesIn(storage)).toEqual(stored)
    expect(await repository.version('mychart', '1.0.0')).toMatchObject({ entry, signed: true })
    expect(await trashed(storage)).toEqual([])
    expect(await repository.trash()).toEqual([])
    expect((await refusal(repository.restore(id))).code).toBe('not_found')
  })

  test('of many versions or of a whole chart comes back as one', async () => {
    const storage = memoryStorage()
    const repository = repositoryOver(storage, { trashMs })
    const names = [
      ['mychart-1.0', '0.1.1'],
      ['mychart', '1.0.0'],
      ['x', '3.0.0-12'],
      ['x', '3.0.0'],
      ['devops', '1.2.0-alpha.2'],
      ['devops', '1.2.0'],
    ] as const
    for (const [name, version] of names) await publishSigned(repository, name, version)
    const stored = await bytesIn(storage)
    const several = await repository.removeVersions([
      { chart: 'mychart-1.0', version: '0.1.1' },
      { chart: 'x', version: '3.0.0-12' },
      { chart: 'x', version: 'no such version' },
    ])
    // Of two deletions in one millisecond none is newer.
    await Bun.sleep(2)
    const whole = await repository.removeChart('devops', 'bob')
    expect([several.versions, whole.versions]).toEqual([2, 2])
    expect(await storedKeys(storage)).toEqual([
      'mychart-1.0.0.tgz',
      'mychart-1.0.0.tgz.prov',
      'x-3.0.0.tgz',
      'x-3.0.0.tgz.prov',
    ])
    expect((await repository.trash()).map(({ by, versions }) => [by, versions.length])).toEqual([
      ['bob', 2],
      [undefined, 2],
    ])
    await repository.restore(deletionOf(whole).id)
    await repository.restore(deletionOf(several).id)
    expect(await bytesIn(storage)).toEqual(stored)
    const list: Record<string, { version: string }[]> = await (await repository.document('list')).body.json()
    expect(Object.entries(list).map(([name, all]) => [name, all.map((one) => one.version)])).toEqual([
      ['devops', ['1.2.0', '1.2.0-alpha.2']],
      ['mychart', ['1.0.0']],
      ['mychart-1.0', ['0.1.1']],
      ['x', ['3.0.0', '3.0.0-12']],
    ])
  })

  test('names the exact version: a file that only looks like it stays', async () => {
    const storage = memoryStorage()
    await storage.put('copied-in.tgz', await chart('a', '1-2').tgz())
    const repository = repositoryOver(storage, { trashMs })
    await publishOne(repository, await chart('a-1', '2').tgz())
    await repository.remove('a', '1-2')
    expect(await storedKeys(storage)).toEqual(['a-1-2.tgz'])
    expect(await repository.versions('a-1')).toHaveLength(1)
  })

  test('cannot be undone once somebody published the version again, not even with the same bytes', async () => {
    const storage = memoryStorage()
    const repository = repositoryOver(storage, { trashMs })
    for (const version of ['1.0.0', '2.0.0']) await publishOne(repository, await chart('a', version).tgz())
    const { id } = deletionOf(await repository.removeChart('a'))
    await publishOne(repository, await chart('a', '2.0.0').tgz())
    const error = await refusal(repository.restore(id))
    expect([error.code, error.message]).toEqual([
      'conflict',
      'Cannot restore: a 2.0.0 was published again meanwhile; delete it first to restore',
    ])
    expect(await storedKeys(storage)).toEqual(['a-2.0.0.tgz'])
    await repository.remove('a', '2.0.0')
    await repository.restore(id)
    expect(await storedKeys(storage)).toEqual(['a-1.0.0.tgz', 'a-2.0.0.tgz'])
  })

  test('is for good where nothing is kept, and when its time is over', async () => {
    const storage = memoryStorage()
    const [never, brief] = [repositoryOver(storage), repositoryOver(storage, { trashMs: 20, name: 'brief' })]
    await publishOne(never, await chart('a', '1.0.0').tgz())
    expect(await never.remove('a', '1.0.0')).toEqual({ versions: 1, deletion: undefined })
    expect(await trashed(storage)).toEqual([])
    await publishOne(brief, await chart('a', '1.0.0').tgz())
    const { id } = deletionOf(await brief.remove('a', '1.0.0'))
    await Bun.sleep(25)
    expect(await brief.trash()).toEqual([])
    const error = await refusal(brief.restore(id))
    expect([error.code, error.message]).toEqual([
      'not_found',
      'Cannot restore: there is no such deletion, or the time in which it could be undone is over',
    ])
  })

  test('is asked for by its name only', async () => {
    const storage = memoryStorage()
    const repository = repositoryOver(storage, { trashMs })
    await publishOne(repository, await chart('a', '1.0.0').tgz())
    const { id } = deletionOf(await repository.remove('a', '1.0.0'))
    for (const wrong of ['', '../../org/+/x', `../+/${id}`, id.toUpperCase(), '99999999-999999-000000000000'])
      expect((await refusal(repository.restore(wrong))).code).toBe('not_found')
    expect((await refusal(repositoryOver(storage, { name: 'org', trashMs }).restore(id))).code).toBe(
      'not_found',
    )
  })

  test('counts against no limit, and a restore that would break one is refused', async () => {
    const limits = { overwrite: 'never', idempotent: false, maxObjects: 2, versionsPerChart: 0 } as const
    const storage = memoryStorage()
    const repository = repositoryOver(storage, { trashMs, limits })
    await publishSigned(repository, 'a', '1.0.0')
    const { id } = deletionOf(await repository.remove('a', '1.0.0'))
    await publishOne(repository, await chart('b', '1.0.0').tgz())
    expect((await refusal(repository.restore(id))).code).toBe('full')
    expect(await storedKeys(storage)).toEqual(['b-1.0.0.tgz'])
    await repository.remove('b', '1.0.0')
    await repository.restore(id)
    expect(await storedKeys(storage)).toEqual(['a-1.0.0.tgz', 'a-1.0.0.tgz.prov'])
  })

  test('by the limit of versions per chart is not kept', async () => {
    const limits = { overwrite: 'never', idempotent: false, maxObjects: 0, versionsPerChart: 1 } as const
    const storage = memoryStorage()
    const repository = repositoryOver(storage, { trashMs, limits })
    for (const version of ['1.0.0', '2.0.0']) await publishOne(repository, await chart('a', version).tgz())
    expect(await storedKeys(storage)).toEqual(['a-2.0.0.tgz'])
    expect(await repository.trash()).toEqual([])
  })

  test('of a file that is no chart can be undone too', async () => {
    const storage = memoryStorage()
    await storage.put('broken-1.0.0.tgz', new TextEncoder().encode('no archive'))
    const repository = repositoryOver(storage, { trashMs })
    const stored = await bytesIn(storage)
    const { id, versions } = deletionOf(await repository.remove('broken', '1.0.0'))
    expect(versions).toMatchObject([
      { chart: 'broken-1.0.0', version: '', digest: stored['broken-1.0.0.tgz'] },
    ])
    expect((await repository.restore(id)).versions).toEqual([])
    expect(await bytesIn(storage)).toEqual(stored)
  })
})

describe('a store that fails in the middle', () => {
  /** Deletes two signed versions in a store that fails at its n-th write; then looks with a new process. */
  async function deleteFailing(nth: number) {
    const inner = memoryStorage()
    const start = repositoryOver(inner, { trashMs })
    for (const version of ['1.0.0', '2.0.0']) await publishSigned(start, 'a', version)
    const stored = await bytesIn(inner)
    const failing = failingFrom(inner, nth)
    const during = repositoryOver(failing.storage, { trashMs })
    const result = await during.removeChart('a').then(
      () => 'done',
      (error: RegistryError) => error.code,
    )
    return { inner, stored, during, result, calls: failing.calls() }
  }

  test('leaves each chart or what brings it back, wherever a deletion ends', async () => {
    const { result, calls } = await deleteFailing(1000)
    expect([result, calls]).toEqual(['done', 9])
    for (let nth = 1; nth <= calls; nth++) {
      const { inner, stored, during, result: failed } = await deleteFailing(nth)
      expect(failed).toBe('unavailable')
      const shown = (await during.versions('a')).map(({ file }) => file).sort()
      const there = (await storedKeys(inner)).filter((key) => key.endsWith('.tgz'))
      expect(shown).toEqual(there)
      const after = repositoryOver(inner, { trashMs })
      for (const { id } of await after.trash()) await after.restore(id)
      expect(await bytesIn(inner)).toEqual(stored)
      expect(await after.versions('a')).toHaveLength(2)
    }
  })

  test('keeps only what is gone in the trash when a version cannot be deleted', async () => {
    const inner = memoryStorage()
    const failing: Storage = {
      ...inner,
      delete: (key) =>
        key === 'a-1.0.0.tgz'
          ? Promise.reject(new RegistryError('unavailable', 'storage', 'read-only'))
          : inner.delete(key),
    }
    const repository = repositoryOver(failing, { trashMs })
    for (const version of ['1.0.0', '2.0.0']) await publishSigned(repository, 'a', version)
    expect((await refusal(repository.removeChart('a'))).code).toBe('unavailable')
    expect((await repository.versions('a')).map(({ version }) => version)).toEqual(['1.0.0'])
    const [deletion] = await repository.trash()
    expect(deletion?.versions.map(({ version }) => version)).toEqual(['2.0.0'])
    expect(await trashed(inner)).toHaveLength(3)
  })

  test('leaves all or nothing, wherever a restore ends', async () => {
    for (let nth = 1; nth <= 12; nth++) {
      const inner = memoryStorage()
      const repository = repositoryOver(inner, { trashMs })
      for (const version of ['1.0.0', '2.0.0']) await publishSigned(repository, 'a', version)
      const stored = await bytesIn(inner)
      const { id } = deletionOf(await repository.removeChart('a'))
      await repositoryOver(failingFrom(inner, nth).storage, { trashMs })
        .restore(id)
        .catch((error: RegistryError) => expect(error.code).toBe('unavailable'))
      // What the lost process claimed is free again after a while.
      const later = later5Minutes(inner)
      const after = repositoryOver(later, { trashMs })
      await after.restore(id).catch((error: RegistryError) => expect(error.code).toBe('not_found'))
      expect(await bytesIn(inner)).toEqual(stored)
      expect(await after.trash()).toEqual([])
      await sweepTrash(inner, Date.now() + 2 * 3_600_000)
      expect(await trashed(inner)).toEqual([])
    }
  })

  test('takes back what a restore stored before it failed, so that it can be tried again', async () => {
    const inner = memoryStorage()
    let broken = true
    const storage: Storage = {
      ...inner,
      put: (key, body, options) =>
        broken && options?.when === 'absent' && key === 'a-1.0.0.tgz'
          ? Promise.reject(new RegistryError('full', 'storage', 'no room'))
          : inner.put(key, body, options),
    }
    const repository = repositoryOver(inner, { trashMs })
    for (const version of ['1.0.0', '2.0.0']) await publishSigned(repository, 'a', version)
    const stored = await bytesIn(inner)
    const { id } = deletionOf(await repository.removeChart('a'))
    const again = repositoryOver(storage, { trashMs })
    expect((await refusal(again.restore(id))).code).toBe('full')
    expect(await storedKeys(inner)).toEqual([])
    expect(await again.versions('a')).toEqual([])
    broken = false
    await again.restore(id)
    expect(await bytesIn(inner)).toEqual(stored)
  })

  test('tells who else is restoring', async () => {
    const inner = memoryStorage()
    const repository = repositoryOver(inner, { trashMs })
    await publishOne(repository, await chart('a', '1.0.0').tgz())
    const { id } = deletionOf(await repository.remove('a', '1.0.0'))
    await inner.put(`.chartroom/trash/+/${id}.restoring`, new Uint8Array())
    const error = await refusal(repository.restore(id))
    expect([error.code, error.message]).toEqual([
      'conflict',
      'Cannot restore: somebody else is restoring this just now; look again in a moment',
    ])
  })
})

/** The same store, in which what is claimed was claimed long ago. */
function later5Minutes(inner: Storage): Storage {
  return {
    ...inner,
    async info(key) {
      const info = await inner.info(key)
      if (info === undefined || !key.endsWith('.restoring')) return info
      return { ...info, modified: new Date(info.modified.getTime() - 5 * 60_000) }
    },
  }
}

describe('sweeping', () => {
  test('removes what is over in all repositories and nothing else', async () => {
    const storage = memoryStorage()
    const [short, long] = [
      repositoryOver(storage, { name: 'org/short', trashMs: 60_000 }),
      repositoryOver(storage, { trashMs: 600_000 }),
    ]
    for (const repository of [short, long]) {
      await publishSigned(repository, 'a', '1.0.0')
      await repository.remove('a', '1.0.0')
    }
    await storage.put('.chartroom/trash/note.txt', new Uint8Array(1))
    expect(await sweepTrash(storage)).toBe(0)
    expect(await sweepTrash(storage, Date.now() + 62_000)).toBe(1)
    expect((await trashed(storage)).every((key) => /^\.chartroom\/trash\/(\+\/|note)/.test(key))).toBe(true)
    expect(await sweepTrash(storage, Date.now() + 602_000)).toBe(1)
    expect(await trashed(storage)).toEqual(['.chartroom/trash/note.txt'])
  })

  test('leaves the copies of a deletion that is on its way for an hour', async () => {
    const storage = memoryStorage()
    const key = '.chartroom/trash/+/20200101-000000-0123456789ab.0.tgz'
    await storage.put(key, new Uint8Array(1))
    expect(await sweepTrash(storage)).toBe(0)
    expect(await trashed(storage)).toEqual([key])
    expect(await sweepTrash(storage, Date.now() + 3_601_000)).toBe(1)
    expect(await trashed(storage)).toEqual([])
  })

  test('skips a record that cannot be read, and says so', async () => {
    const storage = memoryStorage()
    const log = keptLog()
    const repository = repositoryOver(storage, { trashMs, log })
    for (const [at, text] of ['{', 'null', '{"versions":[{}]}', '{"versions":[]}'].entries())
      await storage.put(
        `.chartroom/trash/+/29990101-000000-00000000000${at}.json`,
        new TextEncoder().encode(text),
      )
    expect(await repository.trash()).toEqual([])
    expect(log.lines.filter((line) => line.includes('A record of the trash cannot be read'))).toHaveLength(4)
  })
})

test('a full store keeps nobody from deleting, unless an undo was promised, and nothing is left of the attempt', async () => {
  const inner = memoryStorage()
  await publishSigned(repositoryOver(inner, { trashMs }), 'redis', '1.0.0')
  const full: Storage = {
    ...inner,
    put: (key, body, options) =>
      key.startsWith('.chartroom/trash/')
        ? Promise.reject(new RegistryError('full', 'storage', 'no space left'))
        : inner.put(key, body, options),
  }
  const log = keptLog()
  const repository = repositoryOver(full, { trashMs, log })
  const before = await bytesIn(inner)
  // Who was told that it can be undone loses nothing.
  const refused = await refusal(repository.removeVersions([{ chart: 'redis', version: '1.0.0' }]))
  expect([refused.code, refused.message]).toEqual(['full', expect.stringContaining('nothing was deleted')])
  expect((await repository.versions('redis')).map(({ version }) => version)).toEqual(['1.0.0'])
  expect(await bytesIn(inner)).toEqual(before)
  expect(await repository.remove('redis', '1.0.0')).toEqual({ versions: 1, deletion: undefined })
  expect(await repository.versions('redis')).toEqual([])
  expect(Object.keys(await bytesIn(inner))).toEqual([])
  expect(log.lines.join()).toContain('No room for the trash: deleted for good')
})
