import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import semver from 'semver'
import { isRegistryError } from '../../src/errors.ts'
import {
  compareVersions,
  matchVersion,
  newestFirst,
  parseVersion,
  sortNewestFirst,
  type Version,
} from '../../src/registry/versions.ts'
import { legalVersion } from '../support/version-grammar.ts'

function version(text: string): Version {
  const parsed = parseVersion(text)
  if (parsed === undefined) throw new Error(`"${text}" is not a version`)
  return parsed
}

function find(stored: readonly string[], wanted: string): string | undefined {
  return matchVersion(
    stored.map((text) => ({ version: text })),
    wanted,
  )?.version
}

function refusal(wanted: string): unknown {
  try {
    return find(['1.0.0'], wanted)
  } catch (error) {
    return error
  }
}

describe('parseVersion()', () => {
  const legal = [
    '1',
    '1.2',
    'v1.2',
    'v1.2.3',
    '01.0.0',
    '2024-01-31',
    '1.0.0-12',
    '1.0.0+build.5',
    '0.1.0-SNAPSHOT-24',
    '1.0.0--',
    '1.0.0+007',
    '1.0-0.a.b',
    '18446744073709551615.0.0',
  ]
  test.each(legal)('takes %p as Masterminds does', (text) => {
    expect(parseVersion(text)?.text).toBe(text)
  })

  const illegal = [
    '',
    'abc',
    'V1.0.0',
    '=1.0.0',
    ' 1.0.0',
    '1.0.0 ',
    '1.0.0\n',
    '1.0.0.0',
    '1.0.0-01',
    '1.0.0-a.00',
    '1.0.0-',
    '1.0.0+',
    '1.0.0-a..b',
    '1.0.0-ü',
    '١.٠.٠',
    '18446744073709551616.0.0',
    '1.0.0/../x',
  ]
  test.each(illegal)('refuses %p as Masterminds does', (text) => {
    expect(parseVersion(text)).toBeUndefined()
  })

  test('accepts all of the grammar that the round-trip tests draw from', () => {
    fc.assert(fc.property(legalVersion, (text) => parseVersion(text) !== undefined))
  })
})

describe('compareVersions()', () => {
  const ascending = [
    '0.0.0-a',
    '0.0.0',
    '0.9.9',
    '1.0.0-1',
    '1.0.0-9',
    '1.0.0-10',
    '1.0.0-18446744073709551615',
    // A number without room in 64 bits counts as a word.
    '1.0.0-18446744073709551616',
    '1.0.0-SNAPSHOT',
    '1.0.0-alpha',
    '1.0.0-alpha.1',
    '1.0.0-alpha.beta',
    '1.0.0-rc.1',
    '1.0.0',
    '1.2.0',
    '1.10.0',
    '9007199254740992.0.0',
    '9007199254740993.0.0',
    '18446744073709551614.0.0',
    '18446744073709551615.0.0',
  ]
  test('puts versions into the order of Masterminds, also where 64-bit numbers are needed', () => {
    for (const [index, text] of ascending.entries()) {
      for (const later of ascending.slice(index + 1)) {
        expect([text, later, compareVersions(version(text), version(later))]).toEqual([text, later, -1])
        expect(compareVersions(version(later), version(text))).toBe(1)
      }
    }
  })

  test('takes versions for equal that differ in build metadata or spelling only', () => {
    expect(compareVersions(version('1.2'), version('v1.2.0+x'))).toBe(0)
    expect(compareVersions(version('1.0.0+a'), version('1.0.0+b'))).toBe(0)
  })

  test('agrees with the semver package on every pair of versions that it accepts', () => {
    fc.assert(
      fc.property(legalVersion, legalVersion, (a, b) => {
        // Beyond 2^53 the package compares rounded numbers.
        fc.pre(semver.valid(a) !== null && semver.valid(b) !== null && !/\d{16}/.test(a + b))
        const own = { ...version(a), strict: undefined }
        expect(compareVersions(own, version(b))).toBe(semver.compare(a, b))
        expect(compareVersions(version(a), version(b))).toBe(semver.compare(a, b))
      }),
      { numRuns: 1000 },
    )
  })

  test('is a total order together with the text: newestFirst() never calls two texts equal', () => {
    fc.assert(
      fc.property(legalVersion, legalVersion, legalVersion, (a, b, c) => {
        const [x, y, z] = [version(a), version(b), version(c)]
        expect(newestFirst(x, y) === 0).toBe(a === b)
        expect(Math.sign(newestFirst(x, y))).toBe(-Math.sign(newestFirst(y, x)) + 0)
        if (newestFirst(x, y) < 0 && newestFirst(y, z) < 0) expect(newestFirst(x, z)).toBeLessThan(0)
      }),
      { numRuns: 500 },
    )
  })
})

describe('sortNewestFirst()', () => {
  test('puts the newest first, equal ones into a fixed order, and what is no version last', () => {
    const texts = ['broken', '1.0.0+a', '2.0.0-rc.1', '1.0.0+b', '10.0.0', '2.0.0', 'also broken']
    const sorted = ['10.0.0', '2.0.0', '2.0.0-rc.1', '1.0.0+b', '1.0.0+a', 'also broken', 'broken']
    const items = texts.map((text) => ({ version: text }))
    expect(sortNewestFirst(items).map((item) => item.version)).toEqual(sorted)
    expect(sortNewestFirst(items.toReversed()).map((item) => item.version)).toEqual(sorted)
  })
})

