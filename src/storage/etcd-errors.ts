import { RegistryError } from '../errors.ts'
import type { ErrorCode } from '../errors.ts'
import { StoreAway } from './late.ts'

/** What the driver was doing, as the first words of a message. */
export type EtcdAction = 'store' | 'read' | 'list' | 'delete'

/** Why a call failed. */
export type EtcdReason =
  | 'Unreachable'
  | 'Stalled'
  | 'Cut'
  | 'Handshake'
  | 'BadCertificate'
  | 'BadAnswer'
  | 'NoGateway'
  | 'Unavailable'
  | 'Gateway'
  | 'SignIn'
  | 'TooLarge'
  | 'Full'
  | 'Compacted'
  | 'Failed'
  | 'Taken'
  | 'Changed'

/** A call that etcd refused or that did not reach it. Its text names no address. */
export class EtcdFailure extends Error {
  override readonly name = 'EtcdFailure'

  constructor(
    readonly reason: EtcdReason,
    detail = '',
  ) {
    super([reason, detail].filter(Boolean).join(': '))
  }
}

/** True for an EtcdFailure with one of these reasons. */
export function isEtcd(error: unknown, ...reasons: EtcdReason[]): error is EtcdFailure {
  return error instanceof EtcdFailure && reasons.includes(error.reason)
}

const passing: ReadonlySet<EtcdReason> = new Set([
  'Unreachable',
  'Stalled',
  'Cut',
  'Handshake',
  'BadAnswer',
  'Unavailable',
  'Gateway',
])

/** True when the same call may succeed a moment later, or at another endpoint. */
export function isPassing({ reason }: EtcdFailure): boolean {
  return passing.has(reason)
}

/** True when etcd certainly did nothing: nobody was there. */
export function isUndone({ reason }: EtcdFailure): boolean {
  return reason === 'Unreachable' || reason === 'Handshake' || reason === 'BadCertificate'
}

/** What a refusal of the gateway says; the numbers are those of gRPC. */
export function failureOf(body: unknown): EtcdFailure {
  const said = typeof body === 'object' && body !== null ? body : {}
  const code = 'code' in said && typeof said.code === 'number' ? said.code : undefined
  const text = 'error' in said && typeof said.error === 'string' ? said.error.slice(0, 300) : ''
  if (code === undefined) return new EtcdFailure('BadAnswer', 'a refusal that is none of etcd')
  return new EtcdFailure(reasonFor(code, text), text)
}

function reasonFor(code: number, text: string): EtcdReason {
  if (text.includes('is too large') || text.includes('received message larger than max')) return 'TooLarge'
  if (text.includes('database space exceeded')) return 'Full'
  if (text.includes('has been compacted')) return 'Compacted'
  if (code === 16 || code === 7 || text.includes('user name is empty')) return 'SignIn'
  // The gateway's own connection to etcd, which etcd closes when it does not like its certificate.
  if (code === 14 && !text.startsWith('etcdserver')) return 'Gateway'
  // Cancelled, unknown, deadline exceeded, too many requests, aborted, unavailable.
  return [1, 2, 4, 8, 10, 14].includes(code) ? 'Unavailable' : 'Failed'
}

/** Reasons that a visitor can be told. */
const sentences: Readonly<Record<EtcdReason, readonly [ErrorCode, string]>> = {
  Taken: ['conflict', 'it exists already'],
  Changed: ['unavailable', 'it was replaced or deleted while it was read; try again'],
  TooLarge: ['too_large', 'it is larger than etcd takes in one piece'],
  Full: ['full', 'etcd is over its quota; its operator has to compact and defragment it'],
  Compacted: ['unavailable', 'etcd forgot its state while it was read; try again'],
  Unreachable: ['unavailable', 'etcd cannot be reached now; try again later'],
  Stalled: ['unavailable', 'etcd does not answer now; try again later'],
  Cut: ['unavailable', 'etcd broke the connection; try again later'],
  Handshake: [
    'unavailable',
    'etcd refuses the TLS connection; its operator has to look at the client certificate of this server',
  ],
  BadCertificate: [
    'unavailable',
    'the certificate of etcd is not trusted; its operator has to name its authority',
  ],
  BadAnswer: ['unavailable', 'what answers at the address of etcd is no etcd; try again later'],
  NoGateway: ['unavailable', 'etcd has no JSON gateway; its operator has to switch it on'],
  Unavailable: ['unavailable', 'etcd cannot do it now; try again later'],
  Gateway: ['unavailable', 'the JSON gateway of etcd cannot reach etcd itself now; try again later'],
  SignIn: ['unavailable', 'etcd refuses it to this server; its operator has to look at the permissions'],
  Failed: ['unavailable', 'etcd failed; its operator has to look at its log'],
}

/**
 * Words a failed call for the outside: the key, no address, no text of etcd; the failure goes into `cause`. What is no
 * EtcdFailure, such as an error of the body's own stream, passes as it is.
 */
export function etcdError(action: EtcdAction, key: string, error: unknown): unknown {
  if (!(error instanceof EtcdFailure)) return error
  const [code, why] = sentences[error.reason]
  return new RegistryError(code, 'storage', `Cannot ${action} "${key}": ${why}`, {}, { cause: error })
}

/** What an operator can do about a failure at start, as the end of a sentence. */
const advice: Partial<Record<EtcdReason, string>> = {
  Unreachable: 'nobody listens there; start etcd, or correct --storage-etcd-endpoint',
  Stalled: 'it does not answer; see whether its members are up and have a leader',
  Cut: 'it broke the connection; an endpoint begins with https:// when its etcd speaks TLS, and with http:// when not',
  Handshake:
    'it refused the TLS connection; --storage-etcd-certfile has to be a client certificate of an authority that etcd trusts, and the endpoint one that speaks TLS',
  BadCertificate:
    'its certificate is not trusted; --storage-etcd-cafile has to name its authority, and the certificate has to name the host of the endpoint',
  BadAnswer: 'what answers there is no etcd; correct --storage-etcd-endpoint',
  NoGateway:
    'it has no JSON gateway at /v3; Chartroom needs etcd 3.4 or newer, not started with --enable-grpc-gateway=false',
  Gateway:
    'its JSON gateway cannot reach etcd itself; when that stays so: with --client-cert-auth the certificate of etcd (--cert-file) must be valid as a client certificate too (extendedKeyUsage clientAuth)',
  SignIn: 'it wants a user and password, which Chartroom does not have; use client certificates instead',
}

/** True when etcd may be there a moment later, and nobody has to correct anything. */
function isAway(error: unknown): error is EtcdFailure {
  return isEtcd(error, 'Unreachable', 'Stalled', 'Cut', 'Unavailable', 'Gateway')
}

/** Words for the operator why a store cannot be opened. */
export function startError(endpoints: string, error: unknown): unknown {
  if (!(error instanceof EtcdFailure)) return error
  const why = advice[error.reason] ?? sentences[error.reason][1]
  const message = `Cannot open the etcd storage at ${endpoints}: ${why} (${error.message})`
  if (isAway(error)) return new StoreAway(message, sentences[error.reason][1], { cause: error })
  return new RegistryError('unavailable', 'storage', message, {}, { cause: error })
}
