import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { isRegistryError } from '../../src/errors.ts'
import type { ChangeLog } from '../../src/storage/change-log.ts'
import { localLog } from '../../src/storage/local-log.ts'
import { memoryStorage } from '../../src/storage/memory.ts'
import { objectLog } from '../../src/storage/object-log.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { tempFolder } from '../support/temp-folder.ts'

const key = '.chartroom/changes'

/** What every change log promises, whatever it is kept in: `open` gives another process's view of the same log. */
function promises(
  name: string,
  withLog: (run: (open: () => ChangeLog) => Promise<void>) => Promise<void>,
): void {
  describe(`a change log ${name}`, () => {
    test('is lost at the first look, and has nothing new at the next', () =>
      withLog(async (open) => {
        const log = open()
        expect(await log.look()).toEqual({ changes: [], lost: true })
        expect(await log.look()).toEqual({ changes: [], lost: false })
      }))

    test('gives each process what others appended, once and in order, and never its own', () =>
      withLog(async (open) => {
        const [one, two, three] = [open(), open(), open()]
        for (const log of [one, two, three]) await log.look()
        await one.append([['', 'a-1.tgz', 'aa']])
        await two.append([['org', 'b-1.tgz']])
        await one.append([['', 'c-1.tgz']])
        expect(await one.look()).toEqual({ changes: [['org', 'b-1.tgz']], lost: false })
        expect(await two.look()).toEqual({
          changes: [
            ['', 'a-1.tgz', 'aa'],
            ['', 'c-1.tgz'],
          ],
          lost: false,
        })
        expect((await three.look()).changes.map(([, file]) => file)).toEqual([
          'a-1.tgz',
          'b-1.tgz',
          'c-1.tgz',
        ])
        for (const log of [one, two, three]) expect(await log.look()).toEqual({ changes: [], lost: false })
      }))

    test('loses nothing of eight processes that append at once', () =>
      withLog(async (open) => {
        const reader = open()
        await reader.look()
        const writers = Array.from({ length: 8 }, open)
        const wanted = writers.flatMap((_, w) => Array.from({ length: 12 }, (__, n) => `${w}-${n}.tgz`))
        const seen: string[] = []
        const reading = (async () => {
          while (seen.length < wanted.length) {
            const { changes, lost } = await reader.look()
            expect(lost).toBe(false)
            seen.push(...changes.map(([, file]) => file))
            await Bun.sleep(1)
          }
        })()
        await Promise.all(
          writers.map(async (log, w) => {
            await Promise.all(Array.from({ length: 12 }, (_, n) => log.append([['', `${w}-${n}.tgz`]])))
          }),
        )
        await reading
        expect(seen.toSorted()).toEqual(wanted.toSorted())
      }))
  })
}

promises('in an object', async (run) => {
  const storage = memoryStorage()
  await run(() => objectLog(storage, key))
})

promises('in a file', async (run) => {
  await using folder = await tempFolder()
  const path = join(folder.path, key)
  await run(() => localLog({ path, key, remote: false }))
})

promises('in a file on another machine', async (run) => {
  await using folder = await tempFolder()
  const path = join(folder.path, key)
  await run(() => localLog({ path, key, remote: true }))
})

