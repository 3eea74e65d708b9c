import type { Answer } from './store-answer.ts'
import type { S3Client } from './s3-client.ts'
import { element, elements } from './s3-xml.ts'
import type { ObjectInfo } from './storage.ts'
import { StoreFailure } from './store-failure.ts'

/** What belongs to Chartroom itself; listed only when asked for by name. */
const reserved = '.chartroom/'
/** Behind every key that begins with the reserved prefix: no legal character is greater. */
const behindReserved = `${reserved}\u{10ffff}`
const pageSize = 1000
/** A page of 1,000 keys of 1,024 characters, each written as three percent signs, is far smaller. */
const longestPage = 16 * 1024 * 1024

/** Where the next page begins. A store that only knows the first version of listings (Tencent's documents) has markers. */
type Next = { readonly 'continuation-token': string } | { readonly marker: string }

/** One page of a listing, keys with the prefix of the store. */
interface Page {
  readonly objects: readonly ObjectInfo[]
  readonly next: Next | undefined
}

/**
 * The objects below a prefix, in order of UTF-16 code units. `root` is the prefix of the store: keys come without it.
 * Keys that no driver could hold (empty parts, a "/" at the end, as consoles make for folders) are left out.
 */
export async function* listObjects(
  client: S3Client,
  root: string,
  prefix: string,
  shallow: boolean,
): AsyncGenerator<ObjectInfo> {
  const late: ObjectInfo[] = []
  for await (const object of inByteOrder(client, root, prefix, shallow)) {
    if (late.length > 0 || isOrderedOtherwise(object.key)) late.push(object)
    else yield object
  }
  yield* late.sort((a, b) => (a.key < b.key ? -1 : 1))
}

/**
 * S3 orders keys by their UTF-8 bytes. That is the order of UTF-16 code units but for characters from U+E000 up to
 * U+FFFF, which come before those beyond in the one and after them in the other. All that stands in front of the first
 * key with such a character is in both orders in front of the rest.
 */
function isOrderedOtherwise(key: string): boolean {
  return /[\ud800-\uffff]/.test(key)
}

async function* inByteOrder(
  client: S3Client,
  root: string,
  prefix: string,
  shallow: boolean,
): AsyncGenerator<ObjectInfo> {
  const hidden = prefix.startsWith(reserved) ? undefined : root + reserved
  const query = {
    'list-type': '2',
    'max-keys': String(pageSize),
    'encoding-type': 'url',
    prefix: root + prefix,
    ...(shallow && { delimiter: '/' }),
  }
  let where: Readonly<Record<string, string>> = {}
  for (;;) {
    const call = { method: 'GET', key: '', query: { ...query, ...where } } as const
    const { objects, next } = await client.send(call, readPage)
    for (const object of objects) {
      const key = object.key.slice(root.length)
      const wanted =
        object.key.startsWith(root + prefix) && !(hidden !== undefined && object.key.startsWith(hidden))
      if (wanted && isWhole(key)) yield { ...object, key }
    }
    if (next === undefined) return
    const last = objects.at(-1)?.key
    // What is hidden is passed over and not paged through.
    const pass = hidden !== undefined && last?.startsWith(hidden) === true
    const behind = 'marker' in next ? 'marker' : 'start-after'
    const before = where
    where = pass ? { [behind]: root + behindReserved } : next
    if (Bun.deepEquals(where, before)) throw new StoreFailure('BadAnswer', 0, 'a listing that does not go on')
  }
}

/** Asks for one object, to see that the bucket can be read. */
export function firstPage(root: string) {
  return { method: 'GET', key: '', query: { 'list-type': '2', 'max-keys': '1', prefix: root } } as const
}

/** Reads one page. Throws StoreFailure `BadAnswer` for anything that is not a complete one: half a list would hide charts. */
export async function readPage(answer: Answer): Promise<Page> {
  const xml = new TextDecoder().decode(await answer.bytes(longestPage))
  const more = element(xml, 'IsTruncated')
  if (!xml.trimEnd().endsWith('</ListBucketResult>') || (more !== 'true' && more !== 'false')) {
    throw new StoreFailure('BadAnswer', 0, 'no complete listing')
  }
  const encoded = element(xml, 'EncodingType') === 'url'
  const next = more === 'true' ? nextOf(xml, encoded) : undefined
  return { objects: [...objectsOf(xml, encoded)], next }
}

function nextOf(xml: string, encoded: boolean): Next {
  const token = element(xml, 'NextContinuationToken')
  if (token) return { 'continuation-token': token }
  const name = element(xml, 'NextMarker') ?? ''
  const marker = encoded ? decoded(name) : name
  if (marker) return { marker }
  throw new StoreFailure('BadAnswer', 0, 'a listing without its continuation')
}

function* objectsOf(xml: string, encoded: boolean): Generator<ObjectInfo> {
  for (const part of elements(xml, 'Contents')) {
    const [name, size, time, etag] = ['Key', 'Size', 'LastModified', 'ETag'].map((field) =>
      element(part, field),
    )
    if (name === undefined || time === undefined || etag === undefined || !/^\d+$/.test(size ?? '')) {
      throw new StoreFailure('BadAnswer', 0, 'an object without its data')
    }
    const key = encoded ? decoded(name) : name
    if (key !== undefined) yield { key, size: Number(size), modified: wholeSeconds(time), etag: tagOf(etag) }
  }
}

/** S3 writes a blank as "+" here. A name that is no UTF-8 has no key. */
function decoded(name: string): string | undefined {
  try {
    return decodeURIComponent(name.replaceAll('+', ' '))
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

function isWhole(key: string): boolean {
  return !/(^|\/)\.{0,2}(\/|$)/.test(key)
}

/** The change tag of an object: S3's ETag without its quotes. */
export function tagOf(etag: string): string {
  return etag.replace(/^(W\/)?"|"$/g, '')
}

/** Some stores tell milliseconds in a listing and seconds elsewhere (MinIO): one object has one time. */
export function wholeSeconds(time: string): Date {
  const ms = Date.parse(time)
  if (Number.isNaN(ms)) throw new StoreFailure('BadAnswer', 0, 'an object without its time')
  return new Date(Math.floor(ms / 1000) * 1000)
}
