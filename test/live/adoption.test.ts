import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { keptLog } from '../support/repository.ts'
import { chart } from '../support/chart-builder.ts'
import { minioKeys, startMinio } from '../support/minio.ts'
import {
  changedPaths,
  factsOf,
  fillFolder,
  oldCharts,
  oldIndex,
  oldIndexes,
  oldProvenance,
  oldTime,
} from '../support/old-museum.ts'
import type { OldChart } from '../support/old-museum.ts'
import { peerTest } from '../support/peers.ts'
import { sha256, site } from '../support/site.ts'
import type { Site } from '../support/site.ts'
import { startServer } from '../support/start-server.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { openStorage } from '../../src/storage/open.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(60_000)

const charts = await oldCharts('mychart 1.0.0', 'mychart 1.1.0-rc.1', 'other 0.1.0+build.5')
const gone = await oldCharts('gone 1.0.0')
const caches = Object.entries(oldIndexes(charts, gone))
const signed = charts[0] as OldChart

/** What else may lie between charts: none of it is served, none of it is touched. */
const foreign: readonly (readonly [string, string])[] = [
  ['README.md', '# Our charts\n'],
  ['UPPER-1.0.0.TGZ', 'not looked at'],
  ['zero-1.0.0.tgz', ''],
  ['broken-1.0.0.tgz', 'no archive'],
  ['orphan-1.0.0.tgz.prov', 'of nothing'],
  ['.hidden', 'dot'],
  ['.git/config', '[core]\n'],
  ['lost+found/#123', 'lost'],
  ['folder-1.0.0.tgz/inner', 'a folder named like a chart'],
  ['backup/notes.txt', 'a folder that is no repository'],
]

/** A repository as ChartMuseum leaves it. */
function repository(prefix: string, cache: string | undefined): Map<string, string | Uint8Array> {
  const files = new Map<string, string | Uint8Array>(foreign.map(([name, text]) => [prefix + name, text]))
  for (const { file, bytes } of charts) files.set(prefix + file, bytes)
  files.set(`${prefix}${signed.file}.prov`, oldProvenance(signed))
  if (cache !== undefined) files.set(`${prefix}index-cache.yaml`, cache)
  return files
}

/** Reads whatever there is to read of a repository, and gives "name version digest created" of its index. */
async function readAll(ours: Site): Promise<string[]> {
  for (const { file, bytes } of charts) {
    const answer = await ours.get(`/charts/${encodeURIComponent(file)}`)
    expect(sha256(new Uint8Array(await answer.arrayBuffer()))).toBe(sha256(bytes))
  }
  const provenance = await ours.get(`/charts/${signed.file}.prov`)
  expect(await provenance.text()).toBe(oldProvenance(signed))
  for (const path of [
    '/charts',
    '/charts/mychart',
    '/charts/mychart/1.0.0',
    '/charts/mychart/1.0.0/values',
  ]) {
    expect((await ours.call('GET', path)).status, path).toBe(200)
  }
  const { entries } = await ours.index()
  return Object.values(entries)
    .flat()
    .map(({ name, version, digest, created }) => `${name} ${version} ${digest} ${created}`)
    .sort()
}

const facts = (of: readonly OldChart[]) =>
  of.map(({ name, version, bytes }) => `${name} ${version} ${sha256(bytes)}`).sort()
const withoutTimes = (lines: readonly string[]) => lines.map((line) => line.replace(/ [^ ]*$/, ''))

