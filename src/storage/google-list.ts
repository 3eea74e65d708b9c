import { fieldOf, jsonOf } from './google-errors.ts'
import type { GoogleCall, GoogleClient } from './google-client.ts'
import type { Answer } from './store-answer.ts'
import type { ObjectInfo } from './storage.ts'
import { StoreFailure } from './store-failure.ts'

/** What belongs to Chartroom itself; listed only when asked for by name. */
const reserved = '.chartroom/'
/** The first text behind all that begins with the reserved prefix: "0" follows "/". */
const behindReserved = '.chartroom0'
const pageSize = 1000
/** A page of 1,000 names of 1,024 bytes, each written with escapes, is far smaller. */
const longestPage = 16 * 1024 * 1024

/** What is asked of an object. */
export const objectFields = 'name,size,generation,timeCreated'

/** One page of a listing, keys with the prefix of the store. */
interface Page {
  readonly objects: readonly ObjectInfo[]
  readonly next: string | undefined
}

/**
 * The objects below a prefix, in order of UTF-16 code units. `root` is the prefix of the store: keys come without it.
 * Keys that no driver could hold (empty parts, a "/" at the end, as consoles make for folders) are left out.
 */
export async function* listObjects(
  client: GoogleClient,
  root: string,
  prefix: string,
  shallow: boolean,
): AsyncGenerator<ObjectInfo> {
  const late: ObjectInfo[] = []
  for await (const object of inByteOrder(client, root, prefix, shallow)) {
    // The store orders by UTF-8 bytes: the same up to the first key with a character from U+D800 on in UTF-16.
    if (late.length > 0 || /[\ud800-\uffff]/.test(object.key)) late.push(object)
    else yield object
  }
  yield* late.sort((a, b) => (a.key < b.key ? -1 : 1))
}

async function* inByteOrder(
  client: GoogleClient,
  root: string,
  prefix: string,
  shallow: boolean,
): AsyncGenerator<ObjectInfo> {
  const hidden = prefix.startsWith(reserved) ? undefined : root + reserved
  const query = {
    maxResults: String(pageSize),
    fields: `kind,nextPageToken,items(${objectFields})`,
    prefix: root + prefix,
    ...(shallow && { delimiter: '/' }),
  }
  let where: Record<string, string> = {}
  for (;;) {
    const { objects, next } = await client.send({ method: 'GET', query: { ...query, ...where } }, readPage)
    for (const object of objects) {
      const key = object.key.slice(root.length)
      const wanted =
        object.key.startsWith(root + prefix) && !(hidden !== undefined && object.key.startsWith(hidden))
      if (wanted && isWhole(key)) yield { ...object, key }
    }
    if (next === undefined) return
    // What is hidden is passed over and not paged through.
    const pass = hidden !== undefined && objects.at(-1)?.key.startsWith(hidden) === true
    where = pass ? { startOffset: root + behindReserved } : { ...where, pageToken: next }
  }
}

/** Asks for one object, to see that the bucket can be read. */
export function firstPage(root: string): GoogleCall {
  return {
    method: 'GET',
    query: { maxResults: '1', fields: `kind,nextPageToken,items(${objectFields})`, prefix: root },
  }
}

/** Reads one page. Throws StoreFailure `BadAnswer` for anything that is not a complete one: half a list would hide charts. */
export async function readPage(answer: Answer): Promise<Page> {
  const page = jsonOf(new TextDecoder().decode(await answer.bytes(longestPage)))
  const [items, next] = [fieldOf(page, 'items') ?? [], fieldOf(page, 'nextPageToken')]
  if (fieldOf(page, 'kind') !== 'storage#objects' || !Array.isArray(items)) {
    throw new StoreFailure('BadAnswer', 0, 'no complete listing')
  }
  return {
    objects: items.map(infoFrom),
    next: typeof next === 'string' && next !== '' ? next : undefined,
  }
}

/** Reads what is known of one object, its key with the prefix of the store. */
export async function readResource(answer: Answer): Promise<{ info: ObjectInfo; resource: unknown }> {
  const resource = jsonOf(new TextDecoder().decode(await answer.bytes(longestPage)))
  return { info: infoFrom(resource), resource }
}

/**
 * Throws StoreFailure `BadAnswer` when it is not what the store says of an object. The time is that of the generation
 * (`timeCreated`), not `updated` as in ChartMuseum: both are the same until a lifecycle rule or a person changes the
 * metadata, and then the bytes are as old as before.
 */
function infoFrom(resource: unknown): ObjectInfo {
  const [key, size, generation, time] = objectFields.split(',').map((name) => fieldOf(resource, name))
  const known = typeof key === 'string' && typeof time === 'string' && typeof size === 'string'
  if (!known || !/^\d+$/.test(size) || typeof generation !== 'string' || !/^\d+$/.test(generation)) {
    throw new StoreFailure('BadAnswer', 0, 'an object without its data')
  }
  return { key, size: Number(size), modified: secondOf(time), etag: generation }
}

/** With the bytes of an object come whole seconds, and one object has one time. */
export function secondOf(time: string): Date {
  const ms = Date.parse(time)
  if (Number.isNaN(ms)) throw new StoreFailure('BadAnswer', 0, 'an object without its time')
  return new Date(Math.floor(ms / 1000) * 1000)
}

function isWhole(key: string): boolean {
  return !/(^|\/)\.{0,2}(\/|$)/.test(key)
}
