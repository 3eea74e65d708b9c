import { afterAll, beforeAll, describe, expect } from 'bun:test'
import { isRegistryError } from '../../src/errors.ts'
import type { EtcdSettings } from '../../src/storage/etcd-settings.ts'
import { openStorage } from '../../src/storage/open.ts'
import type { Etcd, EtcdCertificates } from '../support/etcd.ts'
import { startEtcd } from '../support/etcd.ts'
import { etcdCertificates } from '../support/etcd-certificates.ts'
import { peerTest } from '../support/peers.ts'
import type { TempFolder } from '../support/temp-folder.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { bytes, keys, text } from './contract.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

let folder: TempFolder
let pairs: Awaited<ReturnType<typeof etcdCertificates>>
let running: Promise<Etcd> | undefined

beforeAll(async () => {
  folder = await tempFolder()
  pairs = await etcdCertificates(folder.path)
})
afterAll(async () => {
  await (await running)?.[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
}, 60_000)

function settingsFor(
  endpoint: string,
  shown?: EtcdCertificates,
  changes: Partial<EtcdSettings> = {},
): EtcdSettings {
  const { ca = '', cert = '', key = '' } = shown ?? {}
  return {
    backend: 'etcd',
    endpoint,
    cafile: ca,
    certfile: cert,
    keyfile: key,
    prefix: '/charts',
    ...changes,
  }
}

async function refusal(settings: EtcdSettings, log = quiet): Promise<string> {
  const error = await openStorage(settings, log).catch((reason: unknown) => reason)
  if (!isRegistryError(error, 'unavailable')) throw error
  return error.message
}

describe('TLS with client certificates', () => {
  peerTest(['etcd'], 'is spoken with the named files', async () => {
    const { url } = await (running ??= startEtcd({ tls: pairs.server }))
    const storage = await openStorage(settingsFor(url, pairs.client), quiet)
    await storage.put('org/a', bytes('a'), { when: 'absent' })
    const heard: string[] = []
    const stop = storage.watch?.('org/', (key) => void heard.push(key ?? ''))
    await storage.put('.chartroom/catalog/+', new Uint8Array(2_000_000))
    expect(await text(storage, 'org/a')).toBe('a')
    expect(await keys(storage)).toEqual(['org/a'])
    stop?.()
    // Without a scheme, as etcd's own tools write endpoints.
    const bare = await openStorage(settingsFor(url.slice('https://'.length), pairs.client), quiet)
    expect(await keys(bare)).toEqual(['org/a'])
  })

  peerTest(['etcd'], 'that fails is told to the operator: whose certificate, and which setting', async () => {
    const { url } = await (running ??= startEtcd({ tls: pairs.server }))
    const where = `Cannot open the etcd storage at ${url}: `
    const { client, stranger } = pairs
    for (const shown of [stranger, { ...client, cert: '', key: '' }]) {
      const message = await refusal(settingsFor(url, { ...shown, ca: client.ca }))
      expect(message).toStartWith(`${where}it refused the TLS connection; --storage-etcd-certfile has to be`)
    }
    const untrusted = await refusal(settingsFor(url, client, { cafile: stranger.cert }))
    expect(untrusted).toStartWith(`${where}its certificate is not trusted; --storage-etcd-cafile has to name`)
    const mixed = await refusal(settingsFor(url, client, { keyfile: stranger.key }))
    expect(mixed).toContain('it is not the key of the certificate in --storage-etcd-certfile')
  })

  peerTest(['etcd'], 'is warned of when endpoints are not asked for it', async () => {
    await using plain = await startEtcd()
    const warnings: string[] = []
    const log = { ...quiet, warn: (message: string) => void warnings.push(message) }
    await openStorage(settingsFor(plain.url, pairs.client), log)
    expect(warnings).toEqual([expect.stringContaining('is not encrypted, whatever certificates are named')])
    // The runtime sees a broken handshake or a broken connection.
    expect(await refusal(settingsFor(plain.url.replace('http:', 'https:'), pairs.client))).toMatch(
      /the endpoint one that speaks TLS|an endpoint begins with https:/,
    )
  })

  peerTest(['etcd'], 'of an etcd whose gateway cannot sign in is explained', async () => {
    await using etcd = await startEtcd({ tls: pairs.serverOnly, wait: false })
    const message = await refusal(settingsFor(etcd.url, pairs.client))
    expect(message).toContain('must be valid as a client certificate too (extendedKeyUsage clientAuth)')
  })
})

describe('what is no etcd', () => {
  peerTest(['etcd'], 'is told from one that is away', async () => {
    await using page = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('<html>') })
    const message = await refusal(settingsFor(`http://127.0.0.1:${page.port}`))
    expect(message).toContain('what answers there is no etcd; correct --storage-etcd-endpoint')
    await using old = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: () => new Response('Not Found', { status: 404 }),
    })
    const without = await refusal(settingsFor(`http://127.0.0.1:${old.port}`))
    expect(without).toContain('Chartroom needs etcd 3.4 or newer')
  })
})
