import type { Place } from './etcd-client.ts'
import { isEtcd } from './etcd-errors.ts'
import { headOf, infoOf, remember } from './etcd-head.ts'
import type { Measured } from './etcd-head.ts'
import { behind, endOf, folderOf, isOwn, isTimestamp } from './etcd-keys.ts'
import { range } from './etcd-wire.ts'
import type { KeyValue, TxnResult } from './etcd-wire.ts'
import type { ObjectInfo } from './storage.ts'

/** Keys of one page; an object has two. */
const pageSize = 2000
/** Operations of one transaction; etcd takes 128. */
const mostQuestions = 100
/** Values that are read together for their size: each may have 1.5 MiB. */
const valuesAtOnce = 4

/**
 * The objects below a prefix, in order of UTF-16 code units, as they were at one moment. Keys that no driver could hold
 * are left out.
 *
 *   a page of keys, without values → the heads of its folders → bytes only of what has no head
 */
export async function* listObjects(
  place: Place,
  prefix: string,
  shallow: boolean,
): AsyncGenerator<ObjectInfo> {
  const late: ObjectInfo[] = []
  for await (const object of inByteOrder(place, prefix, shallow)) {
    if (late.length > 0 || isOrderedOtherwise(object.key)) late.push(object)
    else yield object
  }
  yield* late.sort((a, b) => (a.key < b.key ? -1 : 1))
}

/**
 * etcd orders keys by their UTF-8 bytes. That is the order of UTF-16 code units but for characters from U+E000 up to
 * U+FFFF, which come before those beyond in the one and after them in the other. All that stands in front of the first
 * key with such a character is in both orders in front of the rest.
 */
function isOrderedOtherwise(key: string): boolean {
  return /[\ud800-\uffff]/.test(key)
}

async function* inByteOrder(place: Place, prefix: string, shallow: boolean): AsyncGenerator<ObjectInfo> {
  const { keys } = place
  const start = keys.dataKey(prefix)
  const moment = createMoment(place)
  const read = async (from: Uint8Array) => {
    const { results } = await moment.read((revision) => [
      range(from, { end: endOf(start), keysOnly: true, limit: pageSize, revision }),
    ])
    return results[0] ?? { kvs: [], more: false }
  }
  let next: ReturnType<typeof read> | undefined = read(Buffer.from(start))
  while (next !== undefined) {
    const { kvs, more }: Awaited<typeof next> = await next
    const last = kvs.at(-1)
    // Asked for while this page is looked at; a listing that is left before its end does not hear how that ended.
    next = more && last !== undefined ? read(following(last, start, shallow)) : undefined
    next?.catch(() => undefined)
    const wanted = kvs.flatMap((data) => {
      const key = keys.keyOf(data.key)
      return isWanted(key, data, prefix, shallow) ? [{ key, data }] : []
    })
    yield* await described(place, moment, wanted)
  }
}

/** Where the next page begins: a folder that a shallow listing passes over is not paged through. */
function following({ raw, key }: KeyValue, start: string, shallow: boolean): Uint8Array {
  const slash = key.indexOf('/', start.length)
  return shallow && slash >= 0 ? endOf(key.slice(0, slash + 1)) : behind(raw)
}

function isWanted(key: string, data: KeyValue, prefix: string, shallow: boolean): boolean {
  if (shallow && key.includes('/', prefix.length)) return false
  if (isTimestamp(key) || /(^|\/)\.{0,2}(\/|$)/.test(key)) return false
  // Nothing can be asked for there; and a key that is no UTF-8 has no name.
  if (isOwn(key) !== isOwn(prefix)) return false
  return !key.includes('\ufffd') || Buffer.from(data.key).equals(data.raw)
}

interface Found {
  readonly key: string
  readonly data: KeyValue
}

