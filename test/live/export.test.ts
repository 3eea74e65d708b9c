import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import { helmHome } from '../support/helm-home.ts'
import { minioKeys, startMinio } from '../support/minio.ts'
import {
  changedPaths,
  factsOf,
  fillFolder,
  oldCharts,
  oldIndex,
  oldProvenance,
  oldTime,
} from '../support/old-museum.ts'
import type { OldChart } from '../support/old-museum.ts'
import { peerTest } from '../support/peers.ts'
import { sha256 } from '../support/site.ts'
import { projectRoot, runProgram } from '../support/start-server.ts'
import { startStatic } from '../support/static-server.ts'
import { tempFolder } from '../support/temp-folder.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(60_000)
const patience = { timeout: 50_000 }

const charts = await oldCharts('mychart 1.0.0', 'mychart 1.1.0', 'other 0.1.0+build.5')
const signed = charts[0] as OldChart
const local = (folder: string) => ['--storage', 'local', '--storage-local-rootdir', folder]
const files = new Map<string, string | Uint8Array>([
  ...charts.map(({ file, bytes }) => [file, bytes] as const),
  ...charts.slice(0, 1).map(({ file, bytes }) => [`org/${file}`, bytes] as const),
  [`${signed.file}.prov`, oldProvenance(signed)],
])
const around = new Map([
  ['index-cache.yaml', oldIndex(charts)],
  ['README.md', 'not a chart'],
  ['.chartroom/trash/+/x.json', '{}'],
])

describe('export into a folder', () => {
  peerTest(
    ['nginx', 'helm3'],
    'gives files that any web server serves to helm, and whose digests sha256sum checks',
    async ({ nginx, helm3 }) => {
      await using from = await tempFolder()
      await using to = await tempFolder()
      await fillFolder(from.path, new Map([...files, ...around]))
      const before = await factsOf(from.path)
      const out = join(to.path, 'out')
      const sums = join(to.path, 'SUMS')
      const { code, stdout } = await runProgram(
        ['export', out, '--index', '--digests', sums, ...local(from.path)],
        patience,
      )
      expect(stdout).toContain('Everything has arrived.')
      expect(code).toBe(0)
      expect(await factsOf(from.path)).toEqual(before)
      const exported = await factsOf(out)
      expect([...exported.keys()].sort()).toEqual(
        [...files.keys(), 'index.yaml', 'org', 'org/index.yaml'].sort(),
      )
      for (const [name, content] of files) {
        const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content
        expect(sha256(await Bun.file(join(out, name)).bytes()), name).toBe(sha256(bytes))
      }
      const check = Bun.spawnSync(['sha256sum', '--check', '--strict', sums], { cwd: out })
      expect(
        check.stdout
          .toString()
          .split('\n')
          .filter((line) => line.endsWith(': OK')),
      ).toHaveLength(4)
      const index = Bun.YAML.parse(await Bun.file(join(out, 'index.yaml')).text()) as {
        entries: Record<string, { created: string; urls: string[] }[]>
      }
      expect(index.entries['mychart']?.map(({ created, urls }) => [created, urls[0]])).toEqual([
        [oldTime, 'mychart-1.1.0.tgz'],
        [oldTime, 'mychart-1.0.0.tgz'],
      ])

      await using server = await startStatic(nginx, out)
      const home = await helmHome(helm3, join(to.path, 'home'))
      await home.ok('repo', 'add', 'copy', server.url)
      await home.ok('pull', 'copy/mychart', '--version', '1.0.0', '--prov')
      expect(await home.ok('search', 'repo', 'copy/other')).toContain('0.1.0+build.5')
      // A second run finds all of it, and writes nothing but the index.
      const again = await runProgram(['export', out, '--json', ...local(from.path)], patience)
      expect(JSON.parse(again.stdout)).toMatchObject({ complete: true, counts: { unchanged: 4, copied: 0 } })
      expect(changedPaths(exported, await factsOf(out))).toEqual([])
    },
  )

  test('keeps other bytes of the same name unless forced, and can take one repository only', async () => {
    await using from = await tempFolder()
    await using to = await tempFolder()
    await fillFolder(from.path, files)
    const other = await chart('mychart', '1.0.0').with('NOTES.txt', 'other').tgz()
    await fillFolder(to.path, new Map([[`org/${signed.file}`, other]]))
    const run = (...more: string[]) =>
      runProgram(['export', to.path, '--repo', 'org', '--json', ...more, ...local(from.path)], patience)
    const kept = await run()
    expect({ code: kept.code, ...JSON.parse(kept.stdout).counts }).toMatchObject({
      code: 1,
      conflict: 1,
      copied: 0,
    })
    expect(await to.files()).toEqual([`org/${signed.file}`])
    expect(sha256(await Bun.file(join(to.path, `org/${signed.file}`)).bytes())).toBe(sha256(other))
    const forced = await run('--force')
    expect({ code: forced.code, ...JSON.parse(forced.stdout).counts }).toMatchObject({ code: 0, replaced: 1 })
    expect(sha256(await Bun.file(join(to.path, `org/${signed.file}`)).bytes())).toBe(sha256(signed.bytes))
  })

  test.skipIf(process.getuid?.() !== 0)('reads a storage that this user may only read', async () => {
    await using folder = await tempFolder()
    const from = join(folder.path, 'from')
    const to = join(folder.path, 'to')
    await mkdir(from)
    await mkdir(to)
    await chmod(folder.path, 0o755)
    await chmod(to, 0o777)
    await fillFolder(from, new Map([...files, ...around]))
    const before = await factsOf(from)
    const { code, stderr } = await runProgram(['export', to, ...local(from)], { ...patience, uid: 65_534 })
    expect(stderr).not.toContain('WARN')
    expect(code).toBe(0)
    expect(await factsOf(from)).toEqual(before)
  })

  test.each([[['export', 'https://charts.example.com'], 1, 'Cannot copy to a URL']])(
    '%j is refused with exit %d',
    async (argv, code, sentence) => {
      const ended = await runProgram(argv)
      expect(ended.stderr).toContain(sentence)
      expect(ended.code).toBe(code)
    },
  )
})

