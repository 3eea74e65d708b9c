import { structuredPatch } from 'diff'
import type { SideFile } from './compare-sides.ts'
import { visible } from './text.ts'

export type FileArea = 'values' | 'chart' | 'templates' | 'crds' | 'charts' | 'other'

/** A file that is not the same in both versions. */
export interface FileChange {
  readonly name: string
  readonly area: FileArea
  readonly change: 'added' | 'removed' | 'changed'
  /** Lines that are new and that are gone; undefined where lines were not compared. */
  readonly lines: { readonly added: number; readonly removed: number } | undefined
  /** Of changed texts, with three lines around each change; undefined where lines were not compared. */
  readonly hunks: readonly Hunk[] | undefined
}

/** Lines that belong together, with the numbers of the first of them on either side, from 1. */
export interface Hunk {
  readonly from: number
  readonly to: number
  /** Each begins with " ", "+" or "-". */
  readonly lines: readonly string[]
}

/**
 * What is compared by lines, in number of changed lines: the search takes their square in steps, up to a second for
 * 1,500. A fixed number and not a time, so that the same two versions always give the same answer.
 */
const mostOfFile = 1500
const mostOfAll = 5000
/** Lines of one file, shown at most so long. */
const longestLine = 2000

/** The files that differ, by name, with their lines as far as they can be compared. */
export function compareFiles(from: readonly SideFile[], to: readonly SideFile[]) {
  const before = new Map(from.map((file) => [file.name, file]))
  const after = new Map(to.map((file) => [file.name, file]))
  let left = mostOfAll
  let truncated = false
  const names = [...new Set([...before.keys(), ...after.keys()])].sort()
  const changes = names.flatMap((name): FileChange[] => {
    const [old, now] = [before.get(name), after.get(name)]
    if (old?.digest === now?.digest) return []
    const about = { name, area: areaOf(name) } as const
    if (old === undefined || now === undefined) {
      const total = countLines((old ?? now)?.text)
      const lines = total === undefined ? total : { added: now ? total : 0, removed: old ? total : 0 }
      return [{ ...about, change: now ? 'added' : 'removed', lines, hunks: undefined }]
    }
    const hunks = compareLines(old.text, now.text, Math.min(left, mostOfFile))
    if (hunks === undefined) {
      // A search that found nothing took as long as one that did.
      if (old.text !== undefined && now.text !== undefined) left -= Math.min(left, mostOfFile)
      truncated ||= about.area !== 'charts' && old.kind === 'text' && now.kind === 'text'
      return [{ ...about, change: 'changed', lines: undefined, hunks }]
    }
    const lines = { added: count(hunks, '+'), removed: count(hunks, '-') }
    left -= lines.added + lines.removed
    return [{ ...about, change: 'changed', lines, hunks }]
  })
  return { changes, truncated }
}

/** Undefined when they cannot be compared, or differ in more than `most` lines. */
function compareLines(old: string | undefined, now: string | undefined, most: number): Hunk[] | undefined {
  if (old === undefined || now === undefined || most <= 0 || leastChanges(old, now) > most) return undefined
  const patch = structuredPatch('', '', old, now, undefined, undefined, { context: 3, maxEditLength: most })
  return patch?.hunks.map(({ oldStart, newStart, lines }) => ({
    from: oldStart,
    to: newStart,
    lines: lines.filter((line) => !line.startsWith('\\')).map(shownLine),
  }))
}

/** No fewer lines than these differ, wherever they stand: counted without a search, which for them would be in vain. */
function leastChanges(old: string, now: string): number {
  const counts = new Map<string, number>()
  for (const line of old.split('\n')) counts.set(line, (counts.get(line) ?? 0) + 1)
  for (const line of now.split('\n')) counts.set(line, (counts.get(line) ?? 0) - 1)
  let changes = 0
  for (const difference of counts.values()) changes += Math.abs(difference)
  return changes
}

function shownLine(line: string): string {
  const cut = line.length > longestLine ? `${line.slice(0, longestLine).toWellFormed()}…` : line
  return visible(cut.replace(/\r$/, ''))
}

function count(hunks: readonly Hunk[], mark: '+' | '-'): number {
  return hunks.reduce((sum, { lines }) => sum + lines.filter((line) => line.startsWith(mark)).length, 0)
}

function countLines(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const ends = text.split('\n').length
  return text.endsWith('\n') || text === '' ? ends - 1 : ends
}

/** Where a file of a chart belongs. */
export function areaOf(name: string): FileArea {
  if (/^values\.(?:yaml|schema\.json)$/.test(name)) return 'values'
  if (/^(?:Chart|requirements)\.(?:yaml|lock)$/.test(name)) return 'chart'
  const top = name.slice(0, name.indexOf('/') + 1)
  if (top === 'templates/') return 'templates'
  if (top === 'crds/') return 'crds'
  return top === 'charts/' ? 'charts' : 'other'
}
