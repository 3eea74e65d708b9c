import { resolvePlain } from './yaml-scalars.ts'
import type { YamlValue } from './yaml-scalars.ts'

/**
 * Reads the everyday kind of YAML line by line: block mappings and lists, one-line scalars, literal blocks, comments.
 * Nine of ten Chart.yaml files are like that, and this takes a twentieth of the time of the full parser, which is
 * what opening ten thousand archives waits for. Gives undefined, never a guess, for everything else: anchors, tags,
 * flow collections, escapes, scalars over several lines, tabs, a second document, mistakes.
 * `text` has no byte order mark and no control characters.
 */
export function readEverydayYaml(text: string): YamlValue | undefined {
  if (unusual.test(text)) return undefined
  const lines = text.split('\n')
  const reader = new LineReader(lines, text.endsWith('\n'))
  try {
    return reader.document()
  } catch (error) {
    if (error === notEveryday) return undefined
    throw error
  }
}

/** Tabs, and the line breaks that only YAML 1.1 knows. Carriage returns and byte order marks are left to the parser too. */
const unusual = /[\t\r\x85\u2028\u2029\ufeff]/

/** Thrown to give the text to the full parser; one object, because making a stack trace costs more than the reading. */
const notEveryday = new Error('not everyday YAML')

const keyAtStart = /^([A-Za-z_][A-Za-z0-9_./-]{0,127}):(?: +|$)/
const quoted = /^(?:"([^"\\]*)"|'([^']*)') *(?:$| #)/
const literal = /^\|(-?) *$/
/** What an unquoted text may begin with. Everything else is an indicator, or rare. */
const plainStart = /^[A-Za-z0-9_/.$(+~^<=\u00a0-\uffff]/

class LineReader {
  private at = 0
  /** Indentation of the line at `at`, -1 at the end. */
  private indent = -1

  constructor(
    private readonly lines: string[],
    private readonly endsWithBreak: boolean,
  ) {}

  document(): YamlValue {
    this.skipToContent()
    if (this.lines[this.at] === '---') {
      this.at++
      this.skipToContent()
    }
    if (this.atEnd()) return null
    if (this.indent !== 0) throw notEveryday
    const value = this.block(0)
    if (!this.atEnd()) throw notEveryday
    return value
  }

  private atEnd(): boolean {
    return this.indent === -1
  }

  /** Moves to the next line that is neither blank nor a comment. */
  private skipToContent(): void {
    for (; this.at < this.lines.length; this.at++) {
      const line = this.lines[this.at] as string
      let indent = 0
      while (line.charCodeAt(indent) === 0x20) indent++
      if (indent === line.length || line.charCodeAt(indent) === 0x23) continue
      if (indent === 0 && (line.startsWith('---') || line.startsWith('...') || line.startsWith('%'))) {
        if (line !== '---') throw notEveryday
      }
      this.indent = indent
      return
    }
    this.indent = -1
  }

  private block(indent: number): YamlValue {
    if (indent > 100) throw notEveryday
    return this.isItem() ? this.list(indent) : this.mapping(indent)
  }

  private isItem(): boolean {
    const line = this.lines[this.at] as string
    return line.charCodeAt(this.indent) === 0x2d && line.charCodeAt(this.indent + 1) === 0x20
  }

  private list(indent: number): YamlValue[] {
    const items: YamlValue[] = []
    while (this.indent === indent && this.isItem()) {
      const line = this.lines[this.at] as string
      let content = indent + 1
      while (line.charCodeAt(content) === 0x20) content++
      if (keyAtStart.test(line.slice(content))) items.push(this.mapping(content))
      else items.push(this.scalar(line.slice(content), indent))
    }
    if (this.indent > indent) throw notEveryday
    return items
  }

  /** `indent` is where the keys begin, the first of them after a dash when the mapping is an item of a list. */
  private mapping(indent: number): { [key: string]: YamlValue } {
    const mapping: { [key: string]: YamlValue } = {}
    for (let first = true; first || this.indent === indent; first = false) {
      const line = this.lines[this.at] as string
      const content = line.slice(indent)
      const found = keyAtStart.exec(content)
      const key = found?.[1]
      if (key === undefined || key === '__proto__' || typeof resolvePlain(key) !== 'string') throw notEveryday
      mapping[key] = this.entry(content.slice((found as RegExpExecArray)[0].length), indent)
    }
    if (this.indent > indent) throw notEveryday
    return mapping
  }

  /** The value of a key, which stands after it or below it. Leaves the reader at the next line of content. */
  private entry(rest: string, indent: number): YamlValue {
    if (rest !== '' && rest.charCodeAt(0) !== 0x23) {
      const block = literal.exec(rest)
      return block === null ? this.scalar(rest, indent) : this.literalBlock(indent, block[1] === '-')
    }
    this.at++
    this.skipToContent()
    if (this.indent > indent) return this.block(this.indent)
    // A list may stand at the same indentation as the key that it belongs to.
    return this.indent === indent && this.isItem() ? this.list(indent) : null
  }

  private scalar(rest: string, indent: number): YamlValue {
    const quote = rest.charCodeAt(0)
    const isText = quote !== 0x22 && quote !== 0x27 && plainStart.test(rest)
    const value = isText ? resolvePlain(this.plainLines(rest, indent)) : oneLine(rest)
    if (!isText) this.at++
    this.skipToContent()
    // A deeper line after this would be a mistake, or a text that goes on after a blank line.
    if (this.indent > indent) throw notEveryday
    return value
  }

  /** An unquoted text, which goes on while the next lines are deeper; ends behind its last line. */
  private plainLines(rest: string, indent: number): string {
    let text = plainLine(rest)
    const hasComment = text.length < rest.length
    for (this.at++; !hasComment && this.at < this.lines.length; this.at++) {
      const line = this.lines[this.at] as string
      let spaces = 0
      while (line.charCodeAt(spaces) === 0x20) spaces++
      if (spaces <= indent || spaces === line.length) break
      const more = line.slice(spaces)
      // With a comment at its end no further line may follow; the full parser knows.
      if (!plainStart.test(more) || plainLine(more).length < more.length) throw notEveryday
      text += ` ${more}`
    }
    return text
  }

  private literalBlock(indent: number, strip: boolean): string {
    const found: string[] = []
    let inner = -1
    for (this.at++; this.at < this.lines.length; this.at++) {
      const line = this.lines[this.at] as string
      let spaces = 0
      while (line.charCodeAt(spaces) === 0x20) spaces++
      if (inner === -1) {
        // Blank lines before the first line of a block have rules of their own.
        if (spaces === line.length || spaces <= indent) throw notEveryday
        inner = spaces
      } else if (spaces < inner && spaces < line.length) break
      found.push(line.slice(inner))
    }
    if (inner === -1 || (this.at >= this.lines.length && !this.endsWithBreak)) throw notEveryday
    while (found.at(-1) === '') found.pop()
    this.skipToContent()
    if (this.indent > indent) throw notEveryday
    return strip ? found.join('\n') : `${found.join('\n')}\n`
  }
}

/** The unquoted text at the start of a line, without the spaces and the comment behind it. */
function plainLine(rest: string): string {
  const comment = rest.indexOf(' #')
  let end = comment === -1 ? rest.length : comment
  while (rest.charCodeAt(end - 1) === 0x20) end--
  const text = end === rest.length ? rest : rest.slice(0, end)
  if (text.includes(': ') || text.endsWith(':')) throw notEveryday
  return text
}

function oneLine(rest: string): YamlValue {
  const found = quoted.exec(rest)
  if (found !== null) return found[1] ?? found[2] ?? ''
  const [text] = rest.split(' #', 1)
  return emptyCollection((text as string).trimEnd())
}

function emptyCollection(rest: string): YamlValue {
  if (rest === '[]') return []
  if (rest === '{}') return {}
  throw notEveryday
}
