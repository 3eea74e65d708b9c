import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import type { Storage } from '../../src/storage/storage.ts'
import { startEtcd } from './etcd.ts'
import type { KillStore } from './kill-rounds.ts'
import { minioKeys, startMinio } from './minio.ts'
import type { PeerName } from './peers.ts'
import { filesBelow, tempFolder } from './temp-folder.ts'

/** A store for rounds of kills, and how to end it. */
export interface OpenedKillStore extends AsyncDisposable {
  readonly store: KillStore
}

/** A folder of its own. */
async function localKillStore(): Promise<OpenedKillStore> {
  const folder = await tempFolder()
  // The server is another user than the one who made it.
  await chmod(folder.path, 0o755)
  const store: KillStore = {
    start: { folder: folder.path },
    settings: { backend: 'local', rootdir: folder.path },
    litter: async () => (await folder.files()).filter((file) => /^\.chartroom\/tmp\/./.test(file)),
  }
  return { store, [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose]() }
}

/** A bucket of a MinIO of its own. */
async function minioKillStore(): Promise<OpenedKillStore> {
  const minio = await startMinio()
  const bucket = 'charts'
  const settings = minioSettings(minio.url, bucket)
  const store: KillStore = {
    start: { flags: minioFlags({ url: minio.url, bucket }), env: minioEnvironment },
    settings,
    async kill() {
      await minio.stop('SIGKILL')
      return () => minio.start()
    },
    async freeze() {
      process.kill(minio.pid(), 'SIGSTOP')
      return async () => void process.kill(minio.pid(), 'SIGCONT')
    },
    async litter(storage) {
      const parts = await filesBelow(join(minio.folder, '.minio.sys', 'multipart'))
      return [...parts, ...(await temporary(storage))]
    },
  }
  return { store, [Symbol.asyncDispose]: () => minio[Symbol.asyncDispose]() }
}

/** An etcd of its own. */
async function etcdKillStore(): Promise<OpenedKillStore> {
  const etcd = await startEtcd()
  const store: KillStore = {
    start: { flags: etcdFlags(etcd.url, 'charts') },
    settings: {
      backend: 'etcd',
      endpoint: etcd.url,
      cafile: '',
      certfile: '',
      keyfile: '',
      prefix: 'charts',
    },
    async kill() {
      await etcd.stop('SIGKILL')
      return () => etcd.start()
    },
    async freeze() {
      await etcd.members[0]?.freeze()
      return async () => etcd.members[0]?.thaw()
    },
    litter: temporary,
  }
  return { store, [Symbol.asyncDispose]: () => etcd[Symbol.asyncDispose]() }
}

/** The flags of a server over a part of an etcd. */
export function etcdFlags(url: string, prefix: string): string[] {
  return ['--storage=etcd', `--storage-etcd-endpoint=${url}`, `--storage-etcd-prefix=${prefix}`]
}

/** Every store whose server is killed in the middle of writes, and what it needs. */
export const killStores = {
  local: { peers: [], open: localKillStore },
  minio: { peers: ['minio'], open: minioKillStore },
  etcd: { peers: ['etcd'], open: etcdKillStore },
} as const satisfies Record<string, { peers: readonly PeerName[]; open: () => Promise<OpenedKillStore> }>

/** How a test opens a bucket itself. */
export function minioSettings(endpoint: string, bucket: string) {
  return {
    backend: 'minio',
    endpoint,
    bucket,
    prefix: '',
    ...minioKeys,
    region: 'us-east-1',
    caFile: '',
    style: 'path',
    createBucket: true,
    sse: '',
    sseKmsKey: '',
  } as const
}

/** The flags of a server over a bucket. */
export function minioFlags({ url, bucket }: { url: string; bucket: string }): string[] {
  return ['--storage=minio', `--storage-minio-endpoint=${url}`, `--storage-minio-bucket=${bucket}`].concat(
    '--storage-minio-create-bucket',
  )
}

/** The keys for it. */
export const minioEnvironment = {
  STORAGE_MINIO_ACCESS_KEY: minioKeys.accessKey,
  STORAGE_MINIO_SECRET_KEY: minioKeys.secretKey,
}

/** What of our own should not stay: neither a saved catalog, nor the trash, nor the log of changes. */
async function temporary(storage: Storage): Promise<string[]> {
  const own = await Array.fromAsync(storage.list('.chartroom/'), ({ key }) => key)
  return own.filter((key) => !/^\.chartroom\/(catalog\/|trash\/|changes)/.test(key))
}
