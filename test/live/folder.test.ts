import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import { sha256, site } from '../support/site.ts'
import type { Site } from '../support/site.ts'
import { startServer } from '../support/start-server.ts'
import { tempFolder } from '../support/temp-folder.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(30_000)

const one = await chart('mychart', '1.0.0').with('NOTES.txt', 'aaaa').tgz()
const same = await sameSize(one)
const two = await chart('mychart', '2.0.0').tgz()

/** How long a change by hand may take to show: two seconds. */
const within = 2_000

const facts = async (ours: Site) =>
  Object.values((await ours.index()).entries)
    .flat()
    .map(({ name, version, digest }) => `${name} ${version} ${digest.slice(0, 8)}`)
const fact = (version: string, bytes: Uint8Array) => `mychart ${version} ${sha256(bytes).slice(0, 8)}`

describe('the folder is the truth', () => {
  test('what is copied in, replaced, renamed and removed by hand shows within two seconds', async () => {
    await using elsewhere = await tempFolder()
    await using server = await startServer()
    const ours = site(server)
    const file = join(server.folder, 'mychart-1.0.0.tgz')
    expect(await facts(ours)).toEqual([])
    await Bun.write(file, one)
    await eventually(() => facts(ours), [fact('1.0.0', one)], within)
    const { size, mtime } = await stat(file)
    await Bun.write(join(elsewhere.path, 'new'), same)
    await utimes(join(elsewhere.path, 'new'), mtime, mtime)
    await rename(join(elsewhere.path, 'new'), file)
    expect((await stat(file)).size).toBe(size)
    await eventually(() => facts(ours), [fact('1.0.0', same)], within)
    expect(sha256(new Uint8Array(await (await ours.get('/charts/mychart-1.0.0.tgz')).arrayBuffer()))).toBe(
      sha256(same),
    )
    await Bun.write(join(server.folder, 'any name.tgz'), two)
    await eventually(() => facts(ours), [fact('2.0.0', two), fact('1.0.0', same)], within)
    const [newest] = (await ours.index()).entries.mychart ?? []
    const download = await fetch(new URL(newest?.urls[0] ?? '', `${ours.repository}/`))
    expect(sha256(new Uint8Array(await download.arrayBuffer()))).toBe(sha256(two))
    expect((await ours.publish(two)).status).toBe(409)
    await rm(file)
    await eventually(() => facts(ours), [fact('2.0.0', two)], within)
    expect((await ours.get('/charts/mychart-1.0.0.tgz')).status).toBe(404)
  })

  test('what is no chart disturbs nothing and is not served', async () => {
    await using server = await startServer({ flags: ['--depth', '1'] })
    const ours = site(server, { repo: 'org' })
    expect((await ours.publish(one)).status).toBe(201)
    await mkdir(join(server.folder, 'org', 'folder-1.0.0.tgz'))
    await mkdir(join(server.folder, 'org', 'inner'))
    for (const file of [
      'README.md',
      'UPPER-1.0.0.TGZ',
      'broken-1.0.0.tgz',
      'empty-1.0.0.tgz',
      'inner/mychart-3.0.0.tgz',
    ])
      await Bun.write(
        join(server.folder, 'org', file),
        file.startsWith('empty') ? '' : file.includes('inner') ? two : 'no chart',
      )
    await Bun.write(join(server.folder, 'org', 'mychart-2.0.0.tgz'), two)
    await eventually(() => facts(ours), [fact('2.0.0', two), fact('1.0.0', one)], within)
    for (const file of [
      'README.md',
      'UPPER-1.0.0.TGZ',
      'broken-1.0.0.tgz',
      'empty-1.0.0.tgz',
      'folder-1.0.0.tgz',
      'inner',
    ])
      expect([400, 404]).toContain((await ours.get(`/charts/${file}`)).status)
  })

  test('a restart changes nothing: entries, their dates, entity tags of archives', async () => {
    await using folder = await tempFolder()
    const seen: unknown[] = []
    for (let i = 0; i < 3; i++) {
      await using server = await startServer({ folder: folder.path })
      const ours = site(server)
      if (i === 0) for (const archive of [one, two]) expect((await ours.publish(archive)).status).toBe(201)
      const { entries } = await ours.index()
      const archive = await ours.get('/charts/mychart-1.0.0.tgz')
      seen.push({ entries, etag: archive.headers.get('etag') })
      // The second start finds only what was written before a kill.
      if (i === 0) await server.stop('SIGKILL')
      else expect(await server.stop()).toBe(0)
    }
    expect(seen[1]).toMatchObject({ etag: (seen[0] as { etag: string }).etag })
    expect(seen[2]).toEqual(seen[1])
  })

  test('a folder of ChartMuseum is adopted with its dates, whatever state its index-cache.yaml is in', async () => {
    const created = '2021-02-03T04:05:06Z'
    const entry = (version: string, bytes: Uint8Array) =>
      `  - apiVersion: v2\n    created: "${created}"\n    digest: ${sha256(bytes)}\n    name: mychart\n    urls:\n    - charts/mychart-${version}.tgz\n    version: ${version}\n`
    const whole = `apiVersion: v1\nentries:\n  mychart:\n${entry('2.0.0', two)}${entry('1.0.0', one)}  gone:\n  - name: gone\n    version: 1.0.0\n    urls: [charts/gone-1.0.0.tgz]\ngenerated: "${created}"\nserverInfo: {}\n`
    for (const cache of [
      whole,
      '',
      '{}',
      'null',
      'entries: null',
      'entries: {mychart: null}',
      'entries: {mychart: [null]}',
      whole.slice(0, 300),
      '\0\0\0',
      'a: [',
    ]) {
      await using folder = await tempFolder()
      await Bun.write(join(folder.path, 'mychart-1.0.0.tgz'), one)
      await Bun.write(join(folder.path, 'mychart-2.0.0.tgz'), two)
      await Bun.write(join(folder.path, 'index-cache.yaml'), cache)
      await using server = await startServer({ folder: folder.path })
      const ours = site(server)
      expect(await facts(ours), cache).toEqual([fact('2.0.0', two), fact('1.0.0', one)])
      if (cache !== whole) continue
      expect((await ours.index()).entries.mychart?.map((version) => version.created)).toEqual([
        created,
        created,
      ])
    }
  }, 60_000)

  test('index-cache.yaml appears as ChartMuseum writes it, and holds what the index holds', async () => {
    await using server = await startServer({ flags: ['--depth', '1'] })
    const ours = site(server, { repo: 'org' })
    for (const archive of [one, two]) expect((await ours.publish(archive)).status).toBe(201)
    // A Bun.file that was asked once remembers the size it saw then.
    const cache = () => Bun.file(join(server.folder, 'org', 'index-cache.yaml'))
    const entries = async () =>
      (await cache().exists())
        ? (Bun.YAML.parse(await cache().text()) as { entries: unknown }).entries
        : undefined
    await eventually<unknown>(entries, (await ours.index()).entries, 10_000)
    expect(await cache().text()).toStartWith('apiVersion: v1\nentries:\n')
    expect((await ours.get('/charts/index-cache.yaml')).status).toBe(400)
  }, 20_000)
})

