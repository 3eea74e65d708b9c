import { describe, expect, test } from 'bun:test'
import type { ChartVersion } from '../../src/registry/catalog.ts'
import { isPrerelease, newestRelease, standingOf } from '../../src/registry/releases.ts'
import { listVersions, versionsPerPage } from '../../src/registry/version-list.ts'
import type { VersionQuery } from '../../src/registry/version-list.ts'

function version(text: string, more: Partial<ChartVersion> = {}): ChartVersion {
  return {
    name: 'alpha',
    version: text,
    file: `alpha-${text}.tgz`,
    size: 100,
    modified: 0,
    etag: '',
    digest: '',
    created: '2026-01-01T00:00:00Z',
    signed: false,
    hasSchema: false,
    entry: '{}',
    ...more,
  }
}

function versions(...texts: string[]): ChartVersion[] {
  return texts.map((text) => version(text))
}

const marked = { entry: '{"annotations":{"artifacthub.io/prerelease":"true"}}' }
const redis = versions(
  '21.3.0-rc.1',
  '21.2.4',
  '21.2.3',
  '21.0.0',
  '20.13.4',
  '20.1.0-beta',
  '19.0.0',
  '1.0.0+build.5',
)

function list(query: Partial<VersionQuery>, all: readonly ChartVersion[] = redis) {
  const page = listVersions(all, { range: '', prereleases: false, sort: 'version', page: 1, ...query })
  const shown = page.groups.flatMap(({ versions: group }) => group.map(({ version: one }) => one.version))
  return { ...page, shown }
}

describe('listVersions()', () => {
  test('hides pre-releases until they are asked for, and says how many', () => {
    expect(list({})).toMatchObject({
      shown: ['21.2.4', '21.2.3', '21.0.0', '20.13.4', '19.0.0', '1.0.0+build.5'],
      total: 8,
      matching: 6,
      hidden: 2,
    })
    expect(list({ prereleases: true })).toMatchObject({ matching: 8, hidden: 0 })
  })

  test('shows pre-releases of a chart that has nothing else, and those of a range that names one', () => {
    expect(list({}, versions('2.0.0-rc.1', '1.0.0-rc.1'))).toMatchObject({ matching: 2, hidden: 0 })
    expect(list({ range: '>=21.3.0-0' }).shown).toEqual(['21.3.0-rc.1'])
    expect(list({ range: '>=21.3' })).toMatchObject({ shown: [], hidden: 0 })
    expect(list({ range: '>=20.1.0-a <21' }).shown).toEqual(['20.13.4', '20.1.0-beta'])
  })

  test('takes an annotated version for a pre-release, whatever its number is', () => {
    const all = [version('2.0.0', marked), version('1.0.0')]
    expect(list({}, all)).toMatchObject({ shown: ['1.0.0'], hidden: 1 })
    expect(list({ range: '>=1' }, all)).toMatchObject({ shown: ['1.0.0'], hidden: 1 })
    expect(list({ range: '>=1', prereleases: true }, all).shown).toEqual(['2.0.0', '1.0.0'])
  })

  test.each([
    ['^20 || >=21.1', ['21.2.4', '21.2.3', '20.13.4']],
    ['>=20, <21.2', ['21.0.0', '20.13.4']],
    ['21.2.x', ['21.2.4', '21.2.3']],
    ['1.0.0', ['1.0.0+build.5']],
    ['  ~20 ', ['20.13.4']],
    ['>99', []],
  ])('filters by %p as Helm reads it', (range, shown) => {
    expect(list({ range })).toMatchObject({ shown, badRange: false, total: 8, matching: shown.length })
  })

  test('keeps pre-releases in the order of the range when they are asked for', () => {
    expect(list({ range: '^20 || >=21.1', prereleases: true }).shown).toEqual([
      '21.3.0-rc.1',
      '21.2.4',
      '21.2.3',
      '20.13.4',
      '20.1.0-beta',
    ])
  })

  test.each(['blue', '^^1', '>=', '|| ||', 'x'.repeat(2000)])(
    'says that %p is no range, and lists all',
    (range) => {
      expect(list({ range })).toMatchObject({ badRange: true, matching: 6 })
    },
  )

  test('groups by major number in the order of versions, and not in another order', () => {
    expect(list({}).groups.map(({ major, versions: group }) => [major, group.length])).toEqual([
      ['21', 3],
      ['20', 1],
      ['19', 1],
      ['1', 1],
    ])
    const all = [
      version('3.0.0', { size: 5, created: '2026-01-02T00:00:00Z' }),
      version('2.0.0', { size: 9, created: '2026-03-01T00:00:00Z' }),
      version('1.0.0', { size: 7, created: 'broken', modified: Date.parse('2026-05-01T00:00:00Z') }),
    ]
    expect(list({ sort: 'published' }, all)).toMatchObject({
      shown: ['1.0.0', '2.0.0', '3.0.0'],
      groups: [{ major: undefined }],
    })
    expect(list({ sort: 'size' }, all).shown).toEqual(['2.0.0', '1.0.0', '3.0.0'])
  })

  test('gives pages that are there, whatever page is asked for', () => {
    const many = Array.from({ length: 2 * versionsPerPage + 1 }, (_, number) =>
      version(`1.${1000 - number}.0`),
    )
    expect(list({ page: 1 }, many).shown).toHaveLength(versionsPerPage)
    const last = list({ page: 3 }, many)
    expect([last.shown, last.pages]).toEqual([['1.900.0'], 3])
    for (const page of [0, -5, 4, 1e9]) expect(list({ page }, many).shown.length).toBeGreaterThan(0)
    expect(list({ page: 7 }, [])).toMatchObject({ groups: [], page: 1, pages: 1, matching: 0 })
  })
})

