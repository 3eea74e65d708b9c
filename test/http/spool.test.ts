import { describe, expect, test } from 'bun:test'
import { createSpool, type Spool } from '../../src/http/spool.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

const bytes = (size: number) => crypto.getRandomValues(new Uint8Array(size))

function spoolIn(folder: TempFolder): Spool {
  return createSpool({ folder: folder.path, memoryBytes: 10_000, totalMemoryBytes: 20_000 })
}

async function contents(body: Uint8Array | Blob): Promise<Uint8Array> {
  return body instanceof Uint8Array ? body : body.bytes()
}

describe('createSpool()', () => {
  test('keeps up to memoryBytes in memory, and one more byte in a file', async () => {
    await using folder = await tempFolder()
    const spool = spoolIn(folder)
    for (const [size, files] of [
      [0, 0],
      [1, 0],
      [10_000, 0],
      [10_001, 1],
    ] as const) {
      const data = bytes(size)
      const writer = spool.writer()
      await writer.write(data)
      const upload = await writer.end()
      expect(upload.size).toBe(size)
      expect(await contents(upload.body)).toEqual(data)
      expect((await folder.files()).length).toBe(files)
      await upload.discard()
      expect(await folder.files()).toEqual([])
      expect(spool.heldBytes()).toBe(0)
    }
  })

  test('puts together what arrives in many pieces, over the border between memory and file', async () => {
    await using folder = await tempFolder()
    const data = bytes(25_000)
    for (const size of [1, 7, 999, 10_000, 24_999]) {
      const writer = spoolIn(folder).writer()
      for (let at = 0; at < data.length; at += size) await writer.write(data.subarray(at, at + size))
      const upload = await writer.end()
      expect(await contents(upload.body)).toEqual(data)
      await upload.discard()
    }
  })

  test('does not keep the memory of a piece that is reused afterwards', async () => {
    await using folder = await tempFolder()
    const writer = spoolIn(folder).writer()
    const piece = new Uint8Array([1, 2, 3])
    await writer.write(piece)
    piece.fill(9)
    expect(await contents((await writer.end()).body)).toEqual(new Uint8Array([1, 2, 3]))
  })

  test('counts what all of its uploads hold, until they are discarded', async () => {
    await using folder = await tempFolder()
    const spool = spoolIn(folder)
    const writers = Array.from({ length: 4 }, () => spool.writer())
    for (const writer of writers) await writer.write(bytes(8000))
    expect(spool.heldBytes()).toBeLessThanOrEqual(20_000)
    expect((await folder.files()).length).toBe(2)
    const uploads = await Promise.all(writers.map((writer) => writer.end()))
    expect(spool.heldBytes()).toBeGreaterThanOrEqual(16_000)
    for (const upload of uploads) await upload.discard()
    for (const upload of uploads) await upload.discard()
    expect(spool.heldBytes()).toBe(0)
    expect(await folder.files()).toEqual([])
  })

  test('leaves nothing after abort(), before and after the first byte, in memory and on disk', async () => {
    await using folder = await tempFolder()
    const spool = spoolIn(folder)
    for (const size of [0, 100, 15_000]) {
      const writer = spool.writer()
      if (size > 0) await writer.write(bytes(size))
      await writer.abort()
      await writer.abort()
      expect(spool.heldBytes()).toBe(0)
      expect(await folder.files()).toEqual([])
    }
  })
})
