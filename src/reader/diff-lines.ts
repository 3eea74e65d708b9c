import type { Comparison } from './compare.ts'
import type { FileChange, Hunk } from './compare-files.ts'

/** A line of a difference with its numbers on either side, from 1. */
export interface DiffLine {
  readonly change: 'added' | 'removed' | 'same'
  readonly from: number | undefined
  readonly to: number | undefined
  readonly text: string
}

/** A file that differs, its lines numbered. */
export interface NumberedFile extends Omit<FileChange, 'hunks'> {
  readonly hunks: readonly NumberedHunk[] | undefined
}

export interface NumberedHunk extends Omit<Hunk, 'lines'> {
  readonly lines: readonly DiffLine[]
}

/** A comparison as its page shows it. */
export interface NumberedComparison extends Omit<Comparison, 'files'> {
  readonly files: readonly NumberedFile[]
}

export function numberedFile(file: FileChange): NumberedFile {
  const hunks = file.hunks?.map((hunk) => ({ ...hunk, lines: diffLines(hunk) }))
  return { ...file, hunks }
}

/** The lines of a hunk, numbered. */
export function diffLines({ from, to, lines }: Hunk): DiffLine[] {
  let [old, now] = [from, to]
  return lines.map((line) => {
    const text = line.slice(1)
    if (line.startsWith('+')) return { change: 'added', from: undefined, to: now++, text }
    if (line.startsWith('-')) return { change: 'removed', from: old++, to: undefined, text }
    return { change: 'same', from: old++, to: now++, text }
  })
}
