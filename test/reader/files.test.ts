import { describe, expect, test } from 'bun:test'
import { readDependencies } from '../../src/reader/dependencies.ts'
import { findFile, languageOf, listFiles, listSubCharts } from '../../src/reader/files.ts'
import { decodeText, isText, shortened, visible } from '../../src/reader/text.ts'

const file = (name: string, data: string | Uint8Array = '') => ({
  name,
  data: typeof data === 'string' ? new TextEncoder().encode(data) : data,
})

const subCharts = [
  file('charts/common/Chart.yaml', 'apiVersion: v2\nname: "common"\nversion: 2.31.10 # x\n'),
  file('charts/common/values.yaml', ''),
  file('charts/common/charts/inner/Chart.yaml', 'name: inner\nversion: 1.0.0\n'),
  file('charts/my-db-2-1.0.0-rc.1.tgz', ''),
  file('charts/loose-v1.2.tgz', ''),
  file('charts/_hidden/Chart.yaml', 'name: hidden\n'),
  file('charts/broken/Chart.yaml', ': not yaml'),
]

describe('listFiles()', () => {
  test('tells names, sizes, kinds and languages, the last of two with one name', () => {
    const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10])
    const files = [
      file('values.yaml', 'a: 1'),
      file('b.png', png),
      file('values.yaml', 'a: 12'),
      file('a/x', 'é'),
    ]
    expect(listFiles(files)).toEqual([
      { name: 'a/x', size: 2, kind: 'text', language: 'text' },
      { name: 'b.png', size: 8, kind: 'binary', language: undefined },
      { name: 'values.yaml', size: 5, kind: 'text', language: 'yaml' },
    ])
  })

  test.each([
    ['templates/a.yaml', 'go-template'],
    ['charts/x/templates/NOTES.txt', 'go-template'],
    ['templates/_helpers.tpl', 'go-template'],
    ['crds/a.YML', 'yaml'],
    ['Chart.lock', 'yaml'],
    ['README.md.gotmpl', 'markdown'],
    ['values.schema.json', 'json'],
    ['files/Dockerfile', 'dockerfile'],
    ['a.constructor', 'text'],
    ['LICENSE', 'text'],
  ])('%s is %s', (name, language) => {
    expect<string>(languageOf(name)).toBe(language)
  })
})

describe('listSubCharts()', () => {
  test('lists folders and archives right below charts/, as Helm loads them', () => {
    expect(listSubCharts(subCharts).map(({ name, version, form }) => `${name} ${version} ${form}`)).toEqual([
      'broken undefined folder',
      'common 2.31.10 folder',
      'loose v1.2 archive',
      'my-db-2 1.0.0-rc.1 archive',
    ])
  })

  test('takes no time for names that nobody has', () => {
    const start = performance.now()
    listSubCharts([file(`charts/${'-1.1.1'.repeat(100_000)}`), file(`charts/${'a-1.0.0-'.repeat(60)}.tgz`)])
    expect(performance.now() - start).toBeLessThan(500)
  })
})

describe('readDependencies()', () => {
  test('says which needs are vendored, and what is vendored without being needed', () => {
    const metadata = {
      name: 'a',
      version: '1.0.0',
      dependencies: [
        { name: 'common', version: '2.x.x', repository: 'https://a.example', tags: ['t'] },
        { name: 'my-db-2', version: '^1', repository: '', alias: 'db', condition: 'db.enabled' },
        { name: 'elsewhere', repository: '@stable' },
      ],
    }
    const { needs, undeclared } = readDependencies(metadata, subCharts)
    expect(needs.map(({ name, vendored }) => [name, vendored?.path])).toEqual([
      ['common', 'charts/common'],
      ['my-db-2', 'charts/my-db-2-1.0.0-rc.1.tgz'],
      ['elsewhere', undefined],
    ])
    expect(needs[1]).toMatchObject({ alias: 'db', condition: 'db.enabled', tags: [] })
    expect(undeclared.map(({ name }) => name)).toEqual(['broken', 'loose'])
  })
})

describe('text', () => {
  test('is told from other files by its bytes', () => {
    expect(isText(new TextEncoder().encode('abc é'))).toBe(true)
    expect(isText(new Uint8Array([0xff, 0xfe, 97, 0]))).toBe(true)
    expect(isText(new Uint8Array([97, 0, 98]))).toBe(false)
    expect(isText(new Uint8Array([0x1f, 0x8b, 8, 8]))).toBe(false)
    expect(isText(new Uint8Array())).toBe(true)
  })

  test('is decoded whatever it is', () => {
    expect(decodeText(new Uint8Array([0xef, 0xbb, 0xbf, 97, 0xff]))).toBe('a\ufffd')
    expect(decodeText(new Uint8Array([0xff, 0xfe, 97, 0]))).toBe('a')
  })

  test('shows what hides in it, and is cut between characters', () => {
    expect(visible('a\u001b[31m\u202eb\u007f\tc\n')).toBe('a␛[31m[U+202E]b␡\tc\n')
    expect(shortened('a\n b😀c', 5)).toBe('a b…')
  })
})

test('findFile() knows a file by the name that is shown for it, where the real one hides characters', () => {
  const hidden = { name: 'docs/\u202Egnp.html', data: new Uint8Array() }
  const shown = { name: 'docs/[U+202E]gnp.html', data: new Uint8Array([1]) }
  expect(findFile([hidden], 'docs/[U+202E]gnp.html')).toBe(hidden)
  expect(findFile([hidden, shown], 'docs/[U+202E]gnp.html')).toBe(shown)
  expect(findFile([hidden, shown], 'docs/\u202Egnp.html')).toBe(hidden)
})
