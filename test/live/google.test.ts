import { describe, expect } from 'bun:test'
import { join } from 'node:path'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import type { Gcs } from '../support/gcs.ts'
import { startGcs } from '../support/gcs.ts'
import { helmHome } from '../support/helm-home.ts'
import { peerTest } from '../support/peers.ts'
import type { RunningServer } from '../support/start-server.ts'
import { startServer } from '../support/start-server.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** A server over the bucket "charts" of an emulator, which gets no credentials. */
function start(gcs: Gcs, bucket = 'charts'): Promise<RunningServer> {
  const flags = ['--storage', 'google', '--storage-google-prefix', '/museum/', '--depth', '1']
  return startServer({ flags, env: { STORAGE_GOOGLE_BUCKET: bucket, STORAGE_EMULATOR_HOST: gcs.url } })
}

async function publish({ url }: RunningServer, name: string, version: string): Promise<number> {
  const body = new Uint8Array(await chart(name, version).tgz())
  return (await fetch(`${url}/api/org/charts`, { method: 'POST', body })).status
}

async function status({ url }: RunningServer, path: string): Promise<number> {
  const answer = await fetch(url + path)
  await answer.arrayBuffer()
  return answer.status
}

/** Milliseconds for one test: it starts the store and the server, some of them twice. */
const timeout = 120_000

describe('a server over Google Cloud Storage', () => {
  peerTest(
    ['fake-gcs-server', 'helm3'],
    'publishes, lists, gives to helm, deletes, and finds all of it again after a restart',
    async ({ helm3 }) => {
      await using gcs = await startGcs()
      await gcs.makeBucket('charts')
      const before = await start(gcs)
      expect(await publish(before, 'mychart', '1.0.0+build.5')).toBe(201)
      expect(await publish(before, 'mychart', '1.0.0+build.5')).toBe(409)
      expect(await publish(before, 'mychart', '1.1.0')).toBe(201)
      expect(await publish(before, 'other', '0.1.0')).toBe(201)
      expect((await fetch(`${before.url}/api/org/charts/other/0.1.0`, { method: 'DELETE' })).status).toBe(200)
      expect(await before.stop()).toBe(0)
      const objects = `${gcs.url}/storage/v1/b/charts/o?prefix=museum/org/`
      const { items } = (await (await fetch(objects)).json()) as { items: { name: string }[] }
      expect(items.map(({ name }) => name)).toContain('museum/org/mychart-1.0.0+build.5.tgz')

      await using after = await start(gcs)
      expect(await (await fetch(`${after.url}/api/org/charts`)).json()).toMatchObject({
        mychart: [{ version: '1.1.0' }, { version: '1.0.0+build.5' }],
      })
      await using folder = await tempFolder()
      const home = await helmHome(helm3, folder.path)
      await home.ok('repo', 'add', 'ours', `${after.url}/org`)
      await home.ok('pull', 'ours/mychart', '--version', '1.0.0+build.5')
      const archive = await chart('mychart', '1.0.0+build.5').tgz()
      const pulled = await Bun.file(join(home.work, 'mychart-1.0.0+build.5.tgz')).bytes()
      expect(Buffer.compare(pulled, archive)).toBe(0)
      await before[Symbol.asyncDispose]()
    },
    timeout,
  )

  peerTest(
    ['fake-gcs-server'],
    'answers 503 and no 404 while the store is gone, and recovers by itself',
    async () => {
      await using gcs = await startGcs()
      await gcs.makeBucket('charts')
      await using server = await start(gcs)
      expect(await publish(server, 'mychart', '1.0.0')).toBe(201)
      await gcs.stop('SIGKILL')
      const [read, written] = [
        status(server, '/org/charts/mychart-1.0.0.tgz'),
        publish(server, 'mychart', '2.0.0'),
      ]
      expect([await read, await written]).toEqual([503, 503])
      await gcs.start()
      await eventually(() => status(server, '/org/charts/mychart-1.0.0.tgz'), 200, 30_000)
      expect(await publish(server, 'mychart', '2.0.0')).toBe(201)
      expect(await (await fetch(`${server.url}/org/index.yaml`)).text()).toContain('mychart-2.0.0.tgz')
    },
    timeout,
  )

  peerTest(
    ['fake-gcs-server'],
    'does not start without its bucket, and says so in one line',
    async () => {
      await using gcs = await startGcs()
      await expect(start(gcs, 'missing')).rejects.toThrow(
        /exit code 1[\s\S]*Cannot open the bucket "missing"/,
      )
    },
    timeout,
  )
})
