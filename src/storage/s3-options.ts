import type { Log } from '../log.ts'
import type { KeySource } from './aws-keys.ts'

/** What an S3 store has to be told, whoever runs it. */
export interface S3Options {
  /** Names the driver in messages: "minio", "amazon". */
  readonly driver: string
  /** Scheme, host and port; no path. */
  readonly endpoint: URL
  readonly bucket: string
  /** What stands in front of every key: "" or a text that ends in "/". */
  readonly prefix: string
  readonly region: string
  /** The bucket in the path, not in the host name. */
  readonly pathStyle: boolean
  readonly keys: KeySource
  /** Certificate authorities (PEM) that are trusted in place of the system's. */
  readonly ca?: string | undefined
  /** Takes any certificate; for a store that nobody else can reach. */
  readonly anyCertificate?: boolean
  /** The header that forbids to replace, where the store has one of its own in place of `If-None-Match: *`. */
  readonly forbidHeader?: string
  /** Headers that ask the store to encrypt new objects: see `encryptionHeaders`. */
  readonly encryption: Readonly<Record<string, string>>
  /** Makes the bucket when it is missing. */
  readonly createBucket: boolean
  /** How a missing bucket can be made, as the end of a sentence for the operator. */
  readonly bucketHint: string
  readonly log: Log
  /** False: the bucket is used as it is, without a look at it before and without a trial of conditional writes. */
  readonly probe?: boolean
  /** False: a store that is away at start is not waited for. */
  readonly wait?: boolean
  /** Longest wait for a sign of life from the store, milliseconds; a test makes it short. */
  readonly patienceMs?: number
}

/**
 * Headers of server-side encryption: `AES256` (keys of the store) or `aws:kms` with the key that the bucket names or
 * the given one. "" asks for nothing, and the bucket's own rule holds.
 */
export function encryptionHeaders(algorithm: string, kmsKey: string): Record<string, string> {
  if (algorithm === '') return {}
  return {
    'x-amz-server-side-encryption': algorithm,
    ...(kmsKey !== '' && { 'x-amz-server-side-encryption-aws-kms-key-id': kmsKey }),
  }
}

/** A prefix as ChartMuseum takes it: slashes around it do not count. */
export function cleanPrefix(prefix: string): string {
  const inner = prefix.replace(/^\/+|\/+$/g, '')
  return inner === '' ? '' : `${inner}/`
}
