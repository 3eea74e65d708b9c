import { describe, expect } from 'bun:test'
import { join } from 'node:path'
import { Client } from 'minio'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import type { Minio } from '../support/minio.ts'
import { minioKeys, startMinio } from '../support/minio.ts'
import { peerTest } from '../support/peers.ts'
import type { RunningServer } from '../support/start-server.ts'
import { startServer } from '../support/start-server.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** Starts one more server on the same store. */
type Start = (...flags: string[]) => Promise<RunningServer>

async function publish(server: RunningServer, archive: Uint8Array, query = ''): Promise<number> {
  const body = new Uint8Array(archive)
  const answer = await fetch(`${server.url}/api/charts${query}`, { method: 'POST', body })
  await answer.arrayBuffer()
  return answer.status
}

async function body(server: RunningServer, path: string): Promise<{ status: number; text: string }> {
  const answer = await fetch(server.url + path)
  return { status: answer.status, text: await answer.text() }
}

/** Everything by which somebody could ask for a version, on one server. */
async function expectShown(server: RunningServer, name: string, version: string): Promise<void> {
  const head = await fetch(`${server.url}/api/charts/${name}/${version}`, { method: 'HEAD' })
  expect(head.status).toBe(200)
  expect((await body(server, '/index.yaml')).text).toContain(`charts/${name}-${version}.tgz`)
  expect((await body(server, `/api/charts/${name}`)).text).toContain(`"version":"${version}"`)
  expect((await body(server, `/charts/${name}-${version}.tgz`)).status).toBe(200)
  expect((await body(server, `/-/chart/${name}/${version}`)).status).toBe(200)
}

async function expectGone(server: RunningServer, name: string, version: string): Promise<void> {
  expect((await body(server, `/api/charts/${name}/${version}`)).status).toBe(404)
  expect((await body(server, '/index.yaml')).text).not.toContain(`charts/${name}-${version}.tgz`)
  expect((await body(server, `/charts/${name}-${version}.tgz`)).status).toBe(404)
}

const writers = 50

/** 50 pushers at once, half of them on each server: what was answered with 201 is looked for on both at once. */
async function pushAndLook(start: Start): Promise<void> {
  await using one = await start()
  await using two = await start()
  const servers = [one, two] as const
  // Both hold the repository open before the first push.
  for (const server of servers) expect((await body(server, '/index.yaml')).status).toBe(200)
  await Promise.all(
    Array.from({ length: writers }, async (_, n) => {
      const archive = await chart(`c${n % 7}`, `1.0.${n}`).tgz()
      const [near, far] = n % 2 === 0 ? servers : [two, one]
      expect(await publish(near, archive)).toBe(201)
      await expectShown(far, `c${n % 7}`, `1.0.${n}`)
      await expectShown(near, `c${n % 7}`, `1.0.${n}`)
      if (n % 5 !== 0) return
      const removed = await fetch(`${far.url}/api/charts/c${n % 7}/1.0.${n}`, { method: 'DELETE' })
      expect(removed.status).toBe(200)
      await expectGone(near, `c${n % 7}`, `1.0.${n}`)
    }),
  )
  const [first, second] = await Promise.all(
    servers.map(async (server) => (await body(server, '/api/charts')).text),
  )
  expect(JSON.parse(second ?? '')).toEqual(JSON.parse(first ?? '') as unknown)
}

/** One version, published and overwritten on two servers at once. */
async function race(start: Start): Promise<void> {
  await using one = await start()
  await using two = await start()
  for (let round = 0; round < 8; round++) {
    const archives = await Promise.all(
      [0, 1].map((by) => chart('raced', `1.0.${round}`).with('by', `${by}`).tgz()),
    )
    const answers = await Promise.all(
      [one, two].map((server, by) => publish(server, archives[by] ?? new Uint8Array())),
    )
    expect(answers.toSorted()).toEqual([201, 409])
    const winner = archives[answers.indexOf(201)] ?? new Uint8Array()
    for (const server of [one, two]) {
      const got = await (await fetch(`${server.url}/charts/raced-1.0.${round}.tgz`)).bytes()
      expect(Buffer.compare(got, winner)).toBe(0)
    }
    const forced = await Promise.all(
      [two, one].map((server, by) => publish(server, archives[by] ?? new Uint8Array(), '?force')),
    )
    expect(forced).toEqual([201, 201])
    const digests = await Promise.all(
      [one, two].map(async (server) => {
        const bytes = await (await fetch(`${server.url}/charts/raced-1.0.${round}.tgz`)).bytes()
        const listed = JSON.parse((await body(server, `/api/charts/raced/1.0.${round}`)).text) as {
          digest: string
        }
        expect(listed.digest).toBe(new Bun.CryptoHasher('sha256').update(bytes).digest('hex'))
        return listed.digest
      }),
    )
    expect(digests[0]).toBe(digests[1] ?? '')
  }
}

const timeout = 120_000

describe('two servers over one folder', () => {
  const overFolder = async (run: (start: Start) => Promise<void>) => {
    await using folder = await tempFolder()
    await run((...flags) => startServer({ folder: join(folder.path, 'charts'), flags }))
  }
  peerTest(
    [],
    'show on both at once what 50 pushers were told is published',
    () => overFolder(pushAndLook),
    timeout,
  )
  peerTest([], 'publish one version once, and agree on what overwrites it', () => overFolder(race), timeout)
})

/** Somebody changes the bucket by hand, while people read. */
async function changedByHand(start: Start, minio: Minio): Promise<void> {
  await using server = await start()
  expect(await publish(server, await chart('a', '1.0.0').tgz())).toBe(201)
  const { hostname: endPoint, port } = new URL(minio.url)
  const client = new Client({
    endPoint,
    port: Number(port),
    useSSL: false,
    ...minioKeys,
    region: 'us-east-1',
  })
  const shows = async (name: string) => (await body(server, '/index.yaml')).text.includes(`charts/${name}`)
  expect(await shows('b')).toBe(false)
  const archive = await chart('b', '1.0.0').tgz()
  await client.putObject('charts', 'b-1.0.0.tgz', Buffer.from(archive), archive.length)
  await eventually(() => shows('b'), true, 5000)
  await client.removeObject('charts', 'a-1.0.0.tgz')
  await eventually(() => shows('a'), false, 5000)
}

describe('two servers over MinIO', () => {
  const overMinio = async (run: (start: Start, minio: Minio) => Promise<void>) => {
    await using minio = await startMinio()
    const env = {
      STORAGE_MINIO_ENDPOINT: minio.url,
      STORAGE_MINIO_BUCKET: 'charts',
      STORAGE_MINIO_ACCESS_KEY: minioKeys.accessKey,
      STORAGE_MINIO_SECRET_KEY: minioKeys.secretKey,
    }
    const usual = ['--storage', 'minio', '--storage-minio-create-bucket']
    await run((...flags) => startServer({ flags: [...usual, ...flags], env }), minio)
  }
  peerTest(
    ['minio'],
    'show on both at once what 50 pushers were told is published',
    () => overMinio(pushAndLook),
    timeout,
  )
  peerTest(
    ['minio'],
    'show within five seconds what somebody changes in the bucket by hand',
    () => overMinio(changedByHand),
    timeout,
  )
  peerTest(
    ['minio'],
    'publish one version once, and agree on what overwrites it',
    () => overMinio(race),
    timeout,
  )
})
