import type { BlobRequestConditions } from '@azure/storage-blob'
import { Readable } from 'node:stream'
import type { AzureClient } from './azure-client.ts'
import { azureError, failureFrom } from './azure-errors.ts'
import { tagOf } from './azure-list.ts'
import type { ObjectInfo, StoredObject } from './storage.ts'
import { isFailure, StoreFailure } from './store-failure.ts'
import type { Watch } from './watch.ts'

/** Up to this size an object is read at once, so that a broken connection is healed by reading it again. */
const smallBytes = 1024 * 1024
/** How often a stream goes on after a broken connection, without a byte in between. */
const mostResumes = 3
/**
 * A connection is left when nobody begins to read its body, or goes on to, for this long, milliseconds: a process has
 * 256 connections at most. When somebody does after all, another one goes on.
 */
const [unbegunMs, unreadMs] = [1_000, 30_000]

/** A body that comes, read under the watch of its call. */
interface Opened {
  readonly info: ObjectInfo
  chunks(): AsyncGenerator<Uint8Array<ArrayBuffer>>
  leave(): void
}

/** What the library says of an object: headers, as far as they are needed. */
interface Described {
  readonly etag?: string
  readonly lastModified?: Date
  readonly contentLength?: number
  readonly contentRange?: string
  readonly metadata?: Readonly<Record<string, string>>
}

/** The object, or undefined when there is none. A small one comes whole, a large one as a stream. */
export async function readObject(
  client: AzureClient,
  root: string,
  key: string,
): Promise<StoredObject | undefined> {
  return missingAsUndefined(() =>
    client.send(async (watch) => objectOf(client, root, await open(client, watch, root, key))),
  )
}

/** Like readObject(), but "same" when the object still has this change tag: the store then sends no bytes. */
export async function readUnless(
  client: AzureClient,
  root: string,
  key: string,
  etag: string,
): Promise<StoredObject | 'same' | undefined> {
  const conditions = { ifNoneMatch: `"${etag}"` }
  const read = async (watch: Watch) =>
    objectOf(client, root, await open(client, watch, root, key, { conditions }))
  const unchanged = async ({ status }: StoreFailure) => (status === 304 ? 'same' : undefined)
  return missingAsUndefined(() => client.send<StoredObject | 'same'>(read, unchanged))
}

/** Like readObject(), without the bytes. */
export async function readInfo(
  client: AzureClient,
  root: string,
  key: string,
): Promise<ObjectInfo | undefined> {
  const blob = client.container.getBlobClient(root + key)
  return missingAsUndefined(() =>
    client.send(async ({ signal }) => infoOf(key, await blob.getProperties({ abortSignal: signal }))),
  )
}

async function objectOf(client: AzureClient, root: string, opened: Opened): Promise<StoredObject> {
  const { info } = opened
  if (info.size > smallBytes) return { ...info, body: streamOf(client, root, opened) }
  const parts: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  for await (const chunk of opened.chunks()) {
    size += chunk.byteLength
    if (size > info.size) throw new StoreFailure('BadAnswer', 0, 'more bytes than announced')
    parts.push(chunk)
  }
  if (size !== info.size) throw new StoreFailure('Cut', 0, 'fewer bytes than announced')
  return { ...info, body: new Blob(parts) }
}

/** What the headers say of an object. Throws StoreFailure `BadAnswer` when they are not those of one. */
export function infoOf(key: string, found: Described): ObjectInfo {
  // A folder of an account with a hierarchical namespace is no object.
  if (found.metadata?.['hdi_isfolder'] === 'true') throw new StoreFailure('BlobNotFound', 0, 'a folder')
  const { etag, lastModified, contentRange, contentLength } = found
  const whole = contentRange === undefined ? contentLength : /^bytes \d+-\d+\/(\d+)$/.exec(contentRange)?.[1]
  const size = Number(whole ?? Number.NaN)
  if (!etag || !(lastModified instanceof Date) || !Number.isSafeInteger(size)) {
    throw new StoreFailure('BadAnswer', 0, 'an object without its data')
  }
  return { key, size, modified: lastModified, etag: tagOf(etag) }
}

