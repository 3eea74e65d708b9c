import { describe, expect } from 'bun:test'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import type { Minio } from '../support/minio.ts'
import { minioKeys, startMinio } from '../support/minio.ts'
import { peerTest } from '../support/peers.ts'
import type { RunningServer } from '../support/start-server.ts'
import { startServer } from '../support/start-server.ts'

function start(minio: Minio): Promise<RunningServer> {
  const flags = [
    '--storage',
    'minio',
    '--storage-minio-create-bucket',
    '--storage-minio-prefix',
    'museum',
    '--depth',
    '1',
  ]
  return startServer({
    flags,
    env: {
      STORAGE_MINIO_ENDPOINT: minio.url,
      STORAGE_MINIO_BUCKET: 'charts',
      STORAGE_MINIO_ACCESS_KEY: minioKeys.accessKey,
      STORAGE_MINIO_SECRET_KEY: minioKeys.secretKey,
    },
  })
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

/** Milliseconds for one test: it starts MinIO and the server, some of them twice. */
const timeout = 120_000

describe('a server over MinIO', () => {
  peerTest(
    ['minio'],
    'publishes, serves, deletes, and finds all of it again after a restart',
    async () => {
      await using minio = await startMinio()
      const before = await start(minio)
      const archive = await chart('mychart', '1.0.0+build.5').tgz()
      expect(await publish(before, 'mychart', '1.0.0+build.5')).toBe(201)
      expect(await publish(before, 'mychart', '1.0.0+build.5')).toBe(409)
      expect(await publish(before, 'mychart', '1.1.0')).toBe(201)
      expect(await publish(before, 'other', '0.1.0')).toBe(201)
      expect((await fetch(`${before.url}/api/org/charts/other/0.1.0`, { method: 'DELETE' })).status).toBe(200)
      expect(await before.stop()).toBe(0)
      expect(before.logs()).not.toContain(minioKeys.secretKey)

      await using after = await start(minio)
      const index = await (await fetch(`${after.url}/org/index.yaml`)).text()
      expect(index).toContain('charts/mychart-1.0.0')
      expect(index).toContain('charts/mychart-1.1.0.tgz')
      expect(index).not.toContain('other')
      const got = await fetch(`${after.url}/org/charts/mychart-1.0.0%2Bbuild.5.tgz`)
      expect(Buffer.compare(Buffer.from(await got.arrayBuffer()), Buffer.from(archive))).toBe(0)
      await before[Symbol.asyncDispose]()
    },
    timeout,
  )

  peerTest(
    ['minio'],
    'answers 503 and no 404 while MinIO is gone, and recovers by itself',
    async () => {
      await using minio = await startMinio()
      await using server = await start(minio)
      expect(await publish(server, 'mychart', '1.0.0')).toBe(201)
      await minio.stop('SIGKILL')
      expect(await status(server, '/org/charts/mychart-1.0.0.tgz')).toBe(503)
      expect(await publish(server, 'mychart', '2.0.0')).toBe(503)
      expect(await status(server, '/org/index.yaml')).toBe(200)
      await minio.start()
      await eventually(() => status(server, '/org/charts/mychart-1.0.0.tgz'), 200, 30_000)
      expect(await publish(server, 'mychart', '2.0.0')).toBe(201)
      expect(await (await fetch(`${server.url}/org/index.yaml`)).text()).toContain('mychart-2.0.0.tgz')
    },
    timeout,
  )

  peerTest(
    ['minio'],
    'does not start without its bucket, and says so in one line',
    async () => {
      await using minio = await startMinio()
      const flags = [
        '--storage',
        'minio',
        '--storage-minio-endpoint',
        minio.url,
        '--storage-minio-bucket',
        'missing',
      ]
      const env = {
        STORAGE_MINIO_ACCESS_KEY: minioKeys.accessKey,
        STORAGE_MINIO_SECRET_KEY: minioKeys.secretKey,
      }
      await expect(startServer({ flags, env })).rejects.toThrow(
        /exit code 1[\s\S]*Cannot open the bucket "missing"/,
      )
    },
    timeout,
  )
})
