import { describe, expect, test } from 'bun:test'
import { RegistryError } from '../../src/errors.ts'
import { checked } from '../../src/storage/checked.ts'
import { localStorage } from '../../src/storage/local.ts'
import { measured } from '../../src/storage/measured.ts'
import { memoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { bytes } from './contract.ts'

/** A store that is watched, and what was told of it. */
function watched(storage: Storage) {
  const told: string[] = []
  const times: number[] = []
  const watching = measured(storage, (operation, outcome, nanoseconds) => {
    told.push(`${operation} ${outcome}`)
    times.push(nanoseconds)
  })
  return { storage: watching, told, times }
}

/** A store of which every operation fails with this error. */
function failing(error: Error): Storage {
  const fail = async () => {
    throw error
  }
  return {
    driver: 'memory',
    get: fail,
    info: fail,
    put: fail,
    delete: fail,
    check: fail,
    close: fail,
    getUnless: fail,
    replace: fail,
    async *list() {
      yield* []
      throw error
    },
    log: () => ({ append: fail, look: fail }),
  }
}

async function drained(list: AsyncIterable<{ key: string }>): Promise<string[]> {
  const found: string[] = []
  for await (const { key } of list) found.push(key)
  return found
}

describe('measured()', () => {
  test('answers as the store does, and tells of every operation once', async () => {
    const { storage, told, times } = watched(checked(memoryStorage()))
    await storage.put('a', bytes('1'))
    await storage.put('b', bytes('2'))
    expect((await storage.get('a'))?.size).toBe(1)
    expect(await storage.info('missing')).toBeUndefined()
    expect(await drained(storage.list(''))).toEqual(['a', 'b'])
    expect(await storage.delete('a')).toBe(true)
    await storage.check()
    expect(told).toEqual(['put ok', 'put ok', 'get ok', 'info ok', 'list ok', 'delete ok', 'check ok'])
    expect(times.every((nanoseconds) => nanoseconds > 0 && nanoseconds < 1e10)).toBe(true)
  })

  test('has what the store has, no more', async () => {
    const { storage } = watched(memoryStorage())
    expect([storage.log, storage.conditionalWrites]).toEqual([undefined, undefined])
    expect(storage.driver).toBe('memory')
    await using folder = await tempFolder()
    const local = checked(await localStorage({ root: folder.path, log: silent }))
    const both = watched(local)
    for (const name of ['getUnless', 'replace', 'log', 'watch', 'conditionalWrites'] as const)
      expect([name, both.storage[name] === undefined]).toEqual([name, local[name] === undefined])
    const log = both.storage.log?.('.chartroom/changes')
    await log?.look()
    await log?.append([['org', 'a-1.0.0.tgz', 'abc']])
    expect(log?.unchangedNow?.()).toBeBoolean()
    expect(both.told).toEqual(['look ok', 'append ok'])
    await both.storage.close()
  })

  test('tells how an operation failed, and hands the error on', async () => {
    for (const [error, outcome] of [
      [new RegistryError('unavailable', 'storage', 'away'), 'unavailable'],
      [new RegistryError('conflict', 'file', 'there'), 'conflict'],
      [new Error('unforeseen'), 'failed'],
    ] as const) {
      const { storage, told } = watched(failing(error))
      const calls: [string, () => Promise<unknown>][] = [
        ['get', () => storage.get('a')],
        ['get', async () => storage.getUnless?.('a', 'x')],
        ['info', () => storage.info('a')],
        ['put', () => storage.put('a', bytes('x'))],
        ['replace', async () => storage.replace?.('a', bytes('x'), 'x')],
        ['delete', () => storage.delete('a')],
        ['list', () => drained(storage.list(''))],
        ['check', () => storage.check()],
        ['look', async () => storage.log?.('a').look()],
        ['append', async () => storage.log?.('a').append([])],
      ]
      for (const [, call] of calls) expect(await call().catch((thrown: unknown) => thrown)).toBe(error)
      expect(told).toEqual(calls.map(([operation]) => `${operation} ${outcome}`))
    }
  })

  test('tells of a list that was left in the middle', async () => {
    const { storage, told, times } = watched(memoryStorage())
    for (const key of ['a', 'b', 'c']) await storage.put(key, bytes(key))
    told.length = 0
    times.length = 0
    for await (const { key } of storage.list('')) {
      // What the caller does in between is not the store's.
      await Bun.sleep(60)
      if (key === 'b') break
    }
    expect(told).toEqual(['list ok'])
    expect(times[0] ?? 0).toBeLessThan(60e6)
  })
})

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
