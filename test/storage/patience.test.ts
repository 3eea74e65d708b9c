import { expect, test } from 'bun:test'
import { createPatience } from '../../src/storage/patience.ts'

test('who has waited in vain waits little for what comes next, until the store answers', () => {
  const patience = createPatience(6_000)
  expect(patience.now()).toBe(6_000)
  patience.spent()
  expect(patience.now()).toBeLessThan(1_000)
  patience.answered()
  expect(patience.now()).toBe(6_000)
})
