import { parseYaml, YamlError } from '../registry/yaml.ts'
import type { YamlValue } from '../registry/yaml.ts'
import { setArgument, setJsonArgument } from './value-paths.ts'
import type { Segment } from './value-paths.ts'
import { overrideYaml } from './value-yaml.ts'
import type { ValueKey, Values } from './values.ts'
import { splitLines } from './yaml-tokens.ts'
import type { YamlLine } from './yaml-tokens.ts'

/** A key of values.yaml and the two ways to set it, with its default as the value. */
export interface ValueEntry extends Omit<ValueKey, 'segments'> {
  /** The argument for `helm install`; undefined where the keys below are what is set, or it would be very long. */
  readonly set: string | undefined
  /** The smallest values file; undefined inside a list, which Helm replaces as a whole, or where it would be very long. */
  readonly yaml: string | undefined
}

/** All keys with their copies; the text is the one that the values were read from. */
export function valueEntries(text: string, values: Values): ValueEntry[] {
  const source = splitLines(text)
  return values.keys.map((key) => entryOf(source, values.lines, key))
}

/** The key of that path; where it stands twice, the last, as it is for Helm. */
export function keyIn<Key extends { readonly path: string }>(
  keys: readonly Key[],
  path: string,
): Key | undefined {
  return keys.findLast((key) => key.path === path)
}

function entryOf(source: readonly string[], lines: readonly YamlLine[], key: ValueKey): ValueEntry {
  const { segments, ...rest } = key
  const block = blockOf(source, lines, key.line - 1)
  const value = block === undefined ? undefined : shortValue(valueOf(block))
  if (value === undefined) return { ...rest, set: undefined, yaml: undefined }
  return { ...rest, set: setOf(segments, value), yaml: overrideYaml(segments, value) }
}

/** Lines and UTF-16 units of what is copied as a whole, and parts of it, as aliases can make a short text a large tree. */
const most = { lines: 60, letters: 2000, parts: 100 } as const

/**
 * The key with all below it as a text of its own, because reading the whole file again takes up to 0.3 s. Undefined
 * for a long one.
 */
function blockOf(source: readonly string[], lines: readonly YamlLine[], at: number): string | undefined {
  const column = lines[at]?.key?.column ?? 0
  let end = at + 1
  while (end < lines.length && belongs(lines, at, end, column)) if (++end - at > most.lines) return undefined
  const block = source
    .slice(at, end)
    .filter((line, index) => index === 0 || line.slice(0, column).trim() === '')
    .map((line) => line.slice(column))
    .join('\n')
  return block.length > most.letters ? undefined : block
}

function belongs(lines: readonly YamlLine[], at: number, next: number, column: number): boolean {
  const { kind, dashes, key } = lines[next] as YamlLine
  if (kind !== 'content') return kind !== 'document'
  const [dash] = dashes
  // The items of a list may stand at the column of its key.
  if (dash !== undefined) return dash > column || (dash === column && lines[at]?.value === '')
  return key === undefined || key.column > column
}

/** Everyday values on one line, and nothing that needs to be looked at twice. */
const everyday =
  /^[\w./-]+: +(?:(?<word>true|false|null)|(?<number>0|-?[1-9]\d{0,14})|"(?<text>[^"\\]*)"|(?<empty>\{\}|\[\]))\s*$/

/** Undefined for what cannot be read on its own: it refers to an anchor elsewhere. */
function valueOf(block: string): YamlValue | undefined {
  const { word, number, text, empty } = everyday.exec(block)?.groups ?? {}
  if (text !== undefined) return text
  const json = word ?? number ?? empty
  if (json !== undefined) return JSON.parse(json) as YamlValue
  try {
    const tree = parseYaml(block)
    if (typeof tree !== 'object' || tree === null || Array.isArray(tree)) return undefined
    return Object.values(tree)[0]
  } catch (error) {
    if (error instanceof YamlError) return undefined
    throw error
  }
}

type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain }

/** The value without large integers, which JSON and `--set` cannot hold; undefined for one that has them, or is long. */
function shortValue(value: YamlValue | undefined): Plain | undefined {
  let parts: number = most.parts
  const copy = (part: YamlValue): Plain | undefined => {
    if (--parts < 0) return undefined
    if (typeof part === 'bigint') return Number.isSafeInteger(Number(part)) ? Number(part) : undefined
    if (typeof part !== 'object' || part === null) return part
    const entries = Object.entries(part).map(([key, item]) => [key, copy(item)] as const)
    if (entries.some(([, item]) => item === undefined)) return undefined
    const copied = entries as (readonly [string, Plain])[]
    return Array.isArray(part) ? copied.map(([, item]) => item) : Object.fromEntries(copied)
  }
  return value === undefined ? undefined : copy(value)
}

function setOf(segments: readonly Segment[], value: Plain): string | undefined {
  if (typeof value !== 'object' || value === null) return setArgument(segments, value)
  const whole = Array.isArray(value) || Object.keys(value).length === 0
  return whole ? setJsonArgument(segments, JSON.stringify(value)) : undefined
}
