import { describe, expect, test } from 'bun:test'
import { cp, mkdir, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Repository } from '../../src/registry/repository.ts'
import { localStorage } from '../../src/storage/local.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { chart } from '../support/chart-builder.ts'
import { keptLog, publishOne, repositoryOver } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** What is promised for changes made by hand, milliseconds. */
const promised = 2000

async function shown(repository: Repository): Promise<string[]> {
  const list: Record<string, { version: string; digest: string }[]> = await (
    await repository.document('list')
  ).body.json()
  return Object.entries(list).flatMap(([name, versions]) => versions.map((one) => `${name} ${one.version}`))
}

/** Waits until the repository shows this, and fails with what it shows instead. */
async function expectSoon(repository: Repository, wanted: readonly string[]): Promise<void> {
  const until = Date.now() + promised
  while (Date.now() < until) {
    if (Bun.deepEquals(await shown(repository), wanted)) return
    await Bun.sleep(25)
  }
  expect(await shown(repository)).toEqual([...wanted])
}

/** Counts how often each object's bytes are read. */
function counting(storage: Storage): { storage: Storage; reads: string[] } {
  const reads: string[] = []
  return {
    reads,
    storage: {
      ...storage,
      get(key) {
        reads.push(key)
        return storage.get(key)
      },
    },
  }
}

describe('a folder changed by hand', () => {
  test('shows copied, replaced, moved and removed files within two seconds', async () => {
    await using folder = await tempFolder()
    const log = keptLog()
    const storage = await localStorage({ root: folder.path, log })
    const repository = repositoryOver(storage, { log })
    await publishOne(repository, await chart('a', '1.0.0').tgz())

    await writeFile(join(folder.path, 'b-1.0.0.tgz'), await chart('b', '1.0.0').tgz())
    await expectSoon(repository, ['a 1.0.0', 'b 1.0.0'])
    await cp(join(folder.path, 'b-1.0.0.tgz'), join(folder.path, 'copy.tgz'))
    await writeFile(join(folder.path, 'copy.tgz'), await chart('c', '3.0.0').tgz())
    await expectSoon(repository, ['a 1.0.0', 'b 1.0.0', 'c 3.0.0'])
    await rename(join(folder.path, 'copy.tgz'), join(folder.path, 'moved.tgz'))
    await rm(join(folder.path, 'b-1.0.0.tgz'))
    await expectSoon(repository, ['a 1.0.0', 'c 3.0.0'])
    expect((await repository.file('moved.tgz')).kind).toBe('archive')
    repository.close()
    await storage.close()
  })

  test('shows a replacement of the same size and time', async () => {
    await using folder = await tempFolder()
    const storage = await localStorage({ root: folder.path, log: keptLog() })
    const repository = repositoryOver(storage)
    const path = join(folder.path, 'a.tgz')
    const [first, second] = await Promise.all([chart('a', '1.0.0').tgz(), chart('a', '2.0.0').tgz()])
    const pad = (bytes: Uint8Array) => Buffer.concat([bytes, Buffer.alloc(4096 - bytes.length)])
    const time = new Date('2020-01-01T00:00:00Z')
    await writeFile(path, pad(first))
    await utimes(path, time, time)
    expect(await shown(repository)).toEqual(['a 1.0.0'])
    await writeFile(path, pad(second))
    await utimes(path, time, time)
    await expectSoon(repository, ['a 2.0.0'])
    repository.close()
    await storage.close()
  })

  test('is followed when the folder of a repository is removed and comes back', async () => {
    await using folder = await tempFolder()
    const storage = await localStorage({ root: folder.path, log: keptLog() })
    const repository = repositoryOver(storage, { name: 'org' })
    await publishOne(repository, await chart('a', '1.0.0').tgz())
    await rm(join(folder.path, 'org'), { recursive: true })
    await expectSoon(repository, [])
    await mkdir(join(folder.path, 'org'))
    await writeFile(join(folder.path, 'org', 'b.tgz'), await chart('b', '1.0.0').tgz())
    await expectSoon(repository, ['b 1.0.0'])
    repository.close()
    await storage.close()
  })
})

