import { describe, expect, test } from 'bun:test'
import { Catalog, type ChartVersion } from '../../src/registry/catalog.ts'

function versionOf(name: string, version: string, file = `${name}-${version}.tgz`): ChartVersion {
  const entry = JSON.stringify({ name, version })
  return { name, version, file, size: 1, modified: 0, etag: file, digest: 'd', created: '', entry }
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
})
