import type { Term } from './search-words.ts'
import { folded, nearness, readSearchText } from './search-words.ts'

/** A part of a text, and whether it is what somebody looked for. */
export interface MarkedPart {
  readonly text: string
  readonly hit: boolean
}

/** A text as it is compared, and where in the original each of its characters stands. */
interface FoldedText {
  readonly text: string
  readonly starts: readonly number[]
  readonly ends: readonly number[]
}

/** From, and the place behind, in a folded text. */
type Range = readonly [number, number]

const wordPart = /[\p{L}\p{N}]/u
const wholeWord = /[\p{L}\p{N}]+/gu
const plain = /^[\x20-\x7e]*$/
/** Terms of so many characters are found inside words of names, too (see search-vocabulary.ts). */
const insideLength = 3

/**
 * Which parts of a chart's texts are found by the words of a search, by its rules: without case and accents, from the
 * beginning of a word; in the first text, the name, inside words as well. A word with one letter wrong is marked only
 * where none of the texts has it right. The parts of each text together are the text. Throws RegistryError `invalid`
 * as the search does for words that are too long.
 */
export function marked(texts: readonly string[], words: string): MarkedPart[][] {
  const { terms } = readSearchText(words)
  if (terms.length === 0) return texts.map((text) => [{ text, hit: false }])
  const read = texts.map(foldedText)
  const found: Range[][] = texts.map(() => [])
  for (const term of terms) {
    const direct = read.map((each, at) => directHits(each.text, term, at === 0))
    const right = direct.some((hits) => hits.length > 0)
    const hits = right || !term.lenient ? direct : read.map((each) => nearHits(each.text, term))
    for (const [at, each] of hits.entries()) found[at]?.push(...each)
  }
  return texts.map((text, at) => partsOf(text, read[at] as FoldedText, found[at] ?? []))
}

function directHits(text: string, term: Term, isName: boolean): Range[] {
  const hits: Range[] = []
  // What is written without spaces is found anywhere: such terms are pairs, not lenient, and no letters of ours.
  const anywhere = !plain.test(term.text) || (isName && term.text.length >= insideLength)
  for (let at = text.indexOf(term.text); at >= 0; at = text.indexOf(term.text, at + 1)) {
    if (anywhere || at === 0 || !wordPart.test(text.charAt(at - 1))) hits.push([at, at + term.text.length])
  }
  return hits
}

function nearHits(text: string, term: Term): Range[] {
  const hits: Range[] = []
  for (const { index, 0: word } of text.matchAll(wholeWord)) {
    if (nearness(term.text, word) !== undefined) hits.push([index, index + word.length])
  }
  return hits
}

/** Folds a text character by character: what a character becomes may be longer than it, or nothing. */
function foldedText(text: string): FoldedText {
  const starts: number[] = []
  const ends: number[] = []
  let result = ''
  let at = 0
  for (const character of text) {
    const end = at + character.length
    const piece = plain.test(character) ? character.toLowerCase() : folded(character)
    result += piece
    // An accent of its own belongs to the letter before it.
    if (piece === '' && ends.length > 0) ends[ends.length - 1] = end
    for (let each = 0; each < piece.length; each++) {
      starts.push(at)
      ends.push(end)
    }
    at = end
  }
  return { text: result, starts, ends }
}

function partsOf(text: string, { starts, ends }: FoldedText, hits: readonly Range[]): MarkedPart[] {
  const parts: MarkedPart[] = []
  let done = 0
  for (const [from, to] of joined(hits)) {
    const start = Math.max(starts[from] ?? 0, done)
    const end = ends[to - 1] ?? text.length
    if (end <= start) continue
    if (start > done) parts.push({ text: text.slice(done, start), hit: false })
    parts.push({ text: text.slice(start, end), hit: true })
    done = end
  }
  if (done < text.length || parts.length === 0) parts.push({ text: text.slice(done), hit: false })
  return parts
}

/** Ranges in order, those that touch or overlap as one. */
function joined(ranges: readonly Range[]): Range[] {
  const result: [number, number][] = []
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = result.at(-1)
    if (last !== undefined && from <= last[1]) last[1] = Math.max(last[1], to)
    else result.push([from, to])
  }
  return result
}
