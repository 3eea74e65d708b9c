import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { storageSettings } from '../../src/commands/storage-settings.ts'
import { loadSettings } from '../../src/config/load.ts'
import { projectRoot } from '../support/start-server.ts'
import { tempFolder } from '../support/temp-folder.ts'

function settingsOf(argv: readonly string[], env: Record<string, string> = {}) {
  return storageSettings(loadSettings({ argv, env, readFile: () => '' }).settings)
}

test('a folder needs nothing but its path', () => {
  expect(settingsOf(['--storage=local', '--storage-local-rootdir=/charts'])).toEqual({
    backend: 'local',
    rootdir: '/charts',
  })
})

test('MinIO is described by its own settings', () => {
  const env = { STORAGE_MINIO_ACCESS_KEY: 'a', STORAGE_MINIO_SECRET_KEY: 's' }
  const flags = {
    endpoint: 'http://minio:9000',
    bucket: 'charts',
    prefix: 'p',
    'ca-file': '/ca.pem',
    style: 'virtual-host',
    'create-bucket': 'true',
    sse: 'aws:kms',
    'sse-kms-key': 'k',
  }
  const argv = Object.entries(flags).map(([name, value]) => `--storage-minio-${name}=${value}`)
  expect(settingsOf(['--storage=minio', ...argv], env)).toEqual({
    backend: 'minio',
    endpoint: 'http://minio:9000',
    bucket: 'charts',
    prefix: 'p',
    accessKey: 'a',
    secretKey: 's',
    region: 'us-east-1',
    caFile: '/ca.pem',
    style: 'virtual-host',
    createBucket: true,
    sse: 'aws:kms',
    sseKmsKey: 'k',
  })
})

test("Amazon is described by ChartMuseum's settings", () => {
  const env = {
    STORAGE: 'amazon',
    STORAGE_AMAZON_BUCKET: 'charts',
    STORAGE_AMAZON_PREFIX: 'p',
    STORAGE_AMAZON_REGION: 'eu-west-1',
    STORAGE_AMAZON_SSE: 'AES256',
    STORAGE_AMAZON_FORCE_PATH_STYLE: 'false',
  }
  expect(settingsOf([], env)).toEqual({
    backend: 'amazon',
    bucket: 'charts',
    prefix: 'p',
    region: 'eu-west-1',
    endpoint: '',
    forcePathStyle: false,
    sse: 'AES256',
    sseKmsKey: '',
  })
})

test.each(['alibaba', 'tencent', 'baidu'])("%s is described by ChartMuseum's settings", (backend) => {
  const argv = [
    `--storage=${backend}`,
    ...['bucket', 'prefix', 'endpoint'].map((name) => `--storage-${backend}-${name}=${name}`),
  ]
  const sse = backend === 'alibaba' ? 'KMS' : ''
  expect(settingsOf([...argv, ...(sse ? ['--storage-alibaba-sse=KMS'] : [])])).toEqual({
    backend,
    bucket: 'bucket',
    prefix: 'prefix',
    endpoint: 'endpoint',
    sse,
  } as never)
})

test("etcd is described by ChartMuseum's settings", () => {
  const env = {
    STORAGE: 'etcd',
    STORAGE_ETCD_ENDPOINT: 'https://a:2379,https://b:2379',
    STORAGE_ETCD_CAFILE: '/ca.pem',
    STORAGE_ETCD_CERTFILE: '/cert.pem',
    STORAGE_ETCD_KEYFILE: '/key.pem',
    STORAGE_ETCD_PREFIX: '/charts',
  }
  expect(settingsOf([], env)).toEqual({
    backend: 'etcd',
    endpoint: 'https://a:2379,https://b:2379',
    cafile: '/ca.pem',
    certfile: '/cert.pem',
    keyfile: '/key.pem',
    prefix: '/charts',
  })
})

test("Google is described by ChartMuseum's settings", () => {
  const argv = ['--storage=google', '--storage-google-bucket=charts', '--storage-google-prefix=p']
  expect(settingsOf(argv)).toEqual({ backend: 'google', bucket: 'charts', prefix: 'p' })
})

test("Azure is described by ChartMuseum's settings", () => {
  const argv = [
    '--storage=microsoft',
    '--storage-microsoft-container=charts',
    '--storage-microsoft-prefix=/p/',
  ]
  expect(settingsOf(argv)).toEqual({ backend: 'microsoft', container: 'charts', prefix: '/p/' })
})

test('the client of S3 is not loaded for a folder', async () => {
  await using folder = await tempFolder()
  const [open, minio] = ['src/storage/open.ts', 'node_modules/minio'].map((path) => join(projectRoot, path))
  const program = `
    const { openStorage } = await import(${JSON.stringify(open)})
    const log = { debug() {}, info() {}, warn() {}, error() {} }
    const loaded = () => Object.keys(require.cache).some((path) => path.includes('/node_modules/minio/'))
    await openStorage({ backend: 'local', rootdir: 'charts' }, log)
    const before = loaded()
    await import(${JSON.stringify(minio)})
    console.log(JSON.stringify({ before, after: loaded() }))
    process.exit()`
  const child = Bun.spawnSync([process.execPath, '-e', program], { cwd: folder.path })
  expect(child.stdout.toString().trim() || child.stderr.toString()).toBe('{"before":false,"after":true}')
})
