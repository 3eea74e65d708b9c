import type { Place } from './etcd-client.ts'
import { EtcdFailure } from './etcd-errors.ts'
import { isOwn } from './etcd-keys.ts'
import { isAt, put } from './etcd-wire.ts'
import type { KeyValue } from './etcd-wire.ts'
import type { ObjectInfo } from './storage.ts'

/**
 * What is known of an object beside its bytes, because etcd tells the size of a value only with the value. It is true
 * when it was written together with the bytes (both then have one revision), or when it names the revision of the bytes
 * that it tells of: those that somebody else wrote (ChartMuseum, a person), once they were read.
 */
export interface Head {
  /** Bytes, of all parts together. */
  readonly size: number
  /** Unix seconds; without them the key of the time tells. */
  readonly modified?: number
  /** Names the write: how a writer knows its own one again when the answer was lost. */
  readonly write?: string
  /** How many parts follow the first bytes (own objects). */
  readonly parts?: number
  /** The revision of the bytes that somebody else wrote. */
  readonly of?: string
}

/**
 * The head of an object whose bytes have this revision; undefined when it is of other bytes or no head. Nobody else
 * writes objects of our own: their head is true whatever its revision, as in a copy of a whole etcd.
 */
export function headOf(key: string, data: KeyValue, found: KeyValue | undefined): Head | undefined {
  const head = found && parsed(found.value.toString())
  if (head === undefined || found === undefined) return undefined
  if (isOwn(key)) return head
  return found.revision === data.revision || head.of === data.revision ? head : undefined
}

/** Reads a head; undefined for what is none. */
export function parsed(text: string): Head | undefined {
  let head: unknown
  try {
    head = JSON.parse(text)
  } catch {
    return undefined // Somebody wrote something else there: the bytes are asked.
  }
  if (typeof head !== 'object' || head === null) return undefined
  const { size, modified, write, parts, of } = head as Record<string, unknown>
  if (!isCount(size)) return undefined
  return {
    size,
    ...(isCount(modified) && { modified }),
    ...(typeof write === 'string' && { write }),
    ...(isCount(parts) && { parts }),
    ...(typeof of === 'string' && { of }),
  }
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0
}

/** What the interface tells of an object. */
export function infoOf(key: string, data: KeyValue, head: Head, timestamp: KeyValue | undefined): ObjectInfo {
  const seconds = head.modified ?? secondsOf(timestamp)
  return { key, size: head.size, modified: new Date(seconds * 1000), etag: data.revision }
}

const lastSecond = Date.UTC(9999, 11, 31) / 1000

/** ChartMuseum: an object without a time that can be read is of 1970. */
function secondsOf(timestamp: KeyValue | undefined): number {
  const text = timestamp?.value.toString() ?? ''
  return /^\d{1,15}$/.test(text) ? Math.min(Number(text), lastSecond) : 0
}

/** The size of bytes that somebody else wrote. */
export interface Measured {
  readonly key: string
  readonly data: KeyValue
  readonly size: number
}

/**
 * Keeps sizes for the next time, where the bytes are still the same. It only saves time: when it fails, as in a store
 * that is full, the bytes are read again.
 */
export async function remember({ client, keys, readOnly }: Place, sizes: readonly Measured[]): Promise<void> {
  if (sizes.length === 0 || readOnly) return
  const compare = sizes.map(({ key, data }) => isAt(keys.dataKey(key), data.revision))
  const success = sizes.map(({ key, data, size }) =>
    put(keys.headKey(key), JSON.stringify({ size, of: data.revision } satisfies Head)),
  )
  try {
    await client.txn({ compare, success }, rememberMs)
  } catch (error) {
    if (!(error instanceof EtcdFailure)) throw error
  }
}

const rememberMs = 2_000
