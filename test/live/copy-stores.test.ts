import { BlobServiceClient, StorageSharedKeyCredential } from '@azure/storage-blob'
import { describe, expect, setDefaultTimeout } from 'bun:test'
import { join } from 'node:path'
import { azuriteAccount, startAzurite } from '../support/azurite.ts'
import { startEtcd } from '../support/etcd.ts'
import { startGcs } from '../support/gcs.ts'
import { minioKeys, startMinio } from '../support/minio.ts'
import { fillFolder, oldCharts, oldIndex, oldProvenance } from '../support/old-museum.ts'
import type { OldChart } from '../support/old-museum.ts'
import { peerTest } from '../support/peers.ts'
import type { PeerName } from '../support/peers.ts'
import { sha256, site } from '../support/site.ts'
import { runProgram, startServer } from '../support/start-server.ts'
import { filesBelow, tempFolder } from '../support/temp-folder.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(90_000)
const patience = { timeout: 60_000 }

const charts = await oldCharts('mychart 1.0.0', 'mychart 1.1.0', 'other 0.1.0+build.5')
const signed = charts[0] as OldChart
const local = (folder: string) => ['--storage', 'local', '--storage-local-rootdir', folder]
const museum = new Map<string, string | Uint8Array>([
  ...charts.map(({ file, bytes }) => [file, bytes] as const),
  ...charts.map(({ file, bytes }) => [`org/team/${file}`, bytes] as const),
  [`${signed.file}.prov`, oldProvenance(signed)],
  ['index-cache.yaml', oldIndex(charts)],
])

/** A store that is running, and how it is named. */
interface Running extends AsyncDisposable {
  /** Flags and variables of a server on it. */
  readonly flags: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Its address for import and export. */
  readonly address: string
  readonly secret: string
}

const stores: readonly { name: string; peer: PeerName; start: () => Promise<Running> }[] = [
  { name: 'MinIO', peer: 'minio', start: startBucket },
  { name: 'etcd', peer: 'etcd', start: startKeys },
  { name: 'Google', peer: 'fake-gcs-server', start: startGoogle },
  { name: 'Azure', peer: 'azurite', start: startContainer },
]

async function startBucket(): Promise<Running> {
  const minio = await startMinio()
  return {
    flags: [
      '--storage=minio',
      '--storage-minio-bucket=charts',
      '--storage-minio-prefix=in/it',
      '--storage-minio-create-bucket',
    ],
    env: {
      STORAGE_MINIO_ENDPOINT: minio.url,
      STORAGE_MINIO_ACCESS_KEY: minioKeys.accessKey,
      STORAGE_MINIO_SECRET_KEY: minioKeys.secretKey,
    },
    address: 'minio://charts/in/it',
    secret: minioKeys.secretKey,
    [Symbol.asyncDispose]: () => minio[Symbol.asyncDispose](),
  }
}

async function startKeys(): Promise<Running> {
  const etcd = await startEtcd()
  return {
    flags: ['--storage=etcd', '--storage-etcd-prefix=in'],
    env: { STORAGE_ETCD_ENDPOINT: etcd.endpoints },
    address: `etcd://${new URL(etcd.url).host}/in`,
    secret: 'none',
    [Symbol.asyncDispose]: () => etcd[Symbol.asyncDispose](),
  }
}

async function startGoogle(): Promise<Running> {
  const gcs = await startGcs()
  await gcs.makeBucket('charts')
  return {
    flags: ['--storage=google', '--storage-google-bucket=charts', '--storage-google-prefix=in/it'],
    env: { STORAGE_EMULATOR_HOST: gcs.url },
    address: 'gs://charts/in/it',
    secret: 'none',
    [Symbol.asyncDispose]: () => gcs[Symbol.asyncDispose](),
  }
}

