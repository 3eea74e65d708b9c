import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import {
  changedPaths,
  factsOf,
  fillFolder,
  oldCharts,
  oldIndex,
  oldProvenance,
} from '../support/old-museum.ts'
import type { OldChart } from '../support/old-museum.ts'
import { peerTest } from '../support/peers.ts'
import { sha256, site } from '../support/site.ts'
import { freePort, projectRoot, runProgram, startServer } from '../support/start-server.ts'
import { startStatic } from '../support/static-server.ts'
import { filesBelow, tempFolder } from '../support/temp-folder.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(60_000)
const patience = { timeout: 50_000 }

const charts = await oldCharts('mychart 1.0.0', 'mychart 1.1.0', 'other 0.1.0+build.5')
const signed = charts[0] as OldChart
const local = (folder: string) => ['--storage', 'local', '--storage-local-rootdir', folder]

/** A folder as ChartMuseum keeps it, at two depths. */
const museum = new Map<string, string | Uint8Array>([
  ...charts.map(({ file, bytes }) => [file, bytes] as const),
  ...charts.map(({ file, bytes }) => [`org/team/${file}`, bytes] as const),
  [`${signed.file}.prov`, oldProvenance(signed)],
  ['index-cache.yaml', oldIndex(charts)],
  ['README.md', 'not a chart'],
])

/** Charts and provenance files of a folder, by path and digest. */
async function chartsIn(folder: string): Promise<Record<string, string>> {
  const files = (await filesBelow(folder)).filter((file) => /^[^.].*\.tgz(\.prov)?$/.test(file))
  const digests = await Promise.all(
    files.map(async (file) => sha256(await Bun.file(join(folder, file)).bytes())),
  )
  return Object.fromEntries(files.map((file, at) => [file, digests[at] ?? '']))
}

interface Summary {
  readonly complete: boolean
  readonly counts: Readonly<Record<string, number>>
  readonly digest: string
  readonly notes: readonly string[]
  readonly files: readonly { path: string; outcome: string; digest?: string; reason?: string }[]
}
const summaryOf = (stdout: string) => JSON.parse(stdout) as Summary

describe('import from a folder', () => {
  test('copies all repositories byte for byte, changes nothing there, and copies nothing twice', async () => {
    await using from = await tempFolder()
    await using to = await tempFolder()
    await fillFolder(from.path, museum)
    const before = await factsOf(from.path)
    const run = () => runProgram(['import', from.path, '--json', ...local(to.path)], patience)
    const first = await run()
    expect({ code: first.code, ...summaryOf(first.stdout).counts }).toMatchObject({
      code: 0,
      copied: 6,
      unchanged: 0,
    })
    expect(await chartsIn(to.path)).toEqual(await chartsIn(from.path))
    expect(changedPaths(before, await factsOf(from.path))).toEqual([])
    const written = await factsOf(to.path)
    const second = await run()
    expect({ code: second.code, ...summaryOf(second.stdout).counts }).toMatchObject({
      code: 0,
      copied: 0,
      unchanged: 6,
    })
    const rewritten = changedPaths(written, await factsOf(to.path))
    expect(rewritten.filter((path) => !path.endsWith('index-cache.yaml'))).toEqual([])
    expect(summaryOf(second.stdout)).toMatchObject({
      digest: summaryOf(first.stdout).digest,
      notes: ['some repositories have names of 2 parts: a server shows them with --depth-dynamic'],
    })
    // The times that ChartMuseum knew are those that people see.
    await using server = await startServer({ folder: to.path })
    const created = Object.values((await site(server).index()).entries)
      .flat()
      .map((entry) => entry.created)
    expect(new Set(created)).toEqual(new Set(['2021-02-03T04:05:06.789Z']))
  })

  test('tells what is broken and what is there with other bytes, and replaces that only by force', async () => {
    await using from = await tempFolder()
    await using to = await tempFolder()
    const other = await chart('mychart', '1.0.0').with('NOTES.txt', 'other').tgz()
    await fillFolder(from.path, museum)
    await fillFolder(
      from.path,
      new Map([
        ['broken-1.0.0.tgz', 'no archive'],
        ['empty-1.0.0.tgz', ''],
      ]),
    )
    await fillFolder(to.path, new Map([[signed.file, other]]))
    const { code, stdout, stderr } = await runProgram(['import', from.path, ...local(to.path)], patience)
    expect(code).toBe(1)
    expect(stdout).toContain(' 5 copied')
    expect(stdout).toContain(' 1 in conflict')
    expect(stdout).toContain(' 2 broken')
    expect(stdout).toEndWith('Not everything has arrived.\n')
    expect(stderr).toContain(`${signed.file}: kept as it is: other bytes are there`)
    expect(stderr).toContain('empty-1.0.0.tgz: not copied, it is no chart: EOF')
    expect(`${stdout}${stderr}`).not.toContain('\u001b')
    expect(sha256(await Bun.file(join(to.path, signed.file)).bytes())).toBe(sha256(other))
    await rm(join(from.path, 'broken-1.0.0.tgz'))
    await rm(join(from.path, 'empty-1.0.0.tgz'))
    const forced = await runProgram(['import', from.path, '--force', '--json', ...local(to.path)], patience)
    expect({ code: forced.code, ...summaryOf(forced.stdout).counts }).toMatchObject({
      code: 0,
      replaced: 1,
      unchanged: 5,
    })
    expect(await chartsIn(to.path)).toEqual(await chartsIn(from.path))
  })

  test.each([
    [['import', 'ftp://u:hidden@example.com/'], 'is no place that can be copied from'],
    [['import', 'minio://charts'], 'minio://charts: --storage minio needs the address'],
  ])('%j is a mistake: exit 2', async (argv, sentence) => {
    const { code, stderr } = await runProgram(argv)
    expect(stderr).toContain(sentence)
    expect(stderr).not.toContain('hidden')
    expect(code).toBe(2)
  })

  test('a folder that is not there, and one that cannot be written, are one sentence: exit 1', async () => {
    await using folder = await tempFolder()
    const missing = join(folder.path, 'missing')
    const { code, stderr } = await runProgram(['import', missing, ...local(folder.path)])
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `Cannot copy from "${missing}": there is no such folder\n`,
    })
    expect(await readdir(folder.path)).toEqual([])
  })
})

