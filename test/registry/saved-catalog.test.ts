import { describe, expect, test } from 'bun:test'
import type { CatalogFile } from '../../src/registry/catalog.ts'
import { chartAddress, readSavedCatalog, savedCatalogText } from '../../src/registry/saved-catalog.ts'

const files: CatalogFile[] = [
  {
    name: 'a',
    version: '1.0.0+b',
    file: 'a-1.0.0+b.tgz',
    size: 12,
    modified: 1700000000123,
    etag: 'tag',
    digest: 'ff',
    created: '2026-01-01T00:00:00Z',
    signed: true,
    hasSchema: false,
    entry:
      '{"name":"a","description":"tab\\tüñ","version":"1.0.0+b","urls":["charts/a-1.0.0+b.tgz"],"created":"2026-01-01T00:00:00Z","digest":"ff"}',
  },
  { file: 'bad.tgz', size: 0, etag: 'other', reason: 'EOF' },
]

const saved = (urlPrefix = 'charts/') => Buffer.from([...savedCatalogText(files, urlPrefix)].join(''))

describe('a saved catalog', () => {
  test('reads back what was written', () => {
    const marks = [false, true].flatMap((signed) => [false, true].map((hasSchema) => ({ signed, hasSchema })))
    const all = [...marks.map((each) => ({ ...(files[0] as CatalogFile), ...each })), ...files]
    const bytes = Buffer.from([...savedCatalogText(all, 'charts/')].join(''))
    expect(readSavedCatalog(bytes, 'charts/')).toEqual({ files: all, outdated: false })
  })

  test('gives the addresses of today when --chart-url changed since', () => {
    const [first] = readSavedCatalog(saved(), 'https://x.example/charts/')?.files ?? []
    const entry: unknown = JSON.parse(first !== undefined && 'entry' in first ? first.entry : 'null')
    expect(entry).toEqual({
      name: 'a',
      description: 'tab\tüñ',
      version: '1.0.0+b',
      urls: ['https://x.example/charts/a-1.0.0+b.tgz'],
      created: '2026-01-01T00:00:00Z',
      digest: 'ff',
    })
  })

  test('counts as absent wherever it was cut or damaged', () => {
    const whole = saved()
    for (let length = 0; length < whole.length - 1; length++) {
      expect(readSavedCatalog(whole.subarray(0, length), 'charts/')).toBeUndefined()
      const flipped = Buffer.from(whole)
      flipped[length] = (flipped[length] ?? 0) ^ 4
      expect(readSavedCatalog(flipped, 'charts/')).toBeUndefined()
    }
    expect(readSavedCatalog(Buffer.from('null\n'), 'charts/')).toBeUndefined()
    expect(readSavedCatalog(Buffer.from('["chartroom catalog 0","charts/"]\n'), 'charts/')).toBeUndefined()
    expect(readSavedCatalog(Buffer.from(whole.toString().replace('"ff"', '7')), 'charts/')).toBeUndefined()
  })
})

describe('a saved catalog of the format before this one', () => {
  const earlier = () => {
    const lines = saved().toString().split('\n').slice(0, -2)
    const text = lines.map((line) => `${line.replace('catalog 2', 'catalog 1').replace(',1]\t', ']\t')}\n`)
    const hash = text.reduce((sum, line) => Bun.hash.wyhash(line, sum), 0n)
    return Buffer.from(`${text.join('')}${JSON.stringify(['end', hash.toString(16)])}\n`)
  }

  test('says that it is outdated, and which times its archives had', () => {
    expect(earlier().toString()).toContain('"2026-01-01T00:00:00Z"]\t')
    const read = readSavedCatalog(earlier(), 'charts/')
    expect(read?.outdated).toBe(true)
    expect(read?.files).toMatchObject([
      { digest: 'ff', created: '2026-01-01T00:00:00Z' },
      { file: 'bad.tgz' },
    ])
  })
})

describe('the address of an archive', () => {
  test('is a valid reference that keeps "+" as it is', () => {
    expect(chartAddress('charts/', 'a b-1.0.0+x.tgz')).toBe('charts/a%20b-1.0.0+x.tgz')
  })
})
