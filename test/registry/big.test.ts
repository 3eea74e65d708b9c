import { describe, expect, test } from 'bun:test'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Catalog } from '../../src/registry/catalog.ts'
import type { ChartVersion } from '../../src/registry/catalog.ts'
import { catalogKey } from '../../src/registry/keys.ts'
import { createProgress } from '../../src/registry/progress.ts'
import { createRegistry } from '../../src/registry/registry.ts'
import { loadSavedCatalog, savedCatalogText } from '../../src/registry/saved-catalog.ts'
import { createSaver } from '../../src/registry/saver.ts'
import { searchAll } from '../../src/registry/search-all.ts'
import { localStorage } from '../../src/storage/local.ts'
import { memoryStorage } from '../../src/storage/memory.ts'
import type { ObjectInfo, Storage } from '../../src/storage/storage.ts'
import { chart } from '../support/chart-builder.ts'
import { keptLog, repositoryOver, usualOptions } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'

const many = 20_000

function version(index: number): ChartVersion {
  const name = `chart-${String(Math.floor(index / 20)).padStart(5, '0')}`
  const number = `1.${19 - (index % 20)}.0`
  const file = `${name}-${number}.tgz`
  const digest = Bun.hash.wyhash(file).toString(16).padStart(64, '0')
  const created = '2026-01-01T00:00:00Z'
  const urls = [`charts/${file}`]
  const entry = JSON.stringify({ name, version: number, description: 'x'.repeat(900), urls, created, digest })
  const facts = { size: 2000, modified: 1_700_000_000_000, etag: `tag-${index}`, digest, created }
  return { name, version: number, file, ...facts, signed: false, hasSchema: false, entry }
}

function versions(count: number): ChartVersion[] {
  return Array.from({ length: count }, (_, index) => version(index))
}

interface Counted {
  readonly storage: Storage
  /** Keys of archives whose bytes were asked for. */
  readonly archives: string[]
  /** Prefixes that were listed. */
  readonly lists: string[]
  readonly most: { gets: number; lists: number }
}

/** Counts what is asked of a store, and how much at the same time. */
function counting(inner: Storage, pauseMs = 0): Counted {
  const running = { gets: 0, lists: 0 }
  const most = { gets: 0, lists: 0 }
  const archives: string[] = []
  const lists: string[] = []
  const enter = (what: 'gets' | 'lists') => {
    running[what] += 1
    most[what] = Math.max(most[what], running[what])
  }
  const storage: Storage = {
    ...inner,
    async get(key) {
      if (!key.endsWith('.tgz')) return inner.get(key)
      archives.push(key)
      enter('gets')
      await Bun.sleep(pauseMs)
      running.gets -= 1
      return inner.get(key)
    },
    async *list(prefix, options) {
      lists.push(prefix)
      enter('lists')
      await Bun.sleep(pauseMs)
      try {
        yield* inner.list(prefix, options)
      } finally {
        running.lists -= 1
      }
    },
  }
  return { storage, archives, lists, most }
}

/** How often others had their turn while work was done. */
async function turnsDuring(work: () => Promise<void>): Promise<number> {
  let [turns, done] = [0, false]
  const count = () => {
    turns += 1
    if (!done) setImmediate(count)
  }
  setImmediate(count)
  await work()
  done = true
  return turns
}

/** A store that has a saved catalog and a listing of archives, whose bytes nobody can read. */
async function savedStore(files: readonly ChartVersion[]): Promise<Storage> {
  const inner = memoryStorage()
  await inner.put(catalogKey(''), Buffer.from([...savedCatalogText(files, 'charts/')].join('')))
  let listings = 0
  return {
    ...inner,
    async *list(prefix): AsyncGenerator<ObjectInfo> {
      listings += 1
      // Every listing tells the times in another precision.
      const unit = [1, 1000, 60_000][listings % 3] ?? 1
      for (const { file, size, modified, etag } of files) {
        const time = new Date(Math.floor((modified + 123) / unit) * unit)
        yield { key: prefix + file, size, modified: time, etag }
      }
    },
  }
}

describe('a start with a saved catalog of 20,000 versions', () => {
  test('lists the store and opens no archive, nor do 100 readers, nor the next start', async () => {
    const { storage, archives, lists } = counting(await savedStore(versions(many)))
    for (const start of [1, 2]) {
      const repository = repositoryOver(storage)
      expect((await repository.facts()).versions).toBe(many)
      for (let reader = 0; reader < 100; reader++) {
        expect((await repository.document('json')).body.size).toBeGreaterThan(many * 1000)
      }
      expect(archives).toEqual([])
      expect(lists.length).toBeLessThanOrEqual(2 * start)
      repository.close()
    }
  })

  test('lets others have their turn', async () => {
    const bytes = Buffer.from([...savedCatalogText(versions(many), 'charts/')].join(''))
    const turns = await turnsDuring(async () => {
      const saved = await loadSavedCatalog(new Blob([bytes]), 'charts/')
      expect(saved?.files.length).toBe(many)
    })
    expect(turns).toBeGreaterThanOrEqual(5)
  })

  test('takes memory for what it says, not for how it is written', async () => {
    await using folder = await tempFolder()
    const file = join(folder.path, 'saved')
    await Bun.write(file, [...savedCatalogText(versions(many), 'charts/')].join(''))
    const program = `
      import { readFileSync } from 'node:fs'
      import { loadSavedCatalog } from ${JSON.stringify(join(import.meta.dir, '../../src/registry/saved-catalog.ts'))}
      const highest = () => Number(/VmHWM:\\s+(\\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))[1]) * 1024
      const before = highest()
      const { files } = await loadSavedCatalog(Bun.file(process.argv[1]), 'charts/')
      console.log(JSON.stringify({ files: files.length, grown: highest() - before }))
    `
    const child = Bun.spawn([process.execPath, '-e', program, file], { stdout: 'pipe', stderr: 'inherit' })
    const { files, grown } = JSON.parse(await new Response(child.stdout).text())
    expect(files).toBe(many)
    expect(grown / Bun.file(file).size).toBeLessThan(3.2)
  })
})

