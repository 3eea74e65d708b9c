import { describe, expect, test } from 'bun:test'
import { createTurns } from '../../src/registry/in-turn.ts'

describe('turns', () => {
  test('run work under one name one after the other, in order of arrival', async () => {
    const turns = createTurns()
    const order: string[] = []
    const work = (label: string, ms: number) => async () => {
      order.push(`${label} starts`)
      await Bun.sleep(ms)
      order.push(`${label} ends`)
    }
    await Promise.all([turns.run(['a'], work('first', 20)), turns.run(['a'], work('second', 1))])
    expect(order).toEqual(['first starts', 'first ends', 'second starts', 'second ends'])
  })

  test('run work under different names side by side', async () => {
    const turns = createTurns()
    const { promise, resolve } = Promise.withResolvers<void>()
    const blocked = turns.run(['a'], () => promise)
    await turns.run(['b'], async () => resolve())
    await blocked
  })

  test('hand the turn on after a failure', async () => {
    const turns = createTurns()
    const failing = turns.run(['a'], () => Promise.reject(new Error('no')))
    const next = turns.run(['a'], async () => 'done')
    await expect(failing).rejects.toThrow('no')
    expect(await next).toBe('done')
  })

  test('never let two callers of the same names wait for each other', async () => {
    const turns = createTurns()
    const both = [turns.run(['a', 'b'], () => Bun.sleep(5)), turns.run(['b', 'a', 'b'], () => Bun.sleep(5))]
    await Promise.all(both)
  })

  test('run nothing but the work when there is no name', async () => {
    expect(await createTurns().run([], async () => 7)).toBe(7)
  })
})
