import { expect, test } from 'bun:test'
import {
  digestLines,
  isComplete,
  summaryJson,
  summaryText,
  type Copy,
} from '../../src/commands/copy-summary.ts'
import { createProgress, printable, sizeText } from '../../src/commands/progress.ts'
import type { TransferResult } from '../../src/registry/transfer.ts'

const digest = 'a'.repeat(64)
const copied: TransferResult = {
  path: 'b-1.0.0.tgz',
  outcome: 'copied',
  digest,
  bytes: 2_500_000,
  signed: true,
}
const same: TransferResult = { path: 'a-1.0.0.tgz', outcome: 'unchanged', digest, bytes: 0, signed: false }
const kept: TransferResult = {
  path: 'c-1.0.0.tgz',
  outcome: 'conflict',
  bytes: 0,
  signed: false,
  reason: 'other bytes are there',
}
const copy = (changes: Partial<Copy>): Copy => ({
  results: [copied, same],
  left: 0,
  from: 'here',
  to: 'there',
  leftOut: [],
  notes: [],
  ...changes,
})

test('a copy is complete when nothing is missing, not even a provenance', () => {
  expect(isComplete(copy({}))).toBe(true)
  expect(isComplete(copy({ left: 1 }))).toBe(false)
  expect(isComplete(copy({ results: [kept] }))).toBe(false)
  expect(isComplete(copy({ leftOut: [{ path: 'x', reason: 'y' }] }))).toBe(false)
  expect(isComplete(copy({ results: [{ ...copied, reason: 'its provenance was left out' }] }))).toBe(false)
})

test('the summary counts, names each trouble, and says how to go on', () => {
  const text = summaryText(
    copy({ results: [copied, same, kept], left: 3, stopped: 'it was interrupted', notes: ['mind'] }),
  )
  expect(text).toContain('1 copied: 2.5 MB, 1 with provenance\n')
  expect(text).toContain('1 there already\n')
  expect(text).toContain('--force replaces them')
  expect(text).toContain('3 not reached: it was interrupted')
  expect(text).toContain('  c-1.0.0.tgz: kept as it is: other bytes are there\n')
  expect(text).toContain('2 charts are there; the digest of the list of their digests is sha256:')
  expect(text).toContain('Note: mind\n')
  expect(text).toEndWith('Run the same command again to go on: what is there already is not copied twice.\n')
})

test('of very many troubles the first are named', () => {
  const many = Array.from({ length: 25 }, (_, i) => ({ ...kept, path: `c-1.0.${i}.tgz` }))
  const text = summaryText(copy({ results: many }))
  expect(text).toContain('c-1.0.19.tgz')
  expect(text).not.toContain('c-1.0.20.tgz')
  expect(text).toContain('… and 5 more: --json lists them all')
})

test('names from outside cannot speak to the terminal', () => {
  const evil = { ...kept, path: 'a\u001b[31m\n-1.tgz', reason: 'x\u202ey' }
  const text = summaryText(copy({ results: [evil] }))
  expect(text).not.toContain('\u001b')
  expect(text).not.toContain('\u202e')
  expect(printable('a\nb')).toBe('a\ufffdb')
})

test('the digests are those that are there, in order, as sha256sum reads them; JSON has them all', () => {
  expect(digestLines([copied, same, kept])).toBe(`${digest}  a-1.0.0.tgz\n${digest}  b-1.0.0.tgz\n`)
  const one = JSON.parse(summaryJson(copy({})))
  const other = JSON.parse(summaryJson(copy({ results: [same, { ...copied, outcome: 'unchanged' }] })))
  expect(one).toMatchObject({
    complete: true,
    counts: { copied: 1, unchanged: 1, notReached: 0 },
    bytes: 2_500_000,
    charts: 2,
  })
  expect(one.digest).toBe(other.digest)
  expect(one.files.map(({ path }: { path: string }) => path)).toEqual(['a-1.0.0.tgz', 'b-1.0.0.tgz'])
})

function watch(columns: number | undefined, total: number) {
  let time = 0
  let text = ''
  const progress = createProgress({ total, columns, write: (more) => (text += more), now: () => time })
  return { progress, pass: (ms: number) => (time += ms), text: () => text }
}

test('a terminal shows a bar that never fills the last column, and takes it away in the end', () => {
  for (const columns of [200, 80, 40, 10]) {
    const { progress, pass, text } = watch(columns, 10)
    for (let i = 0; i < 10; i++) {
      pass(100)
      progress.done(copied)
    }
    const drawn = text().split('\r\u001b[K')
    expect(drawn.length).toBe(11)
    expect(Math.max(...drawn.map((line) => line.length))).toBeLessThan(columns)
    if (columns >= 80) expect(drawn.at(-1)).toMatch(/^\[#+\] 100 % {2}10 of 10 charts, 25 MB, /)
    progress.end()
    expect(text()).toEndWith('\r\u001b[K')
  }
})

test('elsewhere there are plain lines now and then, and each trouble at once', () => {
  const { progress, pass, text } = watch(undefined, 100)
  for (let i = 0; i < 100; i++) {
    pass(200)
    progress.done(i === 50 ? kept : copied)
  }
  progress.end()
  const lines = text().trimEnd().split('\n')
  expect(lines).toHaveLength(5)
  expect(lines).toContain('c-1.0.0.tgz: kept as it is: other bytes are there')
  expect(lines.at(-1)).toBe('100 of 100 charts, 248 MB, 12 MB/s, 1 with trouble')
  expect(text()).not.toContain('\u001b')
})

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1000, '1.0 kB'],
  [9_960, '10 kB'],
  [999_600, '1.0 MB'],
  [34_100_000, '34 MB'],
  [5e12, '5.0 TB'],
])('%d bytes are %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text)
})
