import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import fc from 'fast-check'
import { join } from 'node:path'
import { chart } from '../support/chart-builder.ts'
import { helmHome } from '../support/helm-home.ts'
import { peerTest } from '../support/peers.ts'
import { rawRequest } from '../support/raw-http.ts'
import { sha256, site } from '../support/site.ts'
import type { IndexEntry, Site } from '../support/site.ts'
import { startServer } from '../support/start-server.ts'
import type { RunningServer } from '../support/start-server.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { legalName, legalVersion } from '../support/version-grammar.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(30_000)

interface Release {
  readonly name: string
  readonly version: string
}

/** What a repository must hold: archives by file name. */
type Model = Map<string, Release & { bytes: Uint8Array }>

const fileOf = ({ name, version }: Release) => `${name}-${version}.tgz`

// Helm takes any name without a "/" for a chart: words of our own routes, and signs that mean something in a URL.
const oddName = fc
  .oneof(
    fc.constantFrom('charts', 'api', 'prov', 'index.yaml', 'x.tgz', '1.0.0', 'v1', 'latest', '..x', '~', '_'),
    fc.constantFrom('with space', 'käse', '图表', 'a+b', 'a%41', 'q?x', 'h#y', "it's", 'a&b<c>'),
    fc.string({ minLength: 1, maxLength: 8, unit: fc.constantFrom(...'ab1-._+ %?#&;=,@:!$()*~^|{}[]') }),
  )
  .filter(
    (text) =>
      text.trim() === text && !/^(-|\.+)$/.test(text) && !/%(25)*[0-9a-f]{2}/i.test(text.replace('a%41', '')),
  )
const name = fc.oneof({ weight: 2, arbitrary: legalName }, { weight: 1, arbitrary: oddName })

const releases = fc.uniqueArray(fc.record({ name, version: legalVersion }), {
  minLength: 1,
  maxLength: 4,
  selector: fileOf,
})

