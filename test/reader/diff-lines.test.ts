import { expect, test } from 'bun:test'
import { diffLines } from '../../src/reader/diff-lines.ts'

test('diffLines() numbers the lines of a hunk on either side', () => {
  const lines = [' a', '-b', '-c', '+d', ' +e']
  expect(diffLines({ from: 5, to: 9, lines })).toEqual([
    { change: 'same', from: 5, to: 9, text: 'a' },
    { change: 'removed', from: 6, to: undefined, text: 'b' },
    { change: 'removed', from: 7, to: undefined, text: 'c' },
    { change: 'added', from: undefined, to: 10, text: 'd' },
    { change: 'same', from: 8, to: 11, text: '+e' },
  ])
})
