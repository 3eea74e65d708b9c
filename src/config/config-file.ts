import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Node, type Pair } from 'yaml'
import { nearest } from './nearest.ts'
import { flags, optionOf, type Flag } from './options.ts'

/** What the config file says, not yet judged by the options' readers. */
export interface ConfigFile {
  readonly given: ReadonlyMap<Flag, { readonly texts: readonly string[]; readonly line: number }>
  readonly mistakes: readonly string[]
  /** Sentences about keys that mean nothing. */
  readonly warnings: readonly string[]
}

const byKey = new Map(
  flags.filter((flag) => optionOf(flag).key !== '').map((flag) => [optionOf(flag).key, flag] as const),
)

/**
 * Reads the YAML of a config file. Keys are case-insensitive, nested or dotted. Scalars are taken as they are written,
 * so that a password 0123 stays what it is. `path` is only for the sentences.
 */
export function readConfigFile(text: string, path: string): ConfigFile {
  const given = new Map<Flag, { texts: readonly string[]; line: number }>()
  const mistakes: string[] = []
  const warnings: string[] = []
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const lineOf = (node: Node | null | undefined): number => lines.linePos(node?.range?.[0] ?? 0).line
  const root = document.contents

  for (const error of document.errors) {
    const { line, col } = lines.linePos(error.pos[0])
    mistakes.push(`${path} line ${line}, column ${col}: not valid YAML: ${inWords(error.message)}`)
  }
  if (mistakes.length > 0 || root === null) return { given, mistakes, warnings }
  if (!isMap(root)) {
    const nothing = isScalar(root) && root.value === null
    return {
      given,
      mistakes: nothing ? [] : [`${path} line ${lineOf(root)}: expected lines of "key: value"`],
      warnings,
    }
  }

  const resolve = (node: unknown): Node | null =>
    isAlias(node) ? (node.resolve(document) ?? null) : ((node ?? null) as Node | null)
  const visit = (prefix: string, pairs: readonly Pair[]): void => {
    for (const pair of pairs) {
      const keyNode = pair.key as Node
      const key = (prefix + (isScalar(keyNode) ? written(keyNode) : '')).toLowerCase()
      const line = lineOf(keyNode)
      const place = `${path} line ${line}`
      const flag = byKey.get(key)
      const value = resolve(pair.value)
      if (isAlias(pair.value) && value === null)
        mistakes.push(`${place}: the alias of "${key}" names no anchor`)
      else if (/(^|\.)<<$/.test(key)) mistakes.push(`${place}: merge keys (<<) are not understood here`)
      else if (flag === undefined && isMap(value) && isPrefix(key)) visit(`${key}.`, value.items)
      else if (flag === undefined) warnings.push(`${place}: ${unknownKey(key)}`)
      else if (given.has(flag)) mistakes.push(`${place}: "${key}" stands in the file twice`)
      else {
        const texts = textsOf(flag, value, resolve)
        if (texts === undefined) mistakes.push(`${place}: "${key}" is not ${optionOf(flag).reader.expected}`)
        else if (texts.length > 0) given.set(flag, { texts, line })
      }
    }
  }
  visit('', root.items)
  return { given, mistakes, warnings }
}

/** The texts of a value: one of a scalar, one per item of a list or map where the setting may be given several times; none for null. */
function textsOf(
  flag: Flag,
  value: Node | null,
  resolve: (node: unknown) => Node | null,
): string[] | undefined {
  const { reader } = optionOf(flag)
  const convert = reader.fromFile ?? ((text: string): string => text)
  if (value === null || (isScalar(value) && value.value === null)) return []
  if (isScalar(value)) return [convert(written(value))]
  if (!reader.join) return undefined
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

/** The parser's sentence up to where it would quote the file, which may hold passwords. */
const inWords = (message: string): string => (message.split(/[:\\\n]/)[0] ?? '').replace(/["']/g, '').trim()

/** A scalar as it stands in the file, quotes and escapes resolved. */
const written = (scalar: { source?: string; value: unknown }): string => scalar.source ?? String(scalar.value)

const isPrefix = (key: string): boolean => [...byKey.keys()].some((known) => known.startsWith(`${key}.`))

function unknownKey(key: string): string {
  const guess = nearest(key, byKey.keys())
  return `"${key}" is no setting and is ignored${guess === undefined ? '' : `, did you mean "${guess}"?`}`
}