describe('a file that comes between the first listing and the watch', () => {
  test('is not missed', async () => {
    await using folder = await tempFolder()
    const inner = await localStorage({ root: folder.path, log: keptLog() })
    await writeFile(join(folder.path, 'a-1.0.0.tgz'), await chart('a', '1.0.0').tgz())
    const late = await chart('b', '1.0.0').tgz()
    let listed = 0
    const storage: Storage = {
      ...inner,
      async *list(prefix, options) {
        yield* inner.list(prefix, options)
        if (++listed === 1) await writeFile(join(folder.path, 'b-1.0.0.tgz'), late)
      },
      watch: () => () => undefined,
    }
    const repository = repositoryOver(storage)
    expect(await shown(repository)).toEqual(['a 1.0.0'])
    await expectSoon(repository, ['a 1.0.0', 'b 1.0.0'])
    repository.close()
    await inner.close()
  })
})

describe('a file that is no chart', () => {
  test('is told once, never shown, and not read again until it changes', async () => {
    await using folder = await tempFolder()
    const old = new Date(Date.now() - 60_000)
    for (const name of ['broken.tgz', 'notes.txt', 'UPPER.TGZ']) {
      await writeFile(join(folder.path, name), 'no archive')
      await utimes(join(folder.path, name), old, old)
    }
    const log = keptLog()
    const inner = await localStorage({ root: folder.path, log })
    const { storage, reads } = counting(inner)
    const repository = repositoryOver(storage, { log })
    for (let round = 0; round < 3; round++) expect(await shown(repository)).toEqual([])
    expect(reads.filter((key) => key === 'broken.tgz')).toHaveLength(1)
    expect(reads).not.toContain('notes.txt')
    expect(log.lines.filter((line) => line.includes('broken.tgz'))).toHaveLength(1)
    expect(log.lines.join()).toContain('gzip: invalid header')

    await writeFile(join(folder.path, 'broken.tgz'), await chart('fixed', '1.0.0').tgz())
    await expectSoon(repository, ['fixed 1.0.0'])
    repository.close()
    await storage.close()
  })

  test('is remembered by the saved catalog', async () => {
    await using folder = await tempFolder()
    const old = new Date(Date.now() - 60_000)
    await writeFile(join(folder.path, 'broken.tgz'), 'no archive')
    await utimes(join(folder.path, 'broken.tgz'), old, old)
    const inner = await localStorage({ root: folder.path, log: keptLog() })
    const before = repositoryOver(inner)
    await publishOne(before, await chart('a', '1.0.0').tgz())
    await before.flush()
    before.close()

    const { storage, reads } = counting(inner)
    const log = keptLog()
    const after = repositoryOver(storage, { log })
    expect(await shown(after)).toEqual(['a 1.0.0'])
    expect(reads).toEqual(['.chartroom/catalog/+'])
    expect(log.lines).toEqual([])
    after.close()
    await inner.close()
  })
})

