import { afterAll, describe, expect } from 'bun:test'
import { readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { AssumeRoleProvider } from 'minio/dist/esm/AssumeRoleProvider.mjs'
import { isRegistryError } from '../../src/errors.ts'
import { selfSigned } from '../../src/http/self-signed.ts'
import { awsKeys } from '../../src/storage/aws-chain.ts'
import { fixedKeys } from '../../src/storage/aws-keys.ts'
import { openStorage } from '../../src/storage/open.ts'
import type { StorageSettings } from '../../src/storage/open.ts'
import { minioOptions } from '../../src/storage/s3-settings.ts'
import type { MinioSettings } from '../../src/storage/s3-settings.ts'
import { createSigner } from '../../src/storage/s3-signer.ts'
import type { Minio, MinioOptions } from '../support/minio.ts'
import { minioKeys, startMinio } from '../support/minio.ts'
import { peerTest } from '../support/peers.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { bytes, keys, storageContract, text } from './contract.ts'

const quiet = { debug() {}, info() {}, warn() {}, error() {} }

let running: Promise<Minio> | undefined
// Thousands of objects are thousands of folders to remove.
afterAll(async () => (await running)?.[Symbol.asyncDispose](), 60_000)

/** One MinIO for the whole file; each case has a bucket of its own. It can encrypt, and knows buckets as host names. */
function minio(): Promise<Minio> {
  const key = Buffer.alloc(32, 7).toString('base64')
  return (running ??= startMinio({
    env: { MINIO_KMS_SECRET_KEY: `test-key:${key}`, MINIO_DOMAIN: 'localhost' },
  } satisfies MinioOptions))
}

async function settingsFor(changes: Partial<MinioSettings> = {}): Promise<MinioSettings> {
  return {
    backend: 'minio',
    endpoint: (await minio()).url,
    bucket: `charts-${crypto.randomUUID().slice(0, 18)}`,
    prefix: '',
    region: 'us-east-1',
    ...minioKeys,
    caFile: '',
    style: 'path',
    createBucket: true,
    sse: '',
    sseKmsKey: '',
    ...changes,
  }
}

async function opened(prefix: string) {
  const settings = await settingsFor({ prefix })
  const bucket = join((await minio()).folder, settings.bucket)
  return {
    storage: await openStorage(settings, quiet),
    settings,
    ruin: () => rm(bucket, { recursive: true }),
    dispose: () => rm(bucket, { recursive: true, force: true }),
  }
}

storageContract(
  'minio',
  () => opened('/some/prefix/'),
  [],
  (name, run, timeout) => peerTest(['minio'], name, run, timeout),
)

describe('a bucket', () => {
  peerTest(['minio'], 'is shared by prefixes that do not see each other', async () => {
    const settings = await settingsFor()
    const [whole, one, other] = await Promise.all(
      ['', 'one', 'one-more'].map((prefix) => openStorage({ ...settings, prefix }, quiet)),
    )
    await one?.put('org/a', bytes('of one'), { when: 'absent' })
    await other?.put('org/a', bytes('of the other'), { when: 'absent' })
    expect(one && (await keys(one))).toEqual(['org/a'])
    expect(other && (await text(other, 'org/a'))).toBe('of the other')
    expect(await other?.delete('org/a')).toBe(true)
    expect(whole && (await keys(whole))).toEqual(['one/org/a'])
  })

  peerTest(
    ['minio'],
    'that is missing is made when that is wished, and else named in one sentence',
    async () => {
      const settings = await settingsFor()
      const without = { ...settings, createBucket: false }
      const message = await refusal(without)
      expect(message).toContain(
        `Cannot open the bucket "${settings.bucket}" of the minio storage at http://127.0.0.1:`,
      )
      expect(message).toContain('there is no such bucket; make it, or let Chartroom make it')
      await openStorage(settings, quiet)
      await openStorage(settings, quiet)
      await openStorage(without, quiet)
    },
  )

  peerTest(['minio'], 'is found by its host name too', async () => {
    const settings = await settingsFor()
    const storage = await openStorage(settings, quiet)
    await storage.put('a', bytes('a'))
    const { port } = new URL(settings.endpoint)
    const byName = await openStorage(
      { ...settings, endpoint: `http://localhost:${port}`, style: 'virtual-host' },
      quiet,
    )
    expect(await text(byName, 'a')).toBe('a')
    expect(await keys(byName)).toEqual(['a'])
  })

  peerTest(['minio'], 'is served by --storage alibaba, by its host name and without its header', async () => {
    const { bucket, endpoint } = await settingsFor()
    await openStorage(await settingsFor({ bucket }), quiet)
    const keysOf = {
      ALIBABA_CLOUD_ACCESS_KEY_ID: minioKeys.accessKey,
      ALIBABA_CLOUD_ACCESS_KEY_SECRET: minioKeys.secretKey,
    }
    const alibaba: StorageSettings = {
      backend: 'alibaba',
      bucket,
      prefix: 'p',
      endpoint: `http://localhost:${new URL(endpoint).port}`,
      sse: '',
    }
    const storage = await openStorage(alibaba, quiet, keysOf)
    expect(storage.conditionalWrites).toBe(false)
    const put = await storage.put('org/a+b é.tgz', bytes('a'), { when: 'absent' })
    expect(await Array.fromAsync(storage.list(''))).toEqual([put])
    expect(await text(storage, put.key)).toBe('a')
    const again = await storage
      .put(put.key, bytes('b'), { when: 'absent' })
      .catch((reason: unknown) => reason)
    expect(isRegistryError(again, 'conflict')).toBe(true)
    expect(await storage.delete(put.key)).toBe(true)
  })

  peerTest(['minio'], 'is served by --storage amazon with an endpoint of its own', async () => {
    const settings = await settingsFor()
    await (await openStorage(settings, quiet)).put('org/a', bytes('a'))
    const amazon: StorageSettings = {
      backend: 'amazon',
      bucket: settings.bucket,
      prefix: 'org',
      region: '',
      endpoint: settings.endpoint,
      forcePathStyle: true,
      sse: '',
      sseKmsKey: '',
    }
    const { accessKey: AWS_ACCESS_KEY_ID, secretKey: AWS_SECRET_ACCESS_KEY } = minioKeys
    const env = { HOME: '/nonexistent', AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY }
    const storage = await openStorage(amazon, quiet, env)
    expect(await keys(storage)).toEqual(['a'])
    const bare = openStorage(amazon, quiet, { HOME: '/nonexistent', AWS_EC2_METADATA_DISABLED: 'true' })
    await expect(bare).rejects.toThrow(/^Cannot sign in to the storage: no keys/)
  })
})

describe('keys', () => {
  peerTest(['minio'], 'that are wrong are told at start, without the secret', async () => {
    const settings = await settingsFor()
    const wrong = await refusal({ ...settings, secretKey: 'hush-hush-hush' })
    expect(wrong).toContain('the store refuses it to this server')
    expect(wrong).toContain('SignatureDoesNotMatch')
    expect(wrong).not.toContain('hush')
    expect(await refusal({ ...settings, accessKey: 'nobody' })).toContain('InvalidAccessKeyId')
  })

  peerTest(['minio'], 'of a session that may only read are served, with a warning', async () => {
    const settings = await settingsFor()
    await (await openStorage(settings, quiet)).put('a', bytes('a'))
    const statement = {
      Effect: 'Allow',
      Action: ['s3:GetObject', 's3:ListBucket'],
      Resource: ['arn:aws:s3:::*'],
    }
    const role = new AssumeRoleProvider({
      stsEndpoint: settings.endpoint,
      ...minioKeys,
      durationSeconds: 3600,
      policy: JSON.stringify({ Version: '2012-10-17', Statement: [statement] }),
    })
    const { accessKey: id, secretKey: secret, sessionToken: token } = await role.getCredentials()
    const env = { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token ?? '' }
    const warnings: string[] = []
    const log = { ...quiet, warn: (message: string) => void warnings.push(message) }
    const { bucket, endpoint } = settings
    const storage = await openStorage(
      {
        backend: 'amazon',
        bucket,
        endpoint,
        prefix: '',
        region: '',
        forcePathStyle: true,
        sse: '',
        sseKmsKey: '',
      },
      log,
      { HOME: '/nonexistent', ...env },
    )
    expect(warnings).toEqual([expect.stringContaining('Uploads and deletions will fail')])
    expect(await text(storage, 'a')).toBe('a')
    const error = await storage.put('b', bytes('b')).catch((reason: unknown) => reason)
    expect(isRegistryError(error, 'unavailable') && error.message).toContain(
      'the store refuses it to this server',
    )
    expect(isRegistryError(await storage.delete('a').catch((reason: unknown) => reason), 'unavailable')).toBe(
      true,
    )
  })
})

describe('the role of a profile', () => {
  peerTest(['minio'], 'is given by the token service of MinIO, which checks the signature', async () => {
    await using folder = await tempFolder()
    const { bucket, endpoint } = await settingsFor()
    await openStorage(await settingsFor({ bucket }), quiet)
    const { accessKey, secretKey } = minioKeys
    const file = join(folder.path, 'config')
    const own = `aws_access_key_id = ${accessKey}\naws_secret_access_key = ${secretKey}\n`
    const role = `role_arn = arn:minio:iam:::role/charts\nsource_profile = default\nduration_seconds = 3600\n`
    await Bun.write(file, `[default]\n${own}[profile charts]\n${role}`)
    const env = {
      HOME: folder.path,
      AWS_CONFIG_FILE: file,
      AWS_PROFILE: 'charts',
      AWS_ENDPOINT_URL_STS: endpoint,
    }
    const keysOfRole = await awsKeys(env, 'us-east-1', quiet).keys()
    expect(keysOfRole.accessKey).not.toBe(accessKey)
    expect(keysOfRole.sessionToken).toBeString()
    expect(keysOfRole.expires).toBeGreaterThan(Date.now())
    const amazon: StorageSettings = {
      backend: 'amazon',
      bucket,
      endpoint,
      prefix: '',
      region: '',
      forcePathStyle: true,
      sse: '',
      sseKmsKey: '',
    }
    const storage = await openStorage(amazon, quiet, env)
    await storage.put('a', bytes('a'), { when: 'absent' })
    expect(await text(storage, 'a')).toBe('a')
    await Bun.write(file, `[default]\n${own.replace(secretKey, 'wrong-wrong')}[profile charts]\n${role}`)
    await expect(awsKeys(env, 'us-east-1', quiet).keys()).rejects.toThrow(/it answered 403/)
  })
})

describe('encryption', () => {
  peerTest(['minio'], 'is asked of the store for small and large objects alike', async () => {
    const large = new Blob([new Uint8Array(3_000_000)])
    for (const [sse, sseKmsKey] of [
      ['AES256', ''],
      ['aws:kms', 'test-key'],
    ] as const) {
      const settings = await settingsFor({ sse, sseKmsKey })
      const storage = await openStorage(settings, quiet)
      const written = [
        await storage.put('small', bytes('small'), { when: 'absent' }),
        await storage.put('large', large, { when: 'absent' }),
      ]
      const sign = await createSigner(minioOptions(settings, quiet))
      for (const info of written) {
        expect(await storage.info(info.key)).toEqual(info)
        const url = await sign(
          { method: 'HEAD', key: info.key, headers: {} },
          await fixedKeys(minioKeys).keys(),
        )
        const { headers } = await fetch(url, { method: 'HEAD' })
        expect(headers.get('x-amz-server-side-encryption')).toBe(sse)
        if (sseKmsKey !== '') {
          expect(headers.get('x-amz-server-side-encryption-aws-kms-key-id')).toEndWith(sseKmsKey)
        }
      }
      expect(await text(storage, 'small')).toBe('small')
      expect(await Array.fromAsync(storage.list(''))).toEqual(written.toReversed())
    }
  })
})

describe('TLS', () => {
  peerTest(['minio'], 'is checked against the given authorities', async () => {
    await using folder = await tempFolder()
    const { certFile, keyFile } = await selfSigned({ folder: folder.path, names: [] })
    const [cert, key] = await Promise.all([certFile, keyFile].map((file) => readFile(file, 'utf8')))
    await using secure = await startMinio({ tls: { cert: cert ?? '', key: key ?? '' } })
    const settings = await settingsFor({ endpoint: secure.url })
    expect(await refusal(settings)).toContain('the certificate of the store is not trusted')
    const storage = await openStorage({ ...settings, caFile: certFile }, quiet)
    await storage.put('small', bytes('small'), { when: 'absent' })
    await storage.put('large', new Blob([new Uint8Array(3_000_000)]), { when: 'absent' })
    expect(await keys(storage)).toEqual(['large', 'small'])
  })
})

async function refusal(settings: StorageSettings): Promise<string> {
  const error = await openStorage(settings, quiet).catch((reason: unknown) => reason)
  if (!isRegistryError(error, 'unavailable')) throw error
  return error.message
}