describe('a start without a saved catalog', () => {
  test('reads every archive once, a few at a time', async () => {
    const inner = memoryStorage()
    for (let index = 0; index < 200; index++) {
      await inner.put(`a-1.0.${index}.tgz`, await chart('a', `1.0.${index}`).tgz())
    }
    const { storage, archives, most } = counting(inner, 1)
    const log = keptLog()
    const repository = repositoryOver(storage, { log })
    expect((await repository.facts()).versions).toBe(200)
    expect(archives.length).toBe(200)
    expect(new Set(archives).size).toBe(200)
    expect(most.gets).toBeGreaterThan(1)
    expect(most.gets).toBeLessThanOrEqual(16)
    expect(log.lines.filter((line) => line.includes('the repository'))).toEqual([])
    repository.close()
  })

  test('says every five seconds how far it is, and nothing when it takes less', () => {
    const log = keptLog()
    let now = 0
    const progress = createProgress({ log, repo: 'org' }, 100, () => now)
    for (let step = 0; step < 100; step++) {
      now += 120
      progress.step()
    }
    progress.end()
    expect(log.lines).toEqual([
      'INFO Reading the repository {"repo":"org","done":42,"total":100}',
      'INFO Reading the repository {"repo":"org","done":84,"total":100}',
      'INFO Read the repository {"repo":"org","done":100,"seconds":12}',
    ])
    const quick = createProgress({ log: keptLog(), repo: '' }, 1)
    quick.step()
    quick.end()
    expect(log.lines.length).toBe(3)
  })
})

describe('a folder of many small repositories', () => {
  test('is listed without keeping others waiting', async () => {
    await using folder = await tempFolder()
    for (let index = 0; index < 100; index++) {
      const org = join(folder.path, `org${index}`)
      await mkdir(org)
      await Promise.all(Array.from({ length: 30 }, (_, at) => writeFile(join(org, `a-${at}.tgz`), '')))
    }
    const storage = await localStorage({ root: folder.path, log: keptLog() })
    const listed = { files: 0 }
    const turns = await turnsDuring(async () => {
      for await (const _ of storage.list('')) listed.files += 1
    })
    expect(listed.files).toBe(3000)
    expect(turns).toBeGreaterThanOrEqual(10)
    await storage.close()
  })
})

describe('a store of 200 repositories', () => {
  test('is searched and listed with bounded work, and not listed by all of them at once afterwards', async () => {
    const inner = memoryStorage()
    const archive = await chart('shared', '1.0.0').tgz()
    for (let index = 0; index < 200; index++) await inner.put(`org${index}/shared-1.0.0.tgz`, archive)
    const { storage, lists, most } = counting(inner, 2)
    const options = { ...usualOptions, statefile: undefined, refreshMs: 40 }
    const registry = createRegistry(storage, options, undefined, keptLog())
    const where = { depth: 1, dynamic: false }
    const names = await registry.names(where)
    expect(names.length).toBe(200)
    expect((await searchAll(registry, names, { words: 'shared', limit: 5 })).total).toBe(200)
    expect(most.lists).toBeLessThanOrEqual(20)
    const before = lists.length
    // One listing of everything, one or two for each repository, and those of the background.
    expect(before).toBeLessThanOrEqual(1000)
    most.lists = 0
    await Bun.sleep(400)
    expect(lists.length).toBeGreaterThan(before)
    expect(most.lists).toBeLessThanOrEqual(20)
    for (let reader = 0; reader < 100; reader++) await registry.names(where)
    expect(lists.filter((prefix) => prefix === '').length).toBeLessThanOrEqual(2)
    await registry.close()
  })
})

describe('a repository of 10,000 versions', () => {
  function saverOver(puts: string[]) {
    const catalog = new Catalog()
    catalog.putAll(versions(10_000), 'saved')
    const inner = memoryStorage()
    const storage: Storage = {
      ...inner,
      put(key, body, options) {
        puts.push(key)
        return inner.put(key, body, options)
      },
    }
    return createSaver({
      storage,
      repo: '',
      urlPrefix: 'charts/',
      catalog,
      scratch: undefined,
      log: keptLog(),
      indexFiles: { text: () => [], close: () => undefined } as never,
      current: async () => undefined,
      statefile: undefined,
    })
  }

  test('is not written as a whole for a few changes, but before the end it is', async () => {
    const puts: string[] = []
    const saver = saverOver(puts)
    for (let change = 0; change < 99; change++) saver.changed()
    await Bun.sleep(1200)
    expect(puts).toEqual([])
    await saver.flush()
    expect(puts).toEqual([catalogKey('')])
  })

  test('is written soon after many', async () => {
    const puts: string[] = []
    const saver = saverOver(puts)
    saver.changed()
    saver.changed(100)
    const until = Date.now() + 10_000
    while (puts.length === 0 && Date.now() < until) await Bun.sleep(20)
    expect(puts).toEqual([catalogKey('')])
  })
})
