import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { isRegistryError } from '../../src/errors.ts'
import type { S3Options } from '../../src/storage/s3-options.ts'
import type { AmazonSettings, MinioSettings } from '../../src/storage/s3-settings.ts'
import { amazonOptions, minioOptions } from '../../src/storage/s3-settings.ts'
import { createSigner } from '../../src/storage/s3-signer.ts'
import { tempFolder } from '../support/temp-folder.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

const minio: MinioSettings = {
  backend: 'minio',
  endpoint: 'https://minio.example.com:9000',
  bucket: 'charts',
  prefix: '',
  accessKey: 'a',
  secretKey: 's',
  region: 'us-east-1',
  caFile: '',
  style: 'path',
  createBucket: false,
  sse: '',
  sseKmsKey: '',
}
const amazon: AmazonSettings = {
  backend: 'amazon',
  bucket: 'charts',
  prefix: '',
  region: '',
  endpoint: '',
  forcePathStyle: true,
  sse: '',
  sseKmsKey: '',
}
const env = {
  HOME: '/nonexistent',
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'a',
  AWS_SECRET_ACCESS_KEY: 's',
}

/** The address of a call without its signature. */
async function addressOf(options: S3Options, key = 'org/a+b é.tgz'): Promise<string> {
  const sign = await createSigner(options)
  return (await sign({ method: 'GET', key, headers: {} }, await options.keys.keys())).split('?')[0] ?? ''
}

describe('the address of an object', () => {
  const key = 'org/a%2Bb%20%C3%A9.tgz'
  test.each([
    [{}, `https://minio.example.com:9000/charts/${key}`],
    [{ style: 'virtual-host' }, `https://charts.minio.example.com:9000/${key}`],
    [{ endpoint: 'http://127.0.0.1:9000/' }, `http://127.0.0.1:9000/charts/${key}`],
    [{ endpoint: 'http://[::1]:9000' }, `http://[::1]:9000/charts/${key}`],
    [{ endpoint: 'minio.example.com' }, `https://minio.example.com/charts/${key}`],
    [{ endpoint: 'http://minio' }, `http://minio/charts/${key}`],
  ] satisfies [Partial<MinioSettings>, string][])('of MinIO with %j', async (changes, address) => {
    expect(await addressOf(minioOptions({ ...minio, ...changes }, quiet))).toBe(address)
  })

  test.each([
    [{}, `https://s3.eu-west-1.amazonaws.com/charts/${key}`],
    [{ forcePathStyle: false }, `https://charts.s3.eu-west-1.amazonaws.com/${key}`],
    [{ forcePathStyle: false, bucket: 'my.charts' }, `https://s3.eu-west-1.amazonaws.com/my.charts/${key}`],
    [{ region: 'cn-northwest-1' }, `https://s3.cn-northwest-1.amazonaws.com.cn/charts/${key}`],
    [{ endpoint: 'http://store:9000' }, `http://store:9000/charts/${key}`],
    [{ endpoint: 'store:9000' }, `https://store:9000/charts/${key}`],
  ] satisfies [Partial<AmazonSettings>, string][])('of Amazon with %j', async (changes, address) => {
    expect(await addressOf(amazonOptions({ ...amazon, ...changes }, env, quiet))).toBe(address)
  })
})

describe('what is signed', () => {
  test('has the headers of encryption and the session, and never the secret', async () => {
    const options = amazonOptions(amazon, { ...env, AWS_SESSION_TOKEN: 'session/token' }, quiet)
    const sign = await createSigner(options)
    const headers = { 'x-amz-server-side-encryption': 'aws:kms' }
    const url = await sign(
      { method: 'PUT', key: 'a', headers },
      { ...(await options.keys.keys()), secretKey: 'hush-hush' },
    )
    expect(url).toContain('X-Amz-SignedHeaders=host%3Bx-amz-server-side-encryption&')
    expect(url).toContain('X-Amz-Security-Token=session%2Ftoken')
    expect(url).toContain('%2Feu-west-1%2Fs3%2Faws4_request')
    expect(url).not.toContain('hush')
  })
})

describe('settings', () => {
  test('clean the prefix, and name the encryption', () => {
    expect(minioOptions({ ...minio, prefix: '/a/b//' }, quiet).prefix).toBe('a/b/')
    expect(minioOptions({ ...minio, prefix: '/' }, quiet).prefix).toBe('')
    expect(amazonOptions({ ...amazon, sse: 'aws:kms', sseKmsKey: 'k' }, env, quiet).encryption).toEqual({
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'k',
    })
    expect(amazonOptions(amazon, env, quiet).encryption).toEqual({})
  })

  test('take the region of Amazon from flag, variables and profile, and need it', async () => {
    await using folder = await tempFolder()
    const config = join(folder.path, 'config')
    await Bun.write(config, '[default]\nregion = ap-south-1\n')
    const bare = { HOME: '/nonexistent' }
    const region = (changes: Partial<AmazonSettings>, variables: Record<string, string>) =>
      amazonOptions({ ...amazon, ...changes }, { ...bare, ...variables }, quiet).region
    expect(region({ region: 'us-west-2' }, { AWS_REGION: 'x' })).toBe('us-west-2')
    expect(region({}, { AWS_DEFAULT_REGION: 'sa-east-1' })).toBe('sa-east-1')
    expect(region({}, { AWS_CONFIG_FILE: config })).toBe('ap-south-1')
    expect(region({ endpoint: 'http://store:9000' }, {})).toBe('us-east-1')
    expect(refusal(() => region({}, {}))).toContain('--storage-amazon-region')
  })

  test('warn of a certificate that nobody checks', () => {
    const warnings: string[] = []
    const log = { ...quiet, warn: (message: string) => void warnings.push(message) }
    expect(amazonOptions(amazon, { ...env, AWS_INSECURE_SKIP_VERIFY: 'true' }, log).anyCertificate).toBe(true)
    expect(warnings).toHaveLength(1)
  })

  test.each([
    [{ endpoint: 'https://host/path' }, '--storage-minio-endpoint'],
    [{ endpoint: 'ftp://host' }, '--storage-minio-endpoint'],
    [{ endpoint: 'https://user:pass@host' }, '--storage-minio-endpoint'],
    [{ bucket: 'No' }, '"No" as the name of a bucket'],
    [{ bucket: 'a..b' }, 'as the name of a bucket'],
    [{ bucket: '10.0.0.1' }, 'as the name of a bucket'],
    [{ caFile: '/nonexistent/ca.pem' }, '--storage-minio-ca-file): ENOENT'],
    [{ caFile: import.meta.path }, 'it holds no certificate in PEM'],
  ] satisfies [Partial<MinioSettings>, string][])('%j are refused in one sentence', (changes, words) => {
    expect(refusal(() => minioOptions({ ...minio, ...changes }, quiet))).toContain(words)
  })
})

function refusal(run: () => unknown): string {
  try {
    run()
  } catch (error) {
    if (isRegistryError(error, 'unavailable')) return error.message
    throw error
  }
  throw new Error('nothing was thrown')
}
