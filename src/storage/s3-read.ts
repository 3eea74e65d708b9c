import type { Answer } from './store-answer.ts'
import type { S3Client } from './s3-client.ts'
import { s3Error } from './s3-errors.ts'
import { tagOf, wholeSeconds } from './s3-list.ts'
import type { ObjectInfo, StoredObject } from './storage.ts'
import { streamedObject } from './streamed-object.ts'
import { isFailure, StoreFailure } from './store-failure.ts'

/** Up to this size an object is read at once, so that a broken connection is healed by reading it again. */
const smallBytes = 1024 * 1024
/** The object, or undefined when there is none. A small one comes whole, a large one as a stream. */
export async function readObject(
  client: S3Client,
  root: string,
  key: string,
): Promise<StoredObject | undefined> {
  const read = (answer: Answer) => objectOf(client, root, infoOf(key, answer), answer)
  return missingAsUndefined(() => client.send({ method: 'GET', key: root + key }, read))
}

/** Like readObject(), but "same" when the object still has this change tag: the store then sends no bytes. */
export async function readUnless(
  client: S3Client,
  root: string,
  key: string,
  etag: string,
): Promise<StoredObject | 'same' | undefined> {
  const headers = { 'if-none-match': `"${etag}"` }
  const read = async (answer: Answer): Promise<StoredObject | 'same'> => {
    const info = infoOf(key, answer)
    if (info.etag !== etag) return objectOf(client, root, info, answer)
    // A store that takes no notice of the condition.
    answer.leave()
    return 'same'
  }
  const unchanged = async ({ status }: StoreFailure) => (status === 304 ? 'same' : undefined)
  return missingAsUndefined(() => client.send({ method: 'GET', key: root + key, headers }, read, unchanged))
}

/** What an answer to GET brings. */
async function objectOf(
  client: S3Client,
  root: string,
  info: ObjectInfo,
  answer: Answer,
): Promise<StoredObject> {
  if (info.size > smallBytes) {
    const reopen = (at: number) => openAt(client, root, info, at)
    const worded = (error: unknown) => s3Error('read', info.key, error)
    return { ...info, body: streamedObject({ info, opened: answer, reopen, worded }) }
  }
  const bytes = await answer.bytes(info.size)
  if (bytes.byteLength !== info.size) throw new StoreFailure('Cut', 0, 'fewer bytes than announced')
  return { ...info, body: new Blob([bytes]) }
}

/** Like readObject(), without the bytes. */
export async function readInfo(client: S3Client, root: string, key: string): Promise<ObjectInfo | undefined> {
  try {
    return await client.send({ method: 'HEAD', key: root + key }, async (answer) => infoOf(key, answer))
  } catch (error) {
    if (isFailure(error, 'NoSuchKey')) return undefined
    // The answer to HEAD has no body that says why: a missing bucket or a proxy's 404 is not a missing object.
    if (!(error instanceof StoreFailure) || !error.code.startsWith('HTTP 4')) throw error
  }
  return missingAsUndefined(() =>
    client.send({ method: 'GET', key: root + key }, async (answer) => {
      answer.leave()
      return infoOf(key, answer)
    }),
  )
}

/** What the headers say of an object. Throws StoreFailure `BadAnswer` when they are not those of one. */
export function infoOf(key: string, answer: Answer): ObjectInfo {
  const [etag, time, length] = ['etag', 'last-modified', 'content-length'].map((name) => answer.header(name))
  const range = answer.header('content-range')
  const size = range === null ? length : /^bytes \d+-\d+\/(\d+)$/.exec(range)?.[1]
  if (!etag || !time || !/^\d+$/.test(size ?? ''))
    throw new StoreFailure('BadAnswer', 0, 'an object without its data')
  return { key, size: Number(size), modified: wholeSeconds(time), etag: tagOf(etag) }
}

async function missingAsUndefined<T>(run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run()
  } catch (error) {
    if (isFailure(error, 'NoSuchKey')) return undefined
    throw error
  }
}

/** Opens the body from a place on. Throws StoreFailure `Changed` when it is not that of the same object any more. */
async function openAt(client: S3Client, root: string, info: ObjectInfo, at: number): Promise<Answer> {
  const headers = { 'if-match': `"${info.etag}"`, ...(at > 0 && { range: `bytes=${at}-` }) }
  const call = { method: 'GET', key: root + info.key, headers } as const
  try {
    return await client.send(call, async (answer) => {
      const { etag, size } = infoOf(info.key, answer)
      if (etag !== info.etag || size !== info.size) throw new StoreFailure('Changed', 0)
      const begins = answer.header('content-range')?.startsWith(`bytes ${at}-`) ?? at === 0
      if (!begins) throw new StoreFailure('BadAnswer', 0, 'another part than asked for')
      return answer
    })
  } catch (error) {
    if (isFailure(error, 'PreconditionFailed', 'NoSuchKey')) throw new StoreFailure('Changed', 0)
    throw error
  }
}
