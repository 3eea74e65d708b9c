import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chmod } from 'node:fs/promises'
import { connect } from 'node:net'
import { join } from 'node:path'
import type { Browser } from 'playwright-core'
import { storageSettings } from '../../src/commands/storage-settings.ts'
import { loadSettings } from '../../src/config/load.ts'
import { openStorage } from '../../src/storage/open.ts'
import { startBrowser } from '../support/browser.ts'
import { chart } from '../support/chart-builder.ts'
import { helmHome } from '../support/helm-home.ts'
import { minioKeys, startMinio } from '../support/minio.ts'
import { serveMode } from '../support/mode-server.ts'
import { peerTest } from '../support/peers.ts'
import { keptLog } from '../support/repository.ts'
import { site, type IndexFile } from '../support/site.ts'
import { runProgram, startServer } from '../support/start-server.ts'
import { tempFolder } from '../support/temp-folder.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(60_000)

const a1 = await chart('a', '1.0.0').tgz()

/** A folder with one chart at the root. */
async function filled() {
  const folder = await tempFolder()
  await Bun.write(join(folder.path, 'a-1.0.0.tgz'), a1)
  return folder
}

const local = (folder: string) => ['--storage=local', `--storage-local-rootdir=${folder}`]

describe('--gen-index', () => {
  test('prints the index as the other settings shape it, from what is stored, and nothing else', async () => {
    await using folder = await filled()
    const stale =
      'apiVersion: v1\nentries:\n  ghost:\n  - name: ghost\n    urls:\n    - charts/ghost-1.0.0.tgz\n    version: 1.0.0\n'
    await Bun.write(join(folder.path, 'index-cache.yaml'), stale)
    const flags = ['--context-path=/ctx', '--chart-url=https://cdn.example.com/', '--disable-api', '--debug']
    // ChartMuseum: at any depth is depth 0 too.
    const all = [...local(folder.path), ...flags, '--depth-dynamic', '--json-index', '--gen-index']
    const { code, stdout } = await runProgram(all)
    expect(code).toBe(0)
    const index = JSON.parse(stdout) as IndexFile
    expect(index.serverInfo).toEqual({ contextPath: '/ctx' })
    expect(Object.keys(index.entries)).toEqual(['a'])
    expect(index.entries.a?.[0]?.urls).toEqual(['https://cdn.example.com/ctx/charts/a-1.0.0.tgz'])
    // The saved index is put right on the way, in the same form.
    const after = JSON.parse(await Bun.file(join(folder.path, 'index-cache.yaml')).text()) as IndexFile
    expect(Object.keys(after.entries)).toEqual(['a'])
  })

  test.skipIf(process.getuid?.() !== 0)('needs no leave to write', async () => {
    await using folder = await filled()
    await chmod(folder.path, 0o555)
    const { code, stdout } = await runProgram([...local(folder.path), '--gen-index'], { uid: 1234 })
    expect(code).toBe(0)
    expect(stdout).toStartWith('apiVersion: v1\nentries:\n  a:\n')
  })

  test('of a storage that cannot be used is exit 1 with one sentence, and an empty output', async () => {
    await using folder = await filled()
    const file = join(folder.path, 'a-1.0.0.tgz')
    const { code, stdout, stderr } = await runProgram([...local(file), '--gen-index'])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect(stderr).toContain('--storage-local-rootdir')
  })

  test('is without effect where repositories have a path: the server starts and says so', async () => {
    await using server = await startServer({ flags: ['--gen-index', '--depth=1'] })
    expect((await fetch(`${server.url}/org/index.yaml`)).status).toBe(200)
    expect(server.logs()).toMatch(/WARN.*--gen-index has no effect/)
    expect(server.stdout()).toBe('')
  })

  peerTest(['minio'], 'prints the index of a bucket; one that is not there is exit 1', async () => {
    await using minio = await startMinio()
    const flags = ['--storage=minio', `--storage-minio-endpoint=${minio.url}`]
    const env = {
      STORAGE_MINIO_ACCESS_KEY: minioKeys.accessKey,
      STORAGE_MINIO_SECRET_KEY: minioKeys.secretKey,
    }
    const bucket = [...flags, '--storage-minio-bucket=charts']
    const readFile = () => ''
    const { settings } = loadSettings({ argv: [...bucket, '--storage-minio-create-bucket'], env, readFile })
    await (await openStorage(storageSettings(settings), keptLog())).put('a-1.0.0.tgz', a1)
    const [there, gone] = await Promise.all([
      runProgram([...bucket, '--gen-index'], { env }),
      runProgram([...flags, '--storage-minio-bucket=none', '--gen-index'], { env }),
    ])
    expect(there.code).toBe(0)
    expect(there.stdout).toStartWith('apiVersion: v1\nentries:\n  a:\n')
    expect([gone.code, gone.stdout]).toEqual([1, ''])
    expect(gone.stderr).toContain('none')
    expect(gone.stderr).not.toContain(minioKeys.secretKey)
  })
})