/** A missing container is no missing object. */
async function missingAsUndefined<T>(run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run()
  } catch (error) {
    if (isFailure(error, 'BlobNotFound')) return undefined
    throw error
  }
}

interface From {
  readonly at?: number
  readonly conditions?: BlobRequestConditions
}

async function open(
  { container }: AzureClient,
  watch: Watch,
  root: string,
  key: string,
  { at = 0, conditions = {} }: From = {},
): Promise<Opened> {
  const how = { abortSignal: watch.signal, conditions }
  const found = await container.getBlobClient(root + key).download(at, undefined, how)
  watch.rest()
  const body = found.readableStreamBody
  if (!(body instanceof Readable)) throw new StoreFailure('BadAnswer', 0, 'no body')
  // A body that is left ends with an error of its own, and nobody may be reading it.
  body.on('error', () => undefined)
  try {
    const begins = found.contentRange?.startsWith(`bytes ${at}-`) ?? at === 0
    if (!begins) throw new StoreFailure('BadAnswer', 0, 'another part than asked for')
    return { info: infoOf(key, found), chunks: () => chunksUnder(watch, body), leave: () => body.destroy() }
  } catch (error) {
    body.destroy()
    throw error
  }
}

async function* chunksUnder(watch: Watch, body: Readable): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const chunks: AsyncIterator<Uint8Array<ArrayBuffer>> = body[Symbol.asyncIterator]()
  try {
    for (;;) {
      watch.arm()
      const { done, value } = await chunks.next()
      watch.rest()
      if (done === true) return
      yield value
    }
  } catch (error) {
    const failure = failureFrom(error, watch.signal.aborted)
    throw failure instanceof StoreFailure ? failure : new StoreFailure('Cut', 0)
  } finally {
    watch.rest()
    body.destroy()
  }
}

/** The body as a stream that takes from the store what its reader takes, and fails rather than give other bytes. */
function streamOf(client: AzureClient, root: string, opened: Opened): ReadableStream<Uint8Array> {
  const chunks = chunksOf(client, root, opened)
  const unbegun = setTimeout(opened.leave, unbegunMs).unref()
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        clearTimeout(unbegun)
        try {
          const { done, value } = await chunks.next()
          if (done === true) controller.close()
          else controller.enqueue(value)
        } catch (error) {
          controller.error(azureError('read', opened.info.key, error))
        }
      },
      async cancel() {
        clearTimeout(unbegun)
        opened.leave()
        await chunks.return(undefined)
      },
    },
    { highWaterMark: 0 },
  )
}

/** The bytes of an object; a connection that breaks, or that was left, is followed by another from where it ended. */
async function* chunksOf(
  client: AzureClient,
  root: string,
  first: Opened,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const { info } = first
  let opened = first
  for (let [at, resumes] = [0, 0]; ; resumes++) {
    const unread = setTimeout(() => opened.leave(), unreadMs).unref()
    try {
      for await (const chunk of opened.chunks()) {
        at += chunk.byteLength
        if (at > info.size) throw new StoreFailure('BadAnswer', 0, 'more bytes than announced')
        unread.refresh()
        yield chunk
        resumes = 0
      }
      if (at === info.size) return
      throw new StoreFailure('Cut', 0, 'fewer bytes than announced')
    } catch (error) {
      if (!isFailure(error, 'Cut', 'Stalled') || resumes >= mostResumes) throw error
    } finally {
      clearTimeout(unread)
    }
    opened = await openAt(client, root, info, at)
  }
}

/** Opens the body from a place on. Throws StoreFailure `Changed` when it is not that of the same object any more. */
async function openAt(client: AzureClient, root: string, info: ObjectInfo, at: number): Promise<Opened> {
  const from = { at, conditions: { ifMatch: `"${info.etag}"` } }
  try {
    return await client.send((watch) => open(client, watch, root, info.key, from))
  } catch (error) {
    if (isFailure(error, 'ConditionNotMet', 'BlobNotFound')) throw new StoreFailure('Changed', 0)
    throw error
  }
}
