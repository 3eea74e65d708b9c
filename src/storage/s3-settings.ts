import { readFileSync } from 'node:fs'
import { RegistryError } from '../errors.ts'
import type { Log } from '../log.ts'
import { awsKeys } from './aws-chain.ts'
import { fixedKeys } from './aws-keys.ts'
import type { Keys } from './aws-keys.ts'
import { profileName, readProfile, type Environment } from './aws-profile.ts'
import { systemCode } from './file-calls.ts'
import { cleanPrefix, encryptionHeaders } from './s3-options.ts'
import type { S3Options } from './s3-options.ts'
import { placeOf, presets } from './s3-presets.ts'
import type { Cloud, Preset } from './s3-presets.ts'

/** What both ways to an S3 store have in common. */
interface BucketSettings {
  readonly bucket: string
  /** Start of every key; slashes around it do not count. */
  readonly prefix: string
  readonly region: string
  /** Server-side encryption of new objects: "", "AES256" or "aws:kms". */
  readonly sse: string
  /** Key of the key management service; "" is the bucket's. */
  readonly sseKmsKey: string
}

/** MinIO, by address and keys. */
export interface MinioSettings extends BucketSettings {
  readonly backend: 'minio'
  /** "https://minio.example.com:9000" */
  readonly endpoint: string
  readonly accessKey: string
  readonly secretKey: string
  /** A file of certificate authorities (PEM); "" is the system's. */
  readonly caFile: string
  /** The bucket in the path, or in the host name. */
  readonly style: 'path' | 'virtual-host'
  readonly createBucket: boolean
}

/** Amazon S3, or what speaks like it, with ChartMuseum's settings and AWS's credential chain. */
export interface AmazonSettings extends BucketSettings {
  readonly backend: 'amazon'
  /** "" is Amazon itself; without a scheme it is https, as ChartMuseum takes it. */
  readonly endpoint: string
  readonly forcePathStyle: boolean
}

/** A cloud of the table of presets, with ChartMuseum's settings. */
export interface CloudSettings {
  readonly backend: Cloud
  readonly bucket: string
  readonly prefix: string
  /** A host of the cloud, as ChartMuseum takes it; "" is ChartMuseum's default. Without a scheme it is https. */
  readonly endpoint: string
  /** Server-side encryption of new objects, in the words of the cloud; "" asks for nothing. */
  readonly sse: string
}

/** Settings of MinIO as options of the driver. */
export function minioOptions(settings: MinioSettings, log: Log): S3Options {
  const { accessKey, secretKey, caFile, style, createBucket, sse, sseKmsKey } = settings
  return {
    driver: 'minio',
    endpoint: endpointOf(settings.endpoint, '--storage-minio-endpoint'),
    bucket: bucketOf(settings.bucket),
    prefix: cleanPrefix(settings.prefix),
    region: settings.region || 'us-east-1',
    pathStyle: style === 'path',
    keys: fixedKeys({ accessKey, secretKey }),
    ca: authorities(caFile, '--storage-minio-ca-file'),
    encryption: encryptionHeaders(sse, sseKmsKey),
    createBucket,
    bucketHint: 'make it, or let Chartroom make it with --storage-minio-create-bucket',
    log,
  }
}

/**
 * Settings of Amazon S3 as options of the driver; what they leave open comes from AWS's variables and shared files.
 * Throws RegistryError `unavailable`, for the operator to read, when nothing names the region.
 */
export function amazonOptions(settings: AmazonSettings, env: Environment, log: Log): S3Options {
  const region = regionOf(settings, env)
  const anyCertificate = env.AWS_INSECURE_SKIP_VERIFY?.toLowerCase() === 'true'
  if (anyCertificate) {
    log.warn(
      'AWS_INSECURE_SKIP_VERIFY is set: whoever stands between this server and the store can read and change everything',
    )
  }
  return {
    driver: 'amazon',
    endpoint: endpointOf(settings.endpoint || amazonAddress(region), '--storage-amazon-endpoint'),
    bucket: bucketOf(settings.bucket),
    prefix: cleanPrefix(settings.prefix),
    region,
    // Bucket names with dots have no certificate of their own.
    pathStyle: settings.forcePathStyle || settings.bucket.includes('.'),
    keys: awsKeys(env, region, log),
    ca: authorities(env.AWS_CA_BUNDLE ?? '', 'AWS_CA_BUNDLE'),
    anyCertificate,
    encryption: encryptionHeaders(settings.sse, settings.sseKmsKey),
    createBucket: false,
    bucketHint: 'make it, or correct --storage-amazon-bucket',
    log,
  }
}

