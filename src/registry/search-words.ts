import { RegistryError } from '../errors.ts'

/** Characters of a search text; longer ones are refused rather than cut, which would find something else. */
export const maxSearchLength = 200
/** Words of a search text, divided by spaces and signs. */
export const maxSearchWords = 8
/** Longer words are cut, in charts and in search texts alike. */
const maxWordLength = 40

/** Scripts that put no spaces between words: what is written in them is found by any part of it. */
const unspaced =
  /[ー\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}\p{Script=Lao}\p{Script=Khmer}\p{Script=Myanmar}]+/gu
/** A number with dots ("8.0.3") is one word; everything else is divided at whatever is neither letter nor digit. */
const word = /\d+(?:\.[\p{L}\p{N}]+)+|[\p{L}\p{N}]+/gu
const plainWord = /\d+(?:\.[a-z0-9]+)+|[a-z0-9]+/g
const ascii = /^[\x20-\x7e]*$/

/** One word that somebody looks for. */
export interface Term {
  readonly text: string
  /** It may be found with one letter wrong: it has four letters or more, is no number and in a script with words. */
  readonly lenient: boolean
}

/** What a search text asks for. */
export interface SearchText {
  /** Every one of these must be found. */
  readonly terms: readonly Term[]
  /** All words in one, as chart names are compared: "Cert Manager" and "cert-manager" are "certmanager". */
  readonly joined: string
  /** True for a text of signs only, which nothing matches. */
  readonly hopeless: boolean
}

/** Text as it is compared: small letters without accents ("Café" is "cafe"), full-width letters as usual ones. */
export function folded(text: string): string {
  if (ascii.test(text)) return text.toLowerCase()
  // The parts of a letter are taken apart, its accents left out, and what remains put together: Hangul needs that.
  return text.normalize('NFKD').replace(/\p{M}/gu, '').normalize('NFC').toLowerCase()
}

/** The words of a text as a chart is found by them. Of text without spaces these are all pairs of characters. */
export function wordsOf(text: string): string[] {
  const words: string[] = []
  if (ascii.test(text)) return (text.toLowerCase().match(plainWord) ?? []).map(cut)
  for (const { text: part, spaced } of partsOf(text)) {
    if (spaced) words.push(part)
    else words.push(...pairsOf(part), ...part.slice(-1))
  }
  return words
}

/** Reads a search text. Throws RegistryError `invalid` when it is too long. */
export function readSearchText(text: string): SearchText {
  if (text.length > maxSearchLength) {
    throw tooLong(`it has ${text.length} characters, at most ${maxSearchLength} are searched for`)
  }
  const parts = [...partsOf(text)]
  if (parts.length > maxSearchWords) {
    throw tooLong(`it has ${parts.length} words, at most ${maxSearchWords} are searched for`)
  }
  const terms = parts.flatMap(({ text: part, spaced }) => {
    if (spaced) return [{ text: part, lenient: part.length >= 4 && !/^\d/.test(part) }]
    return pairsOf(part).map((pair) => ({ text: pair, lenient: false }))
  })
  const distinct = new Map(terms.map((term) => [term.text, term]))
  const joined = parts.map((part) => part.text).join('')
  return { terms: [...distinct.values()], joined, hopeless: terms.length === 0 && text.trim() !== '' }
}

/** All words of a text in one, as SearchText has them. */
export function joinedWords(text: string): string {
  return Array.from(partsOf(text), (part) => part.text).join('')
}

function tooLong(why: string): RegistryError {
  return new RegistryError('invalid', 'repository', `Cannot search: the text is too long, ${why}`)
}

function* partsOf(text: string): Generator<{ text: string; spaced: boolean }> {
  const plain = folded(text)
  if (ascii.test(plain)) {
    for (const found of plain.match(plainWord) ?? []) yield { text: cut(found), spaced: true }
    return
  }
  for (const [found] of plain.matchAll(word)) {
    if (ascii.test(found)) {
      yield { text: cut(found), spaced: true }
      continue
    }
    let end = 0
    for (const run of found.matchAll(unspaced)) {
      if (run.index > end) yield { text: cut(found.slice(end, run.index)), spaced: true }
      yield { text: run[0], spaced: false }
      end = run.index + run[0].length
    }
    if (end < found.length) yield { text: cut(found.slice(end)), spaced: true }
  }
}

function cut(found: string): string {
  return found.slice(0, maxWordLength)
}

/** "数据库" as "数据", "据库": whoever looks for a part of a text looks for pairs that are in it. */
function pairsOf(run: string): string[] {
  const characters = [...run]
  if (characters.length === 1) return characters
  return characters.slice(1).map((second, at) => `${characters[at]}${second}`)
}

/** How a word was found with one letter missing, too many, wrong or swapped: all of it, or its beginning. */
export type Nearness = 'near' | 'near-prefix'

/**
 * How near a word is to a term that differs from it in one letter, or undefined. The beginning of a longer word counts
 * for terms of five letters or more: with four it would find too much.
 */
export function nearness(term: string, word: string): Nearness | undefined {
  if (word.length < term.length - 1) return undefined
  let at = 0
  while (at < term.length && term.charCodeAt(at) === word.charCodeAt(at)) at++
  const wrong = endOf(term, at + 1, word, at + 1)
  const tooMany = endOf(term, at + 1, word, at)
  const missing = endOf(term, at, word, at + 1)
  const { length } = word
  if (wrong === length || tooMany === length || missing === length) return 'near'
  const crossed =
    term.charCodeAt(at) === word.charCodeAt(at + 1) && term.charCodeAt(at + 1) === word.charCodeAt(at)
  const swapped = crossed ? endOf(term, at + 2, word, at + 2) : -1
  if (swapped === length) return 'near'
  if (term.length < 5) return undefined
  return wrong > 0 || tooMany > 0 || missing > 0 || swapped > 0 ? 'near-prefix' : undefined
}

/** The place in the word behind the rest of the term, or -1 when it goes on differently. */
function endOf(term: string, from: number, word: string, start: number): number {
  let place = start
  for (let at = from; at < term.length; at++, place++) {
    if (term.charCodeAt(at) !== word.charCodeAt(place)) return -1
  }
  return place <= word.length ? place : -1
}
