import type { Transferred, TransferOutcome, TransferResult } from '../registry/transfer.ts'
import { chartCount, grouped, isTrouble, printable, sizeText, troubleLine } from './progress.ts'

/** A finished copy, for its summary. */
export interface Copy extends Transferred {
  readonly from: string
  readonly to: string
  /** What the source has and cannot offer. */
  readonly leftOut: readonly { readonly path: string; readonly reason: string }[]
  /** Sentences about what has to be known for serving it. */
  readonly notes: readonly string[]
}

/** True when everything that the source has is at the destination now. */
export function isComplete(copy: Copy): boolean {
  return copy.left === 0 && copy.leftOut.length === 0 && !copy.results.some(isTrouble)
}

const rows: readonly (readonly [TransferOutcome, string, string])[] = [
  ['copied', 'copied', ''],
  ['replaced', 'replaced', ''],
  ['unchanged', 'there already', ''],
  [
    'conflict',
    'in conflict',
    'other bytes are there under the same name and were kept; --force replaces them',
  ],
  ['broken', 'broken', 'no charts that could be published'],
  ['failed', 'failed', ''],
]
/** Troubles are repeated below the counts up to this number: they have all been told while copying. */
const mostTroubles = 20

/** The summary for a person. */
export function summaryText(copy: Copy): string {
  const { results, left, leftOut, stopped, notes } = copy
  const lines = [`From ${printable(copy.from)}`, `  to ${printable(copy.to)}`, '']
  for (const [outcome, word, meaning] of rows) {
    const some = results.filter((result) => result.outcome === outcome)
    if (some.length === 0 && outcome !== 'copied') continue
    const signed = some.filter((result) => result.signed).length
    const size = some.reduce((sum, result) => sum + result.bytes, 0)
    const told = [
      ...(size > 0 ? [sizeText(size)] : []),
      ...(signed > 0 ? [`${grouped(signed)} with provenance`] : []),
      ...(meaning === '' ? [] : [meaning]),
    ].join(', ')
    lines.push(countLine(some.length, word, told))
  }
  if (leftOut.length > 0) lines.push(countLine(leftOut.length, 'left out', ''))
  if (left > 0) lines.push(countLine(left, 'not reached', stopped ?? ''))
  const troubles = [
    ...results.filter(isTrouble).map(troubleLine),
    ...leftOut.map(({ path, reason }) => printable(`${path}: left out: ${reason}`)),
  ]
  if (troubles.length > 0) lines.push('', ...troubles.slice(0, mostTroubles).map((line) => `  ${line}`))
  if (troubles.length > mostTroubles) {
    lines.push(`  … and ${grouped(troubles.length - mostTroubles)} more: --json lists them all`)
  }
  const { digest, count } = digestOfAll(results)
  lines.push(
    '',
    `${chartCount(count)} ${count === 1 ? 'is' : 'are'} there; the digest of the list of their digests is ${digest}`,
  )
  return [...lines, ...notes.map((note) => `Note: ${printable(note)}`), ending(copy), ''].join('\n')
}

function countLine(count: number, word: string, told: string): string {
  return `  ${grouped(count).padStart(9)} ${word}${told === '' ? '' : `: ${told}`}`
}

function ending(copy: Copy): string {
  if (isComplete(copy)) return 'Everything has arrived.'
  const again = 'Run the same command again to go on: what is there already is not copied twice.'
  return copy.left > 0
    ? `It is not complete: ${copy.stopped ?? 'it ended early'}. ${again}`
    : 'Not everything has arrived.'
}

/** The summary for a program, with every archive. */
export function summaryJson(copy: Copy): string {
  const { results, left, leftOut, stopped, notes, from, to } = copy
  const counts = Object.fromEntries(
    rows.map(([outcome]) => [outcome, results.filter((result) => result.outcome === outcome).length]),
  )
  const { digest, count } = digestOfAll(results)
  const summary = {
    complete: isComplete(copy),
    from,
    to,
    counts: { ...counts, leftOut: leftOut.length, notReached: left },
    bytes: results.reduce((sum, result) => sum + result.bytes, 0),
    ...(stopped !== undefined && { stopped }),
    charts: count,
    digest,
    notes,
    files: results.toSorted(byPath),
    leftOut,
  }
  return `${JSON.stringify(summary, undefined, 2)}\n`
}

/** Every archive that is at the destination, a line each as `sha256sum --check` reads it. */
export function digestLines(results: readonly TransferResult[]): string {
  return results
    .filter((result) => isThere(result) && result.digest !== undefined)
    .toSorted(byPath)
    .map(({ path, digest }) => `${digest}  ${path}\n`)
    .join('')
}

/** One digest for all: the same charts under the same names give the same, wherever they were copied from. */
function digestOfAll(results: readonly TransferResult[]): { digest: string; count: number } {
  const digest = new Bun.CryptoHasher('sha256').update(digestLines(results)).digest('hex')
  return { digest: `sha256:${digest}`, count: results.filter(isThere).length }
}

function isThere({ outcome }: TransferResult): boolean {
  return outcome === 'copied' || outcome === 'replaced' || outcome === 'unchanged'
}

function byPath(one: TransferResult, other: TransferResult): number {
  return one.path < other.path ? -1 : one.path > other.path ? 1 : 0
}
