import type { Answer } from './store-answer.ts'
import type { ObjectInfo } from './storage.ts'
import { isFailure, StoreFailure } from './store-failure.ts'

/** How often a stream goes on after a broken connection, without a byte in between. */
const mostResumes = 3
/**
 * A connection is left when nobody begins to read its body, or goes on to, for this long, milliseconds: a process has
 * 256 connections at most. When somebody does after all, another one goes on.
 */
const [unbegunMs, unreadMs] = [1_000, 30_000]

/** How the body of one object is read. */
export interface ObjectBody {
  readonly info: ObjectInfo
  /** The answer whose body is not begun yet. */
  readonly opened: Answer
  /** Opens the body of the same object from a place on; throws StoreFailure `Changed` when it is another one now. */
  reopen(at: number): Promise<Answer>
  /** Words an error for the reader of the stream. */
  worded(error: unknown): unknown
}

/** A body as a stream that takes from the store what its reader takes, and fails rather than give other bytes. */
export function streamedObject(body: ObjectBody): ReadableStream<Uint8Array> {
  const { opened } = body
  const chunks = chunksOf(body)
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
          controller.error(body.worded(error))
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
async function* chunksOf({ info, opened, reopen }: ObjectBody): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  let answer = opened
  for (let [at, resumes] = [0, 0]; ; resumes++) {
    const unread = setTimeout(answer.leave, unreadMs).unref()
    try {
      for await (const chunk of answer.chunks()) {
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
    answer = await reopen(at)
  }
}
