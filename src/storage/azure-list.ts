import type { AzureClient } from './azure-client.ts'
import { element, elements } from './s3-xml.ts'
import type { ObjectInfo } from './storage.ts'
import { StoreFailure } from './store-failure.ts'

/** What belongs to Chartroom itself; listed only when asked for by name. */
const reserved = '.chartroom/'
/** Azure gives 5,000 at once, which takes as many times longer to arrive; each page has one patience. */
const defaultPageSize = 2000

/** One page of a listing, keys with the prefix of the store. */
interface Page {
  readonly objects: readonly ObjectInfo[]
  readonly next: string | undefined
}

/** What is listed, and how. */
interface ListHow {
  readonly shallow?: boolean | undefined
  readonly pageSize?: number | undefined
}

/**
 * The objects below a prefix, in order of UTF-16 code units. `root` is the prefix of the store: keys come without it.
 * Keys that no driver could hold (empty parts, a "/" at the end, as consoles make for folders) are left out.
 */
export async function* listObjects(
  client: AzureClient,
  root: string,
  prefix: string,
  { shallow = false, pageSize = defaultPageSize }: ListHow,
): AsyncGenerator<ObjectInfo> {
  const late: ObjectInfo[] = []
  for await (const object of inOrderOfStore(client, root, prefix, { shallow, pageSize })) {
    if (late.length > 0 || isOrderedOtherwise(object.key)) late.push(object)
    else yield object
  }
  yield* late.sort((a, b) => (a.key < b.key ? -1 : 1))
}

/**
 * Whether the store orders by UTF-8 bytes or by UTF-16 code units shows only in characters from U+D800 on: all in front
 * of the first key with such a character is in both orders in front of the rest.
 */
function isOrderedOtherwise(key: string): boolean {
  return /[\ud800-\uffff]/.test(key)
}

async function* inOrderOfStore(
  client: AzureClient,
  root: string,
  prefix: string,
  { shallow, pageSize }: Required<ListHow>,
): AsyncGenerator<ObjectInfo> {
  const hidden = prefix.startsWith(reserved) ? undefined : root + reserved
  let next: string | undefined
  do {
    const from = next
    const page = await client.send(({ signal }) =>
      readPage(client, signal, { prefix: root + prefix, shallow, from, size: pageSize }),
    )
    for (const object of page.objects) {
      const key = object.key.slice(root.length)
      const wanted =
        object.key.startsWith(root + prefix) && !(hidden !== undefined && object.key.startsWith(hidden))
      if (wanted && isWhole(key)) yield { ...object, key }
    }
    ;({ next } = page)
  } while (next !== undefined)
}

interface Wanted {
  readonly prefix: string
  readonly shallow: boolean
  readonly from?: string | undefined
  readonly size: number
}

/** Reads one page. Throws StoreFailure `BadAnswer` for anything that is not a complete one: half a list would hide charts. */
export async function readPage(
  { name, textOf }: AzureClient,
  abortSignal: AbortSignal,
  { prefix, shallow, from, size }: Wanted,
): Promise<Page> {
  const how = { abortSignal, ...(prefix !== '' && { prefix }) }
  const where = { maxPageSize: size, ...(from !== undefined && { continuationToken: from }) }
  const xml = await textOf((container) =>
    shallow
      ? container.listBlobsByHierarchy('/', how).byPage(where).next()
      : container.listBlobsFlat(how).byPage(where).next(),
  )
  const [, container] = /<EnumerationResults\s[^>]*?ContainerName="([^"]*)"/.exec(xml.slice(0, 4096)) ?? []
  if (container !== name || !xml.trimEnd().endsWith('</EnumerationResults>')) {
    throw new StoreFailure('BadAnswer', 0, 'no complete listing of the container')
  }
  return { objects: [...objectsOf(xml)], next: element(xml, 'NextMarker') || undefined }
}

function* objectsOf(xml: string): Generator<ObjectInfo> {
  for (const part of elements(xml, 'Blob')) {
    const [size, time, etag] = ['Content-Length', 'Last-Modified', 'Etag'].map((field) =>
      element(part, field),
    )
    const modified = new Date(time ?? '')
    if (!etag || !/^\d+$/.test(size ?? '') || Number.isNaN(modified.getTime())) {
      throw new StoreFailure('BadAnswer', 0, 'an object without its data')
    }
    const key = nameOf(part)
    if (key !== undefined) yield { key, size: Number(size), modified, etag: tagOf(etag) }
  }
}

/** A name that XML cannot have is percent-encoded and marked so. */
function nameOf(part: string): string | undefined {
  const name = element(part, 'Name')
  if (name !== undefined) return name
  const encoded = /<Name Encoded="true">([^<]*)<\/Name>/.exec(part)?.[1]
  if (encoded === undefined) throw new StoreFailure('BadAnswer', 0, 'an object without its name')
  try {
    return decodeURIComponent(encoded)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

function isWhole(key: string): boolean {
  return !/(^|\/)\.{0,2}(\/|$)/.test(key)
}

/** The change tag of an object: Azure's ETag without its quotes, which it has in a header and not in a listing. */
export function tagOf(etag: string): string {
  return etag.replace(/^(W\/)?"|"$/g, '')
}
