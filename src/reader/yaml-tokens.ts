import { scanFlow, scanValue } from './yaml-inline-tokens.ts'
import { newTokens, nothingOpen, skipBlanks } from './token.ts'
import type { Open, Token, Tokens } from './token.ts'

/** One line of YAML as a person reads it: coloured pieces, and what it says about keys. */
export interface YamlLine {
  readonly tokens: readonly Token[]
  /** `content`: something new begins here; `continued`: it belongs to a text or bracket of an earlier line. */
  readonly kind: 'content' | 'continued' | 'comment' | 'blank' | 'document'
  /** Columns of the dashes that begin list items here. */
  readonly dashes: readonly number[]
  readonly key: { readonly text: string; readonly column: number } | undefined
  /** What stands behind the key or the dash, without its comment; "" when nothing does. */
  readonly value: string
  /** The comment at the end of a line with content, with its "#". */
  readonly comment: string
}

/** Longer lines are one plain token: nobody reads them, and nothing that is searched in them may take long. */
const longestLine = 20_000

const nothing = { dashes: [], key: undefined, value: '', comment: '' } as const

/** Colours YAML line by line, whatever the text is; never throws, and takes time in proportion to its length. */
export function yamlLines(text: string): YamlLine[] {
  const open = nothingOpen()
  return splitLines(text).map((line) => readLine(line, open))
}

/** The lines of a text without their ends; a last line feed ends the last line and begins no other. */
export function splitLines(text: string): string[] {
  const lines = text.split(/\r\n|\n|\r/)
  if (lines.at(-1) === '') lines.pop()
  return lines
}

function readLine(line: string, open: Open): YamlLine {
  const indent = indentOf(line)
  if (line.length > longestLine) return whole('plain', line, 'continued')
  if (open.block !== undefined) {
    if (indent < 0 || indent > open.block) return whole('string', line, 'continued')
    open.block = undefined
  }
  if (open.quote !== undefined || open.depth > 0) {
    const tokens = newTokens()
    scanFlow(line, 0, open, tokens)
    return { ...nothing, tokens: tokens.list, kind: 'continued' }
  }
  if (indent < 0) return whole('plain', line, 'blank')
  if (line[indent] === '#') return whole('comment', line, 'comment')
  if (/^(?:---|\.\.\.)(?:\s|$)|^%/.test(line)) return whole('plain', line, 'document')
  return readContent(line, indent, open)
}

/** The column of the first character that is no blank; -1 for a blank line. */
function indentOf(line: string): number {
  const at = skipBlanks(line, 0)
  return at === line.length ? -1 : at
}

function whole(kind: Token['kind'], text: string, line: YamlLine['kind']): YamlLine {
  return { ...nothing, tokens: text === '' ? [] : [{ kind, text }], kind: line }
}

function readContent(line: string, indent: number, open: Open): YamlLine {
  const tokens = newTokens()
  tokens.add('plain', line.slice(0, indent))
  const dashes: number[] = []
  let at = indent
  while (line[at] === '-' && isBlank(line, at + 1)) {
    dashes.push(at)
    const next = skipBlanks(line, at + 1)
    tokens.add('plain', line.slice(at, next))
    at = next
  }
  const key = keyAt(line, at)
  if (key !== undefined) {
    tokens.add('key', key)
    tokens.add('plain', ':')
  }
  const column = key === undefined ? (dashes.at(-1) ?? -1) : at
  const from = key === undefined ? at : at + key.length + 1
  const { value, comment } = scanValue(line, from, column, open, tokens)
  return {
    tokens: tokens.list,
    kind: 'content',
    dashes,
    key: key === undefined ? undefined : { text: unquoted(key.trimEnd()), column: at },
    value,
    comment,
  }
}

const quotedKey = /(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')[ \t]*(?=:(?:\s|$))/y
const indicators = ' \t#&*!|>%@`{}[],'

/** The key that begins here, as it is written, without its colon. By hand: expressions that look behind are slow. */
export function keyAt(line: string, at: number): string | undefined {
  const first = line[at] ?? ' '
  if (first === '"' || first === "'") {
    quotedKey.lastIndex = at
    return quotedKey.exec(line)?.[0]
  }
  if (indicators.includes(first) || ('?-:'.includes(first) && isBlank(line, at + 1))) return undefined
  let colon = line.indexOf(':', at)
  while (colon >= 0 && !isBlank(line, colon + 1)) colon = line.indexOf(':', colon + 1)
  if (colon < 0) return undefined
  const key = line.slice(at, colon)
  return key.includes(' #') || key.includes('\t#') ? undefined : key
}

function isBlank(line: string, at: number): boolean {
  return at >= line.length || line[at] === ' ' || line[at] === '\t'
}

/** A scalar without its quotes. */
export function unquoted(text: string): string {
  if (text.startsWith("'")) return text.slice(1, -1).replaceAll("''", "'")
  if (!text.startsWith('"')) return text
  try {
    return String(JSON.parse(text))
  } catch (error) {
    // YAML has escapes that JSON has not (\x41, \e): shown as they are written.
    if (error instanceof SyntaxError) return text.slice(1, -1)
    throw error
  }
}

/** The tokens of a piece of a line in which nothing is open before or behind it. */
export function pieceTokens(piece: string): Tokens {
  const tokens = newTokens()
  const open = nothingOpen()
  const indent = Math.max(0, piece.search(/\S/))
  if (piece.length > longestLine) tokens.add('plain', piece)
  else if (piece[indent] === '#') tokens.add('comment', piece)
  else for (const { kind, text } of readContent(piece, indent, open).tokens) tokens.add(kind, text)
  return tokens
}
