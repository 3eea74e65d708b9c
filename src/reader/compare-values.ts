import type { YamlValue } from '../registry/yaml.ts'
import { shortened } from './text.ts'
import { setPath } from './value-paths.ts'
import type { Segment } from './value-paths.ts'

/** A key whose default differs. Values as JSON text, shortened; undefined where the key is not there. */
export interface ValueChange {
  /** As `--set` takes it. */
  readonly path: string
  readonly from: string | undefined
  readonly to: string | undefined
}

export interface ValueChanges {
  /** Keys that are new: the uppermost of each, with all below it. */
  readonly added: readonly ValueChange[]
  readonly removed: readonly ValueChange[]
  readonly changed: readonly ValueChange[]
  /** Changes were left out. */
  readonly truncated: boolean
}

const most = { changes: 2000, steps: 500_000, depth: 100, preview: 200 } as const

interface Walk {
  readonly added: ValueChange[]
  readonly removed: ValueChange[]
  readonly changed: ValueChange[]
  /** Values that may still be looked at: aliases can make a small file a very large tree. */
  steps: number
}

/** What differs between two sets of default values, key by key. Lists are compared as wholes, as Helm replaces them. */
export function compareValues(from: YamlValue, to: YamlValue): ValueChanges {
  const walk: Walk = { added: [], removed: [], changed: [], steps: most.steps }
  compareAt(walk, from ?? {}, to ?? {}, [])
  const { added, removed, changed } = walk
  return { added, removed, changed, truncated: isFull(walk) }
}

function isFull({ added, removed, changed, steps }: Walk): boolean {
  return steps <= 0 || added.length + removed.length + changed.length >= most.changes
}

function compareAt(walk: Walk, from: YamlValue, to: YamlValue, segments: readonly Segment[]): void {
  if (isFull(walk)) return
  walk.steps--
  if (!isMapping(from) || !isMapping(to) || segments.length >= most.depth) {
    if (isEqual(walk, from, to, 0)) return
    walk.changed.push({ path: setPath(segments), from: preview(from), to: preview(to) })
    return
  }
  for (const [key, value] of Object.entries(from)) {
    const path = [...segments, key]
    if (Object.hasOwn(to, key)) compareAt(walk, value, to[key] as YamlValue, path)
    else if (!isFull(walk)) walk.removed.push({ path: setPath(path), from: preview(value), to: undefined })
  }
  for (const [key, value] of Object.entries(to)) {
    if (Object.hasOwn(from, key) || isFull(walk)) continue
    walk.added.push({ path: setPath([...segments, key]), from: undefined, to: preview(value) })
  }
}

/** True as well when it cannot be told any more: the walk is over then, and says that it left something out. */
function isEqual(walk: Walk, a: YamlValue, b: YamlValue, depth: number): boolean {
  if (Object.is(a, b) || --walk.steps <= 0) return true
  if (depth > most.depth) return false
  if (Array.isArray(a) && Array.isArray(b))
    return a.length === b.length && a.every((item, at) => isEqual(walk, item, b[at] as YamlValue, depth + 1))
  if (!isMapping(a) || !isMapping(b)) return false
  const keys = Object.keys(a)
  if (keys.length !== Object.keys(b).length) return false
  return keys.every(
    (key) => Object.hasOwn(b, key) && isEqual(walk, a[key] as YamlValue, b[key] as YamlValue, depth + 1),
  )
}

function isMapping(value: YamlValue): value is { [key: string]: YamlValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** JSON text that is written only as far as it is shown. */
function preview(value: YamlValue): string {
  let text = ''
  const write = (part: YamlValue): void => {
    if (text.length > most.preview) return
    if (typeof part !== 'object' || part === null) {
      text += typeof part === 'bigint' ? part.toString() : JSON.stringify(shortScalar(part))
      return
    }
    const list = Array.isArray(part)
    text += list ? '[' : '{'
    for (const [at, [key, item]] of Object.entries(part).entries()) {
      if (text.length > most.preview) break
      text += `${at === 0 ? '' : ','}${list ? '' : `${JSON.stringify(key.slice(0, most.preview))}:`}`
      write(item)
    }
    text += list ? ']' : '}'
  }
  write(value)
  return shortened(text, most.preview)
}

function shortScalar(value: string | number | boolean | null): string | number | boolean | null {
  return typeof value === 'string' ? value.slice(0, most.preview + 1) : value
}