async function startContainer(): Promise<Running> {
  const azurite = await startAzurite()
  const { account, key } = azuriteAccount
  const service = new BlobServiceClient(azurite.endpoint, new StorageSharedKeyCredential(account, key))
  await service.getContainerClient('charts').create()
  return {
    flags: [
      '--storage=microsoft',
      '--storage-microsoft-container=charts',
      '--storage-microsoft-prefix=in/it',
    ],
    env: { AZURE_STORAGE_ACCOUNT: account, AZURE_STORAGE_ACCESS_KEY: key, AZURE_BASE_URL: azurite.endpoint },
    address: 'azblob://charts/in/it',
    secret: key,
    [Symbol.asyncDispose]: () => azurite[Symbol.asyncDispose](),
  }
}

const withPrefix = (prefix: string, env: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(env).map(([name, value]) => [prefix + name, value]))

/** Charts and provenance files of a folder, by path and digest. */
async function chartsIn(folder: string): Promise<Record<string, string>> {
  const files = (await filesBelow(folder)).filter((file) => /^[^.].*\.tgz(\.prov)?$/.test(file))
  const digests = await Promise.all(
    files.map(async (file) => sha256(await Bun.file(join(folder, file)).bytes())),
  )
  return Object.fromEntries(files.map((file, at) => [file, digests[at] ?? '']))
}

const countsOf = ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) =>
  stdout.startsWith('{') ? { code, ...JSON.parse(stdout).counts } : { code, stdout, stderr }

describe('a store takes charts and gives them back', () => {
  for (const { name, peer, start } of stores) {
    peerTest(
      [peer],
      `${name}: each way all bytes arrive`,
      async () => {
        await using store = await start()
        await using from = await tempFolder()
        await using to = await tempFolder()
        await fillFolder(from.path, museum)
        const { flags, env, address, secret } = store
        const there = await runProgram(['import', `file://${from.path}`, '--json', ...flags], {
          ...patience,
          env,
        })
        expect(countsOf(there)).toMatchObject({ code: 0, copied: 6 })
        const into = local(join(to.path, 'imported'))
        const [back, out, doctor] = await Promise.all([
          runProgram(['import', address, '--json', ...into], { ...patience, env: withPrefix('FROM_', env) }),
          runProgram(['export', join(to.path, 'exported'), '--json', ...flags], { ...patience, env }),
          runProgram(['doctor', ...flags], { ...patience, env }),
        ])
        expect(countsOf(back)).toMatchObject({ code: 0, copied: 6 })
        expect(countsOf(out)).toMatchObject({ code: 0, copied: 6 })
        for (const copy of ['imported', 'exported']) {
          expect(await chartsIn(join(to.path, copy)), copy).toEqual(await chartsIn(from.path))
        }
        expect(doctor.stdout).toContain('conditionalWrites is true')
        expect(doctor.stdout).toEndWith('All is well.\n')
        for (const { stdout, stderr } of [there, back, out, doctor])
          expect(stdout + stderr).not.toContain(secret)
      },
      90_000,
    )
  }

  peerTest(['minio'], 'a server on the store shows at once what an import brings', async () => {
    await using store = await startBucket()
    await using from = await tempFolder()
    await fillFolder(from.path, museum)
    const { flags, env } = store
    await using running = await startServer({ flags: [...flags, '--depth-dynamic'], env })
    const [root, deep] = [site(running), site(running, { repo: 'org/team' })]
    expect((await root.publish(signed.bytes)).status).toBe(201)
    expect((await deep.index()).entries).toEqual({})
    const { code, stdout } = await runProgram(['import', from.path, '--json', ...flags], { ...patience, env })
    // One archive was there; its provenance comes.
    expect(countsOf({ code, stdout, stderr: '' })).toMatchObject({ code: 0, copied: 5, unchanged: 1 })
    for (const ours of [root, deep])
      expect(Object.keys((await ours.index()).entries).sort()).toEqual(['mychart', 'other'])
    expect(await (await root.get(`/charts/${signed.file}.prov`)).text()).toBe(oldProvenance(signed))
  })
})
