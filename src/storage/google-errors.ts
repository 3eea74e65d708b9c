import { isPassingS3 } from './s3-errors.ts'
import type { Answer } from './store-answer.ts'
import { reasonFor, StoreFailure, worded } from './store-failure.ts'
import type { Reason, StoreAction } from './store-failure.ts'

/** Refusals are short; what is longer comes from something else. */
const longestRefusal = 64 * 1024

/**
 * What a refusal of Google Cloud Storage says. Calls for bytes are refused with plain text, all others with JSON, whose
 * word for the reason becomes the code. Both say "No such object" of a missing object in a bucket that is there.
 */
export async function failureOf(answer: Answer, status: number): Promise<StoreFailure> {
  const text = new TextDecoder().decode(await answer.bytes(longestRefusal))
  const { reason, message } = explanation(text)
  if (status === 304) return new StoreFailure('Same', status)
  if (status === 412) return new StoreFailure('PreconditionFailed', status)
  if (status === 404 && message.startsWith('No such object')) return new StoreFailure('NoSuchKey', status)
  // Too many calls are refused with 403 by some limits, and with 429 by others.
  if (/rateLimitExceeded/i.test(reason)) return new StoreFailure('SlowDown', status, reason)
  if (status === 400 && /\b(MD5|CRC32C)\b/i.test(message)) return new StoreFailure('BadDigest', status)
  return new StoreFailure(reason || `HTTP ${status}`, status, message.slice(0, 300))
}

function explanation(text: string): { reason: string; message: string } {
  const error = fieldOf(jsonOf(text), 'error')
  if (error === undefined) return { reason: '', message: text }
  const all = fieldOf(error, 'errors')
  const [reason, message] = [
    fieldOf(Array.isArray(all) ? all[0] : undefined, 'reason'),
    fieldOf(error, 'message'),
  ]
  return {
    reason: typeof reason === 'string' ? reason : '',
    message: typeof message === 'string' ? message : '',
  }
}

/** What a text means as JSON; undefined when it means nothing. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** A field of what was read from JSON; undefined when there is none, or nothing that has fields. */
export function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined
}

/** True when the same call may succeed a moment later. */
export function isPassingGoogle(failure: StoreFailure): boolean {
  return isPassingS3(failure) || ['SignInFailed', 'BadDigest', 'conflict'].includes(failure.code)
}

const refused =
  'the store refuses it to this server; its operator has to look at the service account and its permissions'
const noRoom = 'the store is over its quota; its operator has to raise it or to free some space'

/** Reasons that a visitor can be told, by the word of Google Cloud Storage or of the transport. */
const reasons: Readonly<Record<string, Reason>> = {
  PreconditionFailed: ['conflict', 'it exists already'],
  NameTooLong: ['invalid', 'its name is too long for the store'],
  uploadTooLarge: ['too_large', 'it is larger than the store takes in one piece'],
  quotaExceeded: ['full', noRoom],
  NoSuchBucket: ['unavailable', 'the bucket is gone; tell the operator'],
  SignInFailed: ['unavailable', 'this server cannot sign in to the store now; try again later'],
  SlowDown: ['unavailable', 'the store gets too many calls now; try again later'],
  accountDisabled: ['unavailable', 'the account of the store is disabled; tell the operator'],
  billingNotEnabled: ['unavailable', 'the project of the store has no billing account; tell the operator'],
  retentionPolicyNotMet: [
    'unavailable',
    'the bucket keeps it for a time that has not passed; tell the operator',
  ],
  objectUnderActiveHold: ['unavailable', 'it is held in the bucket; tell the operator'],
  Unconditional: [
    'unavailable',
    'what answers does not obey conditions, and replicas would overwrite each other',
  ],
  BadDigest: ['unavailable', 'the bytes did not arrive at the store as they were sent; try again'],
  BadCertificate: [
    'unavailable',
    'the certificate of the store is not trusted; its operator has to name its authority in NODE_EXTRA_CA_CERTS',
  ],
  BadAnswer: [
    'unavailable',
    'what answers at the address of the store is not Google Cloud Storage; try again later',
  ],
}

/** The registry's code for a failure, and why it failed, as the end of a sentence. */
export function reasonOf(failure: StoreFailure): Reason {
  return reasonFor(failure, reasons, ({ status }) => {
    if (status === 507) return ['full', noRoom]
    if (status === 413) return ['too_large', 'it is larger than the store takes in one piece']
    return status === 401 || status === 403 ? ['unavailable', refused] : undefined
  })
}

/** Words a failed call for the outside. */
export function googleError(action: StoreAction, key: string, error: unknown): unknown {
  return worded(action, key, error, reasonOf)
}
