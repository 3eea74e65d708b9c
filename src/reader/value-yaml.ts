import type { Segment } from './value-paths.ts'
import { kindOfScalar } from './token.ts'

/** Texts that every YAML reads as texts without quotes, unless they are words. Some others are, "10d" say; they get quotes. */
const plain = /^(?:[A-Za-z_](?:[\w./ -]*[\w./-])?|[1-9]\d*[A-Z][A-Za-z]*)$/

/**
 * The smallest values file that sets one value. Undefined for a value inside a list, which Helm replaces as a whole
 * and never merges. Texts that are words or numbers of YAML 1.1, which Helm reads, get quotes. By hand: a values file
 * has hundreds of them, and the package takes 40 times as long.
 */
export function overrideYaml(segments: readonly Segment[], value: unknown): string | undefined {
  if (segments.some((segment) => typeof segment === 'number')) return undefined
  const keys = segments.map((segment, level) => `${'  '.repeat(level)}${textScalar(String(segment))}:`)
  return `${keys.join('\n')}${behindColon(value, '  '.repeat(segments.length))}`
}

/** What stands behind the colon of a key, with its line feed: on its line, or below it with that indentation. */
function behindColon(value: unknown, indent: string): string {
  if (Array.isArray(value) && value.length > 0)
    return `\n${value.map((item: unknown) => `${indent}-${behindDash(item, indent)}`).join('')}`
  if (typeof value === 'object' && value !== null && Object.keys(value).length > 0)
    return `\n${mapping(value, indent)}`
  if (typeof value !== 'string') return ` ${JSON.stringify(value)}\n`
  if (!value.includes('\n')) return ` ${textScalar(value)}\n`
  const ended = value.endsWith('\n')
  const lines = (ended ? value.slice(0, -1) : value).split('\n')
  if (!isLiteral(lines)) return ` ${JSON.stringify(value)}\n`
  return ` |${ended ? '' : '-'}\n${lines.map((line) => (line === '' ? '\n' : `${indent}${line}\n`)).join('')}`
}

/** Nothing in them that a block scalar would lose or change: blanks at the beginning or the ends, unseen characters. */
function isLiteral(lines: readonly string[]): boolean {
  if (lines[0] === '' || lines.at(-1) === '' || lines[0]?.startsWith(' ') === true) return false
  return lines.every(
    (line) => /^[\t\x20-\x7e\xa0-\u1fff\u3000-\ud7ff]*$/.test(line) && line.trimEnd() === line,
  )
}

function mapping(value: object, indent: string): string {
  return Object.entries(value)
    .map(([key, item]) => `${indent}${textScalar(key)}:${behindColon(item, `${indent}  `)}`)
    .join('')
}

/** An item of a list: a mapping begins on the line of its dash, everything else is as behind a colon. */
function behindDash(item: unknown, indent: string): string {
  const isMapping = typeof item === 'object' && item !== null && !Array.isArray(item)
  if (!isMapping || Object.keys(item).length === 0) return behindColon(item, `${indent}  `)
  return ` ${mapping(item, `${indent}  `).trimStart()}`
}

/** What JSON writes between quotes YAML reads as the same text. */
function textScalar(text: string): string {
  return plain.test(text) && kindOfScalar(text) === 'string' ? text : JSON.stringify(text)
}
