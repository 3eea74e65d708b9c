import { RegistryError } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'

/** What a driver was doing, as the first words of a message. */
export type StoreAction = 'store' | 'read' | 'list' | 'delete'

/** The registry's code for a failure, and why it failed, as the end of a sentence for a visitor. */
export type Reason = readonly [ErrorCode, string]

/**
 * A call that a store refused or that did not reach it, as the drivers that speak HTTP tell it apart. Its text has no
 * address: a signed one is a secret.
 */
export class StoreFailure extends Error {
  override readonly name = 'StoreFailure'

  constructor(
    /** The store's word ("NoSuchKey"), or one of ours: "Unreachable", "Stalled", "Cut", "BadAnswer", "NotTheSame" … */
    readonly code: string,
    /** HTTP's number, 0 when no answer came. */
    readonly status: number,
    detail = '',
    options?: { cause?: unknown },
  ) {
    super([code, status > 0 ? String(status) : '', detail].filter(Boolean).join(' '), options)
  }
}

/** True for a StoreFailure with one of these codes. */
export function isFailure(error: unknown, ...codes: string[]): error is StoreFailure {
  return error instanceof StoreFailure && codes.includes(error.code)
}

/** Our words that mean: now is a bad moment. */
const passing = new Set(['Unreachable', 'Stalled', 'Cut', 'BadAnswer'])

/** True when the same call may succeed a moment later, whatever the store; drivers add words of theirs. */
export function isPassing({ code, status }: StoreFailure): boolean {
  return (
    passing.has(code) || status === 429 || status === 408 || (status >= 500 && ![501, 507].includes(status))
  )
}

/** Reasons that are the same for every store. */
const common: Readonly<Record<string, Reason>> = {
  NotTheSame: ['conflict', 'it was replaced or deleted since it was read'],
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
}

/** Why a call failed: in the words of the driver, else in those that all share, else by what the number says. */
export function reasonFor(
  failure: StoreFailure,
  own: Readonly<Record<string, Reason>>,
  byStatus: (failure: StoreFailure) => Reason | undefined,
): Reason {
  const { code, status } = failure
  const known = own[code] ?? common[code] ?? byStatus(failure)
  if (known !== undefined) return known
  const word = /^\w{1,60}$/.test(code) ? code : status
  return ['unavailable', `the store cannot do it now (${word}); try again later`]
}

/**
 * Words a failed call for the outside: the key, no address, no text of the store; the failure goes into `cause`. What
 * is no StoreFailure, such as an error of the body's own stream, passes as it is.
 */
export function worded(
  action: StoreAction,
  key: string,
  error: unknown,
  reasonOf: (failure: StoreFailure) => Reason,
): unknown {
  if (!(error instanceof StoreFailure)) return error
  const [code, why] = reasonOf(error)
  return new RegistryError(code, 'storage', `Cannot ${action} "${key}": ${why}`, {}, { cause: error })
}

const unreachable = /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|FailedToOpenSocket)$/
const untrusted = /CERT|SIGNATURE|SELF_SIGNED|UNABLE_TO|ISSUER/

/** What a code of the system or of TLS says about the way to a store; undefined when nothing more than that it broke. */
export function transportWord(code: string): 'Unreachable' | 'BadCertificate' | undefined {
  if (unreachable.test(code)) return 'Unreachable'
  return untrusted.test(code) ? 'BadCertificate' : undefined
}
