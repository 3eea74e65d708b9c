import {
  AccountSASPermissions,
  AccountSASResourceTypes,
  AccountSASServices,
  generateAccountSASQueryParameters,
  StorageSharedKeyCredential,
} from '@azure/storage-blob'
import { expect } from 'bun:test'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { selfSigned } from '../../src/http/self-signed.ts'
import { azuriteAccount, startAzurite } from '../support/azurite.ts'
import type { Azurite } from '../support/azurite.ts'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import { helmHome } from '../support/helm-home.ts'
import { peerTest } from '../support/peers.ts'
import { sha256, site } from '../support/site.ts'
import { startServer } from '../support/start-server.ts'
import { tempFolder } from '../support/temp-folder.ts'

const { account, key } = azuriteAccount

/** Makes the container that Chartroom is to find. */
async function makeContainer({ endpoint }: Azurite, name: string, ca: string): Promise<void> {
  const rights = generateAccountSASQueryParameters(
    {
      services: AccountSASServices.parse('b').toString(),
      resourceTypes: AccountSASResourceTypes.parse('c').toString(),
      permissions: AccountSASPermissions.parse('cw'),
      expiresOn: new Date(Date.now() + 600_000),
    },
    new StorageSharedKeyCredential(account, key),
  )
  const url = `${endpoint}/${name}?restype=container&${rights}`
  const answer = await fetch(url, { method: 'PUT', headers: { 'x-ms-version': '2021-12-02' }, tls: { ca } })
  expect(answer.status).toBe(201)
}

/** Answers as Microsoft Entra does to a workload identity: a token for one hour, if the proof is right. */
function startEntra(proof: string) {
  let tokens = 0
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const form = new URLSearchParams(await request.text())
      if (form.get('client_assertion') !== proof)
        return Response.json({ error: 'invalid_client' }, { status: 401 })
      tokens += 1
      const now = Math.floor(Date.now() / 1000)
      const claims = {
        aud: 'https://storage.azure.com',
        iss: 'https://sts.windows.net/tenant/',
        nbf: now - 5,
        iat: now - 5,
        exp: now + 3600,
      }
      const parts = [{ alg: 'none', typ: 'JWT' }, claims].map((part) =>
        Buffer.from(JSON.stringify(part)).toString('base64url'),
      )
      return Response.json({ access_token: `${parts.join('.')}.none`, expires_in: 3600 })
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    tokens: () => tokens,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

peerTest(
  ['azurite', 'helm3'],
  'servers on Azure, one by a key and one by a workload identity, publish, list, pull and delete together',
  async ({ helm3 }) => {
    await using folder = await tempFolder()
    const { certFile, keyFile } = await selfSigned({ folder: folder.path, names: [] })
    await using azurite = await startAzurite({ tls: { cert: certFile, key: keyFile } })
    await makeContainer(azurite, 'charts', await readFile(certFile, 'utf8'))
    await Bun.write(join(folder.path, 'token'), 'proof of the pod\n')
    await using entra = startEntra('proof of the pod')

    const flags = ['--storage', 'microsoft', '--storage-microsoft-container', 'charts', '--depth', '1']
    const common = { NODE_EXTRA_CA_CERTS: certFile, AZURE_BASE_URL: azurite.endpoint }
    const byKey = { AZURE_STORAGE_ACCOUNT: account, AZURE_STORAGE_ACCESS_KEY: key }
    const byIdentity = {
      AZURE_TENANT_ID: 'tenant',
      AZURE_CLIENT_ID: 'client',
      AZURE_FEDERATED_TOKEN_FILE: join(folder.path, 'token'),
      AZURE_AUTHORITY_HOST: entra.url,
    }
    await using first = await startServer({ flags, env: { ...common, ...byKey } })
    await using second = await startServer({
      flags: [...flags, '--storage-microsoft-prefix', '/'],
      env: { ...common, ...byIdentity },
    })
    await using third = await startServer({ flags, env: { ...common, ...byIdentity } })
    const [ours, others, elsewhere] = [first, third, second].map((server) => site(server, { repo: 'org' }))
    if (!ours || !others || !elsewhere) throw new Error('three sites')

    const small = await chart('mychart', '1.0.0').tgz()
    const large = await chart('large', '1.0.0').sized(3_000_000).tgz()
    for (const archive of [small, large]) expect((await ours.publish(archive)).status).toBe(201)
    expect((await others.publish(small)).status).toBe(409)
    expect(Object.keys((await others.index()).entries).sort()).toEqual(['large', 'mychart'])
    expect(sha256(await (await others.get('/charts/large-1.0.0.tgz')).bytes())).toBe(sha256(large))
    expect(Object.keys((await elsewhere.index()).entries)).toEqual([])

    const helm = await helmHome(helm3, join(folder.path, 'helm'))
    await helm.ok('repo', 'add', 'ours', others.repository)
    expect(await helm.ok('search', 'repo', 'ours/', '--versions')).toContain('ours/mychart')
    await helm.ok('pull', 'ours/mychart', '--version', '1.0.0')
    expect(sha256(await Bun.file(join(helm.work, 'mychart-1.0.0.tgz')).bytes())).toBe(sha256(small))

    expect((await others.call('DELETE', '/charts/mychart/1.0.0')).status).toBe(200)
    expect(Object.keys((await ours.index()).entries)).toEqual(['large'])
    // One token serves many calls.
    expect(entra.tokens()).toBe(2)

    // Asked to end, Azurite keeps all it was told; killed, it would forget the last five seconds.
    await azurite.stop('SIGTERM')
    const refused = await ours.publish(small)
    expect([refused.status, refused.headers.has('retry-after')]).toEqual([503, true])
    await azurite.start()
    await eventually(async () => (await ours.publish(small)).status, 201, 20_000)
    for (const server of [first, second, third]) {
      expect(server.logs()).not.toContain(key)
      expect(await server.stop()).toBe(0)
    }
  },
  120_000,
)