describe('two servers on one folder', () => {
  test('give a version to exactly one of the uploads that come through both at once', async () => {
    await using folder = await tempFolder()
    await using left = await startServer({ folder: folder.path })
    await using right = await startServer({ folder: folder.path })
    for (let round = 0; round < 10; round++) {
      const version = `1.0.${round}`
      const bodies = await Promise.all(
        Array.from({ length: 6 }, (_, i) => chart('raced', version).with('NOTES.txt', String(i)).tgz()),
      )
      const answers = await Promise.all(bodies.map((body, i) => site(i % 2 ? left : right).publish(body)))
      const statuses = answers.map(({ status }) => status)
      expect(statuses.toSorted()).toEqual([201, 409, 409, 409, 409, 409])
      const winner = sha256(bodies[statuses.indexOf(201)] ?? new Uint8Array())
      expect(sha256(await Bun.file(join(folder.path, `raced-${version}.tgz`)).bytes())).toBe(winner)
      for (const server of [left, right]) {
        await eventually(
          async () =>
            (await site(server).index()).entries.raced?.find((entry) => entry.version === version)?.digest,
          winner,
          within,
        )
      }
    }
  }, 60_000)

  test('a server that is killed while it takes uploads leaves whole charts only', async () => {
    await using folder = await tempFolder()
    const sent = new Map<string, string>()
    {
      await using server = await startServer({ folder: folder.path })
      const ours = site(server)
      const uploads = Array.from({ length: 30 }, async (_, i) => {
        const built = chart('killed', `1.0.${i}`).sized(300_000)
        const bytes = await built.tgz()
        sent.set(built.file, sha256(bytes))
        await ours.publish(bytes).catch(() => undefined)
      })
      await Promise.race([
        Promise.all(uploads),
        eventually(async () => (await server.charts()).length > 5, true, 20_000),
      ])
      await server.stop('SIGKILL')
      await Promise.all(uploads)
    }
    await using server = await startServer({ folder: folder.path })
    const files = await server.charts()
    expect(files.length).toBeGreaterThan(0)
    for (const file of files)
      expect(sha256(await Bun.file(join(folder.path, file)).bytes())).toBe(sent.get(file) ?? 'never sent')
    expect((await facts(site(server))).length).toBe(files.length)
  }, 60_000)
})

/** An archive of another content and the same number of bytes. */
async function sameSize(bytes: Uint8Array): Promise<Uint8Array> {
  for (let i = 0; i < 2_000; i++) {
    const other = await chart('mychart', '1.0.0')
      .with('NOTES.txt', String(1_000 + i))
      .tgz()
    if (other.byteLength === bytes.byteLength) return other
  }
  throw new Error('no archive of the same size was found')
}
