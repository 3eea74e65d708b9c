import { RegistryError } from '../errors.ts'
import type { Place } from './etcd-client.ts'
import { EtcdFailure, isEtcd } from './etcd-errors.ts'
import { parsed } from './etcd-head.ts'
import type { Head } from './etcd-head.ts'
import { isOwn, isTimestamp, newWrite } from './etcd-keys.ts'
import { partBytes, removeParts, writeParts } from './etcd-parts.ts'
import { answered, isRevision, questions } from './etcd-read.ts'
import { isAbsent, isAt, put, remove } from './etcd-wire.ts'
import type { Compare, Op } from './etcd-wire.ts'
import type { Body, ObjectInfo } from './storage.ts'

/** On what condition an object is written: none, that there is none, or that it still has this change tag. */
export type Condition = 'always' | 'absent' | { readonly etag: string }

/** What etcd takes when nobody says more; from this size on it is asked before anything is read into memory. */
const defaultLimit = 1.5 * 1024 * 1024
/** More than anybody lets etcd take, where it does not tell its limit. */
const mostBytes = 32 * 1024 * 1024

/** Writes an object whole or not at all. Throws EtcdFailure `Taken` when the condition does not hold. */
export async function putObject(place: Place, key: string, body: Body, when: Condition): Promise<ObjectInfo> {
  if (isTimestamp(key)) throw reservedName(key)
  const write = newWrite()
  if (!isOwn(key)) {
    const bytes = await readWhole(place, key, body)
    return commit(place, key, { first: bytes, size: bytes.byteLength, parts: 0, write }, when)
  }
  const written = await writeParts(place, key, write, body)
  let lost = 0
  try {
    return await commit(place, key, { ...written, write }, when, (count) => (lost = count))
  } catch (error) {
    // Only when none of the tries can have named them.
    const refused = isEtcd(error, 'Taken') || (lost === 0 && isEtcd(error, 'Full'))
    if (refused && written.parts > 0) await removeParts(place, write)
    throw error
  }
}

interface Written {
  /** All bytes, or those in front of the parts. */
  readonly first: Uint8Array
  readonly size: number
  readonly parts: number
  readonly write: string
}

/**
 * The transaction that makes an object appear. When an answer was lost, the next try finds its own head; and it makes
 * the lost one void, which would otherwise, from a member that stood still, undo what others did in the meantime.
 */
async function commit(
  place: Place,
  key: string,
  written: Written,
  when: Condition,
  trying: (lost: number) => void = () => undefined,
): Promise<ObjectInfo> {
  const { client, keys } = place
  const { size, parts, write } = written
  const modified = Math.floor(Date.now() / 1000)
  const head: Head = { size, modified, write, ...(parts > 0 && { parts }) }
  const timestamp = keys.timestampKey(key)
  const writing: Op[] = [
    put(keys.headKey(key), JSON.stringify(head), { previous: isOwn(key) }),
    put(keys.dataKey(key), written.first),
    ...(timestamp === undefined ? [] : [put(timestamp, String(modified))]),
  ]
  const asking = questions(keys, key, { keysOnly: true })
  const result = await told(place, key, size, () =>
    client.txn((lost) => {
      trying(lost)
      const voiding = Array.from({ length: lost }, (_, attempt) => put(keys.voidKey(write, attempt), ''))
      return {
        compare: [isAbsent(keys.voidKey(write, lost)), ...conditions(keys.dataKey(key), when)],
        success: [...writing, ...voiding],
        failure: [...asking, ...voiding],
      }
    }),
  )
  const done = (etag: string) => ({ key, size, modified: new Date(modified * 1000), etag })
  if (result.succeeded) {
    const before = parsed(result.results[0]?.kvs[0]?.value.toString() ?? '')
    if (before?.parts !== undefined && before.write !== undefined && before.write !== write) {
      await removeParts(place, before.write)
    }
    return done(result.revision)
  }
  const there = answered(key, result)
  if (there?.head?.write === write) return done(there.data.revision)
  throw new EtcdFailure('Taken')
}

/** No store comes to this revision: what a change tag that is none of ours is compared as. */
const neverReached = '9223372036854775807'

function conditions(dataKey: string, when: Condition): Compare[] {
  if (when === 'always') return []
  if (when === 'absent') return [isAbsent(dataKey)]
  return [isAt(dataKey, isRevision(when.etag) ? when.etag : neverReached)]
}

/** Reads a body chunk by chunk, so that a stream that fails half-way fails the write, and no more than etcd takes. */
async function readWhole(place: Place, key: string, body: Body): Promise<Uint8Array> {
  const announced = body instanceof Blob ? body.size : body.byteLength
  const limit = announced > defaultLimit ? await limitOf(place) : mostBytes
  if (announced > limit) throw tooLarge(key, announced, limit)
  if (body instanceof Uint8Array) return body
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  for await (const chunk of body.stream()) {
    size += chunk.byteLength
    if (size > mostBytes) throw tooLarge(key, size, mostBytes)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size)
}

/** Tells the size and the limit when etcd refuses a request for its length. */
async function told<T>(place: Place, key: string, size: number, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (!isEtcd(error, 'TooLarge') || size <= partBytes) throw error
    throw tooLarge(key, size, await limitOf(place))
  }
}

async function limitOf({ client }: Place): Promise<number> {
  return (await client.largestRequest()) ?? mostBytes
}

function tooLarge(key: string, size: number, limit: number): RegistryError {
  const message =
    `Cannot store "${key}": it has ${size} bytes, and etcd takes at most ${limit} bytes in one piece, ` +
    'names and times included; its operator can raise that limit'
  return new RegistryError('too_large', 'storage', message, { limit })
}

function reservedName(key: string): RegistryError {
  const message = `Cannot store "${key}": in etcd a name that ends in "timestamp" is kept for the time of a file`
  return new RegistryError('invalid', 'file', message)
}

/** Removes an object and all that tells of it. True when something was there. */
export async function deleteObject(place: Place, key: string): Promise<boolean> {
  if (isTimestamp(key)) return false
  const { client, keys } = place
  const timestamp = keys.timestampKey(key)
  const asking = questions(keys, key, { keysOnly: true })
  const removing = [
    remove(keys.dataKey(key)),
    remove(keys.headKey(key)),
    ...(timestamp === undefined ? [] : [remove(timestamp)]),
  ]
  let found = answered(key, await client.txn({ success: asking }))
  if (found === undefined) return false
  while (found !== undefined) {
    // Only what was seen: a try whose answer was lost must not remove what is written later.
    const compare = [isAt(keys.dataKey(key), found.data.revision)]
    const result = await client.txn({ compare, success: removing, failure: asking })
    if (result.succeeded) {
      const { parts, write } = found.head ?? {}
      if (parts !== undefined && write !== undefined) await removeParts(place, write)
      return true
    }
    found = answered(key, result)
  }
  // By a try of ours whose answer was lost, or by another process at the same moment: it was there.
  return true
}
