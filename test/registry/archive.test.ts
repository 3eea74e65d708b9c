import { describe, expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import { isRegistryError } from '../../src/errors.ts'
import { openArchive } from '../../src/registry/archive.ts'
import { newTurns } from '../../src/registry/archive-turns.ts'
import { chart, noise } from '../support/chart-builder.ts'
import { hostileArchives, oddArchives } from '../support/hostile-archives.ts'
import { rawEntry, rawTgz, repeated, tarEnd } from '../support/raw-tar.ts'
import { tempFolder } from '../support/temp-folder.ts'

const sha256 = (bytes: Uint8Array) => new Bun.CryptoHasher('sha256').update(bytes).digest('hex')

async function refusal(source: Uint8Array | Blob): Promise<Error & { code?: string; about?: string }> {
  try {
    await openArchive(source)
  } catch (error) {
    if (isRegistryError(error)) return error
    throw error
  }
  throw new Error('the archive was accepted')
}

test('openArchive() gives metadata, digest and no files when none are asked for', async () => {
  const archive = await chart('mychart', '1.2.3')
    .chartYaml({ keywords: ['a', 'b'] })
    .tgz()
  const { metadata, digest, files } = await openArchive(archive)
  expect(metadata).toMatchObject({
    apiVersion: 'v2',
    name: 'mychart',
    version: '1.2.3',
    keywords: ['a', 'b'],
  })
  expect(digest).toBe(sha256(archive))
  expect(files).toEqual([])
})

test('openArchive() hands out the files that were asked for, in order, under clean names', async () => {
  const archive = await chart('mychart', '1.0.0')
    .with('./docs//guide.md', 'guide')
    .with('charts/sub/Chart.yaml', 'name: sub\nversion: 1.0.0\n')
    .with('charts/sub/README.md', '\ufeffsub')
    .tgz()
  const asked: string[] = []
  const { files } = await openArchive(archive, {
    keep: (name) => asked.push(name) > 0 && name.endsWith('.md'),
  })
  expect(asked).toContain('templates/configmap.yaml')
  expect(files.map(({ name, data }) => [name, Buffer.from(data).toString()])).toEqual([
    ['README.md', '# mychart\n\nA chart for tests.\n'],
    ['docs/guide.md', 'guide'],
    ['charts/sub/README.md', 'sub'],
  ])
})

test('openArchive() reads large archives from a file in pieces, with the same result as from memory', async () => {
  await using folder = await tempFolder()
  const archive = await chart('large', '1.0.0').sized(7_000_000).tgz()
  await Bun.write(`${folder.path}/large.tgz`, archive)
  const keep = (name: string) => name.startsWith('files/')
  const fromFile = await openArchive(Bun.file(`${folder.path}/large.tgz`), { keep })
  expect(fromFile.digest).toBe(sha256(archive))
  expect(fromFile.files.map(({ data }) => data.byteLength)).toEqual([
    4 * 1024 * 1024,
    7_000_000 - 4 * 1024 * 1024,
  ])
  expect(fromFile.files[0]?.data).toEqual(new Uint8Array(noise(4 * 1024 * 1024, 1)))
  expect(await openArchive(archive, { keep })).toEqual(fromFile)
})

test('openArchive() hashes also what stands behind the end of a tar that it stops reading', async () => {
  const zeros = repeated(gzipSync(new Uint8Array(1024 * 1024)), 50)
  const start = rawTgz({ name: 'a/Chart.yaml', data: 'name: a\nversion: 1.0.0\n' }, tarEnd)
  const archive = Buffer.concat([start, zeros, new TextEncoder().encode('no gzip at all')])
  expect((await openArchive(archive)).digest).toBe(sha256(archive))
})

describe('openArchive() refuses', () => {
  for (const { what, bytes, says } of hostileArchives) {
    test(what, async () => {
      const error = await refusal(await bytes())
      expect(error.message).toMatch(says)
      expect(error).toMatchObject({ code: 'invalid', about: 'archive' })
      expect(Buffer.byteLength(error.message)).toBeLessThanOrEqual(4096)
      expect(error.message).not.toMatch(/\p{Cc}/u)
    })
  }
})

describe('openArchive() accepts', () => {
  for (const { what, bytes } of oddArchives) {
    test(what, async () => {
      const archive = await bytes()
      const { metadata, digest } = await openArchive(archive)
      expect(metadata).toMatchObject({ name: 'odd', version: '1.0.0' })
      expect(digest).toBe(sha256(archive))
    })
  }
})

test('openArchive() shortens and escapes names from the archive in its sentences', async () => {
  const name = `odd/${'\u001b[31m'.repeat(500)}\u202e`
  const path = Buffer.concat([Buffer.from(name), Buffer.from('\0')])
  const archive = rawTgz({ name: 'l', type: 'L', data: path }, { name: 'odd/x', size: 6_000_000 })
  const { message } = await refusal(archive)
  expect(message).toMatch(
    /^decompressed chart file "odd\/\\u001b\[31m.*…" is larger than the maximum file size/,
  )
  expect(message.length).toBeLessThan(600)
})

test('openArchive() finds a hidden Chart.yaml behind the end of the tar as little as Helm does', async () => {
  const hidden = { name: 'odd/Chart.yaml', data: 'name: hidden\nversion: 9.9.9\n' }
  const archive = rawTgz(
    { name: 'odd/Chart.yaml', data: 'name: odd\nversion: 1.0.0\n' },
    tarEnd,
    hidden,
    tarEnd,
  )
  expect((await openArchive(archive)).metadata).toMatchObject({ name: 'odd', version: '1.0.0' })
})

test('openArchive() refuses what tar-stream and Go would read differently', async () => {
  const first = { name: 'odd/Chart.yaml', data: 'name: odd\nversion: 1.0.0\n' }
  const pax = { name: 'pax', data: '23 path=odd/Chart.yaml\n' }
  const trailingSlash = {
    name: 'odd/files/',
    type: '\0',
    data: rawEntry({ ...first, data: 'name: b\nversion: 2.0.0\n' }),
  }
  for (const entries of [
    [{ ...pax, type: 'g' }],
    [
      { ...pax, type: 'x' },
      { name: 'long', type: 'L', data: 'odd/other' },
    ],
    [{ name: 'long', type: 'N', data: 'odd/other' }],
    [{ name: 'empty', type: 'x', data: '' }],
    [trailingSlash],
  ]) {
    const { message } = await refusal(rawTgz(first, ...entries, { name: 'odd/last' }, tarEnd))
    expect(message).toBe('archive/tar: invalid tar header')
  }
})

test('openArchive() tells the failures in the order in which Helm finds them', async () => {
  const broken = chart('odd', '1.0.0').with('values.yaml', '- 1\n').with('charts/x', 'x')
  expect((await refusal(await broken.chartYaml('- 1').tgz())).message).toStartWith('cannot load Chart.yaml: ')
  expect((await refusal(await broken.tgz())).message).toStartWith('cannot load values.yaml: ')
  const fixed = broken.with('values.yaml', 'a: 1\n')
  expect((await refusal(await fixed.chartYaml({ version: 'x' }).tgz())).message).toStartWith('validation: ')
  expect((await refusal(await fixed.tgz())).message).toStartWith('error unpacking subchart x in odd: ')
})

test('openArchive() waits for its turn and gives it back after a failure', async () => {
  const turns = newTurns({ atOnce: 1, waitMs: 1000 })
  const good = await chart('mychart', '1.0.0').tgz()
  const results = await Promise.allSettled([
    openArchive(new Uint8Array(), { turns }),
    openArchive(good, { turns }),
    openArchive(good, { turns }),
  ])
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'fulfilled'])
})

test('openArchive() rejects with the storage error when the bytes cannot be read', async () => {
  expect(openArchive(Bun.file('/nonexistent/chart.tgz'))).rejects.toMatchObject({ code: expect.any(String) })
})

test('openArchive() keeps memory flat while eight archives of 100 MiB are opened', async () => {
  const large = oddArchives.find(({ what }) => what.startsWith('100 MiB'))
  const archive = await large?.bytes()
  if (archive === undefined) throw new Error('the archive of 100 MiB is not in the table')
  Bun.gc(true)
  const before = process.memoryUsage.rss()
  let peak = before
  const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 5)
  await Promise.all(Array.from({ length: 8 }, () => openArchive(archive)))
  clearInterval(timer)
  expect((peak - before) / 2 ** 20).toBeLessThan(300)
})