describe('standingOf()', () => {
  const numbers = ({ track }: { track: readonly ChartVersion[] }) => track.map((one) => one.version)
  const at = (index: number) => standingOf(redis[index] as ChartVersion, redis)

  test('puts this version on a track of six with up to two newer ones', () => {
    expect(numbers(at(1))).toEqual(redis.slice(0, 6).map((one) => one.version))
    expect(numbers(at(4))).toEqual(redis.slice(2, 8).map((one) => one.version))
    expect(numbers(at(7))).toEqual(redis.slice(2, 8).map((one) => one.version))
    const [only] = versions('1.0.0')
    expect(numbers(standingOf(only as ChartVersion, [only as ChartVersion]))).toEqual(['1.0.0'])
  })

  test('tells the newest of a newer pre-release, the others of the newest stable version', () => {
    expect(at(1)).toMatchObject({ prerelease: false, newer: undefined, upcoming: { version: '21.3.0-rc.1' } })
    expect(at(2)).toMatchObject({ newer: { version: '21.2.4' }, upcoming: undefined })
    expect(at(0)).toMatchObject({ prerelease: true, newer: undefined, upcoming: undefined })
    expect(at(5)).toMatchObject({ prerelease: true, newer: { version: '21.2.4' } })
  })

  test('has nothing newer for the newest of a chart with pre-releases only', () => {
    const all = versions('2.0.0-rc.2', '2.0.0-rc.1')
    expect(standingOf(all[1] as ChartVersion, all)).toMatchObject({ newer: undefined, upcoming: undefined })
  })
})

test('newestRelease() takes the newest stable version, else the newest', () => {
  expect(newestRelease(redis)?.version).toBe('21.2.4')
  expect(newestRelease([version('2.0.0', marked), version('1.0.0')])?.version).toBe('1.0.0')
  expect(newestRelease(versions('2.0.0-b', '2.0.0-a'))?.version).toBe('2.0.0-b')
  expect(newestRelease([])).toBeUndefined()
  expect(isPrerelease(version('1.0.0-0'))).toBe(true)
})
