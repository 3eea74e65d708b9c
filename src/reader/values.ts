import { parameterComments, readComments } from './value-comments.ts'
import { newPlace, setPath } from './value-paths.ts'
import type { Segment } from './value-paths.ts'
import { splitLines, yamlLines } from './yaml-tokens.ts'
import type { YamlLine } from './yaml-tokens.ts'
import { kindOfScalar } from './token.ts'
import { shortened } from './text.ts'

export type ValueType = 'string' | 'number' | 'boolean' | 'null' | 'object' | 'array' | 'alias'

/** A key of values.yaml: where it is, what it is by default, and what its author says about it. */
export interface ValueKey {
  /** As `--set` takes it: `master.nodeSelector.kubernetes\.io/os`, `ports[0].name`. */
  readonly path: string
  readonly segments: readonly Segment[]
  /** The line it stands on, from 1. */
  readonly line: number
  readonly type: ValueType
  /** As it is written, shortened; undefined where the keys or items below say it. */
  readonly default: string | undefined
  readonly description: string | undefined
  /** What the comments show as YAML that is commented out. */
  readonly example: string | undefined
}

export interface Values {
  readonly lines: readonly YamlLine[]
  /** In the order of the file; those of the first document, at most `mostKeys`. Keys inside brackets have no line of their own. */
  readonly keys: readonly ValueKey[]
  /** Lines or keys were left out. */
  readonly truncated: boolean
}

/** A values.yaml up to here is shown whole, of a longer one the first part (in UTF-16 units). */
const mostText = 2 * 1024 * 1024
const mostKeys = 20_000
/** Of all paths together, in UTF-16 units: a long key counts again in the path of each key below it. */
const mostPaths = 4 * 1024 * 1024
const mostDefault = 200

/** Where a key stands. */
export interface KeyPlace {
  readonly path: string
  readonly segments: readonly Segment[]
  /** From 1. */
  readonly line: number
}

/** The lines of a values.yaml and where its keys are, without what they are: half of the time of readValues(). */
export function readKeys(text: string) {
  const shown = text.length > mostText ? text.slice(0, text.lastIndexOf('\n', mostText) + 1) : text
  const lines = yamlLines(shown)
  const place = newPlace()
  const keys: KeyPlace[] = []
  let left = mostPaths
  for (const [at, line] of lines.entries()) {
    if (line.kind === 'document' && keys.length > 0) break
    if (line.kind !== 'content') continue
    const segments = place.enter(line)
    if (line.key === undefined) continue
    const path = setPath(segments)
    left -= path.length
    if (keys.length === mostKeys || left < 0) return { shown, lines, keys, truncated: true }
    keys.push({ path, segments, line: at + 1 })
  }
  return { shown, lines, keys, truncated: shown !== text }
}

/**
 * Reads a values.yaml for the eye: by its lines, not by its meaning, so that comments, order and spelling stay, and
 * 200 KB take some 20 ms. Helm's own reading of it is parseYaml().
 */
export function readValues(text: string): Values {
  const { shown, lines, keys, truncated } = readKeys(text)
  const source = splitLines(shown)
  const parameters = parameterComments(source)
  const described = keys.map((key): ValueKey => {
    const at = key.line - 1
    const type = typeAt(lines, at)
    return {
      ...key,
      type,
      default: defaultAt(lines, source, at, type),
      ...readComments(lines, source, at, parameters.get(key.path)),
    }
  })
  return { lines, keys: described, truncated }
}

/** The keys whose path has all the words, whatever their case: at most `most`, and how many there are. */
export function findKeys<Key extends { readonly path: string }>(
  keys: readonly Key[],
  words: string,
  most: number,
) {
  const wanted = words.toLowerCase().split(/\s+/).filter(Boolean)
  const found = keys.filter(({ path }) => {
    const text = path.toLowerCase()
    return wanted.every((word) => text.includes(word))
  })
  return { keys: found.slice(0, most), count: found.length }
}

function typeAt(lines: readonly YamlLine[], at: number): ValueType {
  const { value, key } = lines[at] as YamlLine
  const first = value[0]
  if (first === '{') return 'object'
  if (first === '[') return 'array'
  if (first === '*') return 'alias'
  if (first === '"' || first === "'" || first === '|' || first === '>') return 'string'
  if (value !== '') {
    const kind = kindOfScalar(value)
    if (kind !== 'word') return kind
    return /^(?:null|~)$/i.test(value) ? 'null' : 'boolean'
  }
  const next = lines.slice(at + 1, at + 1000).find(({ kind }) => kind === 'content' || kind === 'document')
  if (next?.kind !== 'content' || key === undefined) return 'null'
  const [dash] = next.dashes
  if (dash !== undefined) return dash >= key.column ? 'array' : 'null'
  if (next.key === undefined) return 'string'
  return next.key.column > key.column ? 'object' : 'null'
}

function defaultAt(lines: readonly YamlLine[], source: readonly string[], at: number, type: ValueType) {
  const { value } = lines[at] as YamlLine
  if (value === '') return type === 'null' ? 'null' : undefined
  const next = lines[at + 1]
  if (next?.kind !== 'continued') return shortened(value, mostDefault)
  // A text of several lines: enough of it to tell what it is.
  const more: string[] = []
  for (let line = at + 1; line < at + 6 && lines[line]?.kind === 'continued'; line++)
    more.push((source[line] as string).trim())
  return shortened([value, ...more].join(' '), mostDefault)
}
