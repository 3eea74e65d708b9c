import { describe, expect, test } from 'bun:test'
import { negotiateEncoding } from '../../src/http/encoding.ts'

describe('negotiateEncoding()', () => {
  const table: [string | null, 'zstd' | 'gzip' | undefined][] = [
    [null, undefined],
    ['', undefined],
    ['identity', undefined],
    ['br, deflate', undefined],
    ['gzip', 'gzip'],
    ['GZIP', 'gzip'],
    ['x-gzip', 'gzip'],
    ['zstd', 'zstd'],
    ['gzip, deflate, br, zstd', 'zstd'],
    ['gzip;q=1.0, zstd;q=0.5', 'gzip'],
    ['gzip;q=0.5, zstd;q=0.5', 'zstd'],
    ['zstd;q=0, gzip', 'gzip'],
    ['gzip;q=0', undefined],
    ['gzip;q=0.000', undefined],
    ['gzip ; q=0.8', 'gzip'],
    ['*', 'gzip'],
    ['*;q=0', undefined],
    ['gzip;q=0, *', undefined],
    ['identity;q=1, gzip;q=0.5', undefined],
    ['identity;q=0.5, gzip;q=0.5', 'gzip'],
    ['identity;q=0', undefined],
    ['identity;q=0, gzip;q=0.1', 'gzip'],
    ['gzip;q=nonsense', 'gzip'],
    [';;,,q=1', undefined],
  ]
  for (const [header, encoding] of table) {
    test(`is ${encoding} for ${JSON.stringify(header)}, asked once or twice`, () => {
      expect(negotiateEncoding(header)).toBe(encoding)
      expect(negotiateEncoding(header)).toBe(encoding)
    })
  }

  test('answers right after many different headers', () => {
    for (let i = 0; i < 500; i++)
      expect(negotiateEncoding(`gzip;q=0.${i}`)).toBe(i === 0 || i > 999 ? undefined : 'gzip')
    expect(negotiateEncoding('zstd')).toBe('zstd')
  })
})
