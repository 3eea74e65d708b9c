import { describe, expect, test } from 'bun:test'
import { compareValues } from '../../src/reader/compare-values.ts'
import { sideOf } from '../../src/reader/compare-sides.ts'
import { compare } from '../../src/reader/compare.ts'
import type { ChartMetadata } from '../../src/registry/chart.ts'
import { parseYaml } from '../../src/registry/yaml.ts'
import { openReal, realTest } from './real-charts.ts'

function values(from: string, to: string) {
  const { added, removed, changed } = compareValues(parseYaml(from), parseYaml(to))
  return [
    ...added.map((one) => `+ ${one.path} = ${one.to}`),
    ...removed.map((one) => `- ${one.path} = ${one.from}`),
    ...changed.map((one) => `~ ${one.path} ${one.from} → ${one.to}`),
  ]
}

function side(
  version: string,
  files: Record<string, string | Uint8Array>,
  more: Partial<ChartMetadata> = {},
) {
  const list = Object.entries(files).map(([name, data]) => ({
    name,
    data: typeof data === 'string' ? new TextEncoder().encode(data) : data,
  }))
  return sideOf(version, { name: 'a', version, ...more }, list)
}

describe('compareValues()', () => {
  test('tells added, removed and changed keys, the uppermost of each', () => {
    expect(values('a: {b: 1, c: x}\nd: [1, 2]\ne: 1\n', 'a: {b: 2, new: {m: 1}}\nd: [1, 3]\ne: 1\n')).toEqual(
      ['+ a.new = {"m":1}', '- a.c = "x"', '~ a.b 1 → 2', '~ d [1,2] → [1,3]'],
    )
  })

  test.each([
    ['a: 1', 'a: "1"', ['~ a 1 → "1"']],
    ['a: 1', 'a: 1 # same', []],
    ['a: {}', 'a: null', ['~ a {} → null']],
    ['', 'a: 1', ['+ a = 1']],
    ['a.b: 1', 'a: {b: 1}', ['+ a = {"b":1}', '- a\\.b = 1']],
    ['__proto__: 1', '__proto__: 2', ['~ __proto__ 1 → 2']],
    ['constructor: 1', 'x: 1', ['+ x = 1', '- constructor = 1']],
    ['a: [{b: 1}]', 'a: [{b: 1}]', []],
  ])('from %j to %j', (from, to, expected) => {
    expect(values(from, to)).toEqual(expected)
  })

  test('stays small and quick when aliases make a tree large', () => {
    let shared: unknown = { leaf: 1 }
    let other: unknown = { leaf: 1 }
    for (let level = 0; level < 60; level++) {
      shared = { a: shared, b: shared }
      other = { a: other, b: other }
    }
    const start = performance.now()
    const found = compareValues(shared as never, other as never)
    expect(found.truncated).toBe(true)
    expect(compareValues([shared] as never, [other] as never).truncated).toBe(true)
    expect(compareValues({ x: shared } as never, {}).removed[0]?.from?.length).toBeLessThan(300)
    expect(performance.now() - start).toBeLessThan(2000)
  })
})

