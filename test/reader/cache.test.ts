import { describe, expect, test } from 'bun:test'
import { createCache } from '../../src/reader/cache.ts'

const cacheOf = (maxBytes: number) => createCache<string>(maxBytes, (value) => value.length)

describe('createCache()', () => {
  test('reads once, also for those who ask meanwhile', async () => {
    const cache = cacheOf(10_000)
    let reads = 0
    const read = async () => {
      reads++
      await Bun.sleep(1)
      return 'value'
    }
    expect(await Promise.all([cache.get('a', read), cache.get('a', read)])).toEqual(['value', 'value'])
    expect(await cache.get('a', read)).toBe('value')
    expect(reads).toBe(1)
  })

  test('forgets what was unused for longest, and holds no more than it may', async () => {
    const cache = cacheOf(3000)
    let reads = 0
    const get = (key: string) =>
      cache.get(key, async () => {
        reads++
        return 'x'.repeat(700)
      })
    for (const key of ['a', 'b', 'c', 'a', 'd', 'a']) await get(key)
    expect(reads).toBe(4)
    await get('b')
    expect(reads).toBe(5)
    expect(cache.bytes).toBeLessThanOrEqual(3000)
    for (let at = 0; at < 1000; at++) await cache.get(`empty ${at}`, async () => '')
    expect(cache.bytes).toBeLessThanOrEqual(3000)
  })

  test('keeps neither what is too large nor what failed', async () => {
    const cache = cacheOf(1000)
    expect(await cache.get('a', async () => 'x'.repeat(900))).toHaveLength(900)
    expect(cache.bytes).toBe(0)
    const failing = () => Promise.reject(new Error('no'))
    expect(cache.get('b', failing)).rejects.toThrow('no')
    await Bun.sleep(1)
    expect(await cache.get('b', async () => 'yes')).toBe('yes')
  })
})
