import { describe, expect, test } from 'bun:test'
import { agoText, chooseLanguage, plural, sizeText } from '../../views/words/language.ts'

describe('chooseLanguage()', () => {
  test.each([
    ['zh', undefined, 'en', 'zh-CN'],
    [undefined, 'zh-CN', 'en', 'zh-CN'],
    ['en', 'zh-CN', 'zh', 'en'],
    [undefined, undefined, 'de, zh-TW;q=0.8, en;q=0.5', 'zh-CN'],
    [undefined, undefined, 'en-GB,en;q=0.9,zh;q=0.8', 'en'],
    [undefined, undefined, 'zh;q=0, en', 'en'],
    [undefined, undefined, 'de', 'en'],
    ['<script>', '../..', ';;;q=x', 'en'],
    [null, null, null, 'en'],
  ] as const)('asked %p, chosen %p, accepted %p: %p', (asked, chosen, accepted, language) => {
    expect(chooseLanguage(asked, chosen, accepted)).toBe(language)
  })
})

test.each([
  [0, '0 B'],
  [1023, '1023 B'],
  [1024, '1.0 KiB'],
  [100_761, '98.4 KiB'],
  [150 * 1024, '150 KiB'],
  [2_040_109_465, '1.9 GiB'],
])('sizeText(%d) is "%s"', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text)
})

test.each([
  ['en', 20, 'now'],
  ['en', 20 * 60, '20 minutes ago'],
  ['en', 2 * 86_400, '2 days ago'],
  ['en', 86_400, 'yesterday'],
  ['zh-CN', 3 * 3600, '3小时前'],
] as const)('agoText() in %s, %d seconds later, is "%s"', (language, seconds, text) => {
  expect(agoText(language, 0, seconds * 1000)).toBe(text)
})

test('plural() has one form for one and another for the rest', () => {
  expect([0, 1, 4806].map((count) => plural(count, 'chart', 'charts'))).toEqual([
    '0 charts',
    '1 chart',
    '4,806 charts',
  ])
})
