import { expect, test } from 'bun:test'
import { RegistryError } from '../../src/errors.ts'
import { openLate, StoreAway } from '../../src/storage/late.ts'
import { memoryStorage } from '../../src/storage/memory.ts'
import { keptLog } from '../support/repository.ts'

const pauses = { firstMs: 1, longestMs: 4 }

test('a store that is away is tried again until it is there; each reason is told once, and the end', async () => {
  const log = keptLog()
  const answers = ['refused', 'refused', 'starting', 'refused']
  const opening = openLate(
    async () => {
      const why = answers.shift()
      if (why !== undefined) throw new StoreAway(`Cannot open the store at x: ${why}`, `it is ${why}`)
      return memoryStorage()
    },
    log,
    pauses,
  )
  expect(opening.reason()).toBe('the store does not answer yet; try again later')
  expect((await opening.storage).driver).toBe('memory')
  expect(opening.reason()).toBe('it is refused')
  expect(log.lines.map((line) => line.replace(/\. .*| \{\}$/, ''))).toEqual([
    'WARN Cannot open the store at x: refused',
    'WARN Cannot open the store at x: starting',
    'WARN Cannot open the store at x: refused',
    'INFO The storage is open now',
  ])
})

test('a mistake in the settings is not waited out', async () => {
  const log = keptLog()
  const mistake = new RegistryError('unavailable', 'storage', 'Cannot open the bucket "x": there is none')
  let tries = 0
  const opening = openLate(
    async () => {
      if (++tries === 1) throw new StoreAway('Cannot open it', 'it is away')
      throw mistake
    },
    log,
    pauses,
  )
  expect(await opening.storage.catch((error: unknown) => error)).toBe(mistake)
  expect(tries).toBe(2)
})

test('who stops waiting is not kept', async () => {
  let tries = 0
  const opening = openLate(
    async () => {
      tries++
      throw new StoreAway('Cannot open it', 'it is away')
    },
    keptLog(),
    pauses,
  )
  opening.stop()
  await Bun.sleep(30)
  expect(tries).toBe(1)
})
