import { afterAll } from 'bun:test'
import type { EtcdSettings } from '../../src/storage/etcd-settings.ts'
import { openStorage } from '../../src/storage/open.ts'
import type { Etcd } from '../support/etcd.ts'
import { startEtcd } from '../support/etcd.ts'
import { peerTest } from '../support/peers.ts'
import { storageContract } from './contract.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

let running: Promise<Etcd> | undefined
afterAll(async () => (await running)?.[Symbol.asyncDispose](), 60_000)

/** One etcd for the whole file, which takes requests of 4 MiB; each case has a prefix of its own. */
function etcd(): Promise<Etcd> {
  return (running ??= startEtcd({ flags: ['--max-request-bytes', String(4 * 1024 * 1024)] }))
}

storageContract(
  'etcd',
  async () => {
    const server = await etcd()
    const prefix = `/charts-${crypto.randomUUID().slice(0, 8)}`
    const settings: EtcdSettings = {
      backend: 'etcd',
      endpoint: server.url,
      cafile: '',
      certfile: '',
      keyfile: '',
      prefix,
    }
    let token: string | undefined
    return {
      storage: await openStorage(settings, quiet),
      settings,
      ruin: async () => void (token = await lock(server)),
      dispose: async () => {
        if (token !== undefined) await unlock(server, token)
      },
    }
  },
  [
    {
      reason: 'etcd takes 1.5 MiB in one request, and a chart is one value',
      tests: [
        'a 64 MiB object is written from a Blob and read as it was',
        'a 192 MiB object is streamed: written and read with flat memory',
      ],
    },
  ],
  (name, run, timeout) => peerTest(['etcd'], name, run, timeout),
)

const root = { name: 'root', password: 'root' }

/** Takes away every permission of whoever has no password. */
async function lock(server: Etcd): Promise<string> {
  await server.ask('/v3/auth/user/add', root)
  await server.ask('/v3/auth/user/grant', { user: 'root', role: 'root' })
  await server.ask('/v3/auth/enable', {})
  return String((await server.ask('/v3/auth/authenticate', root)).token)
}

async function unlock(server: Etcd, token: string): Promise<void> {
  await fetch(`${server.url}/v3/auth/disable`, {
    method: 'POST',
    body: '{}',
    headers: { authorization: token },
  })
}