describe('matchVersion()', () => {
  const stored = [
    '3.0.0-beta.2',
    '2.1.0',
    'v1.2',
    '1.1.5',
    '1.1.0',
    '0.2.0+build.5',
    '0.1.1',
    '0.1.0-SNAPSHOT-24',
  ]
  const found: [string, string | undefined][] = [
    ['latest', '2.1.0'],
    ['', '2.1.0'],
    ['*', '2.1.0'],
    ['1.2.0', 'v1.2'],
    ['0.2.0', '0.2.0+build.5'],
    ['0.2.0+build.5', '0.2.0+build.5'],
    ['0.1.0-SNAPSHOT-24', '0.1.0-SNAPSHOT-24'],
    ['3.0.0-beta.2', '3.0.0-beta.2'],
    ['3', undefined],
    ['>=3.0.0-0', '3.0.0-beta.2'],
    ['~0.1', '0.1.1'],
    ['~> 0.1.0', '0.1.1'],
    ['^1', 'v1.2'],
    ['^0.1.0', '0.1.1'],
    ['1.1.x', '1.1.5'],
    ['1.X', 'v1.2'],
    ['>=1.0, <1.2', '1.1.5'],
    ['>=1.0 <1.2', '1.1.5'],
    ['>2 || <0.2', '0.1.1'],
    ['>2.0', '2.1.0'],
    ['!=2.1.0', 'v1.2'],
    ['!=2', 'v1.2'],
    ['=>1.2', '2.1.0'],
    ['=<1.1', '1.1.5'],
    ['1.0 - 1.1.2', '1.1.0'],
    ['1.0 - 1.1', '1.1.5'],
    ['9.9.9', undefined],
    // Masterminds: a caret before a lone "*" means 0.0.0 itself, a tilde means everything.
    ['^*', undefined],
    ['~0.0.0', '2.1.0'],
  ]
  test.each(found)('answers %p with %p', (wanted, expected) => {
    expect(find(stored, wanted)).toBe(expected)
  })

  test('lets an exact text win over a newer version that fits the same range', () => {
    expect(find(['1.2.3+b', '1.2.3'], '1.2.3')).toBe('1.2.3')
  })

  test('keeps a caret below 0.1 at the patch that it names', () => {
    expect(find(['0.0.4', '0.0.3'], '^0.0.3')).toBe('0.0.3')
    expect(find(['0.0.4', '0.0.3'], '^0.0')).toBe('0.0.4')
    expect(find(['0.0.4', '0.0.3'], '^0.0.2')).toBeUndefined()
  })

  test('finds nothing for "latest" when there are only prereleases', () => {
    expect(find(['2.0.0-rc.1', '1.0.0-a'], 'latest')).toBeUndefined()
  })

  const improper: [string, string][] = [
    ['abc', 'improper constraint: abc'],
    ['2.0.0 || abc', 'improper constraint:  abc'],
    ['1 ||', 'improper constraint: '],
    ['== 1', 'improper constraint: == 1'],
    ['1,,2', 'improper constraint: 1,,2'],
    ['.*', 'improper constraint: .*'],
    ['1.0.0\u00a0', 'improper constraint: 1.0.0\u00a0'],
    ['%31', 'improper constraint: %31'],
    ['1|2', 'constraint parser error'],
  ]
  test.each(improper)('refuses %p in the words of Masterminds', (wanted, message) => {
    const error = refusal(wanted)
    expect(isRegistryError(error, 'not_found') && [error.about, error.message]).toEqual(['version', message])
  })

  test('refuses a text that is no range even when exactly that text is stored', () => {
    expect(() => find(['not a version'], 'not a version')).toThrow('improper constraint: not a version')
  })

  test('answers hostile texts in no time', () => {
    const hostile = [
      `1${' '.repeat(900)}!`,
      '1   ,   '.repeat(120),
      `${'1 - '.repeat(240)}!`,
      '1.'.repeat(100_000),
    ]
    const start = performance.now()
    for (const wanted of hostile) expect(isRegistryError(refusal(wanted), 'not_found')).toBe(true)
    expect(performance.now() - start).toBeLessThan(1000)
  })

  test('finds every legal version by its own text', () => {
    fc.assert(fc.property(legalVersion, (text) => expect(find(['0.0.0-zz', text], text)).toBe(text)))
  })

  test('agrees with the semver package on ranges that both understand the same way', () => {
    const release = fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)).map((numbers) => numbers.join('.'))
    const operator = fc.constantFrom('', '=', '>', '>=', '<', '<=', '~', '^')
    fc.assert(
      fc.property(release, operator, release, operator, release, (text, first, low, second, high) => {
        // "~0.0.0" takes everything in Masterminds.
        fc.pre(!(first === '~' && low === '0.0.0') && !(second === '~' && high === '0.0.0'))
        for (const range of [`${first}${low} ${second}${high}`, `${first}${low} || ${second}${high}`]) {
          expect([range, find([text], range)]).toEqual([
            range,
            semver.satisfies(text, range) ? text : undefined,
          ])
        }
      }),
      { numRuns: 500 },
    )
  })
})
