import { mkdtemp, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { azuriteAccount, startAzurite } from '../test/support/azurite.ts'
import { startEtcd } from '../test/support/etcd.ts'
import { startGcs } from '../test/support/gcs.ts'
import { minioKeys, startMinio } from '../test/support/minio.ts'
import { peer } from '../test/support/peers.ts'
import type { PeerName } from '../test/support/peers.ts'
import type { Bench, SubjectId } from './row.ts'

/** Where charts can be kept in a measurement. */
export const storeIds = ['local', 'minio', 'etcd', 'google', 'azure'] as const
export type StoreId = (typeof storeIds)[number]

/** How a server is told of its place in a store. */
export interface Place {
  readonly flags: readonly string[]
  readonly env: Readonly<Record<string, string>>
}

/** A store that serves measurements; the stores that are servers run beside the load, not beside the server. */
export interface Store extends AsyncDisposable {
  readonly id: StoreId
  /** A repository of that name in it: the same name is the same repository, for both kinds of servers. */
  place(subject: SubjectId, name: string): Place | undefined
  /** Largest archive that it takes, bytes. */
  readonly mostBytes: number
  /** Where it answers, for what is measured without any server between. */
  readonly url: string
}

/** The bucket of every store that has one. */
export const bucket = 'charts'

/** The programs that a store needs; none for a folder. */
const needed: Readonly<Record<StoreId, PeerName | undefined>> = {
  local: undefined,
  minio: 'minio',
  etcd: 'etcd',
  google: 'fake-gcs-server',
  azure: 'azurite',
}

/** The stores that can be measured on this machine. */
export function storesHere(): StoreId[] {
  return storeIds.filter((id) => {
    const name = needed[id]
    return name === undefined || peer(name) !== undefined
  })
}

/** Starts a store. `folder`: what a MinIO keeps, where it is not to begin empty. */
export async function startStore(bench: Bench, id: StoreId, folder?: string): Promise<Store> {
  switch (id) {
    case 'local':
      return folderStore(bench, folder)
    case 'minio':
      return minioStore(folder)
    case 'etcd':
      return etcdStore()
    case 'google':
      return googleStore()
    case 'azure':
      return azureStore()
  }
}

async function folderStore(bench: Bench, folder?: string): Promise<Store> {
  const root = folder ?? (await mkdtemp(join(bench.scratch, 'store-')))
  return {
    id: 'local',
    url: root,
    mostBytes: Number.POSITIVE_INFINITY,
    place: (_, name) => ({
      flags: ['--storage=local', `--storage-local-rootdir=${join(root, name)}`],
      env: {},
    }),
    async [Symbol.asyncDispose]() {
      if (folder === undefined) await rm(root, { recursive: true, force: true })
    },
  }
}

async function minioStore(folder?: string): Promise<Store> {
  const minio = await startMinio(folder === undefined ? {} : { folder })
  const { accessKey, secretKey } = minioKeys
  const client = await minioClient(minio.url)
  if (!(await client.bucketExists(bucket))) await client.makeBucket(bucket)
  const own = (name: string): Place => ({
    flags: [
      '--storage=minio',
      `--storage-minio-endpoint=${minio.url}`,
      `--storage-minio-bucket=${bucket}`,
      ...(name === '' ? [] : [`--storage-minio-prefix=${name}`]),
    ],
    env: { STORAGE_MINIO_ACCESS_KEY: accessKey, STORAGE_MINIO_SECRET_KEY: secretKey },
  })
  const museum = (name: string): Place => ({
    flags: [
      '--storage=amazon',
      `--storage-amazon-endpoint=${minio.url}`,
      `--storage-amazon-bucket=${bucket}`,
      '--storage-amazon-region=us-east-1',
      ...(name === '' ? [] : [`--storage-amazon-prefix=${name}`]),
    ],
    env: { AWS_ACCESS_KEY_ID: accessKey, AWS_SECRET_ACCESS_KEY: secretKey },
  })
  return {
    id: 'minio',
    url: minio.url,
    mostBytes: Number.POSITIVE_INFINITY,
    place: (subject, name) => (isMuseum(subject) ? museum(name) : own(name)),
    [Symbol.asyncDispose]: () => minio[Symbol.asyncDispose](),
  }
}

/** MinIO's own library, which says what a store costs without a server between. */
export async function minioClient(url: string) {
  const { Client } = await import('minio')
  const { hostname, port } = new URL(url)
  const place = { endPoint: hostname, port: Number(port), useSSL: false, region: 'us-east-1' }
  return new Client({ ...place, ...minioKeys })
}

/** ChartMuseum speaks to etcd with client certificates only. */
async function etcdStore(): Promise<Store> {
  const etcd = await startEtcd({ flags: ['--quota-backend-bytes', String(4 * 1024 ** 3)] })
  return {
    id: 'etcd',
    url: etcd.url,
    mostBytes: 1024 ** 2,
    place(subject, name) {
      if (isMuseum(subject)) return undefined
      const prefix = `--storage-etcd-prefix=/${name}`
      return { flags: ['--storage=etcd', `--storage-etcd-endpoint=${etcd.url}`, prefix], env: {} }
    },
    [Symbol.asyncDispose]: () => etcd[Symbol.asyncDispose](),
  }
}

async function googleStore(): Promise<Store> {
  const gcs = await startGcs()
  await gcs.makeBucket(bucket)
  return {
    id: 'google',
    url: gcs.url,
    mostBytes: Number.POSITIVE_INFINITY,
    place: (_, name) => ({
      flags: ['--storage=google', `--storage-google-bucket=${bucket}`, `--storage-google-prefix=${name}`],
      env: { STORAGE_EMULATOR_HOST: gcs.url },
    }),
    [Symbol.asyncDispose]: () => gcs[Symbol.asyncDispose](),
  }
}

/** ChartMuseum cannot be pointed at another address of Azure than Microsoft's. */
async function azureStore(): Promise<Store> {
  const azurite = await startAzurite()
  const { account, key } = azuriteAccount
  const { BlobServiceClient, StorageSharedKeyCredential } = await import('@azure/storage-blob')
  const client = new BlobServiceClient(azurite.endpoint, new StorageSharedKeyCredential(account, key))
  await client.createContainer(bucket)
  const env = {
    AZURE_STORAGE_ACCOUNT: account,
    AZURE_STORAGE_ACCESS_KEY: key,
    AZURE_BASE_URL: azurite.endpoint,
  }
  return {
    id: 'azure',
    url: azurite.url,
    mostBytes: Number.POSITIVE_INFINITY,
    place: (subject, name) =>
      isMuseum(subject)
        ? undefined
        : {
            flags: [
              '--storage=microsoft',
              `--storage-microsoft-container=${bucket}`,
              `--storage-microsoft-prefix=${name}`,
            ],
            env,
          },
    [Symbol.asyncDispose]: () => azurite[Symbol.asyncDispose](),
  }
}

function isMuseum(subject: SubjectId): boolean {
  return subject.startsWith('chartmuseum')
}
