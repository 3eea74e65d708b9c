import { RegistryError } from '../errors.ts'
import { systemCode } from './file-calls.ts'
import { isPassing, reasonFor, StoreFailure, transportWord, worded } from './store-failure.ts'
import type { Reason, StoreAction } from './store-failure.ts'

/** True when the same call may succeed a moment later. */
export function isPassingAzure(failure: StoreFailure): boolean {
  return failure.code === 'AccountBeingCreated' || isPassing(failure)
}

/** True when a call may have been obeyed although its answer says or shows nothing of it. */
export function isUnsure({ code, status }: StoreFailure): boolean {
  return ['Stalled', 'Cut', 'BadAnswer'].includes(code) || status >= 500
}

/** What the library throws, as far as it is needed. */
interface LibraryError {
  readonly name?: string
  readonly message?: string
  readonly statusCode?: number
  /** What its headers and its XML say. */
  readonly details?: { readonly errorCode?: string; readonly authenticationErrorDetail?: string }
}

/**
 * Turns what the library throws into a StoreFailure; `stopped` tells that the call was ended for its silence. The
 * library's own errors are not kept: they hold the address with its signature, and the headers.
 */
export function failureFrom(error: unknown, stopped: boolean): unknown {
  if (error instanceof StoreFailure || error instanceof RegistryError) return error
  if (stopped) return new StoreFailure('Stalled', 0)
  const { name, message = '', statusCode, details }: LibraryError = error ?? {}
  if (name === 'RestError' && statusCode !== undefined && !(statusCode >= 200 && statusCode < 300)) {
    const word = details?.errorCode ?? ''
    if (/date header/i.test(details?.authenticationErrorDetail ?? message)) {
      return new StoreFailure('ClockSkew', statusCode)
    }
    return new StoreFailure(/^\w{1,60}$/.test(word) ? word : `HTTP ${statusCode}`, statusCode)
  }
  const code = systemCode(error) ?? ''
  if (code === 'PARSE_ERROR' || /^HPE_|Malformed/.test(code)) return new StoreFailure('BadAnswer', 0, code)
  const word = transportWord(code) ?? (/SSL|TLS/.test(code) ? 'BadCertificate' : undefined)
  if (word !== undefined) return new StoreFailure(word, 0, code)
  if (name === 'RestError' || name === 'AbortError' || code !== '') return new StoreFailure('Cut', 0, code)
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
const reasons: Readonly<Record<string, Reason>> = {
  BlobAlreadyExists: ['conflict', 'it exists already'],
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
  BadAnswer: ['unavailable', 'what answers at the address of the store is no Blob Storage; try again later'],
}

/** Words a failed call for the outside. */
export function azureError(action: StoreAction, key: string, error: unknown): unknown {
  return worded(action, key, error, reasonOf)
}

/** The registry's code for a failure, and why it failed, as the end of a sentence. */
export function reasonOf(failure: StoreFailure): Reason {
  return reasonFor(failure, reasons, ({ code, status }) => {
    if (status === 507 || /Quota|SizeLimit|InsufficientStorage/.test(code)) return ['full', noRoom]
    return status === 403 || status === 401 ? ['unavailable', refused] : undefined
  })
}
