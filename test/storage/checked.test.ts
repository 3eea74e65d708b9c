import { describe, expect, test } from 'bun:test'
import { isRegistryError, RegistryError } from '../../src/errors.ts'
import { checked } from '../../src/storage/checked.ts'
import { memoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { bytes, keys, text } from './contract.ts'

const illegal = [
  '',
  '/',
  '/a',
  'a/',
  'a//b',
  '.',
  '..',
  './a',
  'a/.',
  'a/./b',
  '../a',
  'a/../b',
  'a/..',
  'a\\b',
  '..\\a',
  'a\0',
  'a\nb',
  'a\x7f',
  'a\x9f',
  'a\ud800',
  'x'.repeat(256),
  'é'.repeat(128),
  `a/${'x'.repeat(256)}`,
  'x/'.repeat(512) + 'x',
]

const legal = [
  'a',
  '.a',
  '..a',
  'a..',
  '...',
  'a b',
  '%2e%2e',
  'é'.repeat(127),
  'x'.repeat(255),
  'x/'.repeat(511) + 'xx',
]

describe('keys', () => {
  test.each(illegal)('%j is refused before the driver is touched', async (key) => {
    const storage = checked(untouchable())
    for (const call of [
      () => storage.get(key),
      () => storage.info(key),
      () => storage.put(key, bytes('x')),
      () => storage.delete(key),
    ]) {
      const error = await caught(call())
      expect(error).toMatchObject({ code: 'invalid', about: 'file' })
      expect(error.message).toMatch(/^Cannot use ".*" as a name in storage: [^\p{Cc}]+$/u)
      expect(error.message.length).toBeLessThan(250)
    }
  })

  test.each(legal)('%j is taken as it is', async (key) => {
    const storage = checked(memoryStorage())
    await storage.put(key, bytes('x'))
    expect(await keys(storage)).toEqual([key])
    expect(await text(storage, key)).toBe('x')
  })
})

describe('prefixes', () => {
  test.each(['/', '/a', 'a//', '../', 'a/../b', './', 'a\0', 'a\\'])('%j is refused', async (prefix) => {
    const storage = checked(untouchable())
    expect((await caught(keys(storage, prefix))).code).toBe('invalid')
    expect(() => storage.watch?.(prefix, () => {})).toThrow(RegistryError)
  })

  test('may stop inside a name, but not when only direct children are wanted', async () => {
    const storage = checked(memoryStorage())
    await storage.put('.org/a', bytes('x'))
    for (const prefix of ['', '.', '.o', '.org/', '.org/a'])
      expect(await keys(storage, prefix)).toEqual(['.org/a'])
    expect((await caught(keys(storage, '.org', true))).code).toBe('invalid')
    expect(() => storage.watch?.('.org', () => {})).toThrow(RegistryError)
  })
})

describe('errors', () => {
  test('that are foreign become unavailable, name the driver and keep their cause', async () => {
    const cause = new Error('connect ECONNREFUSED /run/secret')
    const storage = checked(failing(cause))
    for (const call of [
      () => storage.get('org/a'),
      () => storage.info('org/a'),
      () => storage.put('org/a', bytes('x')),
      () => storage.delete('org/a'),
      () => keys(storage, 'org/a'),
      () => storage.check(),
    ]) {
      const error = await caught(call())
      expect(error).toMatchObject({ code: 'unavailable', about: 'storage', cause })
      expect(error.message).toMatch(
        /^Cannot (read|store|delete|list) "(org\/a|\/)": the broken storage failed; try/,
      )
    }
  })

  test('that are of the registry pass as they are', async () => {
    const full = new RegistryError('full', 'storage', 'Cannot store "a": full')
    expect(await caught(checked(failing(full)).put('a', bytes('x')))).toBe(full)
    expect(await caught(keys(checked(failing(full))))).toBe(full)
  })
})

test('a driver that cannot watch still cannot', () => {
  const { watch: _, ...unwatchable } = memoryStorage()
  expect(checked(unwatchable).watch).toBeUndefined()
})

function untouchable(): Storage {
  return failing(new Error('the driver was touched'))
}

function failing(error: Error): Storage {
  const fail = () => Promise.reject(error)
  return {
    driver: 'broken',
    get: fail,
    info: fail,
    put: fail,
    delete: fail,
    list: () => new ReadableStream({ start: (controller) => controller.error(error) }),
    watch: () => {
      throw error
    },
    check: fail,
    close: async () => {},
  }
}

async function caught(promise: Promise<unknown>): Promise<RegistryError> {
  const error = await promise.then(
    () => new Error('nothing was thrown'),
    (reason: unknown) => reason,
  )
  if (!isRegistryError(error)) throw error
  return error
}
