import { byBytes } from './catalog.ts'
import { nearness } from './search-words.ts'
import type { Term } from './search-words.ts'
import { firstWhere, SortedList } from './sorted-list.ts'

/** Where in a chart a word stands. */
export type Field = 'name' | 'keyword' | 'description' | 'detail'

/** The words of a chart, each with the field it stands in. */
export type ChartWords = ReadonlyMap<string, Field>

const fields = ['name', 'keyword', 'description', 'detail'] as const satisfies readonly Field[]

/** How much it counts that a word was found there, by how it was found. A chart gets the best of each term. */
const weights = {
  same: weighed({ name: 100, keyword: 50, description: 20, detail: 10 }),
  prefix: weighed({ name: 80, keyword: 40, description: 15, detail: 6 }),
  /** Inside a word: "sql" in "postgresql". Only in names, elsewhere it would find too much. */
  inside: weighed({ name: 60, keyword: 0, description: 0, detail: 0 }),
  near: weighed({ name: 30, keyword: 18, description: 8, detail: 4 }),
  'near-prefix': weighed({ name: 24, keyword: 14, description: 6, detail: 3 }),
}

function weighed(byField: Record<Field, number>): Uint16Array {
  return Uint16Array.from(fields, (field) => byField[field])
}

/** A text of at least so many characters is looked for inside the words of names, too. */
const insideLength = 3

/** Where East Asian scripts begin: a wrong letter at the front of a word of another script is none of theirs. */
const eastAsian = '\u2e80'

/** What a search notes of the charts a term is found in. */
export interface Marks {
  /** The best weight by the number of the chart; 0: not found. */
  readonly best: Uint16Array
  /** The numbers of the charts that were found, each once. */
  readonly found: number[]
}

/** One word and where it stands. */
interface Word {
  readonly text: string
  /** Number of the chart × 4 + number of the field. */
  readonly places: number[]
  /** How many of the places are names. */
  names: number
}

/** Every word that stands in a chart, with its places: finds the charts that a word is in without looking at them. */
export class Vocabulary {
  private readonly words = new Map<string, Word>()
  private readonly sorted = new SortedList<Word>((a, b) => byBytes(a.text, b.text))
  private line: NameLine | undefined

  /** Puts the words of a chart in the place of those it had. Costs as much as differs. */
  replace(chart: number, before: ChartWords, after: ChartWords): void {
    for (const [text, field] of before) if (after.get(text) !== field) this.leave(chart, text, field)
    for (const [text, field] of after) if (before.get(text) !== field) this.enter(chart, text, field)
  }

  private enter(chart: number, text: string, field: Field): void {
    let word = this.words.get(text)
    if (word === undefined) {
      word = { text, places: [], names: 0 }
      this.words.set(text, word)
      this.sorted.add(word)
    }
    word.places.push(placeOf(chart, field))
    if (field === 'name' && ++word.names === 1) this.line = undefined
  }

  private leave(chart: number, text: string, field: Field): void {
    const word = this.words.get(text)
    if (word === undefined) return
    const { places } = word
    places[places.indexOf(placeOf(chart, field))] = places.at(-1) as number
    places.pop()
    if (field === 'name' && --word.names === 0) this.line = undefined
    if (places.length > 0) return
    this.words.delete(text)
    this.sorted.remove(word)
  }

  /**
   * Marks every chart that a term is found in. Wrong letters are forgiven only where no name and no keyword has the
   * term as it is: who writes a word that exists means it.
   */
  find({ text, lenient }: Term, marks: Marks): void {
    const words = this.sorted.items()
    let meant = false
    for (let at = beginOf(words, text); words[at]?.text.startsWith(text) === true; at++) {
      const word = words[at] as Word
      meant = mark(word, word.text.length === text.length ? weights.same : weights.prefix, marks) || meant
    }
    if (text.length >= insideLength) {
      this.line ??= nameLine(words)
      for (const word of wordsWith(this.line, text)) meant = mark(word, weights.inside, marks) || meant
    }
    if (lenient && !meant) markNear(words, text, marks)
  }
}

function placeOf(chart: number, field: Field): number {
  return chart * fields.length + fields.indexOf(field)
}

/** Notes the charts of a word. True when one of the places is a name or a keyword. */
function mark({ places }: Word, ofFields: Uint16Array, { best, found }: Marks): boolean {
  let meant = false
  for (const place of places) {
    const field = place % fields.length
    const weight = ofFields[field] as number
    if (weight === 0) continue
    if (field < 2) meant = true
    const chart = (place - field) / fields.length
    const before = best[chart] as number
    if (before === 0) found.push(chart)
    if (weight > before) best[chart] = weight
  }
  return meant
}

function beginOf(words: readonly Word[], text: string): number {
  return firstWhere(words, (word) => word.text >= text)
}

/** Marks words with one letter wrong. Most begin with the right one; for the others every first letter is tried. */
function markNear(words: readonly Word[], text: string, marks: Marks): void {
  const rest = text.slice(1)
  const begins = [text[0] as string, rest, `${text[1]}${text[0]}`]
  for (const first of firstLetters(words)) begins.push(first + rest, first + text)
  for (const begin of begins) {
    for (let at = beginOf(words, begin); words[at]?.text.startsWith(begin) === true; at++) {
      const word = words[at] as Word
      const near = nearness(text, word.text)
      if (near !== undefined) mark(word, weights[near], marks)
    }
  }
}

/** The letters that words begin with, found by leaps. */
function firstLetters(words: readonly Word[]): string[] {
  const letters: string[] = []
  for (let at = 0; at < words.length;) {
    const first = (words[at] as Word).text.charAt(0)
    if (first >= eastAsian) break
    letters.push(first)
    at = beginOf(words, String.fromCharCode(first.charCodeAt(0) + 1))
  }
  return letters
}

/** The words of all names in one text, a line each: the engine searches one long text faster than many short ones. */
interface NameLine {
  readonly words: readonly Word[]
  readonly text: string
  /** Where in the text each word begins. */
  readonly starts: readonly number[]
}

function nameLine(words: readonly Word[]): NameLine {
  const named = words.filter((word) => word.names > 0)
  const starts: number[] = []
  let length = 1
  for (const { text } of named) {
    starts.push(length)
    length += text.length + 1
  }
  return { words: named, text: `\n${named.map(({ text }) => text).join('\n')}`, starts }
}

/** The words that have a text behind their beginning. */
function* wordsWith({ words, text: line, starts }: NameLine, text: string): Generator<Word> {
  for (let place = line.indexOf(text); place >= 0;) {
    const next = firstWhere(starts, (start) => start > place)
    const begins = starts[next - 1] === place
    if (!begins) yield words[next - 1] as Word
    // A word that begins with the text may have it once more, behind.
    place = line.indexOf(text, begins ? place + 1 : (starts[next] ?? line.length))
  }
}