describe('a folder that ChartMuseum filled', () => {
  test('is served at once whatever its index-cache.yaml holds, and nothing else in it changes', async () => {
    await using folder = await tempFolder()
    for (const [kind, cache] of caches) await fillFolder(folder.path, repository(`${kind}/`, cache))
    await fillFolder(folder.path, repository('', oldIndex(charts)))
    await fillFolder(folder.path, repository('org/team/deep/', undefined))
    const before = await factsOf(folder.path)
    await using server = await startServer({ folder: folder.path, flags: ['--depth-dynamic'] })
    for (const [kind] of caches) {
      const lines = await readAll(site(server, { repo: kind }))
      expect(withoutTimes(lines), kind).toEqual(facts(charts))
      const dated = lines.filter((line) => line.endsWith(` ${oldTime}`)).length
      expect({ kind, dated }).toEqual({ kind, dated: { present: 3, json: 3, stale: 2, cut: 0 }[kind] ?? 0 })
    }
    expect(withoutTimes(await readAll(site(server)))).toEqual(facts(charts))
    expect(withoutTimes(await readAll(site(server, { repo: 'org/team/deep' })))).toEqual(facts(charts))
    for (const page of ['/', '/present/', '/present/-/chart/mychart']) {
      expect((await fetch(server.url + page, { headers: { accept: 'text/html' } })).status, page).toBe(200)
    }
    expect(await server.stop()).toBe(0)
    const changed = changedPaths(before, await factsOf(folder.path))
    expect(changed.filter((path) => !/(^|\/)index-cache\.yaml$/.test(path))).toEqual([])
    expect(changed).toContain('missing/index-cache.yaml')
  })

  test.each([
    { flags: ['--depth', '2'], prefix: 'org/team/', repo: 'org/team' },
    { flags: [], prefix: '', repo: '' },
  ])('stays as it is to the last byte with --disable-statefiles $flags', async ({ flags, prefix, repo }) => {
    await using folder = await tempFolder()
    await fillFolder(folder.path, repository(prefix, oldIndex(charts).slice(0, 200)))
    const before = await factsOf(folder.path)
    await using server = await startServer({ folder: folder.path, flags: [...flags, '--disable-statefiles'] })
    expect(withoutTimes(await readAll(site(server, { repo })))).toEqual(facts(charts))
    expect(await server.stop()).toBe(0)
    expect(changedPaths(before, await factsOf(folder.path))).toEqual([])
  })

  test.skipIf(process.getuid?.() !== 0)('is served by a user who may only read it', async () => {
    await using folder = await tempFolder()
    const charted = join(folder.path, 'charts')
    await mkdir(charted)
    await fillFolder(charted, repository('org/', oldIndex(charts)))
    await chmod(folder.path, 0o755)
    const before = await factsOf(folder.path)
    await using server = await startServer({
      flags: ['--depth', '1', '--storage-local-rootdir', charted],
      uid: 65_534,
    })
    expect(await readAll(site(server, { repo: 'org' }))).toHaveLength(3)
    expect(await server.stop()).toBe(0)
    expect(await factsOf(folder.path)).toEqual(before)
  })

  test('can be given back: names of files and index-cache.yaml are those that ChartMuseum reads', async () => {
    await using folder = await tempFolder()
    await fillFolder(folder.path, repository('org/', oldIndex(charts)))
    await using server = await startServer({ folder: folder.path, flags: ['--depth', '1'] })
    const ours = site(server, { repo: 'org' })
    const [added] = await oldCharts('added 2.0.0-beta+sha.1')
    if (added === undefined) throw new Error('no chart')
    expect((await ours.publish(added.bytes)).status).toBe(201)
    expect((await ours.attach(oldProvenance(added))).status).toBe(201)
    expect((await ours.call('DELETE', '/charts/mychart/1.0.0')).status).toBe(200)
    const replaced = await chart('other', '0.1.0+build.5').with('NOTES.txt', 'new').tgz()
    expect((await ours.publish(replaced, '?force')).status).toBe(201)
    const { entries } = await ours.index()
    expect(await server.stop()).toBe(0)

    const here = await factsOf(join(folder.path, 'org'))
    for (const file of [
      added.file,
      `${added.file}.prov`,
      'mychart-1.1.0-rc.1.tgz',
      'other-0.1.0+build.5.tgz',
    ])
      expect(here.has(file), file).toBe(true)
    for (const file of [signed.file, `${signed.file}.prov`]) expect(here.has(file), file).toBe(false)
    expect(changedPaths(new Map(), here).filter((path) => path.includes('.chartroom'))).toEqual([])
    const text = await Bun.file(join(folder.path, 'org', 'index-cache.yaml')).text()
    const kept = Bun.YAML.parse(text) as { entries: unknown; apiVersion: string }
    expect(kept).toMatchObject({ apiVersion: 'v1', entries: { ...entries } })
    expect(Object.keys(entries).sort()).toEqual(['added', 'mychart', 'other'])
    for (const { urls, digest, created } of Object.values(entries).flat()) {
      expect(urls[0]).toStartWith('charts/')
      const bytes = await Bun.file(
        join(folder.path, 'org', decodeURIComponent(urls[0]?.slice(7) ?? '')),
      ).bytes()
      expect(sha256(bytes)).toBe(digest)
      expect(Number.isNaN(Date.parse(created))).toBe(false)
    }
  })
})

describe('a bucket that ChartMuseum filled', () => {
  peerTest(['minio'], 'is served at once, and nothing but index-cache.yaml changes', async () => {
    await using minio = await startMinio()
    const settings = {
      backend: 'minio',
      endpoint: minio.url,
      bucket: 'charts',
      prefix: 'museum',
      ...minioKeys,
      region: '',
      caFile: '',
      style: 'path',
      createBucket: true,
      sse: '',
      sseKmsKey: '',
    } as const
    const bucket = await openStorage(settings, keptLog())
    // A bucket has no folders, and MinIO none named like a file: these two have no counterpart there.
    const kept = [...caches].filter(([kind]) =>
      ['present', 'stale', 'empty', 'cut', 'missing'].includes(kind),
    )
    const files = new Map(kept.flatMap(([kind, cache]) => [...repository(`${kind}/`, cache)]))
    for (const [key, content] of files) {
      await bucket.put(key, typeof content === 'string' ? new TextEncoder().encode(content) : content)
    }
    const look = async () => {
      const seen = new Map<string, string>()
      for await (const { key, size, etag, modified } of bucket.list(''))
        seen.set(key, `${size} ${etag} ${modified.getTime()}`)
      return seen
    }
    const before = await look()
    expect(before.size).toBe(files.size)
    for (const disabled of [true, false]) {
      await using server = await startServer({
        flags: [
          '--storage',
          'minio',
          '--storage-minio-prefix',
          'museum',
          '--depth',
          '1',
          `--disable-statefiles=${disabled}`,
        ],
        env: {
          STORAGE_MINIO_ENDPOINT: minio.url,
          STORAGE_MINIO_BUCKET: 'charts',
          STORAGE_MINIO_ACCESS_KEY: minioKeys.accessKey,
          STORAGE_MINIO_SECRET_KEY: minioKeys.secretKey,
        },
      })
      for (const [kind] of kept)
        expect(withoutTimes(await readAll(site(server, { repo: kind })))).toEqual(facts(charts))
      expect(await server.stop()).toBe(0)
      const changed = changedPaths(before, await look())
      expect(changed.filter((path) => disabled || !path.endsWith('/index-cache.yaml'))).toEqual([])
    }
    await bucket.close()
  })
})
