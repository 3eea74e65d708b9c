import { characters, code, notEveryday } from './yaml-cursor.ts'
import { InlineReader } from './yaml-inline.ts'
import { mayResolve, resolvePlain } from './yaml-scalars.ts'
import type { YamlValue } from './yaml-scalars.ts'

/**
 * Reads the everyday kind of YAML line by line: block mappings and lists, one-line scalars and lists of words, text
 * blocks, comments. Nine of ten Chart.yaml files are like that, and this takes a fiftieth of the time of the full
 * parser, which is what opening ten thousand archives waits for. Gives undefined, never a guess, for everything else:
 * anchors, tags, nested flow collections, escapes, quoted scalars over several lines, tabs, a second document, mistakes.
 * `text` has no byte order mark and no control characters.
 *
 * It walks over the text by character codes and cuts out only what it keeps: lines as strings of their own and a regex
 * for each cost three times as much (33 µs against 10 for a Chart.yaml of 1 KB, Bun 1.4.5).
 */
export function readEverydayYaml(text: string): YamlValue | undefined {
  return read(text, true)
}

/**
 * What an everyday YAML text holds, read without keeping it, which takes a third of the time: making objects with keys
 * that no object had before is the slow part. undefined when the text is not everyday YAML.
 */
export function everydayKind(text: string): 'mapping' | 'list' | 'null' | undefined {
  const value = read(text, false)
  if (value === undefined) return undefined
  return value === null ? 'null' : Array.isArray(value) ? 'list' : 'mapping'
}

function read(text: string, keeps: boolean): YamlValue | undefined {
  if (unusual.test(text)) return undefined
  try {
    return new BlockReader(text, keeps).document()
  } catch (error) {
    if (error === notEveryday) return undefined
    throw error
  }
}

/** Tabs, and the line breaks that only YAML 1.1 knows. Carriage returns and byte order marks are left to the parser too. */
const unusual = /[\t\r\x85\u2028\u2029\ufeff]/

const startsKey = characters(/[A-Za-z_]/)
const inKey = characters(/[A-Za-z0-9_./-]/)
const longestKey = 128
const deepest = 100

class BlockReader extends InlineReader {
  document(): YamlValue {
    this.nextContent()
    if (this.indent === 0 && this.text.startsWith('---', this.start)) this.nextContent()
    if (this.atEnd()) return null
    if (this.indent !== 0) throw notEveryday
    const value = this.block(0)
    if (!this.atEnd()) throw notEveryday
    return value
  }

  private block(indent: number): YamlValue {
    if (indent > deepest) throw notEveryday
    return this.isItem() ? this.list(indent) : this.mapping(indent)
  }

  private isItem(): boolean {
    const at = this.start + this.indent
    return this.text.charCodeAt(at) === code.dash && this.text.charCodeAt(at + 1) === code.space
  }

  private list(indent: number): YamlValue[] {
    const items: YamlValue[] = []
    while (this.indent === indent && this.isItem()) {
      const content = this.spacesFrom(this.start + indent + 1)
      if (this.keyEnd(content) >= 0) items.push(this.mapping(content - this.start))
      else items.push(this.inline(content, indent))
    }
    if (this.indent > indent) throw notEveryday
    return items
  }

  /** `indent` is where the keys begin, the first of them after a dash when the mapping is an item of a list. */
  private mapping(indent: number): { [key: string]: YamlValue } {
    const mapping: { [key: string]: YamlValue } = {}
    for (let first = true; first || this.indent === indent; first = false) {
      const from = this.start + indent
      const end = this.keyEnd(from)
      if (end < 0) throw notEveryday
      const key = this.key(from, end)
      const value = this.entry(this.spacesFrom(end + 1), indent)
      if (this.keeps) mapping[key] = value
    }
    if (this.indent > indent) throw notEveryday
    return mapping
  }

  private key(from: number, end: number): string {
    const key = this.text.slice(from, end)
    const first = this.text.charCodeAt(from)
    if (first === code.underscore && key === '__proto__') throw notEveryday
    if (mayResolve(first) && typeof resolvePlain(key) !== 'string') throw notEveryday
    return key
  }

  /** Where the key that begins here ends, at its colon; -1 when there is none. */
  private keyEnd(from: number): number {
    const { text } = this
    if (startsKey[text.charCodeAt(from)] !== 1) return -1
    let at = from + 1
    while (inKey[text.charCodeAt(at)] === 1) at++
    if (text.charCodeAt(at) !== code.colon || at - from > longestKey) return -1
    return at + 1 === this.end || text.charCodeAt(at + 1) === code.space ? at : -1
  }

  /** The value of a key, which stands at `from` or below it. Leaves the reader at the next line of content. */
  private entry(from: number, indent: number): YamlValue {
    if (from < this.end && this.text.charCodeAt(from) !== code.hash) return this.inline(from, indent)
    this.nextContent()
    if (this.indent > indent) return this.block(this.indent)
    // A list may stand at the same indentation as the key that it belongs to.
    return this.indent === indent && this.isItem() ? this.list(indent) : null
  }
}
