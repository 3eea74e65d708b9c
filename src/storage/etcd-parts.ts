import type { EtcdClient, Place } from './etcd-client.ts'
import { EtcdFailure } from './etcd-errors.ts'
import { parsed } from './etcd-head.ts'
import { beginOf, behind, endOf } from './etcd-keys.ts'
import type { EtcdKeys } from './etcd-keys.ts'
import { put, range, remove } from './etcd-wire.ts'
import type { Body } from './storage.ts'

/** An object of our own is cut into parts of this size, a third of what etcd takes in one request if nobody says more. */
export const partBytes = 512 * 1024

/** What a process that died left is removed when it is older than this, milliseconds: no write takes nearly as long. */
const abandonedAfterMs = 60 * 60_000
/** How long a call that is done already waits for old parts to be removed, milliseconds. */
const removeMs = 2_000

/**
 * Writes all but the first part, where nobody reads it until the head names it. Throws EtcdFailure, or what the body
 * throws; then no part is left.
 */
export async function writeParts(
  place: Place,
  key: string,
  write: string,
  body: Body,
): Promise<{ first: Uint8Array; size: number; parts: number }> {
  let first: Uint8Array | undefined
  let [size, parts] = [0, 0]
  try {
    for await (const piece of pieces(body)) {
      size += piece.byteLength
      if (first === undefined) {
        first = piece
        continue
      }
      const start = place.keys.partsOf(write)
      parts += 1
      const owner = parts === 1 ? [put(`${start}0`, key)] : []
      await place.client.txn({ success: [...owner, put(start + parts, piece)] })
    }
    return { first: first ?? new Uint8Array(), size, parts }
  } catch (error) {
    if (parts > 0) await removeParts(place, write)
    throw error
  }
}

/** The body in pieces of one part. */
async function* pieces(body: Body): AsyncGenerator<Uint8Array> {
  let gathered: Uint8Array[] = []
  let size = 0
  for await (const chunk of body instanceof Blob ? body.stream() : [body]) {
    let from = 0
    while (from < chunk.byteLength) {
      const taken = chunk.subarray(from, from + partBytes - size)
      gathered.push(taken)
      size += taken.byteLength
      from += taken.byteLength
      if (size < partBytes) continue
      yield Buffer.concat(gathered, size)
      gathered = []
      size = 0
    }
  }
  if (size > 0) yield Buffer.concat(gathered, size)
}

/** Removes the parts of a write that nothing names any more. What cannot be removed now is at the next start. */
export async function removeParts({ client, keys }: Place, write: string): Promise<void> {
  const start = keys.partsOf(write)
  await quietly(() => client.txn({ success: [remove(start, { end: endOf(start) })] }, removeMs))
}

/** Removes what processes left that died while they wrote, and the marks of tries that were lost. */
export async function removeLitter(place: Place, now = Date.now()): Promise<void> {
  const { client, keys } = place
  const isOld = (write: string) => now - beginOf(write) > abandonedAfterMs
  for (const write of await writesBelow(client, keys.litter.voids)) {
    const start = `${keys.litter.voids}${write}/`
    if (isOld(write)) await client.txn({ success: [remove(start, { end: endOf(start) })] })
  }
  for (const write of await writesBelow(client, keys.litter.parts)) {
    if (isOld(write) && !(await isNamed(client, keys, write))) await removeParts(place, write)
  }
}

/** The writes that have keys there, one question for each. */
async function writesBelow(client: EtcdClient, start: string): Promise<string[]> {
  const found: string[] = []
  let from: string | Uint8Array = start
  for (;;) {
    const op = range(from, { end: endOf(start), keysOnly: true, limit: 1 })
    const next = (await client.txn({ success: [op] })).results[0]?.kvs[0]
    if (next === undefined) return found
    const write = next.key.slice(start.length).split('/', 1)[0] ?? ''
    found.push(write)
    const end = endOf(`${start}${write}/`)
    from = Buffer.compare(end, next.raw) > 0 ? end : behind(next.raw)
  }
}

/** True when the object that the parts were written for names them. */
async function isNamed(client: EtcdClient, keys: EtcdKeys, write: string): Promise<boolean> {
  const owner = (await client.txn({ success: [range(`${keys.partsOf(write)}0`)] })).results[0]?.kvs[0]
  if (owner === undefined) return false
  const head = await client.txn({ success: [range(keys.headKey(owner.value.toString()))] })
  return parsed(head.results[0]?.kvs[0]?.value.toString() ?? '')?.write === write
}

async function quietly(run: () => Promise<unknown>): Promise<void> {
  try {
    await run()
  } catch (error) {
    if (!(error instanceof EtcdFailure)) throw error
  }
}
