import { describe, expect, test } from 'bun:test'
import { Catalog, type ChartVersion } from '../../src/registry/catalog.ts'

function versionOf(name: string, version: string, file = `${name}-${version}.tgz`): ChartVersion {
  const entry = JSON.stringify({ name, version })
  const facts = {
    size: 1,
    modified: 0,
    etag: file,
    digest: 'd',
    created: '',
    signed: false,
    hasSchema: false,
  }
  return { name, version, file, ...facts, entry }
}

const shownIn = (catalog: Catalog, name: string) => catalog.chart(name)?.versions.map((one) => one.version)

describe('a catalog', () => {
  test('shows the versions of a chart newest first, wherever they were put', () => {
    const catalog = new Catalog()
    for (const version of ['1.0.0', '0.9.0', '1.10.0', '1.2.0', '1.2.0-rc.1', '2.0.0']) {
      catalog.put(versionOf('a', version))
    }
    expect(shownIn(catalog, 'a')).toEqual(['2.0.0', '1.10.0', '1.2.0', '1.2.0-rc.1', '1.0.0', '0.9.0'])
  })

  test('sorts many at once as it sorts one by one', () => {
    const versions = Array.from({ length: 200 }, (_, at) => versionOf('a', `${at % 7}.${at % 13}.${at}`))
    const [single, bulk] = [new Catalog(), new Catalog()]
    for (const version of versions) single.put(version)
    bulk.putAll(versions, 'any')
    expect(shownIn(bulk, 'a')).toEqual(shownIn(single, 'a') ?? [])
  })

  test('shows a version once when two files hold it, and the other when the first goes', () => {
    const catalog = new Catalog()
    catalog.put(versionOf('a', '1.0.0', 'copy.tgz'))
    catalog.put(versionOf('a', '1.0.0'))
    expect(catalog.chart('a')?.versions.map((one) => one.file)).toEqual(['a-1.0.0.tgz'])
    expect(catalog.filesOf('a', '1.0.0').sort()).toEqual(['a-1.0.0.tgz', 'copy.tgz'])
    catalog.drop('a-1.0.0.tgz')
    expect(catalog.chart('a')?.versions.map((one) => one.file)).toEqual(['copy.tgz'])
  })

  test('moves a file to another chart when its content says so', () => {
    const catalog = new Catalog()
    catalog.put(versionOf('a', '1.0.0', 'file.tgz'))
    catalog.put(versionOf('b', '2.0.0', 'file.tgz'))
    expect(catalog.chart('a')).toBeUndefined()
    expect(shownIn(catalog, 'b')).toEqual(['2.0.0'])
    expect(catalog.names()).toEqual(['b'])
  })

  test('remembers a rejected file without showing it', () => {
    const catalog = new Catalog()
    const before = catalog.generation
    catalog.put({ file: 'bad.tgz', size: 3, etag: 'x', reason: 'no chart' })
    expect(catalog.generation).toBe(before)
    expect(catalog.names()).toEqual([])
    expect(catalog.file('bad.tgz')).toMatchObject({ reason: 'no chart' })
  })

  test('hides a chart whose file turned bad', () => {
    const catalog = new Catalog()
    catalog.put(versionOf('a', '1.0.0'))
    const before = catalog.generation
    catalog.put({ file: 'a-1.0.0.tgz', size: 3, etag: 'x', reason: 'no chart' })
    expect(catalog.chart('a')).toBeUndefined()
    expect(catalog.generation).toBeGreaterThan(before)
  })

  test('gives names in byte order', () => {
    const catalog = new Catalog()
    for (const name of ['b', 'a', 'B', 'a-b', 'a.b']) catalog.put(versionOf(name, '1.0.0'))
    expect(catalog.names()).toEqual(['B', 'a', 'a-b', 'a.b', 'b'])
  })

  test('leaves what a reader holds as it was', () => {
    const catalog = new Catalog()
    catalog.put(versionOf('a', '1.0.0'))
    const held = catalog.chart('a')
    catalog.put(versionOf('a', '2.0.0'))
    expect(held?.versions.map((one) => one.version)).toEqual(['1.0.0'])
  })

  test('notes a signature without a change of what the index says', () => {
    const catalog = new Catalog()
    catalog.put(versionOf('a', '1.0.0'))
    catalog.takeChanges()
    const { generation, revision } = catalog
    const held = catalog.chart('a')
    expect(catalog.sign('a-1.0.0.tgz', true)).toBe(true)
    expect(catalog.chart('a')?.versions[0]?.signed).toBe(true)
    expect(held?.versions[0]?.signed).toBe(false)
    expect(catalog.generation).toBe(generation)
    expect(catalog.revision).toBeGreaterThan(revision)
    expect([...(catalog.takeChanges() ?? [])]).toEqual(['a'])
    expect(catalog.sign('a-1.0.0.tgz', true)).toBe(false)
    expect(catalog.sign('other.tgz', true)).toBe(false)
    catalog.drop('a-1.0.0.tgz')
    expect(catalog.names()).toEqual([])
  })

  test('counts charts, versions and bytes, and knows the newest time', () => {
    const catalog = new Catalog()
    expect(catalog.facts()).toEqual({
      charts: 0,
      versions: 0,
      bytes: 0,
      updated: undefined,
      unreadable: [],
    })
    const put = (name: string, version: string, created: string, file?: string) =>
      catalog.put({ ...versionOf(name, version, file), created, size: 10 })
    put('a', '2.0.0', '2026-01-01T00:00:00Z')
    put('a', '1.0.1', '2026-02-01T00:00:00Z')
    put('b', '1.0.0', 'no time')
    put('b', '1.0.0', 'no time', 'copy.tgz')
    const bad = { file: 'bad.tgz', size: 7, etag: 'x', reason: 'no chart' }
    catalog.put(bad)
    const unreadable = [bad]
    const updated = Date.UTC(2026, 1, 1)
    expect(catalog.facts()).toEqual({ charts: 2, versions: 3, bytes: 40, updated, unreadable })
    catalog.drop('a-1.0.1.tgz')
    catalog.drop('bad.tgz')
    expect(catalog.facts()).toEqual({
      charts: 2,
      versions: 2,
      bytes: 30,
      updated: Date.UTC(2026, 0, 1),
      unreadable: [],
    })
  })
})
