import type { YamlLine } from './yaml-tokens.ts'

/** A key of a mapping, or the number of an item of a list, from 0. */
export type Segment = string | number

/** Follows the keys and dashes of a file and knows the path of where it is. */
export interface Place {
  /** Goes on to a line with content; gives the path of its key, or of its item. */
  enter(line: Pick<YamlLine, 'dashes' | 'key'>): Segment[]
}

interface Frame {
  readonly column: number
  readonly list: boolean
  segment: Segment
}

export function newPlace(): Place {
  const frames: Frame[] = []
  const leave = (column: number, list: boolean) => {
    for (let top = frames.at(-1); top !== undefined; top = frames.at(-1)) {
      // A list may stand at the column of the key it belongs to, but not the other way round.
      if (top.column < column || (top.column === column && (list || !top.list))) return top
      frames.pop()
    }
    return undefined
  }
  return {
    enter({ dashes, key }) {
      for (const column of dashes) {
        const top = leave(column, true)
        if (top?.list && top.column === column) top.segment = Number(top.segment) + 1
        else frames.push({ column, list: true, segment: 0 })
      }
      if (key !== undefined) {
        const top = leave(key.column, false)
        if (top !== undefined && top.column === key.column) top.segment = key.text
        else frames.push({ column: key.column, list: false, segment: key.text })
      }
      return frames.map(({ segment }) => segment)
    },
  }
}

/**
 * The path of a value as `helm --set` takes it (pkg/strvals): `.`, `,`, `=`, brackets and backslashes of a key are
 * escaped, items of lists stand in brackets.
 */
export function setPath(segments: readonly Segment[]): string {
  return segments
    .map((segment, at) => {
      if (typeof segment === 'number') return `[${segment}]`
      return (at === 0 ? '' : '.') + segment.replace(/[\\.,=[\]{}]/g, '\\$&')
    })
    .join('')
}

/** What `--set` would read as something else than text (pkg/strvals, typedVal). */
const typed = /^(?:true|false|null|0|[-+]?[1-9][0-9]*)$/i

/**
 * The argument that sets one value, ready for a shell: `--set a.b=1`; `--set-string` for text that looks like a number
 * or a word of YAML, `--set-json` for fractions, which `--set` takes for text (tried with Helm 3 and 4).
 */
export function setArgument(segments: readonly Segment[], value: string | number | boolean | null): string {
  const text = String(value)
  const escaped = typeof value === 'string' ? text.replace(/[\\,]|^\{/g, '\\$&') : text
  return `${setFlag(value, text)} ${shellQuoted(`${setPath(segments)}=${escaped}`)}`
}

function setFlag(value: string | number | boolean | null, text: string): string {
  if (typeof value === 'number' && !Number.isSafeInteger(value)) return '--set-json'
  return typeof value === 'string' && typed.test(text) ? '--set-string' : '--set'
}

/** The argument that sets a value given as JSON: lists, and numbers that other numbers cannot hold. */
export function setJsonArgument(segments: readonly Segment[], json: string): string {
  return `--set-json ${shellQuoted(`${setPath(segments)}=${json}`)}`
}

/** A text as one word of a POSIX shell. */
export function shellQuoted(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
