import type { GoogleCall, GoogleClient } from './google-client.ts'
import { googleError } from './google-errors.ts'
import { firstPage, objectFields, readPage, readResource, secondOf } from './google-list.ts'
import type { Answer } from './store-answer.ts'
import type { ObjectInfo, StoredObject } from './storage.ts'
import { streamedObject } from './streamed-object.ts'
import { isFailure, StoreFailure } from './store-failure.ts'

/** Up to this size an object is read at once, so that a broken connection is healed by reading it again. */
const smallBytes = 1024 * 1024
/** Longest wait for what is asked after a call, milliseconds: together they stay within the time of one call. */
export const afterwardsMs = 2_000

/** One object of a bucket. */
export interface GooglePlace {
  readonly client: GoogleClient
  /** What stands in front of every key. */
  readonly root: string
  readonly key: string
}

/** The object, or undefined when there is none. A small one comes whole, a large one as a stream. */
export async function readObject(place: GooglePlace): Promise<StoredObject | undefined> {
  return missingAsUndefined(place, () =>
    place.client.send(bytesOf(place), (answer) => objectOf(place, infoOf(place.key, answer), answer)),
  )
}

/** Like readObject(), but "same" when the object still has this change tag: the store then sends no bytes. */
export async function readUnless(
  place: GooglePlace,
  etag: string,
): Promise<StoredObject | 'same' | undefined> {
  // What is no generation is the tag of no object here, and the store would refuse to compare it.
  if (!isGeneration(etag)) return readObject(place)
  const read = async (answer: Answer): Promise<StoredObject | 'same'> => {
    const info = infoOf(place.key, answer)
    if (info.etag !== etag) return objectOf(place, info, answer)
    // The emulator takes no notice of the condition.
    answer.leave()
    return 'same'
  }
  const unchanged = async (failure: StoreFailure) => (isFailure(failure, 'Same') ? 'same' : undefined)
  const call = bytesOf(place, { ifGenerationNotMatch: etag })
  return missingAsUndefined(place, () => place.client.send(call, read, unchanged))
}

/** Like readObject(), without the bytes. */
export async function readInfo(place: GooglePlace): Promise<ObjectInfo | undefined> {
  return (await readDetails(place, objectFields))?.info
}

/** What the store knows of an object, or undefined when there is none; asked once only when a time is given. */
export async function readDetails(
  place: GooglePlace,
  fields: string,
  patienceMs?: number,
): Promise<{ info: ObjectInfo; resource: unknown } | undefined> {
  const { client, root, key } = place
  const call: GoogleCall = { method: 'GET', key: root + key, query: { fields } }
  const read = async (answer: Answer) => {
    const { info, resource } = await readResource(answer)
    if (info.key !== root + key) throw new StoreFailure('BadAnswer', 0, 'another object than asked for')
    return { info: { ...info, key }, resource }
  }
  return missingAsUndefined(place, () =>
    patienceMs === undefined ? client.send(call, read) : client.once(call, read, patienceMs),
  )
}

/** True for a change tag of this store; "0" stands for no object. */
export function isGeneration(etag: string): boolean {
  return /^[1-9]\d{0,18}$/.test(etag)
}

/**
 * Runs what fails when there is no such object. "Not found" is said of a missing bucket too, and by whatever else may
 * answer at the address: unless it was said of the object, a look at the bucket decides.
 */
async function missingAsUndefined<T>(
  { client, root }: GooglePlace,
  run: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await run()
  } catch (error) {
    if (isFailure(error, 'NoSuchKey')) return undefined
    if (!(error instanceof StoreFailure) || error.status !== 404) throw error
  }
  await checkBucket(client, root, afterwardsMs)
  return undefined
}

/** Throws StoreFailure `NoSuchBucket` when the bucket is missing, or another when it cannot be read. */
export async function checkBucket(client: GoogleClient, root: string, patienceMs?: number): Promise<void> {
  try {
    if (patienceMs === undefined) await client.send(firstPage(root), readPage)
    else await client.once(firstPage(root), readPage, patienceMs)
  } catch (error) {
    if (!(error instanceof StoreFailure) || error.status !== 404) throw error
    throw new StoreFailure('NoSuchBucket', error.status)
  }
}

function bytesOf({ root, key }: GooglePlace, query: Readonly<Record<string, string>> = {}): GoogleCall {
  return { method: 'GET', key: root + key, about: 'bytes', query }
}

/** What the headers say of an object. Throws StoreFailure `BadAnswer` when they are not those of one. */
function infoOf(key: string, answer: Answer): ObjectInfo {
  const [etag, time, length] = ['x-goog-generation', 'last-modified', 'content-length'].map((name) =>
    answer.header(name),
  )
  const range = answer.header('content-range')
  const size = range === null ? length : /^bytes \d+-\d+\/(\d+)$/.exec(range)?.[1]
  if (!etag || !isGeneration(etag) || !time || !/^\d+$/.test(size ?? '')) {
    throw new StoreFailure('BadAnswer', 0, 'an object without its data')
  }
  return { key, size: Number(size), modified: secondOf(time), etag }
}

/** What an answer with bytes brings. */
async function objectOf(place: GooglePlace, info: ObjectInfo, opened: Answer): Promise<StoredObject> {
  if (info.size > smallBytes) {
    const reopen = (at: number) => openAt(place, info, at)
    const worded = (error: unknown) => googleError('read', info.key, error)
    return { ...info, body: streamedObject({ info, opened, reopen, worded }) }
  }
  const bytes = await opened.bytes(info.size)
  if (bytes.byteLength !== info.size) throw new StoreFailure('Cut', 0, 'fewer bytes than announced')
  return { ...info, body: new Blob([bytes]) }
}

/** Opens the bytes of one generation from a place on. Throws StoreFailure `Changed` when it is gone. */
async function openAt(place: GooglePlace, info: ObjectInfo, at: number): Promise<Answer> {
  const call = {
    ...bytesOf(place, { generation: info.etag }),
    ...(at > 0 && { headers: { range: `bytes=${at}-` } }),
  }
  try {
    return await place.client.send(call, async (answer) => {
      const { etag, size } = infoOf(info.key, answer)
      if (etag !== info.etag || size !== info.size) throw new StoreFailure('Changed', 0)
      const begins = answer.header('content-range')?.startsWith(`bytes ${at}-`) ?? at === 0
      if (!begins) throw new StoreFailure('BadAnswer', 0, 'another part than asked for')
      return answer
    })
  } catch (error) {
    if (error instanceof StoreFailure && (error.status === 404 || error.status === 412)) {
      throw new StoreFailure('Changed', 0)
    }
    throw error
  }
}
