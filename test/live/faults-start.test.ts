import { describe, expect } from 'bun:test'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import { otherUser } from '../support/kill-rounds.ts'
import { killStores, minioEnvironment, minioFlags } from '../support/kill-stores.ts'
import { startMinio } from '../support/minio.ts'
import { peerTest } from '../support/peers.ts'
import { site } from '../support/site.ts'
import { runProgram, startServer } from '../support/start-server.ts'
import { longestMs } from '../support/store-faults.ts'

/** Milliseconds for one test. */
const timeout = 120_000

describe.concurrent('a server that starts before its store', () => {
  const stores = [
    ['minio', 'refuses connections'],
    ['etcd', 'refuses connections'],
    ['minio', 'does not answer'],
  ] as const
  for (const [name, away] of stores) {
    peerTest(
      [name],
      `${name}, which ${away}, lives, says what it waits for, refuses what needs the store, and serves when it is there`,
      async () => {
        await using opened = await killStores[name].open()
        const { start, kill, freeze } = opened.store
        {
          await using before = await startServer({ ...start, ...otherUser })
          await eventually(async () => (await fetch(`${before.url}/readyz`)).status, 200, 30_000)
          expect((await site(before).publish(await chart('a', '1.0.0').tgz())).status).toBe(201)
        }
        const bringBack = await (away === 'does not answer' ? freeze : kill)?.()

        await using server = await startServer({ ...start, ...otherUser })
        const ours = site(server)
        const asked = await Promise.all(
          Object.entries({
            '/readyz': fetch(`${server.url}/readyz`),
            '/index.yaml': ours.get('/index.yaml'),
            '/charts/a-1.0.0.tgz': ours.get('/charts/a-1.0.0.tgz'),
            '/charts/b-1.0.0.tgz': ours.get('/charts/b-1.0.0.tgz'),
            '/api/charts': ours.call('GET', '/charts'),
            publish: ours.publish(await chart('b', '1.0.0').tgz()),
            remove: ours.call('DELETE', '/charts/a/1.0.0'),
            page: fetch(server.url, { headers: { accept: 'text/html' } }),
          }).map(async ([name, request]) => {
            const started = performance.now()
            const { status, headers } = await request
            const late = performance.now() - started > longestMs
            return { name, status, again: headers.has('retry-after'), late }
          }),
        )
        for (const { name, ...answer } of asked)
          expect({ name, ...answer }).toEqual({ name, status: 503, again: true, late: false })
        const { error }: { error: string } = await (await fetch(`${server.url}/readyz`)).json()
        expect(error).toMatch(/^The storage cannot be used yet: (the store|etcd) /)
        expect(error).not.toContain('127.0.0.1')
        for (const path of ['/livez', '/health']) expect((await fetch(server.url + path)).status).toBe(200)

        await bringBack?.()
        await eventually(async () => (await fetch(`${server.url}/readyz`)).status, 200, 30_000)
        expect(Object.keys((await ours.index()).entries)).toEqual(['a'])
        expect((await ours.publish(await chart('b', '1.0.0').tgz())).status).toBe(201)
        expect(server.logs()).not.toContain('Unexpected error')
        expect(server.logs()).not.toContain(minioEnvironment.STORAGE_MINIO_SECRET_KEY)
        expect(await server.stop()).toBe(0)
      },
      timeout,
    )
  }

  peerTest(
    ['minio'],
    'ends when the store comes and shows that the settings are wrong, and when it is told to stop meanwhile',
    async () => {
      await using minio = await startMinio()
      await minio.stop('SIGKILL')
      const flags = minioFlags({ url: minio.url, bucket: 'missing' }).slice(0, -1)
      await using stopped = await startServer({ flags, env: minioEnvironment, ...otherUser })
      expect(await stopped.stop()).toBe(0)
      await using server = await startServer({ flags, env: minioEnvironment, ...otherUser })
      await minio.start(false)
      await eventually(() => server.logs().includes('there is no such bucket'), true, 30_000)
      expect(await server.stop()).toBe(1)
    },
    timeout,
  )

  peerTest(
    ['minio'],
    'is not what a server with wrong keys is: that one ends at once with a sentence',
    async () => {
      await using minio = await startMinio()
      const flags = [...minioFlags({ url: minio.url, bucket: 'charts' }), '--port=0']
      const env = { ...minioEnvironment, STORAGE_MINIO_SECRET_KEY: 'not-the-secret-key' }
      const { code, stderr } = await runProgram(flags, { env, ...otherUser })
      expect({ code, stderr }).toEqual({
        code: 1,
        stderr: expect.stringContaining('its operator has to look at the keys and their permissions'),
      })
    },
    timeout,
  )
})
