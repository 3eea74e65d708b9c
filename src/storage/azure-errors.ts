import { RegistryError } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'
import { systemCode } from './file-calls.ts'

/** What the driver was doing, as the first words of a message. */
export type AzureAction = 'store' | 'read' | 'list' | 'delete'

/**
 * A call that the store refused or that did not reach it. The library's own errors are not kept: they hold the address
 * with its signature, and the headers.
 */
export class AzureFailure extends Error {
  override readonly name = 'AzureFailure'

  constructor(
    /** Azure's word ("BlobNotFound"), or one of ours: "Unreachable", "Stalled", "Cut", "BadAnswer", "NotTheSame" … */
    readonly code: string,
    /** HTTP's number, 0 when no answer came. */
    readonly status: number,
    detail = '',
    options?: { cause?: unknown },
  ) {
    super([code, status > 0 ? String(status) : '', detail].filter(Boolean).join(' '), options)
  }
}

/** True for an AzureFailure with one of these codes. */
export function isAzure(error: unknown, ...codes: string[]): error is AzureFailure {
  return error instanceof AzureFailure && codes.includes(error.code)
}

/** Words that mean: now is a bad moment. The numbers 408, 429 and 5xx say the same. */
const passing = new Set(['Unreachable', 'Stalled', 'Cut', 'BadAnswer', 'AccountBeingCreated'])

/** True when the same call may succeed a moment later. */
export function isPassing({ code, status }: AzureFailure): boolean {
  return (
    passing.has(code) || status === 429 || status === 408 || (status >= 500 && ![501, 507].includes(status))
  )
}

/** True when a call may have been obeyed although its answer says or shows nothing of it. */
export function isUnsure({ code, status }: AzureFailure): boolean {
  return ['Stalled', 'Cut', 'BadAnswer'].includes(code) || status >= 500
}

const unreachable = /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|FailedToOpenSocket)$/
const untrusted = /CERT|SIGNATURE|SELF_SIGNED|UNABLE_TO|ISSUER|SSL|TLS/

/** What the library throws, as far as it is needed. */
interface LibraryError {
  readonly name?: string
  readonly message?: string
  readonly statusCode?: number
  /** What its headers and its XML say. */
  readonly details?: { readonly errorCode?: string; readonly authenticationErrorDetail?: string }
}

/** Turns what the library throws into an AzureFailure; `stopped` tells that the call was ended for its silence. */
export function failureFrom(error: unknown, stopped: boolean): unknown {
  if (error instanceof AzureFailure || error instanceof RegistryError) return error
  if (stopped) return new AzureFailure('Stalled', 0)
  const { name, message = '', statusCode, details }: LibraryError = error ?? {}
  if (name === 'RestError' && statusCode !== undefined && !(statusCode >= 200 && statusCode < 300)) {
    const word = details?.errorCode ?? ''
    if (/date header/i.test(details?.authenticationErrorDetail ?? message)) {
      return new AzureFailure('ClockSkew', statusCode)
    }
    return new AzureFailure(/^\w{1,60}$/.test(word) ? word : `HTTP ${statusCode}`, statusCode)
  }
  const code = systemCode(error) ?? ''
  if (unreachable.test(code)) return new AzureFailure('Unreachable', 0, code)
  if (code === 'PARSE_ERROR' || /^HPE_|Malformed/.test(code)) return new AzureFailure('BadAnswer', 0, code)
  if (untrusted.test(code)) return new AzureFailure('BadCertificate', 0, code)
  if (name === 'RestError' || name === 'AbortError' || code !== '') return new AzureFailure('Cut', 0, code)
  return error
}

const refused =
  'the store refuses it to this server; its operator has to look at the keys and their permissions'
const noRoom = 'the store is full or over its quota; its operator has to free some space'
const noContainer = 'the container is gone; tell the operator'
const noSuchName = 'the store cannot have an object of that name'
const tooLarge = 'it is larger than the store takes'
const leased = 'somebody holds a lease on it, which has to end first'
const protectedByRule = 'a rule of the store forbids to change it; tell the operator'

/** Reasons that a visitor can be told, by Azure's word. */
const reasons: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  BlobAlreadyExists: ['conflict', 'it exists already'],
  NotTheSame: ['conflict', 'it was replaced or deleted since it was read'],
  ConditionNotMet: ['conflict', 'it was replaced or deleted meanwhile'],
  InvalidBlockList: ['conflict', 'somebody else stored it at the same time; try again'],
  InvalidBlobType: ['conflict', 'an object of another kind has this name; delete it first'],
  LeaseIdMissing: ['conflict', leased],
  LeaseAlreadyPresent: ['conflict', leased],
  BlobImmutableDueToPolicy: ['conflict', protectedByRule],
  InvalidResourceName: ['invalid', noSuchName],
  InvalidUri: ['invalid', noSuchName],
  OutOfRangeInput: ['invalid', noSuchName],
  RequestBodyTooLarge: ['too_large', tooLarge],
  BlockCountExceedsLimit: ['too_large', tooLarge],
  ContainerNotFound: ['unavailable', noContainer],
  ContainerBeingDeleted: ['unavailable', noContainer],
  ContainerDisabled: ['unavailable', noContainer],
  BlobArchived: [
    'unavailable',
    'it lies in an archive of the store and has to be brought back from there first',
  ],
  BlobBeingRehydrated: [
    'unavailable',
    'it is being brought back from an archive of the store; try again later',
  ],
  ClockSkew: [
    'unavailable',
    'the clocks of this server and of the store differ; its operator has to set them',
  ],
  NoCredentials: [
    'unavailable',
    'this server has no credentials for the store now; its operator has to look at its log',
  ],
  Changed: ['unavailable', 'it was replaced or deleted while it was read; try again'],
  Unreachable: ['unavailable', 'the store cannot be reached now; try again later'],
  Stalled: ['unavailable', 'the store does not answer now; try again later'],
  Cut: ['unavailable', 'the store broke the connection; try again later'],
  BadCertificate: [
    'unavailable',
    'the certificate of the store is not trusted; its operator has to name its authority',
  ],
  BadAnswer: ['unavailable', 'what answers at the address of the store is no Blob Storage; try again later'],
}

/**
 * Words a failed call for the outside: the key, no address, no text of the store; the failure goes into `cause`. What
 * is no AzureFailure, such as an error of the body's own stream, passes as it is.
 */
export function azureError(action: AzureAction, key: string, error: unknown): unknown {
  if (!(error instanceof AzureFailure)) return error
  const [code, why] = reasonOf(error)
  return new RegistryError(code, 'storage', `Cannot ${action} "${key}": ${why}`, {}, { cause: error })
}

/** The registry's code for a failure, and why it failed, as the end of a sentence. */
export function reasonOf({ code, status }: AzureFailure): readonly [ErrorCode, string] {
  const known = reasons[code]
  if (known !== undefined) return known
  if (status === 507 || /Quota|SizeLimit|InsufficientStorage/.test(code)) return ['full', noRoom]
  if (status === 403 || status === 401) return ['unavailable', refused]
  const word = /^\w{1,60}$/.test(code) ? code : status
  return ['unavailable', `the store cannot do it now (${word}); try again later`]
}