describe('export into a bucket', () => {
  peerTest(['minio'], 'goes on after a kill, and what is there is whole', async () => {
    await using minio = await startMinio()
    await using from = await tempFolder()
    await using back = await tempFolder()
    const many = await Promise.all(
      Array.from(
        { length: 120 },
        async (_, i) => [`many-1.0.${i}.tgz`, await chart('many', `1.0.${i}`).sized(4_000).tgz()] as const,
      ),
    )
    await fillFolder(from.path, new Map(many))
    const env = {
      TO_STORAGE_MINIO_ENDPOINT: minio.url,
      TO_STORAGE_MINIO_ACCESS_KEY: minioKeys.accessKey,
      TO_STORAGE_MINIO_SECRET_KEY: minioKeys.secretKey,
      TO_STORAGE_MINIO_CREATE_BUCKET: 'true',
    }
    const child = Bun.spawn(
      [
        process.execPath,
        join(projectRoot, 'src/main.ts'),
        'export',
        'minio://backup/charts',
        '--parallel=1',
        ...local(from.path),
      ],
      {
        env: { PATH: process.env.PATH ?? '', TMPDIR: back.path, ...env },
        stdout: 'ignore',
        stderr: 'ignore',
      },
    )
    const inBucket = async () => {
      const { stdout } = Bun.spawnSync(['find', join(minio.folder, 'backup'), '-name', 'xl.meta'])
      return stdout
        .toString()
        .split('\n')
        .filter((line) => line.includes('/many-')).length
    }
    await eventually(async () => (await inBucket()) >= 3, true, 30_000)
    child.kill('SIGKILL')
    await child.exited
    const there = await inBucket()
    expect(there).toBeLessThan(120)
    const rest = await runProgram(['export', 'minio://backup/charts', '--json', ...local(from.path)], {
      ...patience,
      env,
    })
    const { counts, digest } = JSON.parse(rest.stdout)
    expect({ code: rest.code, sum: counts.copied + counts.unchanged }).toEqual({ code: 0, sum: 120 })
    expect(counts.unchanged).toBeGreaterThanOrEqual(there)
    // Read back, all of it is what it was.
    const asSource = Object.fromEntries(
      Object.entries(env).map(([name, value]) => [name.replace('TO_', ''), value]),
    )
    const bucket = [
      '--storage',
      'minio',
      '--storage-minio-bucket',
      'backup',
      '--storage-minio-prefix',
      'charts',
    ]
    const read = await runProgram(['export', back.path, '--json', ...bucket], { ...patience, env: asSource })
    expect(JSON.parse(read.stdout)).toMatchObject({ complete: true, digest })
  })
})