describe('a start', () => {
  test.each([
    ['cannot be read', () => Promise.reject(Object.assign(new Error('EACCES'), { code: 'EACCES' }))],
    ['is cut', async () => new Uint8Array(40)],
  ])('does without a saved catalog that %s, and makes a new one', async (_what, bytes) => {
    await using folder = await tempFolder()
    const inner = await localStorage({ root: folder.path, log: keptLog() })
    const before = repositoryOver(inner)
    await publishOne(before, await chart('a', '1.0.0').tgz())
    await before.flush()
    before.close()
    const log = keptLog()
    const storage: Storage = {
      ...inner,
      async get(key) {
        const object = await inner.get(key)
        if (object === undefined || !key.startsWith('.chartroom/')) return object
        return { ...object, body: Object.assign(new Blob(), { bytes }) }
      },
    }
    const after = repositoryOver(storage, { log })
    expect(await shown(after)).toEqual(['a 1.0.0'])
    expect(log.lines.filter((line) => line.includes('saved catalog'))).toHaveLength(1)
    after.close()
    await inner.close()
  })

  test('shows every other chart when one file cannot be judged, and says so with its stack', async () => {
    await using folder = await tempFolder()
    const inner = await localStorage({ root: folder.path, log: keptLog() })
    for (const name of ['a', 'b']) {
      await writeFile(join(folder.path, `${name}-1.0.0.tgz`), await chart(name, '1.0.0').tgz())
    }
    const log = keptLog()
    const storage: Storage = {
      ...inner,
      get: (key) => (key === 'a-1.0.0.tgz' ? Promise.reject(new TypeError('a mistake')) : inner.get(key)),
    }
    const repository = repositoryOver(storage, { log })
    expect(await shown(repository)).toEqual(['b 1.0.0'])
    expect(log.lines.join()).toMatch(/ERROR Unexpected error.*a-1\.0\.0\.tgz.*a mistake/)
    repository.close()
    await inner.close()
  })

  test('reads only what changed since the catalog was saved', async () => {
    await using folder = await tempFolder()
    const inner = await localStorage({ root: folder.path, log: keptLog() })
    const before = repositoryOver(inner)
    for (const version of ['1.0.0', '2.0.0', '3.0.0']) {
      await publishOne(before, await chart('a', version).tgz())
    }
    const index = await (await before.document('json')).body.text()
    await before.flush()
    before.close()

    await rm(join(folder.path, 'a-1.0.0.tgz'))
    await writeFile(join(folder.path, 'a-2.0.0.tgz'), await chart('a', '2.0.0').with('new', '').tgz())
    const { storage, reads } = counting(inner)
    const after = repositoryOver(storage)
    expect(await shown(after)).toEqual(['a 3.0.0', 'a 2.0.0'])
    expect(reads).toEqual(['.chartroom/catalog/+', 'a-2.0.0.tgz'])
    const third = /\{[^\n]*"version":"3\.0\.0"[^\n]*\}/.exec(index)?.[0] ?? 'none'
    expect(await (await after.document('json')).body.text()).toContain(third)
    after.close()
    await inner.close()
  })

  test.each([
    ['is missing', undefined],
    ['is empty', ''],
    ['is null', 'null'],
    ['has no entries', 'apiVersion: v1\n'],
    ['has null entries', 'apiVersion: v1\nentries:\n'],
    ['has null in its entries', 'apiVersion: v1\nentries:\n  foo: null\n  bar: [null]\n'],
    ['is cut', 'apiVersion: v1\nentries:\n  a:\n  - name: "'],
    ['is binary', '\u0000\u0001\u0002'],
    ['is stale', 'apiVersion: v1\nentries:\n  gone:\n  - name: gone\n    version: 1.0.0\n    digest: "0"\n'],
  ])('adopts a folder whose index-cache.yaml %s', async (_what, statefile) => {
    await using folder = await tempFolder()
    await writeFile(join(folder.path, 'a-1.0.0.tgz'), await chart('a', '1.0.0').tgz())
    if (statefile !== undefined) await writeFile(join(folder.path, 'index-cache.yaml'), statefile)
    const storage = await localStorage({ root: folder.path, log: keptLog() })
    const repository = repositoryOver(storage)
    expect(await shown(repository)).toEqual(['a 1.0.0'])
    repository.close()
    await storage.close()
  })

  test('keeps the created times of the index that ChartMuseum left', async () => {
    await using folder = await tempFolder()
    const archive = await chart('a', '1.0.0').tgz()
    const digest = new Bun.CryptoHasher('sha256').update(archive).digest('hex')
    const created = '2021-02-03T04:05:06.789012345+01:00'
    await writeFile(join(folder.path, 'a-1.0.0.tgz'), archive)
    const text = `apiVersion: v1\nentries:\n  a:\n  - created: "${created}"\n    digest: ${digest}\n    name: a\n    urls:\n    - charts/a-1.0.0.tgz\n    version: 1.0.0\n`
    await writeFile(join(folder.path, 'index-cache.yaml'), text)
    const storage = await localStorage({ root: folder.path, log: keptLog() })
    const repository = repositoryOver(storage)
    expect((await repository.version('a', '1.0.0')).created).toBe(created)
    repository.close()
    await storage.close()
  })

  test('writes an index-cache.yaml that holds what the index holds', async () => {
    await using folder = await tempFolder()
    const storage = await localStorage({ root: folder.path, log: keptLog() })
    const repository = repositoryOver(storage)
    await publishOne(repository, await chart('a', '1.0.0').tgz())
    await repository.flush()
    const saved = await Bun.file(join(folder.path, 'index-cache.yaml')).text()
    expect(saved).toBe(await (await repository.document('yaml')).body.text())
    await repository.remove('a', '1.0.0')
    await repository.flush()
    expect(await Bun.file(join(folder.path, 'index-cache.yaml')).text()).toContain('entries: {}')
    repository.close()
    await storage.close()
  })
})