describe('a legal name and version', () => {
  let server: RunningServer
  let runs = 0

  beforeAll(async () => {
    server = await startServer({ flags: ['--depth', '1'] })
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test('round-trips: upload, list, get, download, delete, gone', async () => {
    await fc.assert(
      fc.asyncProperty(releases, async (wanted) => {
        runs += 1
        const ours = site(server, { repo: `run${runs}` })
        const model: Model = new Map()
        for (const release of wanted) {
          const bytes = await chart(release.name, release.version).tgz()
          const response = await ours.publish(bytes)
          expect(`${response.status} ${await response.text()}`).toBe('201 {"saved":true}')
          model.set(fileOf(release), { ...release, bytes })
          await expectAgreement(server, ours, model)
        }
        for (const release of wanted.toReversed()) {
          const response = await ours.call('DELETE', pathOf(release))
          expect(`${response.status} ${await response.text()}`).toBe('200 {"deleted":true}')
          model.delete(fileOf(release))
          await expectAgreement(server, ours, model)
          // A version is a range, too: what is left of "1.0" may still answer for it, but never as itself.
          const left = (await (await ours.call('GET', pathOf(release))).json()) as Partial<IndexEntry>
          expect(left.version).not.toBe(release.version)
          expect((await ours.get(`/charts/${encodeURIComponent(fileOf(release))}`)).status).toBe(404)
        }
      }),
      { numRuns: 60 },
    )
  }, 120_000)
})

test('a name that no path can carry is refused when it is published', async () => {
  await using server = await startServer()
  const ours = site(server)
  for (const unreachable of ['-', '%2e%2e', 'a%2fb', 'a%5cb', 'a%00b', 'a%252fb', 'a/b', 'a\\b', '.', '..']) {
    const response = await ours.publish(await chart(unreachable, '1.0.0').folder('mychart').tgz())
    expect(`${unreachable} ${response.status} ${await response.text()}`).toStartWith(
      `${unreachable} 400 {"error":`,
    )
  }
  expect(await server.charts()).toEqual([])
})

const rare: readonly Release[] = [
  { name: 'mychart', version: '1.0.0+build.5' },
  { name: 'mychart', version: 'v1.2.0' },
  { name: 'mychart', version: '1.2' },
  { name: 'mychart', version: '1.0.0-12' },
  { name: 'mychart', version: '0.1.0-SNAPSHOT-24' },
  { name: 'mychart', version: '2024-01-31' },
  { name: 'mychart', version: '7' },
  { name: 'mychart-1.0', version: '1.0.0' },
  { name: 'my_chart.v2', version: '1.0.0-rc.1+exp.sha-5114f85' },
]

for (const helm of ['helm3', 'helm4'] as const) {
  peerTest([helm], `${helm} pulls what is rare but legal, byte for byte`, async (paths) => {
    await using folder = await tempFolder()
    await using server = await startServer()
    const ours = site(server)
    const model: Model = new Map()
    for (const release of rare) {
      const bytes = await chart(release.name, release.version).tgz()
      expect((await ours.publish(bytes)).status).toBe(201)
      model.set(fileOf(release), { ...release, bytes })
    }
    await expectAgreement(server, ours, model)
    const home = await helmHome(paths[helm], folder.path)
    await home.ok('repo', 'add', 'ours', ours.repository)
    for (const { name: chartName, version: wanted, bytes } of model.values()) {
      const file = fileOf({ name: chartName, version: wanted })
      await home.ok('pull', `ours/${chartName}`, '--version', wanted, '--destination', home.work)
      expect(
        Buffer.from(await Bun.file(join(home.work, file)).bytes()).equals(Buffer.from(bytes)),
        file,
      ).toBe(true)
    }
    const listed = JSON.parse(
      await home.ok('search', 'repo', 'ours/', '-l', '--devel', '-o', 'json'),
    ) as Release[]
    expect(listed.map((row) => `${row.name} ${row.version}`).toSorted()).toEqual(
      rare.map((release) => `ours/${release.name} ${release.version}`).toSorted(),
    )
  })
}

/** The index, the list, each version and each archive say what the model says, and nothing else. */
async function expectAgreement(server: RunningServer, ours: Site, model: Model): Promise<void> {
  const facts = (entries: readonly IndexEntry[]) =>
    entries.map((entry) => `${entry.name} ${entry.version} ${entry.digest}`).toSorted()
  const wanted = [...model.values()]
    .map((release) => `${release.name} ${release.version} ${sha256(release.bytes)}`)
    .toSorted()
  const index = await ours.index()
  const entries = Object.values(index.entries).flat()
  expect(facts(entries)).toEqual(wanted)
  const listed = (await (await ours.call('GET', '/charts')).json()) as typeof index.entries
  expect(facts(Object.values(listed).flat())).toEqual(wanted)
  for (const release of model.values()) {
    const one = await ours.call('GET', pathOf(release))
    expect(await one.json()).toMatchObject({ name: release.name, version: release.version })
    const all = (await (
      await ours.call('GET', `/charts/${encodeURIComponent(release.name)}`)
    ).json()) as IndexEntry[]
    expect(all.map((entry) => entry.version)).toContain(release.version)
    const url = entries.find((entry) => entry.name === release.name && entry.version === release.version)
      ?.urls[0]
    const file = encodeURIComponent(fileOf(release))
    for (const path of [`charts/${file}`, `charts/${file.replaceAll('%2B', '+')}`, url]) {
      const { pathname } = new URL(path ?? '', `${ours.repository}/`)
      const download = await rawRequest(server.port, { target: pathname })
      expect(`${pathname} ${download.status}`).toBe(`${pathname} 200`)
      expect(Buffer.from(download.body).equals(Buffer.from(release.bytes)), pathname).toBe(true)
    }
  }
}

function pathOf(release: Release): string {
  return `/charts/${encodeURIComponent(release.name)}/${encodeURIComponent(release.version)}`
}
