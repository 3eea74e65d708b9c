import type { Place } from './etcd-client.ts'
import { EtcdFailure, etcdError, isEtcd } from './etcd-errors.ts'
import { headOf, infoOf, remember } from './etcd-head.ts'
import type { Head } from './etcd-head.ts'
import { isOwn, isTimestamp } from './etcd-keys.ts'
import type { EtcdKeys } from './etcd-keys.ts'
import { isAt, range } from './etcd-wire.ts'
import type { KeyValue, Op, TxnResult } from './etcd-wire.ts'
import type { ObjectInfo, StoredObject } from './storage.ts'

/** What asks for everything that tells of one object: its bytes, its head and its time. */
export function questions(keys: EtcdKeys, key: string, { keysOnly = false } = {}): Op[] {
  const timestamp = keys.timestampKey(key)
  return [
    range(keys.dataKey(key), { keysOnly }),
    range(keys.headKey(key)),
    ...(timestamp === undefined ? [] : [range(timestamp)]),
  ]
}

interface Answered {
  readonly data: KeyValue
  readonly head: Head | undefined
  readonly timestamp: KeyValue | undefined
}

/** The answers to these questions, or undefined when there is no such object. */
export function answered(key: string, result: TxnResult): Answered | undefined {
  const [data, found, timestamp] = result.results.map(({ kvs }) => kvs[0])
  if (data === undefined) return undefined
  const head = headOf(key, data, found)
  // The first bytes of an object of our own are perhaps not all of them.
  return head === undefined && isOwn(key) ? undefined : { data, head, timestamp }
}

/** The object, or undefined when there is none. All but a large object of our own comes whole. */
export async function readObject(place: Place, key: string): Promise<StoredObject | undefined> {
  if (isTimestamp(key)) return undefined
  return objectOf(place, key, await place.client.txn({ success: questions(place.keys, key) }))
}

/** Like readObject(), or "same" when the bytes have this change tag; then none are sent. */
export async function readObjectUnless(
  place: Place,
  key: string,
  etag: string,
): Promise<StoredObject | 'same' | undefined> {
  if (isTimestamp(key)) return undefined
  if (!isRevision(etag)) return readObject(place, key)
  const compare = [isAt(place.keys.dataKey(key), etag)]
  const result = await place.client.txn({ compare, success: [], failure: questions(place.keys, key) })
  return result.succeeded ? 'same' : objectOf(place, key, result)
}

/** True for a change tag of this driver: a revision of etcd. */
export function isRevision(etag: string): boolean {
  return /^[1-9]\d{0,18}$/.test(etag)
}

/** Like readObject(), without the bytes: they are sent only when nobody has noted their size yet. */
export async function readInfo(place: Place, key: string): Promise<ObjectInfo | undefined> {
  if (isTimestamp(key)) return undefined
  const { client, keys } = place
  const found = answered(key, await client.txn({ success: questions(keys, key, { keysOnly: true }) }))
  if (found?.head !== undefined) return infoOf(key, found.data, found.head, found.timestamp)
  if (found === undefined) return undefined
  const whole = answered(key, await client.txn({ success: questions(keys, key) }))
  if (whole === undefined) return undefined
  const size = whole.data.value.byteLength
  await remember(place, [{ key, data: whole.data, size }])
  return infoOf(key, whole.data, whole.head ?? { size }, whole.timestamp)
}

function objectOf(place: Place, key: string, result: TxnResult): StoredObject | undefined {
  const found = answered(key, result)
  if (found === undefined) return undefined
  const { data, timestamp } = found
  const bytes = data.value
  const head = found.head ?? { size: bytes.byteLength }
  const info = infoOf(key, data, head, timestamp)
  const { parts = 0, write = '' } = head
  if (parts > 0)
    return { ...info, body: streamOf(place, info, bytes, { parts, write, revision: result.revision }) }
  if (bytes.byteLength !== head.size) throw new EtcdFailure('BadAnswer', 'another size than noted')
  return { ...info, body: new Blob([bytes]), bytesNow: () => bytes }
}

interface Parts {
  readonly parts: number
  readonly write: string
  /** The state of the store in which they are read: a replacement meanwhile does not matter. */
  readonly revision: string
}

/** The first bytes and then the parts, each asked for when its reader wants it. */
function streamOf(
  place: Place,
  info: ObjectInfo,
  first: Buffer<ArrayBuffer>,
  parts: Parts,
): ReadableStream<Uint8Array> {
  let next = 0
  let left = info.size
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const bytes = next === 0 ? first : await readPart(place, parts, next)
          next += 1
          left -= bytes.byteLength
          if (left < 0 || (next > parts.parts && left > 0))
            throw new EtcdFailure('BadAnswer', 'another size than noted')
          controller.enqueue(bytes)
          if (next > parts.parts) controller.close()
        } catch (error) {
          controller.error(etcdError('read', info.key, error))
        }
      },
    },
    { highWaterMark: 0 },
  )
}

async function readPart(
  { client, keys }: Place,
  { write, revision }: Parts,
  number: number,
): Promise<Buffer<ArrayBuffer>> {
  try {
    const { results } = await client.txn({ success: [range(keys.partsOf(write) + number, { revision })] })
    const found = results[0]?.kvs[0]
    if (found !== undefined) return found.value
  } catch (error) {
    if (!isEtcd(error, 'Compacted')) throw error
  }
  throw new EtcdFailure('Changed')
}
