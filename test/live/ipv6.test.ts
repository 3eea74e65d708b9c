import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { checkHealth } from '../../src/commands/health.ts'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import { helmHome } from '../support/helm-home.ts'
import { peerTest } from '../support/peers.ts'
import { site } from '../support/site.ts'
import { startServer, type RunningServer } from '../support/start-server.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** A computer without IPv6 has nothing to show here. */
const hasIPv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
)

describe.skipIf(!hasIPv6)('IPv6', () => {
  let both: RunningServer
  const six = () => `http://[::1]:${both.port}`
  const page = async (url: string) => (await fetch(`${url}/`, { headers: { accept: 'text/html' } })).text()

  beforeAll(async () => {
    both = await startServer({ flags: ['--listen-host', '::'] })
    expect((await site({ url: six() }).publish(await chart('redis', '1.0.0').tgz())).status).toBe(201)
  }, 60_000)
  afterAll(() => both?.[Symbol.asyncDispose]())

  test('one server on :: answers both, and names itself as it was asked', async () => {
    for (const url of [six(), both.url]) {
      expect((await site({ url }).index()).entries.redis).toHaveLength(1)
      expect(await page(url)).toContain(`helm repo add`)
      expect(await page(url)).toContain(url)
    }
    expect(both.logs()).toContain('"host": "::"')
  })

  test('logs a client of IPv4 in the usual spelling', async () => {
    await fetch(`${both.url}/index.yaml?four`)
    await fetch(`${six()}/index.yaml?six`)
    const clients = () => new Set([...both.logs().matchAll(/"clientIP": "([^"]*)"/g)].map(([, ip]) => ip))
    await eventually(() => clients(), new Set(['127.0.0.1', '::1']))
  })

  for (const name of ['helm3', 'helm4'] as const) {
    peerTest([name], `${name} adds and pulls by an address in brackets`, async (paths) => {
      await using folder = await tempFolder()
      const home = await helmHome(paths[name], join(folder.path, name))
      await home.ok('repo', 'add', 'ours', six())
      await home.ok('pull', 'ours/redis')
    })
  }

  test('the health command finds a server on IPv6', async () => {
    const plain = {
      contextPath: '',
      tlsCert: '',
      tlsKey: '',
      tlsCaCert: '',
      tlsSelfSigned: false,
      tlsSelfSignedDir: '',
    }
    for (const listenHost of ['::', '::1']) {
      const health = await checkHealth({ ...plain, listenHost, port: both.port })
      expect(health).toEqual({ healthy: true, message: `${six()}/livez is well` })
    }
  })

  test('[::1] is the loopback address alone, and answers to no other name', async () => {
    await using server = await startServer({ flags: ['--listen-host', '[::1]'], reachedAt: '[::1]' })
    const { url } = server
    expect(url).toBe(`http://[::1]:${server.port}`)
    expect((await fetch(`${url}/health`)).status).toBe(200)
    expect((await fetch(`${url}/health`, { headers: { host: 'evil.example' } })).status).toBe(421)
    await expect(fetch(`http://127.0.0.1:${server.port}/health`)).rejects.toThrow()
  })
})
