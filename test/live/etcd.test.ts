import { describe, expect } from 'bun:test'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { chart } from '../support/chart-builder.ts'
import { startEtcd } from '../support/etcd.ts'
import type { Etcd, EtcdCertificates } from '../support/etcd.ts'
import { etcdCertificates } from '../support/etcd-certificates.ts'
import { eventually } from '../support/eventually.ts'
import { peerTest } from '../support/peers.ts'
import type { RunningServer } from '../support/start-server.ts'
import { startServer } from '../support/start-server.ts'
import { tempFolder } from '../support/temp-folder.ts'

function start(etcd: Etcd, { ca, cert, key }: EtcdCertificates, prefix: string): Promise<RunningServer> {
  return startServer({
    flags: ['--storage', 'etcd', '--storage-etcd-prefix', prefix, '--depth', '1'],
    env: {
      STORAGE_ETCD_ENDPOINT: etcd.endpoints,
      STORAGE_ETCD_CAFILE: ca,
      STORAGE_ETCD_CERTFILE: cert,
      STORAGE_ETCD_KEYFILE: key,
    },
  })
}

async function publish({ url }: RunningServer, name: string, version: string): Promise<number> {
  const body = new Uint8Array(await chart(name, version).tgz())
  return (await fetch(`${url}/api/org/charts`, { method: 'POST', body })).status
}

async function remove({ url }: RunningServer, name: string, version: string): Promise<number> {
  return (await fetch(`${url}/api/org/charts/${name}/${version}`, { method: 'DELETE' })).status
}

async function status({ url }: RunningServer, path: string): Promise<number> {
  const answer = await fetch(url + path)
  await answer.arrayBuffer()
  return answer.status
}

async function versions({ url }: RunningServer): Promise<string[]> {
  const charts = (await (await fetch(`${url}/api/org/charts`)).json()) as Record<
    string,
    { version: string }[]
  >
  return Object.values(charts).flatMap((found) => found.map(({ version }) => version))
}

/** Milliseconds for one test: it starts etcd and several servers. */
const timeout = 120_000

describe('servers over an etcd with TLS and client certificates', () => {
  peerTest(
    ['etcd', 'helm3'],
    'publish, serve, delete, see what others do, and survive that it is gone',
    async ({ helm3 }) => {
      await using folder = await tempFolder()
      const { server, client } = await etcdCertificates(folder.path)
      await using etcd = await startEtcd({ tls: server })
      await using first = await start(etcd, client, 'charts')
      const archive = await chart('mychart', '1.0.0').tgz()
      expect(await publish(first, 'mychart', '1.0.0')).toBe(201)
      expect(await publish(first, 'mychart', '1.0.0')).toBe(409)
      expect(await publish(first, 'mychart', '1.1.0')).toBe(201)
      expect(await remove(first, 'mychart', '1.1.0')).toBe(200)
      expect(await versions(first)).toEqual(['1.0.0'])

      const pull = ['pull', 'mychart', '--repo', `${first.url}/org`, '--destination', folder.path]
      const home = {
        HELM_CACHE_HOME: folder.path,
        HELM_CONFIG_HOME: folder.path,
        HELM_DATA_HOME: folder.path,
      }
      const helm = Bun.spawn([helm3, ...pull], {
        env: { PATH: '', HOME: folder.path, ...home },
        stderr: 'pipe',
      })
      expect(await new Response(helm.stderr).text()).toBe('')
      expect(Buffer.from(archive).equals(await readFile(join(folder.path, 'mychart-1.0.0.tgz')))).toBe(true)

      // A second replica: at once what it and the first one answered for.
      await using second = await start(etcd, client, '/charts/')
      expect(await versions(second)).toEqual(['1.0.0'])
      for (let minor = 2; minor < 6; minor++) {
        expect(await publish(first, 'mychart', `1.${minor}.0`)).toBe(201)
        expect(await versions(second)).toContain(`1.${minor}.0`)
        expect(await remove(second, 'mychart', `1.${minor}.0`)).toBe(200)
        expect(await versions(first)).not.toContain(`1.${minor}.0`)
      }

      // ChartMuseum, or a person, behind our backs.
      const value = Buffer.from(await chart('other', '0.1.0').tgz()).toString('base64')
      const key = Buffer.from('/charts/org/other-0.1.0.tgz').toString('base64')
      const tls = Object.fromEntries(
        await Promise.all(
          Object.entries(client).map(async ([name, file]) => [name, await readFile(file, 'utf8')]),
        ),
      ) as EtcdCertificates
      await fetch(`${etcd.url}/v3/kv/put`, {
        method: 'POST',
        body: JSON.stringify({ key, value }),
        tls: { ...tls },
      })
      for (const each of [first, second])
        await eventually(async () => (await versions(each)).length, 2, 5_000)

      await etcd.stop('SIGKILL')
      const gone = [
        status(first, '/org/charts/other-0.1.0.tgz'),
        publish(first, 'mychart', '2.0.0'),
        status(first, '/org/index.yaml'),
      ]
      expect(await Promise.all(gone)).toEqual([503, 503, 200])
      await etcd.start()
      await eventually(() => status(first, '/org/charts/other-0.1.0.tgz'), 200, 30_000)
      expect(await publish(first, 'mychart', '2.0.0')).toBe(201)
      expect(await versions(second)).toContain('2.0.0')
      expect(await first.stop()).toBe(0)
    },
    timeout,
  )
})
