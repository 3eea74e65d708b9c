import { EtcdFailure } from './etcd-errors.ts'

/**
 * What is said to etcd's JSON gateway and what it answers (https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway): bytes
 * in base64, 64-bit numbers as texts, and nothing where a field has its zero.
 */
export type Op =
  | { readonly request_range: Readonly<Record<string, unknown>> }
  | { readonly request_put: Readonly<Record<string, unknown>> }
  | { readonly request_delete_range: Readonly<Record<string, unknown>> }

type Bytes = string | Uint8Array

/** A condition of a transaction. */
export type Compare = Readonly<Record<string, string>>

/** All of `success`, or all of `failure` when a condition does not hold. At most 128 operations each. */
export interface Txn {
  readonly compare?: readonly Compare[]
  readonly success: readonly Op[]
  readonly failure?: readonly Op[]
}

/** One key as etcd knows it. */
export interface KeyValue {
  /** Its bytes; foreign keys need not be text. */
  readonly raw: Buffer
  readonly key: string
  /** Empty when only keys were asked for. */
  readonly value: Buffer<ArrayBuffer>
  /** The revision of its last write: our change tag. */
  readonly revision: string
}

/** What came of one operation: the keys of a range, or what was there before a put or a deletion when asked for. */
export interface OpResult {
  readonly kvs: readonly KeyValue[]
  /** A range has more than its limit. */
  readonly more: boolean
}

export interface TxnResult {
  readonly succeeded: boolean
  /** The revision of the store behind the transaction. */
  readonly revision: string
  readonly results: readonly OpResult[]
}

interface RangeOptions {
  /** The first key that is not meant; without it, one key is. */
  readonly end?: Bytes
  readonly keysOnly?: boolean
  readonly limit?: number
  readonly revision?: string | undefined
}

export function range(key: Bytes, { end, keysOnly, limit, revision }: RangeOptions = {}): Op {
  return {
    request_range: {
      key: base64(key),
      ...(end !== undefined && { range_end: base64(end) }),
      ...(keysOnly === true && { keys_only: true }),
      ...(limit !== undefined && { limit: String(limit) }),
      ...(revision !== undefined && { revision }),
    },
  }
}

/** With `previous` the result tells what was there before. */
export function put(key: Bytes, value: Bytes, { previous = false } = {}): Op {
  return {
    request_put: { key: base64(key), value: base64(value), ...(previous && { prev_kv: true }) },
  }
}

/** With `end` every key from the one up to the other; with `previous` the result tells what was there. */
export function remove(key: Bytes, { end, previous = false }: { end?: Bytes; previous?: boolean } = {}): Op {
  return {
    request_delete_range: {
      key: base64(key),
      ...(end !== undefined && { range_end: base64(end) }),
      ...(previous && { prev_kv: true }),
    },
  }
}

/** Holds while nothing stands under the key. */
export function isAbsent(key: Bytes): Compare {
  return { key: base64(key), target: 'CREATE', result: 'EQUAL', create_revision: '0' }
}

/** Holds while the key is as that revision left it. */
export function isAt(key: Bytes, revision: string): Compare {
  return { key: base64(key), target: 'MOD', result: 'EQUAL', mod_revision: revision }
}

export function base64(bytes: Bytes): string {
  if (typeof bytes === 'string') return Buffer.from(bytes).toString('base64')
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64')
}

/** The answer to a transaction. Throws EtcdFailure `BadAnswer` when it is none of etcd. */
export function txnResult(answer: unknown): TxnResult {
  const body = objectOf(answer)
  const responses = listOf(body.responses).map(objectOf)
  return {
    succeeded: body.succeeded === true,
    revision: numeric(objectOf(body.header).revision),
    results: responses.map(opResult),
  }
}

function opResult(result: Fields): OpResult {
  const { response_range: ranged, response_put: put, response_delete_range: removed } = result
  if (ranged !== undefined) {
    const { kvs, more } = objectOf(ranged)
    return { kvs: listOf(kvs).map(keyValue), more: more === true }
  }
  if (put !== undefined) {
    const { prev_kv: before } = objectOf(put)
    return { kvs: before === undefined ? [] : [keyValue(before)], more: false }
  }
  return { kvs: listOf(objectOf(removed).prev_kvs).map(keyValue), more: false }
}

const nothing = Buffer.alloc(0)

/** Reads one key of an answer or of an event. */
export function keyValue(found: unknown): KeyValue {
  const { key, value, mod_revision: revision } = objectOf(found)
  const raw = bytesOf(key)
  return {
    raw,
    key: raw.toString(),
    value: value === undefined ? nothing : bytesOf(value),
    revision: numeric(revision),
  }
}

type Fields = Readonly<Record<string, unknown>>

/** An object of an answer. Throws EtcdFailure `BadAnswer` for anything else. */
export function objectOf(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw strange()
  return value as Fields
}

/** A list of an answer; etcd leaves out an empty one. */
export function listOf(value: unknown): readonly unknown[] {
  if (value === undefined) return []
  if (!Array.isArray(value)) throw strange()
  return value
}

/** A number as a text, as it is sent and compared; etcd leaves out zero. */
export function numeric(value: unknown): string {
  if (value === undefined) return '0'
  if (typeof value !== 'string' || !/^\d{1,19}$/.test(value)) throw strange()
  return value
}

function bytesOf(value: unknown): Buffer<ArrayBuffer> {
  if (typeof value !== 'string') throw strange()
  return Buffer.from(value, 'base64')
}

function strange(): EtcdFailure {
  return new EtcdFailure('BadAnswer', 'an answer that is none of etcd')
}
