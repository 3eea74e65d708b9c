import { kindOfScalar, skipBlanks } from './token.ts'
import type { Open, Tokens } from './token.ts'

const property = /[&!][^\s,[\]{}]*/y
const alias = /\*[^\s,[\]{}]+/y
const blockHeader = /[|>][-+0-9]*(?=\s|$)/y

/** Colours what stands behind a key or a dash. Gives the value as it is written, and the comment behind it. */
export function scanValue(
  line: string,
  from: number,
  column: number,
  open: Open,
  tokens: Tokens,
): { value: string; comment: string } {
  let at = blanks(line, from, tokens)
  for (let found = match(property, line, at); found !== ''; found = match(property, line, at)) {
    tokens.add('plain', found)
    at = blanks(line, at + found.length, tokens)
  }
  const start = at
  const header = match(blockHeader, line, at) || match(alias, line, at)
  if (header !== '') {
    tokens.add('plain', header)
    if (!header.startsWith('*')) open.block = column
    return { value: header, comment: rest(line, at + header.length, tokens) }
  }
  if (/["'[{]/.test(line[at] ?? '')) {
    const end = scanFlow(line, at, open, tokens)
    const comment = end < line.length ? line.slice(end) : ''
    return { value: line.slice(start, end).trimEnd(), comment }
  }
  const comment = commentAt(line, at)
  const value = line.slice(at, comment).trimEnd()
  if (value !== '') tokens.add(kindOfScalar(value), value)
  return { value, comment: rest(line, at + value.length, tokens) }
}

/** Where a comment begins: a "#" at the start or behind a blank; else the end of the line. */
function commentAt(line: string, from: number): number {
  for (let at = line.indexOf('#', from); at >= 0; at = line.indexOf('#', at + 1)) {
    if (at === 0 || line[at - 1] === ' ' || line[at - 1] === '\t') return at
  }
  return line.length
}

/** Colours what is left of a line behind its value; gives its comment. */
function rest(line: string, from: number, tokens: Tokens): string {
  const comment = commentAt(line, from)
  tokens.add('plain', line.slice(from, comment))
  tokens.add('comment', line.slice(comment))
  return line.slice(comment)
}

function blanks(line: string, from: number, tokens: Tokens): number {
  const next = skipBlanks(line, from)
  tokens.add('plain', line.slice(from, next))
  return next
}

function match(pattern: RegExp, line: string, at: number): string {
  pattern.lastIndex = at
  return pattern.exec(line)?.[0] ?? ''
}

const flowScalar = /[^\s,[\]{}"':#]+(?::(?=[^\s,[\]{}])[^\s,[\]{}"'#:]*)*/y
const closing = { '"': /(?:[^"\\]|\\[^])*?"/y, "'": /(?:[^']|'')*?'(?!')/y } as const

/**
 * Colours texts in quotes and values in brackets from a place on, which may go on in the next line: `open` says so.
 * Gives the place where the comment behind it begins, or the end of the line.
 */
export function scanFlow(line: string, from: number, open: Open, tokens: Tokens): number {
  let at = from
  while (at < line.length) {
    if (open.quote !== undefined) {
      const text = match(closing[open.quote], line, at)
      tokens.add('string', text === '' ? line.slice(at) : text)
      if (text === '') return line.length
      open.quote = undefined
      at += text.length
      continue
    }
    const character = line[at] as string
    if (character === '#' && (at === 0 || /\s/.test(line[at - 1] ?? ''))) {
      tokens.add('comment', line.slice(at))
      return at
    }
    at = scanFlowPiece(line, at, character, open, tokens)
  }
  return line.length
}

function scanFlowPiece(line: string, at: number, character: string, open: Open, tokens: Tokens): number {
  if (character === '"' || character === "'") {
    const key = open.depth > 0 ? quotedFlowKey(line, at) : ''
    if (key !== '') {
      tokens.add('key', key)
      return at + key.length
    }
    open.quote = character
    tokens.add('string', character)
    return at + 1
  }
  if (character === '{' || character === '[') open.depth++
  if ((character === '}' || character === ']') && open.depth > 0) open.depth--
  const scalar = match(flowScalar, line, at)
  if (scalar === '') {
    tokens.add('plain', character)
    return at + 1
  }
  const end = at + scalar.length
  tokens.add(line[end] === ':' ? 'key' : kindOfScalar(scalar), scalar)
  return end
}

const quotedKey = /(?:"(?:[^"\\]|\\.)*"|'(?:[^']|'')*')(?=\s*:)/y

function quotedFlowKey(line: string, at: number): string {
  return match(quotedKey, line, at)
}