describe('compare()', () => {
  test('finds nothing between equal versions', () => {
    const files = { 'values.yaml': 'a: 1\n', 'templates/a.yaml': 'x' }
    expect(compare(side('1.0.0', files), side('1.0.0', files))).toMatchObject({
      facts: [],
      dependencies: [],
      values: { added: [], removed: [], changed: [] },
      files: [],
      attention: [],
      truncated: false,
    })
  })

  test('tells facts, dependencies, defaults and files, and what needs attention', () => {
    const dependency = { name: 'common', repository: '' }
    const from = side(
      '1.0.0',
      {
        'values.yaml': 'a: 1\nold: 1\n',
        'templates/a.yaml': 'one\ntwo\n',
        'crds/a.yaml': 'x\n',
        'a.bin': noise(1),
      },
      { appVersion: '1', kubeVersion: '>=1.25', dependencies: [{ ...dependency, version: '1.0.0' }] },
    )
    const to = side(
      '2.0.0',
      {
        'values.yaml': 'a: 2\n',
        'templates/a.yaml': 'one\n2\n',
        'templates/b.yaml': 'new\n',
        'a.bin': noise(2),
      },
      { appVersion: '2', kubeVersion: '>=1.28', dependencies: [{ ...dependency, version: '2.0.0' }] },
    )
    const found = compare(from, to)
    expect(found.facts).toEqual([
      { name: 'appVersion', from: '1', to: '2' },
      { name: 'kubeVersion', from: '>=1.25', to: '>=1.28' },
    ])
    expect(found.dependencies).toEqual([{ name: 'common', from: '1.0.0', to: '2.0.0' }])
    expect(found.attention).toEqual(['kubeVersion', 'values', 'crds'])
    expect(found.files.map(({ name, area, change, lines }) => ({ name, area, change, ...lines }))).toEqual([
      { name: 'a.bin', area: 'other', change: 'changed' },
      { name: 'crds/a.yaml', area: 'crds', change: 'removed', added: 0, removed: 1 },
      { name: 'templates/a.yaml', area: 'templates', change: 'changed', added: 1, removed: 1 },
      { name: 'templates/b.yaml', area: 'templates', change: 'added', added: 1, removed: 0 },
      { name: 'values.yaml', area: 'values', change: 'changed', added: 1, removed: 2 },
    ])
    expect(found.files[2]?.hunks).toEqual([{ from: 1, to: 1, lines: [' one', '-two', '+2'] }])
    expect(found.truncated).toBe(false)
  })

  test('shows what hides in a line', () => {
    const found = compare(side('1', { 'a.txt': 'a\n' }), side('2', { 'a.txt': 'a\u202e\u001b[31m\n' }))
    expect(found.files[0]?.hunks?.[0]?.lines).toEqual(['-a', '+a[U+202E]␛[31m'])
  })

  test('only names files that differ too much, and says so, in bounded time', () => {
    const lines = (seed: number) =>
      Array.from({ length: 20_000 }, (_, at) => `${at * seed} ${seed}\n`).join('')
    const many = (seed: number) =>
      Object.fromEntries(Array.from({ length: 20 }, (_, at) => [`templates/${at}.yaml`, lines(seed)]))
    const start = performance.now()
    const found = compare(side('1', many(1)), side('2', many(2)))
    expect(performance.now() - start).toBeLessThan(3000)
    expect(found.files).toHaveLength(20)
    expect(found.files.every(({ hunks }) => hunks === undefined)).toBe(true)
    expect(found.truncated).toBe(true)
    const large = (seed: string) => ({ 'a.txt': seed.repeat(600_000) })
    expect(compare(side('1', large('a')), side('2', large('b')))).toMatchObject({ truncated: true })
  })

  test('ends a search for lines that only moved', () => {
    const lines = Array.from({ length: 3000 }, (_, at) => `line ${at}`)
    const files = (text: string) => Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((name) => [name, text]))
    const start = performance.now()
    const found = compare(side('1', files(lines.join('\n'))), side('2', files(lines.toReversed().join('\n'))))
    expect(performance.now() - start).toBeLessThan(10_000)
    expect(found).toMatchObject({
      truncated: true,
      files: Array.from({ length: 5 }, () => ({ lines: undefined })),
    })
  }, 20_000)

  test('tells files of sub-charts apart without their lines', () => {
    const found = compare(
      side('1', { 'charts/b/values.yaml': 'a' }),
      side('2', { 'charts/b/values.yaml': 'b' }),
    )
    expect(found.files).toEqual([
      { name: 'charts/b/values.yaml', area: 'charts', change: 'changed', lines: undefined, hunks: undefined },
    ])
    expect(found.truncated).toBe(false)
  })

  realTest('compares versions of real charts', 'backstage-2.4.0', async () => {
    const [from, to] = await Promise.all(['backstage-2.0.1', 'backstage-2.4.0'].map(openReal))
    if (from === undefined || to === undefined) throw new Error('not opened')
    const found = compare(sideOf('2.0.1', from.metadata, from.files), sideOf('2.4.0', to.metadata, to.files))
    expect(found.values?.added.length).toBeGreaterThan(0)
    expect(found.files.some(({ name, hunks }) => name === 'values.yaml' && hunks !== undefined)).toBe(true)
  })
})

function noise(seed: number): Uint8Array {
  return new Uint8Array([0, seed, 255])
}
