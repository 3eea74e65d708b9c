import { expect, test } from 'bun:test'
import { chmod, chown, cp, mkdir, open, rm, symlink, truncate, utimes } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import { otherUser } from '../support/kill-rounds.ts'
import { sha256, site } from '../support/site.ts'
import { projectRoot, startServer } from '../support/start-server.ts'
import { tempFolder } from '../support/temp-folder.ts'

type Damage = (path: string) => Promise<unknown>

const inPlaceOf =
  (make: Damage): Damage =>
  async (path) => {
    await rm(path, { force: true })
    await make(path)
  }

const flipped =
  (where: number): Damage =>
  async (path) => {
    const bytes = await Bun.file(path).bytes()
    const at = Math.floor((bytes.length - 1) * where)
    bytes[at] = (bytes[at] ?? 0) ^ 1
    await Bun.write(path, bytes)
  }

const cut =
  (share: number): Damage =>
  async (path) =>
    truncate(path, Math.floor(Bun.file(path).size * share))

/** A file that says to be so many bytes long and takes no room: zeros to whoever reads it. */
const holes =
  (bytes: number): Damage =>
  async (path) => {
    await using file = await open(path, 'a')
    await file.truncate(bytes)
  }

/** What can happen to any file that a server wrote for itself. */
const damages: Readonly<Record<string, Damage>> = {
  empty: (path) => Bun.write(path, ''),
  gone: (path) => rm(path),
  'cut-in-the-middle': cut(0.5),
  'cut-before-the-end': cut(0.99),
  'flipped-at-the-start': flipped(0),
  'flipped-in-the-middle': flipped(0.5),
  'flipped-at-the-end': flipped(1),
  'json-of-something-else': (path) => Bun.write(path, '{"apiVersion":"v1","entries":{"x":[{"name":7}]}}'),
  null: (path) => Bun.write(path, 'null\n'),
  binary: (path) => Bun.write(path, crypto.getRandomValues(new Uint8Array(5_000))),
  gzip: async (path) => Bun.write(path, Bun.gzipSync(await Bun.file(path).bytes())),
  twice: async (path) => Bun.write(path, (await Bun.file(path).text()).repeat(2)),
  huge: holes(200_000_000),
  'very-huge': holes(20_000_000_000),
  deep: (path) => Bun.write(path, '['.repeat(200_000)),
  'a-folder': inPlaceOf((path) => mkdir(path)),
  'a-dead-link': inPlaceOf((path) => symlink('nowhere', path)),
  unreadable: (path) => chmod(path, 0o000),
}

/** A YAML text of a few hundred bytes that stands for millions of values. */
const laughs = `a0: &a0 [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 9 }, (_, i) => `a${i + 1}: &a${i + 1} [${Array(9).fill(`*a${i}`).join(',')}]\n`).join('')}entries: {a: *a9}\n`

