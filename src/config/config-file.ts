import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import type { Document, Node, Pair, YAMLMap } from 'yaml'
import { flattenMerges, keyOf, type Resolve } from './merge-keys.ts'
import { nearest } from './nearest.ts'
import { fileTwinOf, flags, optionOf, variableOf, type Flag } from './options.ts'

/** What the config file says, not yet judged by the options' readers. */
export interface ConfigFile {
  readonly given: ReadonlyMap<Flag, InFile>
  /** The paths of files that hold values, by the flag whose value it is. */
  readonly files: ReadonlyMap<Flag, InFile>
  readonly mistakes: readonly string[]
}

/** The texts of one key, and where it stands: `chartroom.yaml line 3`. */
export interface InFile {
  readonly texts: readonly string[]
  readonly place: string
}

/** A file of something else would fill the screen. */
const mostMistakes = 20

const byKey = new Map<string, { readonly flag: Flag; readonly inFile: boolean }>()
for (const flag of flags) {
  const { key } = optionOf(flag)
  const twin = fileTwinOf(flag)
  if (key !== '') byKey.set(key, { flag, inFile: false })
  if (twin !== undefined) byKey.set(twin.key, { flag, inFile: true })
}

/**
 * Reads the YAML of a config file. Keys are case-insensitive, nested or dotted; merge keys and aliases work as for
 * ChartMuseum, and keys that begin with "x-" are left alone, as a place for anchors. Scalars are taken as they are
 * written, so that a password 0123 stays what it is. `path` is only for the sentences.
 */
export function readConfigFile(text: string, path: string): ConfigFile {
  const given = new Map<Flag, InFile>()
  const files = new Map<Flag, InFile>()
  const lines = new LineCounter()
  const parsed = parse(text, lines)
  const lineOf = (node: Node | null | undefined): number => lines.linePos(node?.range?.[0] ?? 0).line
  const place = (node: Node | null | undefined): string => `${path} line ${lineOf(node)}`
  if (parsed === undefined) {
    return { given, files, mistakes: [`${path}: it is nested too deeply, expected lines of "key: value"`] }
  }
  const mistakes = [...parsed.errors, ...parsed.warnings].map(({ code, message, pos }) => {
    const { line, col } = lines.linePos(pos[0])
    return `${path} line ${line}, column ${col}: ${inWords(code, message)}`
  })
  const root = parsed.contents
  if (mistakes.length === 0 && isMap(root)) {
    const resolve: Resolve = (node) =>
      isAlias(node) ? (node.resolve(parsed) ?? null) : ((node ?? null) as Node | null)
    read(root, { given, files, mistakes, place, resolve })
  } else if (mistakes.length === 0 && root !== null && !(isScalar(root) && root.value === null)) {
    mistakes.push(`${place(root)}: expected lines of "key: value"`)
  }
  const more = mistakes.length - mostMistakes
  if (more > 0) mistakes.splice(mostMistakes, more, `${path}: and ${more} more mistakes`)
  return { given, files, mistakes }
}

interface Reading {
  readonly given: Map<Flag, InFile>
  readonly files: Map<Flag, InFile>
  readonly mistakes: string[]
  readonly place: (node: Node | null | undefined) => string
  readonly resolve: Resolve
}

/** Takes what the pairs of the map say. */
function read(root: YAMLMap, { given, files, mistakes, place, resolve }: Reading): void {
  const visit = (prefix: string, map: YAMLMap): void => {
    const flat = flattenMerges(map, resolve)
    for (const node of flat.wrong) mistakes.push(`${place(node)}: << expects a map, or a list of maps`)
    for (const pair of flat.pairs) {
      const key = prefix + keyOf(pair)
      const where = place(pair.key as Node)
      if (prefix === '' && key.startsWith('x-')) continue
      const known = byKey.get(key)
      const value = resolve(pair.value)
      const empty = value === null || (isScalar(value) && value.value === null)
      if (isAlias(pair.value) && value === null) {
        mistakes.push(`${where}: the alias of ${shown(key)} names no anchor`)
      } else if (known === undefined && isPrefix(key)) {
        if (isMap(value)) visit(`${key}.`, value)
        else if (!empty) mistakes.push(`${where}: "${key}" is ${kindOf(value)}, expected keys below it`)
      } else if (known === undefined) {
        mistakes.push(`${where}: ${unknownKey(key)}`)
      } else {
        const { flag, inFile } = known
        const into = inFile ? files : given
        const texts = empty ? [] : textsOf(flag, value, { inFile, resolve })
        if (into.has(flag)) mistakes.push(`${where}: "${key}" stands in the file twice`)
        else if (texts === undefined) {
          const nested = optionOf(flag).reader.join !== undefined && !inFile
          const is = nested ? 'holds a list or a map' : `is ${kindOf(value)}`
          mistakes.push(`${where}: "${key}" ${is}, expected ${expectedOf(flag, inFile)}`)
        } else if (texts.length > 0) into.set(flag, { texts, place: where })
      }
    }
  }
  visit('', root)
}

/** The document, or undefined when it is nested deeper than the parser can follow. */
function parse(text: string, lineCounter: LineCounter): Document.Parsed | undefined {
  try {
    const parsed = parseDocument(text, { lineCounter, prettyErrors: false })
    return parsed.errors.some(({ message }) => message.startsWith('Maximum call stack')) ? undefined : parsed
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/**
 * The texts of a value: one of a scalar, one per item of a list or map where the setting may be given several times;
 * undefined for anything else.
 */
function textsOf(
  flag: Flag,
  value: Node | null,
  { inFile, resolve }: { inFile: boolean; resolve: Resolve },
): string[] | undefined {
  const { reader } = optionOf(flag)
  const convert = inFile ? undefined : reader.fromFile
  if (isScalar(value)) return [convert === undefined ? written(value) : convert(written(value))]
  if (!reader.join || inFile) return undefined
  const texts: string[] = []
  const items: readonly unknown[] = isSeq(value) || isMap(value) ? value.items : []
  for (const item of items) {
    const pair = isMap(value) ? (item as Pair) : undefined
    const node = resolve(pair ? pair.value : item)
    if (!isScalar(node)) return undefined
    texts.push(pair ? `${isScalar(pair.key) ? written(pair.key) : ''}=${written(node)}` : written(node))
  }
  return texts
}

/** A sentence about what is no YAML: that of the parser up to where it would quote the file, which may hold passwords. */
function inWords(code: string, message: string): string {
  if (code === 'MULTIPLE_DOCS') return 'a second document begins, expected one'
  return `not valid YAML: ${(message.split(/[:\\\n]/)[0] ?? '').replace(/["']/g, '').trim()}`
}

/** A scalar as it stands in the file, quotes and escapes resolved. */
const written = (scalar: { source?: string; value: unknown }): string => scalar.source ?? String(scalar.value)

const isPrefix = (key: string): boolean => [...byKey.keys()].some((known) => known.startsWith(`${key}.`))

function kindOf(value: Node | null): string {
  return isSeq(value) ? 'a list' : isMap(value) ? 'a map' : 'a single value'
}

function expectedOf(flag: Flag, inFile: boolean): string {
  const expected = inFile ? 'the path of a file' : optionOf(flag).reader.expected
  return `${expected} (--${flag}, ${variableOf(flag)})`
}

function unknownKey(key: string): string {
  const guess = nearest(key, byKey.keys())
  return `${shown(key)} is no setting${guess === undefined ? '' : `, did you mean "${guess}"?`}`
}

/** What a key may be long for a sentence. */
const shown = (key: string): string => JSON.stringify(key.length > 60 ? `${key.slice(0, 60)}…` : key)
