import { expect, test } from 'bun:test'
import { newTurns } from '../../src/registry/archive-turns.ts'

test('take() runs so many at once, and the others in the order in which they came', async () => {
  const turns = newTurns({ atOnce: 2, waitMs: 1000 })
  const started: number[] = []
  const ends: (() => void)[] = []
  const all = [0, 1, 2, 3].map((number) =>
    turns.take(() => {
      started.push(number)
      return new Promise<void>((resolve) => ends.push(resolve))
    }),
  )
  await Bun.sleep(0)
  expect(started).toEqual([0, 1])
  for (const expected of [3, 4]) {
    ends.shift()?.()
    await Bun.sleep(0)
    expect(started).toHaveLength(expected)
  }
  for (const end of ends) end()
  await Promise.all(all)
  expect(started).toEqual([0, 1, 2, 3])
})

test('take() gives up after the longest wait, and the turn is not lost', async () => {
  const turns = newTurns({ atOnce: 1, waitMs: 20 })
  let end = () => {}
  const first = turns.take(() => new Promise<void>((resolve) => (end = resolve)))
  expect(turns.take(async () => 'never')).rejects.toMatchObject({ code: 'unavailable', about: 'archive' })
  await Bun.sleep(40)
  end()
  await first
  expect(await turns.take(async () => 'now')).toBe('now')
})