test.concurrent(
  'a saved catalog or index in whatever state gives the index that the archives give',
  async () => {
    await using folder = await tempFolder()
    await chmod(folder.path, 0o755)
    const repos: { repo: string; path: string; damage: Damage }[] = []
    for (const [name, damage] of Object.entries({
      ...damages,
      'of-another-repository': inPlaceOf((path) => cp(join(dirname(path), '../untouched/+'), path)),
    }))
      repos.push({ repo: `catalog-${name}`, path: `.chartroom/catalog/catalog-${name}/+`, damage })
    for (const [name, damage] of Object.entries({
      ...damages,
      laughs: (path: string) => Bun.write(path, laughs),
    }))
      repos.push({ repo: `index-${name}`, path: `index-${name}/index-cache.yaml`, damage })
    const all = ['untouched', ...repos.map(({ repo }) => repo)]
    const archives = new Map<string, Uint8Array>()
    for (const repo of all)
      archives.set(
        repo,
        await chart('a', '1.0.0').with('NOTES.txt', repo).chartYaml({ description: repo }).tgz(),
      )
    const start = { folder: folder.path, flags: ['--depth', '1'], ...otherUser }
    {
      await using server = await startServer(start)
      for (const [repo, archive] of archives)
        expect((await site(server, { repo }).publish(archive)).status).toBe(201)
      expect(await server.stop()).toBe(0)
    }
    for (const { repo, path, damage } of repos) {
      if (repo.startsWith('index-'))
        await rm(join(folder.path, '.chartroom/catalog', repo), { recursive: true })
      await damage(join(folder.path, path))
    }
    // The second time everything is there that the first start wrote anew.
    for (const round of ['damaged', 'again']) {
      await using server = await startServer(start)
      for (const [repo, archive] of archives) {
        const entries = Object.values((await site(server, { repo }).index()).entries).flat()
        const shown = entries.map(({ name, version, digest, description }) => [
          name,
          version,
          digest,
          description,
        ])
        expect({ round, repo, shown }).toEqual({
          round,
          repo,
          shown: [['a', '1.0.0', sha256(archive), repo]],
        })
        const got = await site(server, { repo }).get('/charts/a-1.0.0.tgz')
        expect({ repo, digest: sha256(await got.bytes()) }).toEqual({ repo, digest: sha256(archive) })
      }
      const next = await chart('b', '1.0.0').tgz()
      for (const repo of archives.keys())
        expect((await site(server, { repo }).publish(next, '?force')).status).toBe(201)
      for (const repo of archives.keys())
        expect((await site(server, { repo }).call('DELETE', '/charts/b/1.0.0')).status).toBe(200)
      expect(await server.stop()).toBe(0)
      expect(server.logs()).not.toContain('Unexpected error')
      expect(memoryPeak(server.logs())).toBeUndefined()
    }
  },
  120_000,
)

/** What the log says of running out of memory. */
function memoryPeak(logs: string): string | undefined {
  return /out of memory|RangeError/i.exec(logs)?.[0]
}

test.concurrent(
  'dates of files do not matter: long past, far future, the same for different bytes',
  async () => {
    await using folder = await tempFolder()
    await chmod(folder.path, 0o755)
    const dates = [
      '1970-01-01T00:00:00Z',
      '1969-07-20T00:00:00Z',
      '2001-09-09T01:46:40Z',
      '2262-04-11T00:00:00Z',
    ]
    const start = { folder: folder.path, ...otherUser }
    const write = async (file: string, bytes: Uint8Array, date: string) => {
      await Bun.write(join(folder.path, file), bytes)
      await utimes(join(folder.path, file), new Date(date), new Date(date))
    }
    const [first, second] = await sameSize()
    for (const [i, date] of dates.entries())
      await write(`dated-1.0.${i}.tgz`, await chart('dated', `1.0.${i}`).tgz(), date)
    await write('same-1.0.0.tgz', first, '2020-01-01T00:00:00Z')
    const digests: string[][] = []
    for (let round = 0; round < 2; round++) {
      await using server = await startServer(start)
      const ours = site(server)
      const { entries } = await ours.index()
      expect(entries['dated']).toHaveLength(dates.length)
      // A date that Helm cannot read makes it refuse the whole index.
      for (const { created } of Object.values(entries).flat())
        expect(created).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/)
      digests.push((entries['same'] ?? []).map(({ digest }) => digest))
      for (let i = 0; i < dates.length; i++)
        expect((await ours.get(`/charts/dated-1.0.${i}.tgz`)).status).toBe(200)
      expect(await server.stop()).toBe(0)
      // Another archive of the same size and date while nobody watches.
      await write('same-1.0.0.tgz', second, '2020-01-01T00:00:00Z')
    }
    expect(digests).toEqual([[sha256(first)], [sha256(second)]])
  },
  60_000,
)

