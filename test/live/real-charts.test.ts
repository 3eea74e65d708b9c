import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { link, mkdir, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { helmHome } from '../support/helm-home.ts'
import { peerTest, sayOnce } from '../support/peers.ts'
import { sha256, site } from '../support/site.ts'
import type { IndexEntry, IndexFile, Site } from '../support/site.ts'
import { projectRoot, startServer } from '../support/start-server.ts'
import type { RunningServer } from '../support/start-server.ts'
import { tempFolder } from '../support/temp-folder.ts'

/**
 * Archives as public repositories publish them. They are data of others and no part of the project, so a clone may
 * lack them: REAL_CHARTS names a folder, otherwise one beside the project is taken.
 */
const folder = process.env.REAL_CHARTS || join(projectRoot, '..', 'shared', 'charts')
const timeout = 120_000

if (existsSync(folder)) {
  test('every real chart is published, and comes back byte for byte', publishesAll, timeout)
  for (const helm of ['helm3', 'helm4'] as const) {
    peerTest(
      [helm],
      `${helm} reads the real charts from our YAML, strictly, and pulls one of each`,
      (paths) => readsYaml(paths[helm]),
      timeout,
    )
    peerTest(
      [helm],
      `our index of the real charts is that of ${helm} repo index, field by field`,
      (paths) => comparesIndex(paths[helm]),
      timeout,
    )
  }
} else {
  // Data that no command can fetch: where CI has none, that is said, and is no failure.
  sayOnce(`not run: real charts (no folder ${folder}; REAL_CHARTS=<folder of .tgz files> names one)`)
  if (process.env.PEERS !== 'required') test.skipIf(true)('real charts', () => undefined)
}

async function publishesAll(): Promise<void> {
  await using server = await startServer()
  const ours = site(server)
  const archives = await publishReal(ours)
  const entries = Object.values((await ours.index()).entries).flat()
  expect(entries.length).toBe(archives.length)
  const left = new Map(archives.map((bytes) => [sha256(bytes), bytes]))
  for (const { name, version, urls, digest } of entries) {
    const bytes = left.get(digest)
    expect(bytes, `${name} ${version} has a digest that no archive has`).toBeDefined()
    const response = await ours.get(`/${urls[0]}`)
    expect(response.headers.get('content-type')).toBe('application/x-tar')
    expect(Buffer.from(await response.arrayBuffer()).equals(bytes ?? Buffer.alloc(0))).toBe(true)
    left.delete(digest)
  }
  expect(left.size).toBe(0)
}

/**
 * Helm indexes the folder that the server filled, and the answers must agree. Excepted: `created` (Helm takes the
 * time of indexing, we that of publishing) and the order of versions that differ in build metadata alone (Helm's
 * sort is not stable there).
 */
async function comparesIndex(helm: string): Promise<void> {
  await using server = await startServer()
  const ours = site(server)
  await publishReal(ours)
  const wanted = await helmIndex(helm, server)
  const asYaml = await (await ours.get('/index.yaml', { headers: { 'user-agent': 'x/1.0' } })).text()
  const asJson = await (await ours.get('/index.yaml', { headers: { 'user-agent': 'Helm/3.20.2' } })).text()
  expect(asYaml).toStartWith('apiVersion: v1\n')
  const listed = (await (await ours.call('GET', '/charts')).json()) as IndexFile['entries']
  const readings = {
    YAML: (Bun.YAML.parse(asYaml) as IndexFile).entries,
    JSON: (JSON.parse(asJson) as IndexFile).entries,
    API: listed,
  }
  for (const [form, entries] of Object.entries(readings)) {
    expect(Object.keys(entries).sort()).toEqual(Object.keys(wanted).sort())
    for (const [name, versions] of Object.entries(wanted)) {
      const got = entries[name] ?? []
      expect(got.map(release), `order of ${name} in ${form}`).toEqual(versions.map(release))
      for (const version of versions) {
        const same = got.find((entry) => entry.version === version.version)
        expect(same && withoutDate(same), `${name} ${version.version} in ${form}`).toEqual(
          withoutDate(version),
        )
      }
    }
  }
}

/** Helm refuses a YAML index with an unknown or repeated key or a value of another type; JSON it reads less strictly. */
async function readsYaml(helm: string): Promise<void> {
  await using own = await tempFolder()
  await using server = await startServer({ flags: ['--index-format', 'yaml'] })
  const ours = site(server)
  const archives = await publishReal(ours)
  const home = await helmHome(helm, own.path)
  await home.ok('repo', 'add', 'ours', ours.repository)
  const text = await Bun.file(join(home.repositoryCache, 'ours-index.yaml')).text()
  expect(text).toStartWith('apiVersion: v1\n')
  const rows = JSON.parse(
    await home.ok('search', 'repo', 'ours/', '-l', '--devel', '-o', 'json'),
  ) as IndexEntry[]
  expect(rows.length).toBe(archives.length)
  const { entries } = await ours.index()
  for (const [name, [newest]] of Object.entries(entries)) {
    const version = newest?.version ?? ''
    await home.ok('pull', `ours/${name}`, '--version', version)
    const pulled = await Bun.file(join(home.work, `${name}-${version}.tgz`)).bytes()
    expect(sha256(pulled), name).toBe(newest?.digest ?? '')
  }
}

/** Publishes every archive of the folder; gives their bytes. */
async function publishReal(ours: Site): Promise<Uint8Array[]> {
  const files = (await readdir(folder)).filter((file) => file.endsWith('.tgz')).sort()
  expect(files.length).toBeGreaterThan(0)
  const archives: Uint8Array[] = []
  for (const file of files) {
    const bytes = await Bun.file(join(folder, file)).bytes()
    const response = await ours.publish(bytes)
    expect(`${file}: ${response.status} ${await response.text()}`).toBe(`${file}: 201 {"saved":true}`)
    archives.push(bytes)
  }
  return archives
}

/** The entries that `helm repo index` makes of the server's folder. */
async function helmIndex(helm: string, server: RunningServer): Promise<IndexFile['entries']> {
  await using own = await tempFolder()
  const copy = join(own.path, 'copy')
  await mkdir(copy)
  for (const file of await server.charts()) await link(join(server.folder, file), join(copy, file))
  const home = await helmHome(helm, own.path)
  await home.ok('repo', 'index', copy, '--url', 'charts', '--json')
  const index = JSON.parse(await Bun.file(join(copy, 'index.yaml')).text()) as IndexFile
  return index.entries
}

function withoutDate({ created, ...entry }: IndexEntry): object {
  expect(new Date(created).getTime()).toBeWithin(Date.now() - timeout, Date.now() + 1_000)
  return entry
}

function release({ version }: IndexEntry): string {
  return version.replace(/\+.*$/, '')
}
