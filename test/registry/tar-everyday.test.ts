import { describe, expect, test } from 'bun:test'
import { gunzipSync } from 'node:zlib'
import { newBudget } from '../../src/registry/archive-limits.ts'
import { everydayMembers } from '../../src/registry/tar-everyday.ts'
import { readStream, readTar } from '../../src/registry/tar-members.ts'
import { chart } from '../support/chart-builder.ts'
import { hostileArchives, oddArchives } from '../support/hostile-archives.ts'
import { rawEntry, tarEnd } from '../support/raw-tar.ts'

type Read = (tar: Uint8Array, budget: ReturnType<typeof newBudget>, reader: Reader) => Promise<void>
type Reader = Parameters<typeof readTar>[2]

/** What a reader is shown of a tar, and how the reading ended. */
async function shown(read: Read, tar: Uint8Array): Promise<unknown[]> {
  const seen: unknown[] = []
  try {
    await read(tar, newBudget(), {
      meet: ({ name, size }) => seen.push({ name, size }) > 0 && !name.endsWith('.skipped'),
      take: (_member, data) => void seen.push(Buffer.from(data).toString('base64')),
    })
  } catch (error) {
    seen.push(String(error))
  }
  return seen
}

const byStream: Read = (tar, budget, reader) => readStream([tar], budget, reader)

function inflated(archive: Uint8Array): Uint8Array | undefined {
  try {
    return gunzipSync(archive, { maxOutputLength: 4 * 1024 * 1024 })
  } catch {
    // No tar to compare: gzip itself is broken, or it is too large for this way.
    return undefined
  }
}

describe('everydayMembers() and tar-stream', () => {
  test('see the same in an everyday chart', async () => {
    const tar = await chart('mychart', '1.0.0').with('a.skipped', 'x').with('charts/sub/a', '').tar()
    expect(everydayMembers(tar)).toBeDefined()
    const seen = await shown(readTar, tar)
    expect(seen).toEqual(await shown(byStream, tar))
    expect(seen.length).toBeGreaterThan(6)
  })

  for (const { what, bytes } of [...oddArchives, ...hostileArchives]) {
    test(`see the same in ${what}`, async () => {
      const tar = inflated(await bytes())
      if (tar === undefined || everydayMembers(tar) === undefined) return
      expect(await shown(readTar, tar)).toEqual(await shown(byStream, tar))
    })
  }

  test('see the same in a tar with any one byte of a header changed', async () => {
    const file = rawEntry({ name: 'a/b', data: 'text' })
    const next = rawEntry({ name: 'a/c', data: 'more' })
    for (let at = 0; at < 512; at++) {
      for (const byte of [0, 0x20, 0x2f, 0x30, 0x37, 0x38, 0x80, 0xff]) {
        const header = Uint8Array.from(file)
        header[at] = byte
        const tar = Buffer.concat([at >= 148 && at < 156 ? header : withChecksum(header), next, tarEnd])
        if (everydayMembers(tar) === undefined) continue
        expect([at, byte, await shown(readTar, tar)]).toEqual([at, byte, await shown(byStream, tar)])
      }
    }
  })
})

function withChecksum(header: Uint8Array): Uint8Array {
  header.fill(0x20, 148, 156)
  const sum = header.subarray(0, 512).reduce((total, byte) => total + byte, 0)
  header.set(Buffer.from(`${sum.toString(8).padStart(6, '0')}\0 `), 148)
  return header
}

describe('everydayMembers() leaves to tar-stream', () => {
  const plain = { name: 'a/b', data: 'text' }
  const left: readonly [string, Uint8Array][] = [
    ['a tar without an end mark', rawEntry(plain)],
    ['a tar with one block of zeros at its end', Buffer.concat([rawEntry(plain), new Uint8Array(512)])],
    ['a wrong checksum', Buffer.concat([rawEntry({ ...plain, checksumError: 1 }), tarEnd])],
    ['data that is cut off', Buffer.concat([rawEntry({ ...plain, size: 4000 }), tarEnd])],
    ['a name that is not ASCII', Buffer.concat([rawEntry({ ...plain, name: 'a/ü' }), tarEnd])],
    ['a file with the name of a folder', Buffer.concat([rawEntry({ ...plain, name: 'a/' }), tarEnd])],
    ['a link', Buffer.concat([rawEntry({ ...plain, type: '2' }), tarEnd])],
    ['nothing', new Uint8Array()],
  ]
  test.each(left)('%s', (_what, tar) => {
    expect(everydayMembers(tar)).toBeUndefined()
  })
})
