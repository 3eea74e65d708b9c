import type { Answer } from './s3-answer.ts'
import type { S3Client } from './s3-client.ts'
import { isS3, s3Error, S3Failure } from './s3-errors.ts'
import { tagOf, wholeSeconds } from './s3-list.ts'
import type { ObjectInfo, StoredObject } from './storage.ts'

/** Up to this size an object is read at once, so that a broken connection is healed by reading it again. */
const smallBytes = 1024 * 1024
/** How often a stream goes on after a broken connection, without a byte in between. */
const mostResumes = 3
/**
 * A connection is left when nobody begins to read its body (an answer to HEAD), or goes on to, for this long,
 * milliseconds: a process has 256 connections at most. When somebody does after all, another one goes on.
 */
const [unbegunMs, unreadMs] = [1_000, 30_000]

/** The object, or undefined when there is none. A small one comes whole, a large one as a stream. */
export async function readObject(
  client: S3Client,
  root: string,
  key: string,
): Promise<StoredObject | undefined> {
  const read = async (answer: Answer): Promise<StoredObject> => {
    const info = infoOf(key, answer)
    if (info.size > smallBytes) return { ...info, body: streamOf(client, root, info, answer) }
    const bytes = await answer.bytes(info.size)
    if (bytes.byteLength !== info.size) throw new S3Failure('Cut', 0, 'fewer bytes than announced')
    return { ...info, body: new Blob([bytes]) }
  }
  return missingAsUndefined(() => client.send({ method: 'GET', key: root + key }, read))
}

/** Like readObject(), without the bytes. */
export async function readInfo(client: S3Client, root: string, key: string): Promise<ObjectInfo | undefined> {
  try {
    return await client.send({ method: 'HEAD', key: root + key }, async (answer) => infoOf(key, answer))
  } catch (error) {
    if (isS3(error, 'NoSuchKey')) return undefined
    // The answer to HEAD has no body that says why: a missing bucket or a proxy's 404 is not a missing object.
    if (!(error instanceof S3Failure) || !error.code.startsWith('HTTP 4')) throw error
  }
  return missingAsUndefined(() =>
    client.send({ method: 'GET', key: root + key }, async (answer) => {
      answer.leave()
      return infoOf(key, answer)
    }),
  )
}

/** What the headers say of an object. Throws S3Failure `BadAnswer` when they are not those of one. */
export function infoOf(key: string, answer: Answer): ObjectInfo {
  const [etag, time, length] = ['etag', 'last-modified', 'content-length'].map((name) => answer.header(name))
  const range = answer.header('content-range')
  const size = range === null ? length : /^bytes \d+-\d+\/(\d+)$/.exec(range)?.[1]
  if (!etag || !time || !/^\d+$/.test(size ?? ''))
    throw new S3Failure('BadAnswer', 0, 'an object without its data')
  return { key, size: Number(size), modified: wholeSeconds(time), etag: tagOf(etag) }
}

async function missingAsUndefined<T>(run: () => Promise<T>): Promise<T | undefined> {
  try {
    return await run()
  } catch (error) {
    if (isS3(error, 'NoSuchKey')) return undefined
    throw error
  }
}

/** The body as a stream that takes from the store what its reader takes, and fails rather than give other bytes. */
function streamOf(
  client: S3Client,
  root: string,
  info: ObjectInfo,
  opened: Answer,
): ReadableStream<Uint8Array> {
  const chunks = chunksOf(client, root, info, opened)
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
          controller.error(s3Error('read', info.key, error))
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
  client: S3Client,
  root: string,
  info: ObjectInfo,
  opened: Answer,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let answer = opened
  for (let [at, resumes] = [0, 0]; ; resumes++) {
    const unread = setTimeout(answer.leave, unreadMs).unref()
    try {
      for await (const chunk of answer.chunks()) {
        at += chunk.byteLength
        if (at > info.size) throw new S3Failure('BadAnswer', 0, 'more bytes than announced')
        unread.refresh()
        yield chunk
        resumes = 0
      }
      if (at === info.size) return
      throw new S3Failure('Cut', 0, 'fewer bytes than announced')
    } catch (error) {
      if (!isS3(error, 'Cut', 'Stalled') || resumes >= mostResumes) throw error
    } finally {
      clearTimeout(unread)
    }
    answer = await openAt(client, root, info, at)
  }
}

/** Opens the body from a place on. Throws S3Failure `Changed` when it is not that of the same object any more. */
async function openAt(client: S3Client, root: string, info: ObjectInfo, at: number): Promise<Answer> {
  const headers = { 'if-match': `"${info.etag}"`, ...(at > 0 && { range: `bytes=${at}-` }) }
  const call = { method: 'GET', key: root + info.key, headers } as const
  try {
    return await client.send(call, async (answer) => {
      const { etag, size } = infoOf(info.key, answer)
      if (etag !== info.etag || size !== info.size) throw new S3Failure('Changed', 0)
      const begins = answer.header('content-range')?.startsWith(`bytes ${at}-`) ?? at === 0
      if (!begins) throw new S3Failure('BadAnswer', 0, 'another part than asked for')
      return answer
    })
  } catch (error) {
    if (isS3(error, 'PreconditionFailed', 'NoSuchKey')) throw new S3Failure('Changed', 0)
    throw error
  }
}
