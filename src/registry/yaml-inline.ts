import { characters, code, notEveryday, YamlCursor } from './yaml-cursor.ts'
import { mayResolve, resolvePlain } from './yaml-scalars.ts'
import type { YamlValue } from './yaml-scalars.ts'

/** What an unquoted text may begin with: everything else is an indicator, or rare. */
const startsPlain = characters(/[A-Za-z0-9_/.$(+~^<=]/)
/** What may stand anywhere in an unquoted text, between brackets too. */
const simple = characters(/[A-Za-z0-9_./-]/)

function isPlainStart(first: number): boolean {
  return first < 128 ? startsPlain[first] === 1 : first >= 0xa0
}

/** Reads the values that begin on the line of their key or dash; see readEverydayYaml(). */
export class InlineReader extends YamlCursor {
  /** A value from `from` on, whose key or dash stands at `indent`. Leaves the reader at the next line of content. */
  protected inline(from: number, indent: number): YamlValue {
    const first = from < this.end ? this.text.charCodeAt(from) : code.lineFeed
    let value: YamlValue
    if (this.isPlainAt(from, first)) value = this.resolved(this.plainLines(from, indent), first)
    else if (first === code.bar || first === code.greater) value = this.textBlock(from, indent)
    else {
      value =
        first === code.doubleQuote || first === code.singleQuote ? this.quotedAlone(from) : this.flow(from)
      this.nextContent()
    }
    // A deeper line after this is a mistake, or a text that goes on after a blank line.
    if (this.indent > indent) throw notEveryday
    return value
  }

  /** The value of an unquoted text, whose first character mostly says that it is one. */
  private resolved(plain: string, first: number): YamlValue {
    return this.keeps && mayResolve(first) ? resolvePlain(plain) : plain
  }

  /** A minus begins a text where something stands directly behind it that cannot be an indicator. */
  private isPlainAt(from: number, first: number): boolean {
    return isPlainStart(first) || (first === code.dash && simple[this.text.charCodeAt(from + 1)] === 1)
  }

  /** An unquoted text, which goes on while the next lines are deeper. */
  private plainLines(from: number, indent: number): string {
    const end = this.plainEnd(from)
    const hasComment = this.spacesFrom(end) < this.end
    let value = this.text.slice(from, end)
    while (this.nextLine() && !hasComment && this.indent > indent && !this.isBlank()) {
      const start = this.start + this.indent
      const lineEnd = this.plainEnd(start)
      // With a comment at its end no further line may follow; the full parser knows.
      if (!isPlainStart(this.text.charCodeAt(start)) || this.spacesFrom(lineEnd) < this.end) throw notEveryday
      value += ` ${this.text.slice(start, lineEnd)}`
    }
    this.toContent()
    return value
  }

  /** Where the unquoted text that begins here ends on its line, before spaces and a comment. */
  private plainEnd(from: number): number {
    const { text, end } = this
    let last = from
    for (let at = from; at < end; at++) {
      const each = text.charCodeAt(at)
      if (each === code.space) continue
      if (each === code.hash && at > from && text.charCodeAt(at - 1) === code.space) break
      if (each === code.colon && (at + 1 === end || text.charCodeAt(at + 1) === code.space)) throw notEveryday
      last = at + 1
    }
    return last
  }

  private quotedAlone(from: number): string {
    const end = this.quotedEnd(from)
    this.checkRest(end + 1)
    return this.text.slice(from + 1, end)
  }

  /** Where the closing quote stands, of a text without escapes on one line. */
  private quotedEnd(from: number): number {
    const { text, end } = this
    const quote = text.charCodeAt(from)
    for (let at = from + 1; at < end; at++) {
      const each = text.charCodeAt(at)
      if (each === quote) return at
      if (each === code.backslash && quote === code.doubleQuote) throw notEveryday
    }
    throw notEveryday
  }

  /** Behind a value in quotes or brackets only a comment may stand, after a space. */
  private checkRest(from: number): void {
    const at = this.spacesFrom(from)
    if (at < this.end && (at === from || this.text.charCodeAt(at) !== code.hash)) throw notEveryday
  }

  /** An empty mapping, or a list on one line of quoted texts and simple words. */
  private flow(from: number): YamlValue {
    const { text } = this
    if (text.startsWith('{}', from)) {
      this.checkRest(from + 2)
      return {}
    }
    if (text.charCodeAt(from) !== code.openBracket) throw notEveryday
    const items: YamlValue[] = []
    let at = this.spacesFrom(from + 1)
    while (text.charCodeAt(at) !== code.closeBracket || items.length > 0) {
      const end = this.itemEnd(at)
      items.push(this.item(at, end))
      at = this.spacesFrom(end)
      if (text.charCodeAt(at) === code.closeBracket) break
      if (text.charCodeAt(at) !== code.comma) throw notEveryday
      at = this.spacesFrom(at + 1)
    }
    this.checkRest(at + 1)
    return items
  }

  private itemEnd(from: number): number {
    const { text } = this
    const first = text.charCodeAt(from)
    if (first === code.doubleQuote || first === code.singleQuote) return this.quotedEnd(from) + 1
    let at = from
    while (simple[text.charCodeAt(at)] === 1) at++
    if (at === from || (first === code.dash && at === from + 1)) throw notEveryday
    return at
  }

  private item(from: number, end: number): YamlValue {
    const first = this.text.charCodeAt(from)
    const isQuoted = first === code.doubleQuote || first === code.singleQuote
    return isQuoted ? this.text.slice(from + 1, end - 1) : resolvePlain(this.text.slice(from, end))
  }

  /** A text block, `|` or `>`, with its line ends or without the last ("-"). */
  private textBlock(from: number, indent: number): string {
    const { text } = this
    const strip = text.charCodeAt(from + 1) === code.dash
    if (this.spacesFrom(strip ? from + 2 : from + 1) !== this.end) throw notEveryday
    // Blank lines before the first line of a block have rules of their own.
    if (!this.nextLine() || this.isBlank() || this.indent <= indent) throw notEveryday
    const inner = this.indent
    const lines: string[] = []
    do {
      if (this.indent < inner && !this.isBlank()) break
      lines.push(text.slice(Math.min(this.start + inner, this.end), this.end))
    } while (this.nextLine())
    if (this.indent === -1 && text.charCodeAt(text.length - 1) !== code.lineFeed) throw notEveryday
    this.toContent()
    while (lines.at(-1) === '') lines.pop()
    const value = text.charCodeAt(from) === code.bar ? lines.join('\n') : folded(lines)
    return strip ? value : `${value}\n`
  }
}

/** Line ends become spaces; blank lines and deeper ones have rules of their own. */
function folded(lines: readonly string[]): string {
  if (lines.some((line) => line === '' || line.charCodeAt(0) === code.space)) throw notEveryday
  return lines.join(' ')
}