async function described(place: Place, moment: Moment, page: readonly Found[]): Promise<ObjectInfo[]> {
  const heads = await readHeads(place, moment, page)
  const known = page.map(({ key, data }) => ({
    key,
    data,
    head: headOf(key, data, heads.get(place.keys.headKey(key))),
  }))
  const unsure = known.filter(({ key, head }) => head?.modified === undefined && !isOwn(key))
  const others = new Map((await lookAt(place, moment, unsure)).map((info) => [info.key, info]))
  return known.flatMap(({ key, data, head }) => {
    if (head?.modified !== undefined) return [infoOf(key, data, head, undefined)]
    return others.get(key) ?? []
  })
}

/** The heads of a page: those of one folder lie one behind the other. */
async function readHeads(
  { keys }: Place,
  moment: Moment,
  page: readonly Found[],
): Promise<ReadonlyMap<string, KeyValue>> {
  const folders = new Map<string, { first: string; last: string }>()
  for (const { key } of page) {
    const folder = folders.get(folderOf(key))
    if (folder === undefined) folders.set(folderOf(key), { first: key, last: key })
    else folder.last = key
  }
  const heads = new Map<string, KeyValue>()
  for (const some of inGroups([...folders.values()], mostQuestions)) {
    const { results } = await moment.read((revision) =>
      some.map(({ first, last }) =>
        range(keys.headKey(first), { end: behind(Buffer.from(keys.headKey(last))), revision }),
      ),
    )
    for (const { kvs } of results) for (const kv of kvs) heads.set(kv.key, kv)
  }
  return heads
}

interface Unsure extends Found {
  readonly head: ReturnType<typeof headOf>
}

/** Objects that ChartMuseum or a person wrote: their time lies under its own key, their size in the bytes until it is noted. */
async function lookAt(place: Place, moment: Moment, unsure: readonly Unsure[]): Promise<ObjectInfo[]> {
  const infos: ObjectInfo[] = []
  const noted = unsure.filter(({ head }) => head !== undefined)
  const fresh = unsure.filter(({ head }) => head === undefined)
  for (const some of inGroups(noted, mostQuestions)) infos.push(...(await withTimes(place, moment, some)))
  for (const many of inGroups(fresh, mostQuestions)) {
    const measured: Measured[] = []
    for (const some of inGroups(many, valuesAtOnce)) measured.push(...(await measure(place, moment, some)))
    const sized = measured.map((each) => ({ ...each, head: { size: each.size } }))
    infos.push(...(await withTimes(place, moment, sized)))
    await remember(place, measured)
  }
  return infos
}

async function measure({ keys }: Place, moment: Moment, some: readonly Found[]): Promise<Measured[]> {
  const { results } = await moment.read((revision) =>
    some.map(({ key }) => range(keys.dataKey(key), { revision })),
  )
  return some.flatMap(({ key }, place) => {
    const data = results[place]?.kvs[0]
    return data === undefined ? [] : [{ key, data, size: data.value.byteLength }]
  })
}

async function withTimes({ keys }: Place, moment: Moment, some: readonly Unsure[]): Promise<ObjectInfo[]> {
  const times = some.map(({ key }) => keys.timestampKey(key) ?? key)
  const { results } = await moment.read((revision) => times.map((key) => range(key, { revision })))
  return some.map(({ key, data, head }, place) =>
    infoOf(key, data, head ?? { size: 0 }, results[place]?.kvs[0]),
  )
}

/** Reads the store as it was when the first question was answered. */
interface Moment {
  read(ops: (revision: string | undefined) => ReturnType<typeof range>[]): Promise<TxnResult>
}

/** When etcd has forgotten that moment, it goes on with the next one. */
function createMoment({ client }: Place): Moment {
  let revision: string | undefined
  async function read(ops: Parameters<Moment['read']>[0], tries = 3): Promise<TxnResult> {
    try {
      const result = await client.txn({ success: ops(revision) })
      revision ??= result.revision
      return result
    } catch (error) {
      if (!isEtcd(error, 'Compacted') || tries === 0) throw error
      revision = undefined
      return read(ops, tries - 1)
    }
  }
  return { read: (ops) => read(ops) }
}

function* inGroups<T>(items: readonly T[], size: number): Generator<readonly T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size)
}