// ChartMuseum: the time of the whole answer, so that long downloads are cut.
test('--write-timeout lets whoever keeps reading take longer', async () => {
  const large = await chart('a', '1.0.0').sized(16_000_000).tgz()
  await using folder = await tempFolder()
  await Bun.write(join(folder.path, 'a-1.0.0.tgz'), large)
  await using server = await startServer({ flags: ['--write-timeout=1'], folder: folder.path })
  let received = 0
  const socket = connect(server.port, '127.0.0.1')
  socket.write('GET /charts/a-1.0.0.tgz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n')
  for await (const chunk of socket) {
    const { byteLength } = chunk as Buffer
    received += byteLength
    await Bun.sleep((byteLength / large.byteLength) * 2_500)
  }
  expect(received).toBeGreaterThan(large.byteLength)
})

describe('helm', () => {
  peerTest(
    ['helm3'],
    'adds, searches and pulls where absolute addresses, a path, JSON and no API come together',
    async ({ helm3 }) => {
      await using folder = await tempFolder()
      const files = { 'o/t/a-1.0.0.tgz': a1 }
      const place = ['--depth=2', '--context-path=/ctx']
      await using mirror = await serveMode(place, files)
      const flags = [`--chart-url=${mirror.url}/`, '--json-index', '--disable-api', '--disable-statefiles']
      await using server = await serveMode([...flags, ...place], files)
      const home = await helmHome(helm3, folder.path)
      await home.ok('repo', 'add', 'ours', `${server.url}/ctx/o/t`)
      expect(await home.ok('search', 'repo', 'ours/')).toContain('ours/a')
      await home.ok('pull', 'ours/a', '--version', '1.0.0')
      expect(await Bun.file(join(home.work, 'a-1.0.0.tgz')).bytes()).toEqual(new Uint8Array(a1))
      expect(mirror.logs()).toContain('/ctx/o/t/charts/a-1.0.0.tgz')
      expect(await server.charts()).toEqual(['o/t/a-1.0.0.tgz'])
      expect(await Bun.file(join(server.folder, 'o/t/index-cache.yaml')).exists()).toBe(false)
    },
  )
})

describe('a page of another origin', () => {
  let browser: Browser | undefined
  beforeAll(async () => void (browser = await startBrowser()))
  afterAll(async () => browser?.close())

  peerTest(
    ['chromium'],
    'reads the API of --cors-alloworigin in a browser, and changes nothing',
    async () => {
      const elsewhere = Bun.serve({
        hostname: '127.0.0.1',
        port: 0,
        fetch: () => new Response('<!doctype html>', { headers: { 'content-type': 'text/html' } }),
      })
      const origin = elsewhere.url.origin
      await using server = await serveMode(['--cors-alloworigin', origin, '--context-path=/ctx'], {
        'a-1.0.0.tgz': a1,
      })
      const page = await (browser as Browser).newPage()
      await page.goto(origin)
      const asked = (path: string, init: object = {}) =>
        page.evaluate(
          `fetch(${JSON.stringify(server.url + path)}, ${JSON.stringify(init)}).then(({ status }) => status, () => 'refused')`,
        )
      expect(await asked('/ctx/api/charts')).toBe(200)
      expect(await asked('/ctx/api/charts/none')).toBe(404)
      expect(await asked('/ctx/api/charts', { credentials: 'include' })).toBe('refused')
      expect(await asked('/ctx/api/charts', { headers: { authorization: 'Basic eDp5' } })).toBe('refused')
      expect(await asked('/ctx/index.yaml')).toBe('refused')
      expect(await asked('/ctx/api/charts/a/1.0.0', { method: 'DELETE' })).toBe('refused')
      expect(await asked('/ctx/api/charts', { method: 'POST', body: 'x' })).toBe(403)
      expect(Object.keys((await site(server, { context: '/ctx' }).index()).entries)).toEqual(['a'])
      await page.close()
      await elsewhere.stop(true)
    },
  )
})