/** Two archives of one version that differ and have the same number of bytes. */
async function sameSize(): Promise<[Uint8Array, Uint8Array]> {
  const bySize = new Map<number, Uint8Array>()
  for (let i = 1_000; i < 3_000; i++) {
    const built = await chart('same', '1.0.0').with('NOTES.txt', String(i)).tgz()
    const other = bySize.get(built.byteLength)
    if (other !== undefined) return [other, built]
    bySize.set(built.byteLength, built)
  }
  throw new Error('no two archives of one size were found')
}

const dayMs = 24 * 60 * 60 * 1000
/** How long a change by hand may take to show, milliseconds, on a busy machine. */
const soon = 15_000
/** The catalog is saved after five seconds, or later where saving took long: far sooner than in a day. */
const savedSoon = 60_000

test.concurrent(
  'a clock that is set back by a day, and forth again, changes nothing of what is shown',
  async () => {
    await using place = await tempFolder()
    const clock = join(place.path, 'clock')
    await Bun.write(clock, '0')
    Bun.spawnSync(['chmod', '755', place.path])
    const entry = [
      process.execPath,
      '--preload',
      join(projectRoot, 'test/support/moved-clock.ts'),
      join(projectRoot, 'src/main.ts'),
    ]
    await using server = await startServer({
      entry,
      env: { MOVED_CLOCK: clock },
      flags: ['--depth', '1'],
      ...otherUser,
    })
    const ours = site(server, { repo: 'org' })
    const versions = async () =>
      Object.values((await ours.index()).entries)
        .flat()
        .map(({ version }) => version)
    const home = async () => (await fetch(server.url, { headers: { accept: 'text/html' } })).text()
    const saved = () => Bun.file(join(server.folder, '.chartroom/catalog/org/+')).text()
    const byHand = async (repo: string) => {
      await mkdir(join(server.folder, repo))
      await cp(join(server.folder, 'org/a-1.0.0.tgz'), join(server.folder, repo, 'a-1.0.0.tgz'))
      if (otherUser.uid !== undefined) await chown(join(server.folder, repo), otherUser.uid, otherUser.uid)
    }

    expect((await ours.publish(await chart('a', '1.0.0').tgz())).status).toBe(201)
    expect(await home()).toContain('org')
    await eventually(() => Bun.file(join(server.folder, '.chartroom/catalog/org/+')).exists(), true, soon)
    await Bun.sleep(1_100)
    const before = await ours.get('/index.yaml')
    const [tag, date] = [before.headers.get('etag') ?? '', before.headers.get('last-modified') ?? '']
    expect(date).not.toBe('')

    for (const [round, offset] of [-dayMs, 0].entries()) {
      await Bun.write(clock, String(offset))
      const added = `2.${round}.0`
      expect((await ours.publish(await chart('a', added).tgz())).status).toBe(201)
      expect(await versions()).toContain(added)
      for (const [name, value] of [
        ['if-none-match', tag],
        ['if-modified-since', date],
      ] as const)
        expect((await ours.get('/index.yaml', { headers: { [name]: value } })).status).toBe(200)

      const again = await chart('a', '1.0.0').with('NOTES.txt', added).tgz()
      expect((await ours.publish(again, '?force')).status).toBe(201)
      expect(sha256(await (await ours.get('/charts/a-1.0.0.tgz')).bytes())).toBe(sha256(again))
      const digest = (await ours.index()).entries['a']?.find(({ version }) => version === '1.0.0')?.digest
      expect(digest).toBe(sha256(again))

      expect((await ours.publish(await chart('gone', added).tgz())).status).toBe(201)
      expect((await ours.call('DELETE', `/charts/gone/${added}`)).status).toBe(200)
      expect((await ours.index()).entries['gone']).toBeUndefined()
      await byHand(`by-hand-${round}`)
      await Promise.all([
        eventually(async () => (await home()).includes(`by-hand-${round}`), true, soon),
        eventually(async () => (await saved()).includes(added), true, savedSoon),
      ])
    }
    expect(server.logs()).not.toContain('Unexpected error')
    expect(await server.stop()).toBe(0)
  },
  180_000,
)
