import type { Answer } from './store-answer.ts'
import { writeWindow } from './s3-clock.ts'
import type { WriteClock, WriteWindow } from './s3-clock.ts'
import type { S3Client } from './s3-client.ts'
import { conditionHeaders, isRefusal } from './s3-condition.ts'
import type { Condition } from './s3-condition.ts'
import { tagOf } from './s3-list.ts'
import { infoOf } from './s3-read.ts'
import type { Body, ObjectInfo } from './storage.ts'
import { uploadSource, uploadStream } from './upload-source.ts'
import { StoreFailure } from './store-failure.ts'

/** Where an object goes and on what condition. */
export interface Place {
  readonly client: S3Client
  readonly root: string
  readonly key: string
  readonly condition?: Condition | undefined
  /** See S3Options. */
  readonly forbidHeader: string | undefined
  readonly clock: WriteClock
}

/** Up to this size a body is held in memory while it is written; what is larger is streamed. */
const smallBytes = 1024 * 1024
/** Metadata that names one put. */
const mark = 'x-amz-meta-chartroom-write'
/** Longest wait for what is asked after a PUT, milliseconds: together they stay within the time of one call. */
const afterwardsMs = 2_000

/**
 * Writes an object in one PUT, so that the store has all of it or nothing. Throws StoreFailure `PreconditionFailed` when
 * it had to be absent and is not, and `NotTheSame` when it had to have a change tag and has not.
 */
export async function putObject(place: Place, body: Body): Promise<ObjectInfo> {
  const { client, root, key, condition, forbidHeader } = place
  const source = await uploadSource(body)
  const { size, md5 } = source
  const id = crypto.randomUUID()
  let broken: { reason: unknown } | undefined
  let began = 0
  const asked = conditionHeaders(condition, forbidHeader)
  const call = {
    method: 'PUT',
    key: root + key,
    headers: { 'content-length': String(size), 'content-md5': md5, ...asked.headers },
    ...(condition !== undefined && { signed: { ...asked.signed, [mark]: id } }),
    body(alive: () => void) {
      began = performance.now()
      return source.bytes() ?? uploadStream(source, { alive, failed: (reason) => void (broken = { reason }) })
    },
  } as const
  try {
    const read = (answer: Answer) => readWritten(answer, () => performance.now() - began)
    const written = await client.send(call, read, async (failure) => {
      if (broken !== undefined) throw broken.reason
      return await judged(place, failure, id)
    })
    return { key, size, etag: written.etag, modified: written.modified ?? (await timeOf(place, written)) }
  } catch (error) {
    throw broken === undefined ? error : broken.reason
  }
}

/** What a failed try means: nothing yet, that an earlier try was written, or that the condition does not hold. */
async function judged(place: Place, failure: StoreFailure, id: string): Promise<Written | undefined> {
  const { condition, forbidHeader } = place
  if (!isRefusal(failure, condition, forbidHeader)) return undefined
  const written = await ownBefore(place, id)
  if (written !== undefined) return written
  throw new StoreFailure(condition === 'absent' ? 'PreconditionFailed' : 'NotTheSame', failure.status)
}

async function readWritten(answer: Answer, tookMs: () => number): Promise<Written> {
  await answer.bytes(smallBytes)
  const [etag, date] = [answer.header('etag'), answer.header('date')]
  if (!etag) throw new StoreFailure('BadAnswer', 0, 'stored without a tag')
  return { etag: tagOf(etag), date, window: writeWindow(answer, tookMs()) }
}

/**
 * An answer that got lost may have been a success, and then the next try meets its own object: the mark tells. Bytes
 * would not: another writer may bring the same, and one of both has to lose. It is looked for after a first try too,
 * because `fetch` repeats a call by itself when a connection that was used before breaks.
 */
async function ownBefore({ client, root, key }: Place, id: string): Promise<Written | undefined> {
  try {
    const read = async (answer: Answer) => (answer.header(mark) === id ? infoOf(key, answer) : undefined)
    return await client.once({ method: 'HEAD', key: root + key }, read, afterwardsMs)
  } catch (error) {
    // Deleted since then by somebody: it was there all the same.
    if (error instanceof StoreFailure && error.status === 404) return undefined
    throw error
  }
}

/** What is known of an object that was written. */
interface Written {
  readonly etag: string
  readonly modified?: Date
  /** The store's clock when it answered, as HTTP writes it. */
  readonly date?: string | null
  readonly window?: WriteWindow | undefined
}

/**
 * When the store says the object was written: index files that differ by a second between two servers would be two
 * index files. Its answer to a PUT says so in most cases (`WriteClock`); else it is asked. When it cannot be asked, the
 * time of its answer is near enough.
 */
async function timeOf({ client, root, key, clock }: Place, written: Written): Promise<Date> {
  const { etag, date, window } = written
  const known = clock.timeWithin(window)
  if (known !== undefined) return known
  try {
    const read = async (answer: Answer) => infoOf(key, answer)
    const info = await client.once({ method: 'HEAD', key: root + key }, read, afterwardsMs)
    if (info.etag === etag) {
      clock.learn(window, info)
      return info.modified
    }
  } catch (error) {
    if (!(error instanceof StoreFailure)) throw error
  }
  const time = Date.parse(date ?? '')
  return new Date(Math.floor((Number.isNaN(time) ? Date.now() : time) / 1000) * 1000)
}
