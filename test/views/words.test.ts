import { describe, expect, test } from 'bun:test'
import { catalogues, pairs } from '../support/words.ts'

const all = (await catalogues()).flatMap(({ name, en, zh }) => pairs(en, zh, name))
const chinese = /\p{Script=Han}/u

/** What Chinese readers write in Latin letters too: names, abbreviations, what is typed. */
const latin = /^(?:CRD|Chart API|API|README|Values|[^A-Za-z]*|[\w.-]+)$/

/** Written alike in both, or a plural that Chinese does not have. */
const isSame = (en: unknown, zh: unknown) =>
  en === zh || en === `${String(zh)}s` || !/[A-Za-z]/.test(String(zh)) || zh === 'Chart API'

describe('the words of the pages', () => {
  test('are there in both languages, of the same kind', () => {
    expect(all.length).toBeGreaterThan(100)
    const odd = all.filter(({ en, zh }) => typeof en !== typeof zh).map(({ path }) => path)
    expect(odd).toEqual([])
  })

  test('are Chinese in the Chinese catalogues', () => {
    const texts = all.filter(({ path, zh }) => typeof zh === 'string' && !path.startsWith('language.'))
    const left = texts.filter(
      ({ en, zh }) => !chinese.test(String(zh)) && !(latin.test(String(zh)) && isSame(en, zh)),
    )
    expect(left.map(({ path, zh }) => `${path}: ${String(zh)}`)).toEqual([])
  })

  test('have no Chinese in the English catalogues', () => {
    const left = all.filter(
      ({ path, en }) => typeof en === 'string' && chinese.test(en) && !path.startsWith('language.'),
    )
    expect(left.map(({ path }) => path)).toEqual([])
  })

  test('excuse nothing and shout nothing', () => {
    const texts = all.flatMap(({ path, en, zh }) => [en, zh].map((text) => ({ path, text })))
    const loud = texts.filter(
      ({ text }) => typeof text === 'string' && /[!！]|\b(?:sorry|oops|please)\b/i.test(text),
    )
    expect(loud.map(({ path, text }) => `${path}: ${String(text)}`)).toEqual([])
  })
})
