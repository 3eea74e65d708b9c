import { RegistryError } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'

/** What the driver was doing, as the first words of a message. */
export type S3Action = 'store' | 'read' | 'list' | 'delete'

/** A call that the store refused or that did not reach it. Its text has no address: a signed one is a secret. */
export class S3Failure extends Error {
  override readonly name = 'S3Failure'

  constructor(
    /** S3's word ("NoSuchKey"), or one of ours: "Unreachable", "Stalled", "BadAnswer", "NotTheSame" … */
    readonly code: string,
    /** HTTP's number, 0 when no answer came. */
    readonly status: number,
    detail = '',
    options?: { cause?: unknown },
  ) {
    super([code, status > 0 ? String(status) : '', detail].filter(Boolean).join(' '), options)
  }
}

/** True for an S3Failure with one of these codes. */
export function isS3(error: unknown, ...codes: string[]): error is S3Failure {
  return error instanceof S3Failure && codes.includes(error.code)
}

/** Words of S3 that mean: now is a bad moment. AWS answers 409 to writers of one key that race, and wants them to try again. */
const passing = new Set([
  'Unreachable',
  'Stalled',
  'Cut',
  'BadAnswer',
  'SlowDown',
  'InternalError',
  'ServiceUnavailable',
  'RequestTimeout',
  'OperationAborted',
  'ConditionalRequestConflict',
])

/** True when the same call may succeed a moment later. */
export function isPassing({ code, status }: S3Failure): boolean {
  return (
    passing.has(code) || status === 429 || status === 408 || (status >= 500 && ![501, 507].includes(status))
  )
}

const refused =
  'the store refuses it to this server; its operator has to look at the keys and their permissions'
const noRoom = 'the store is full or over its quota; its operator has to free some space'
const sameName = 'a folder and a file in storage would need the same name; choose another name'
const elsewhere = 'the bucket lies in another region; its operator has to correct the region or the endpoint'

/** Reasons that a visitor can be told, by S3's word. */
const reasons: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  PreconditionFailed: ['conflict', 'it exists already'],
  NotTheSame: ['conflict', 'it was replaced or deleted since it was read'],
  XMinioParentIsObject: ['conflict', sameName],
  XMinioObjectExistsAsDirectory: ['conflict', sameName],
  KeyTooLongError: ['invalid', 'its name is too long for the store'],
  XMinioInvalidObjectName: ['invalid', 'the store cannot have an object of that name'],
  EntityTooLarge: ['too_large', 'it is larger than the store takes in one piece'],
  XMinioStorageFull: ['full', noRoom],
  XMinioAdminBucketQuotaExceeded: ['full', noRoom],
  QuotaExceeded: ['full', noRoom],
  NoSuchBucket: ['unavailable', 'the bucket is gone; tell the operator'],
  AccessDenied: ['unavailable', refused],
  InvalidAccessKeyId: ['unavailable', refused],
  SignatureDoesNotMatch: ['unavailable', refused],
  AllAccessDisabled: ['unavailable', refused],
  ExpiredToken: ['unavailable', 'the keys of this server have ended; its operator has to renew them'],
  NoKeys: ['unavailable', 'this server has no keys for the store now; its operator has to look at its log'],
  RequestTimeTooSkewed: [
    'unavailable',
    'the clocks of this server and of the store differ; its operator has to set them',
  ],
  PermanentRedirect: ['unavailable', elsewhere],
  AuthorizationHeaderMalformed: ['unavailable', elsewhere],
  IllegalLocationConstraintException: ['unavailable', elsewhere],
  InvalidObjectState: [
    'unavailable',
    'it lies in an archive of the store and has to be restored there first',
  ],
  Changed: ['unavailable', 'it was replaced or deleted while it was read; try again'],
  Unreachable: ['unavailable', 'the store cannot be reached now; try again later'],
  Stalled: ['unavailable', 'the store does not answer now; try again later'],
  Cut: ['unavailable', 'the store broke the connection; try again later'],
  BadCertificate: [
    'unavailable',
    'the certificate of the store is not trusted; its operator has to name its authority',
  ],
  BadAnswer: ['unavailable', 'what answers at the address of the store is no S3 store; try again later'],
}

/**
 * Words a failed call for the outside: the key, no address, no text of the store; the failure goes into `cause`. What
 * is no S3Failure, such as an error of the body's own stream, passes as it is.
 */
export function s3Error(action: S3Action, key: string, error: unknown): unknown {
  if (!(error instanceof S3Failure)) return error
  const [code, why] = reasonOf(error)
  const cannot = `Cannot ${action} "${key}"`
  return new RegistryError(code, 'storage', `${cannot}: ${why}`, {}, { cause: error })
}

/** The registry's code for a failure, and why it failed, as the end of a sentence. */
export function reasonOf(failure: S3Failure): readonly [ErrorCode, string] {
  const known = reasons[failure.code]
  if (known !== undefined) return known
  if (failure.status === 507) return ['full', noRoom]
  if (failure.status === 403 || failure.status === 401) return ['unavailable', refused]
  if (failure.status === 301 || failure.status === 307) return ['unavailable', elsewhere]
  const word = /^\w{1,60}$/.test(failure.code) ? failure.code : failure.status
  return ['unavailable', `the store cannot do it now (${word}); try again later`]
}
