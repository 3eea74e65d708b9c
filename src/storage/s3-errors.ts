import { element } from './s3-xml.ts'
import type { Answer } from './store-answer.ts'
import { isPassing, reasonFor, StoreFailure, worded } from './store-failure.ts'
import type { Reason, StoreAction } from './store-failure.ts'

/** Refusals are short; what is longer comes from something else. */
const longestRefusal = 64 * 1024

/** What a refusal says: its XML where it has one, MinIO's header where it has none (an answer to HEAD). */
export async function failureOf(answer: Answer, status: number): Promise<StoreFailure> {
  const text = new TextDecoder().decode(await answer.bytes(longestRefusal))
  if (status === 412) return new StoreFailure('PreconditionFailed', status)
  const code = (text.includes('<Error>') && element(text, 'Code')) || answer.header('x-minio-error-code')
  return new StoreFailure(code || `HTTP ${status}`, status, element(text, 'Message') ?? '')
}

/** Words of S3 that mean: now is a bad moment. AWS answers 409 to writers of one key that race, and wants them to try again. */
const passing = new Set([
  'SlowDown',
  'InternalError',
  'ServiceUnavailable',
  'RequestTimeout',
  'OperationAborted',
  'ConditionalRequestConflict',
])

/** True when the same call may succeed a moment later. */
export function isPassingS3(failure: StoreFailure): boolean {
  return passing.has(failure.code) || isPassing(failure)
}

const refused =
  'the store refuses it to this server; its operator has to look at the keys and their permissions'
const noRoom = 'the store is full or over its quota; its operator has to free some space'
const sameName = 'a folder and a file in storage would need the same name; choose another name'
const elsewhere = 'the bucket lies in another region; its operator has to correct the region or the endpoint'

/** Reasons that a visitor can be told, by S3's word. */
const reasons: Readonly<Record<string, Reason>> = {
  PreconditionFailed: ['conflict', 'it exists already'],
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
  BadAnswer: ['unavailable', 'what answers at the address of the store is no S3 store; try again later'],
}

/** Words a failed call for the outside. */
export function s3Error(action: StoreAction, key: string, error: unknown): unknown {
  return worded(action, key, error, reasonOf)
}

/** The registry's code for a failure, and why it failed, as the end of a sentence. */
export function reasonOf(failure: StoreFailure): Reason {
  return reasonFor(failure, reasons, ({ status }) => {
    if (status === 507) return ['full', noRoom]
    if (status === 403 || status === 401) return ['unavailable', refused]
    return status === 301 || status === 307 ? ['unavailable', elsewhere] : undefined
  })
}