describe('import from a repository URL', () => {
  test('signs in, goes through a context path, and shows at once on a running server', async () => {
    const flags = [
      '--depth',
      '1',
      '--context-path',
      '/ctx',
      '--basic-auth-user',
      'ann',
      '--basic-auth-pass',
      'top-secret',
    ]
    await using source = await startServer({ flags })
    const credentials = { user: 'ann', password: 'top-secret' }
    const theirs = site(source, { repo: 'old', context: '/ctx', credentials })
    for (const { bytes } of charts) expect((await theirs.publish(bytes)).status).toBe(201)
    expect((await theirs.attach(oldProvenance(signed))).status).toBe(201)
    await using running = await startServer({ flags: ['--depth', '1'] })
    const ours = site(running, { repo: 'org' })
    expect((await ours.index()).entries).toEqual({})

    const url = theirs.repository
    const to = ['--repo', 'org', '--depth', '1', ...local(running.folder)]
    const refused = await runProgram(['import', url, ...to], {
      ...patience,
      env: { FROM_USER: 'ann', FROM_PASS: 'wrong' },
    })
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toContain(`${url}/index.yaml refuses it (401)`)
    const { code, stdout, stderr } = await runProgram(['import', url, ...to], {
      ...patience,
      env: { FROM_USER: 'ann', FROM_PASS: 'top-secret' },
    })
    expect(`${stdout}${stderr}`).not.toContain('top-secret')
    expect(stdout).toContain('Everything has arrived.')
    expect(code).toBe(0)
    const digests = Object.values((await ours.index()).entries)
      .flat()
      .map(({ digest }) => digest)
    expect(digests.sort()).toEqual(charts.map(({ bytes }) => sha256(bytes)).sort())
    expect(await (await ours.get(`/charts/${signed.file}.prov`)).text()).toBe(oldProvenance(signed))
    // The password in the address does as well, and is not shown.
    const inUrl = url.replace('//', '//ann:top-secret@')
    const again = await runProgram(['import', inUrl, '--json', ...to], patience)
    expect({ code: again.code, ...summaryOf(again.stdout).counts }).toMatchObject({
      code: 0,
      unchanged: 3,
      copied: 0,
    })
    expect(`${again.stdout}${again.stderr}`).not.toContain('top-secret')
  })

  peerTest(
    ['nginx'],
    'reads what any web server serves, and tells each chart that is not what the index says',
    async ({ nginx }) => {
      await using folder = await tempFolder()
      await using to = await tempFolder()
      const [first, second, third] = charts as [OldChart, OldChart, OldChart]
      const index = oldIndex([...charts, ...(await oldCharts('gone 1.0.0'))])
      const absolute = index.replace(`charts/${second.file}`, `http://127.0.0.1:PORT/charts/${second.file}`)
      await fillFolder(
        folder.path,
        new Map<string, string | Uint8Array>([
          [`repo/charts/${first.file}`, first.bytes],
          [`repo/charts/${first.file}.prov`, oldProvenance(first)],
          [`charts/${second.file}`, second.bytes],
          [`repo/charts/${third.file}`, second.bytes],
        ]),
      )
      await using server = await startStatic(nginx, folder.path)
      const more = '  far:\n  - {name: far, version: 1.0.0, urls: ["oci://registry.example/far"]}\ngenerated:'
      await Bun.write(
        join(folder.path, 'repo/index.yaml'),
        absolute.replace('PORT', new URL(server.url).port).replace('generated:', more),
      )
      const run = () =>
        runProgram(['import', `${server.url}/repo/index.yaml`, '--json', ...local(to.path)], patience)
      const { code, stdout } = await run()
      const summary = summaryOf(stdout)
      expect({ code, complete: summary.complete, ...summary.counts }).toMatchObject({
        code: 1,
        complete: false,
        copied: 2,
        failed: 2,
        leftOut: 1,
      })
      expect(
        summary.files
          .filter(({ outcome }) => outcome === 'failed')
          .map(({ path, reason }) => `${path} ${reason}`),
      ).toEqual([
        'gone-1.0.0.tgz the index names it, but the source does not have it',
        `${third.file} its digest is ${sha256(second.bytes)}, but the index of the source says ${sha256(third.bytes)}`,
      ])
      expect(Object.keys(await chartsIn(to.path))).toEqual([first.file, `${first.file}.prov`, second.file])
      const before = (await server.asked()).length
      await run()
      const asked = (await server.asked()).slice(before)
      expect(asked.filter((path) => path.endsWith(first.file) || path.endsWith(second.file))).toEqual([])

      await Bun.write(join(folder.path, 'repo/index.yaml'), '<html>Not here</html>')
      const page = await runProgram(['import', `${server.url}/repo`, ...local(to.path)], patience)
      expect(page.stderr).toContain('index.yaml: ')
      expect(page.code).toBe(1)
      const nobody = await runProgram(
        ['import', `http://127.0.0.1:${freePort()}/`, ...local(to.path)],
        patience,
      )
      expect(nobody.stderr).toContain('nobody listens there')
    },
  )

  peerTest(
    ['nginx'],
    'leaves whole files when it is killed or interrupted, and goes on where it was',
    async ({ nginx }) => {
      await using folder = await tempFolder()
      await using to = await tempFolder()
      const many = await Promise.all(
        Array.from({ length: 30 }, async (_, i) => {
          const built = chart('many', `1.0.${i}`).sized(60_000)
          return { name: 'many', version: `1.0.${i}`, file: built.file, bytes: await built.tgz() }
        }),
      )
      await fillFolder(
        folder.path,
        new Map<string, string | Uint8Array>([
          ...many.map(({ file, bytes }) => [`charts/${file}`, bytes] as const),
          ['index.yaml', oldIndex(many)],
        ]),
      )
      // Slow enough to be met in the middle.
      await using server = await startStatic(nginx, folder.path, 100_000)
      const start = () =>
        Bun.spawn(
          [
            process.execPath,
            join(projectRoot, 'src/main.ts'),
            'import',
            server.url,
            '--parallel=2',
            ...local(to.path),
          ],
          {
            cwd: to.path,
            env: { PATH: process.env.PATH ?? '', TMPDIR: to.path },
            stdout: 'pipe',
            stderr: 'pipe',
          },
        )
      const wanted = await chartsIn(join(folder.path, 'charts'))
      const arrived = async () => Object.keys(await chartsIn(to.path)).length
      const allWhole = async () => expect(wanted).toMatchObject(await chartsIn(to.path))

      const killed = start()
      await eventually(async () => (await arrived()) >= 4, true, 30_000)
      killed.kill('SIGKILL')
      await killed.exited
      const before = await arrived()
      expect(before).toBeLessThan(30)
      await allWhole()

      const interrupted = start()
      await eventually(async () => (await arrived()) >= before + 4, true, 30_000)
      interrupted.kill('SIGINT')
      expect(await interrupted.exited).toBe(130)
      const said = await new Response(interrupted.stdout).text()
      expect(said).toContain('it was interrupted. Run the same command again to go on')
      expect(await new Response(interrupted.stderr).text()).toContain(
        'Stopping: what is on its way is finished first',
      )
      const middle = await arrived()
      expect(middle).toBeLessThan(30)
      await allWhole()

      const { code, stdout } = await runProgram(
        ['import', server.url, '--json', '--parallel=16', ...local(to.path)],
        patience,
      )
      expect({ code, ...summaryOf(stdout).counts }).toMatchObject({
        code: 0,
        unchanged: middle,
        copied: 30 - middle,
      })
      expect(await chartsIn(to.path)).toEqual(wanted)
      // What the killed one left unfinished is cleared as after any crash.
      expect(await readdir(join(to.path, '.chartroom/tmp'))).toEqual([])
    },
  )
})