/**
 * Settings of a cloud as options of the driver, with its keys from ChartMuseum's variables. Throws RegistryError
 * `unavailable`, for the operator to read, when they are not set.
 */
export function cloudOptions(settings: CloudSettings, env: Environment, log: Log): S3Options {
  const { backend, sse } = settings
  const preset = presets[backend]
  const given = endpointOf(settings.endpoint || preset.defaultHost, `--storage-${backend}-endpoint`)
  const { host, region } = placeOf(preset, given.hostname)
  const endpoint = new URL(given)
  endpoint.hostname = host
  if (endpoint.protocol === 'http:') {
    log.warn('The storage is reached without TLS: who listens on the way can read charts', { backend })
  }
  return {
    driver: backend,
    endpoint,
    bucket: bucketOf(settings.bucket),
    prefix: cleanPrefix(settings.prefix),
    region,
    pathStyle: preset.pathStyle,
    keys: fixedKeys(cloudKeys(preset, backend, env)),
    forbidHeader: preset.forbidHeader,
    encryption: preset.encryptionHeader && sse !== '' ? { [preset.encryptionHeader]: sse } : {},
    createBucket: false,
    bucketHint: `make it, or correct --storage-${backend}-bucket`,
    log,
  }
}

function cloudKeys({ variables }: Preset, backend: Cloud, env: Environment): Keys {
  const [accessKey, secretKey] = variables.map((name) => env[name])
  if (accessKey && secretKey) return { accessKey, secretKey }
  throw startError(
    `Cannot sign in to the storage: --storage ${backend} takes its keys from ${variables.join(' and ')}`,
  )
}

function regionOf({ region, endpoint }: AmazonSettings, env: Environment): string {
  // ChartMuseum: with an endpoint of its own the region is us-east-1 when nothing is said.
  const found =
    region ||
    env.AWS_REGION ||
    env.AWS_DEFAULT_REGION ||
    readProfile(env, profileName(env))?.region ||
    (endpoint === '' ? '' : 'us-east-1')
  if (found) return found
  throw startError(
    'Cannot tell the region of the bucket: --storage-amazon-region (STORAGE_AMAZON_REGION) or AWS_REGION names it',
  )
}

function amazonAddress(region: string): string {
  return `https://s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`
}

function endpointOf(text: string, flag: string): URL {
  const url = URL.parse(/^\w+:\/\//.test(text) ? text : `https://${text}`)
  const plain = url && /^https?:$/.test(url.protocol) && !url.username && !url.search && !url.hash
  if (plain && url.pathname === '/') return url
  throw startError(
    `Cannot use "${flag}": it must be http:// or https:// with a host and perhaps a port, without a path`,
  )
}

/** The rule of S3 and of the `minio` package. */
function bucketOf(name: string): string {
  const legal = /^[a-z\d][a-z\d.-]{1,61}[a-z\d]$/.test(name) && !/\.\.|^\d+\.\d+\.\d+\.\d+$/.test(name)
  if (legal) return name
  throw startError(
    `Cannot use ${JSON.stringify(name)} as the name of a bucket: 3 to 63 of a-z, 0-9, "." and "-"`,
  )
}

function authorities(path: string, name: string): string | undefined {
  if (path === '') return undefined
  try {
    const text = readFileSync(path, 'utf8')
    if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  } catch (error) {
    throw startError(`Cannot read "${path}" (${name}): ${systemCode(error) ?? 'unknown reason'}`, error)
  }
  throw startError(`Cannot use "${path}" (${name}): it holds no certificate in PEM`)
}

function startError(message: string, cause?: unknown): RegistryError {
  return new RegistryError('unavailable', 'storage', message, {}, { cause })
}