describe('a change log in an object', () => {
  test('says that it lost what it does not remember any more', async () => {
    const storage = memoryStorage()
    const [reader, writer] = [objectLog(storage, key), objectLog(storage, key)]
    await reader.look()
    for (let n = 0; n < 5; n++) {
      await writer.append(Array.from({ length: 290 }, (_, i) => ['', `${n}-${i}.tgz`] as const))
    }
    expect((await reader.look()).lost).toBe(true)
    await writer.append([['', 'x.tgz']])
    expect(await reader.look()).toEqual({ changes: [['', 'x.tgz']], lost: false })
  })

  test('only says that there were many, where one write has very many', async () => {
    const storage = memoryStorage()
    const [reader, writer] = [objectLog(storage, key), objectLog(storage, key)]
    await reader.look()
    await writer.append(Array.from({ length: 5000 }, (_, i) => ['', `${i}.tgz`] as const))
    expect(await reader.look()).toEqual({ changes: [], lost: true })
    expect((await storage.info(key))?.size).toBeLessThan(1000)
  })

  test('survives that somebody removes or ruins it', async () => {
    const storage = memoryStorage()
    const [reader, writer] = [objectLog(storage, key), objectLog(storage, key)]
    await writer.append([['', 'a.tgz']])
    await reader.look()
    for (const ruin of ['', 'null', '{"format":"chartroom changes 1"}', '{', '[]']) {
      await storage.put(key, Buffer.from(ruin))
      expect((await reader.look()).lost).toBe(true)
      await writer.append([['', 'b.tgz']])
      await reader.look()
      await writer.append([['', 'c.tgz']])
      expect(await reader.look()).toEqual({ changes: [['', 'c.tgz']], lost: false })
    }
    await storage.delete(key)
    expect((await reader.look()).lost).toBe(true)
    await writer.append([['', 'd.tgz']])
    expect((await reader.look()).changes).toContainEqual(['', 'd.tgz'])
  })

  test('makes every reader list where the store cannot replace on a condition', async () => {
    const { replace: _, ...storage } = memoryStorage()
    const [one, two] = [objectLog(storage, key), objectLog(storage, key)]
    for (const log of [one, two]) await log.look()
    await one.append([['', 'a.tgz']])
    // The one that wrote may have overwritten what another wrote a moment before.
    expect((await one.look()).lost).toBe(true)
    expect((await two.look()).lost).toBe(true)
    expect((await two.look()).lost).toBe(false)
  })

  test('counts a write whose answer got lost as written, once', async () => {
    const memory = memoryStorage()
    let lose = true
    const storage: Storage = {
      ...memory,
      async put(...args) {
        const info = await memory.put(...args)
        if (!lose) return info
        lose = false
        await memory.put(...args)
        return memory.put(args[0], args[1], { when: 'absent' })
      },
    }
    const [reader, writer] = [objectLog(memory, key), objectLog(storage, key)]
    await reader.look()
    await writer.append([['', 'a.tgz']])
    expect((await reader.look()).changes).toEqual([['', 'a.tgz']])
    expect((await writer.look()).changes).toEqual([])
  })

  test('passes on what the store says when it is broken, and works again afterwards', async () => {
    const memory = memoryStorage()
    let broken = false
    const storage: Storage = {
      ...memory,
      async replace(name, body, etag) {
        if (broken) throw new Error('gone')
        return memory.replace?.(name, body, etag) ?? memory.put(name, body)
      },
    }
    const [reader, writer] = [objectLog(memory, key), objectLog(storage, key)]
    await writer.append([['', 'a.tgz']])
    await reader.look()
    broken = true
    const results = await Promise.allSettled([writer.append([['', 'b.tgz']]), writer.append([['', 'c.tgz']])])
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    broken = false
    await writer.append([['', 'd.tgz']])
    expect(await reader.look()).toEqual({ changes: [['', 'd.tgz']], lost: false })
  })
})

describe('a change log in a file', () => {
  test('tells at once whether something is new', async () => {
    await using folder = await tempFolder()
    const path = join(folder.path, key)
    const [reader, writer] = [1, 2].map(() => localLog({ path, key, remote: false })) as [
      ChangeLog,
      ChangeLog,
    ]
    expect(reader.unchangedNow?.()).toBeUndefined()
    await reader.look()
    expect(reader.unchangedNow?.()).toBe(true)
    await writer.append([['', 'a.tgz']])
    expect(reader.unchangedNow?.()).toBe(false)
    expect((await reader.look()).changes).toEqual([['', 'a.tgz']])
    expect(reader.unchangedNow?.()).toBe(true)
    await Bun.file(path).delete()
    expect(reader.unchangedNow?.()).toBe(false)
    expect((await reader.look()).lost).toBe(true)
  })

  test('is begun anew when it is long, and whoever has not read it is lost once', async () => {
    await using folder = await tempFolder()
    const path = join(folder.path, key)
    const [reader, writer] = [1, 2].map(() => localLog({ path, key, remote: false })) as [
      ChangeLog,
      ChangeLog,
    ]
    await writer.append([['', 'a.tgz']])
    await reader.look()
    const many = Array.from(
      { length: 20_000 },
      (_, n) => ['', `some-chart-${n}-1.0.0.tgz`, 'f'.repeat(64)] as const,
    )
    await writer.append(many)
    expect((await reader.look()).changes).toHaveLength(20_000)
    await writer.append([['', 'b.tgz']])
    expect(Bun.file(path).size).toBeLessThan(1000)
    expect((await reader.look()).lost).toBe(true)
    await writer.append([['', 'c.tgz']])
    expect(await reader.look()).toEqual({ changes: [['', 'c.tgz']], lost: false })
  })

  test('does not believe a line that a full disk cut', async () => {
    await using folder = await tempFolder()
    const path = join(folder.path, key)
    const [reader, writer] = [1, 2].map(() => localLog({ path, key, remote: false })) as [
      ChangeLog,
      ChangeLog,
    ]
    await writer.append([['', 'a.tgz']])
    await reader.look()
    await Bun.write(path, `${await Bun.file(path).text()}{"writer":"x","chan`)
    expect(await reader.look()).toEqual({ changes: [], lost: false })
    await writer.append([['', 'b.tgz']])
    expect((await reader.look()).lost).toBe(true)
  })

  test('says in a sentence that it cannot be written', async () => {
    await using folder = await tempFolder()
    await Bun.write(join(folder.path, '.chartroom'), 'a file in the place of the folder')
    const log = localLog({ path: join(folder.path, key), key, remote: false })
    const error = await log.append([['', 'a.tgz']]).catch((reason: unknown) => reason)
    expect(isRegistryError(error)).toBe(true)
  })
})
