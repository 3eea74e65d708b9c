import type { Answer } from './s3-answer.ts'
import type { S3Client } from './s3-client.ts'
import { S3Failure } from './s3-errors.ts'
import { tagOf } from './s3-list.ts'
import { infoOf } from './s3-read.ts'
import type { Body, ObjectInfo } from './storage.ts'

/** What is written: its size, its MD5 (which the store checks), and its bytes from the start, as often as needed. */
interface Source {
  readonly size: number
  readonly md5: string
  bytes(): Uint8Array<ArrayBuffer> | undefined
  chunks(): AsyncIterable<Uint8Array>
}

/** Where an object goes and on what condition. */
export interface Place {
  readonly client: S3Client
  readonly root: string
  readonly key: string
  readonly absent: boolean
}

/** Up to this size a body is held in memory while it is written; what is larger is streamed. */
const smallBytes = 1024 * 1024
/** What a store answers when the key of a create-if-absent is taken. */
const taken = 'PreconditionFailed'
/** Metadata that names one put. */
const mark = 'x-amz-meta-chartroom-write'
/** Longest wait for what is asked after a PUT, milliseconds: together they stay within the time of one call. */
const afterwardsMs = 2_000

/**
 * Writes an object in one PUT, so that the store has all of it or nothing. Throws S3Failure `PreconditionFailed` when
 * it had to be absent and is not.
 */
export async function putObject(place: Place, body: Body): Promise<ObjectInfo> {
  const { client, root, key, absent } = place
  const source = await sourceOf(body)
  const { size, md5 } = source
  const id = crypto.randomUUID()
  let broken: { reason: unknown } | undefined
  const call = {
    method: 'PUT',
    key: root + key,
    headers: { 'content-length': String(size), 'content-md5': md5, ...(absent && { 'if-none-match': '*' }) },
    ...(absent && { signed: { [mark]: id } }),
    body: (alive: () => void) => source.bytes() ?? upload(source, alive, (reason) => (broken = { reason })),
  } as const
  try {
    const written = await client.send(call, readWritten, async (failure) => {
      if (broken !== undefined) throw broken.reason
      return failure.code === taken ? await ownBefore(place, id) : undefined
    })
    return { key, size, etag: written.etag, modified: await timeOf(place, written) }
  } catch (error) {
    throw broken === undefined ? error : broken.reason
  }
}

async function readWritten(answer: Answer): Promise<Written> {
  await answer.bytes(smallBytes)
  const [etag, date] = [answer.header('etag'), answer.header('date')]
  if (!etag) throw new S3Failure('BadAnswer', 0, 'stored without a tag')
  return { etag: tagOf(etag), date }
}

/**
 * An answer that got lost may have been a success, and then the next try meets its own object: the mark tells. Bytes
 * would not: another writer may bring the same, and one of both has to lose. It is looked for after a first try too,
 * because `fetch` repeats a call by itself when a connection that was used before breaks.
 */
async function ownBefore({ client, root, key }: Place, id: string): Promise<Written | undefined> {
  try {
    const read = async (answer: Answer): Promise<Written | undefined> => {
      const etag = answer.header('etag')
      if (answer.header(mark) !== id || !etag) return undefined
      return { etag: tagOf(etag), date: answer.header('last-modified') }
    }
    return await client.once({ method: 'HEAD', key: root + key }, read, afterwardsMs)
  } catch (error) {
    // Deleted since then by somebody: it was there all the same.
    if (error instanceof S3Failure && error.status === 404) return undefined
    throw error
  }
}

interface Written {
  readonly etag: string
  /** The store's clock when it answered, as HTTP writes it. */
  readonly date: string | null
}

/**
 * When the store says the object was written: its answer to a PUT does not tell, and index files that differ by a
 * second between two servers would be two index files. When it cannot be asked, the time of its answer is near enough.
 */
async function timeOf({ client, root, key }: Place, { etag, date }: Written): Promise<Date> {
  try {
    const read = async (answer: Answer) => infoOf(key, answer)
    const info = await client.once({ method: 'HEAD', key: root + key }, read, afterwardsMs)
    if (info.etag === etag) return info.modified
  } catch (error) {
    if (!(error instanceof S3Failure)) throw error
  }
  const time = Date.parse(date ?? '')
  return new Date(Math.floor((Number.isNaN(time) ? Date.now() : time) / 1000) * 1000)
}

async function sourceOf(body: Body): Promise<Source> {
  const md5 = new Bun.CryptoHasher('md5')
  if (body instanceof Blob && body.size > smallBytes) {
    const chunks = () => body.stream()
    for await (const chunk of chunks()) md5.update(chunk)
    return { size: body.size, md5: md5.digest('base64'), bytes: () => undefined, chunks }
  }
  const bytes = body instanceof Blob ? await whole(body) : new Uint8Array(body)
  const chunks = async function* () {
    yield bytes
  }
  return { size: bytes.byteLength, md5: md5.update(bytes).digest('base64'), bytes: () => bytes, chunks }
}

/** Read chunk by chunk, so that a stream that fails half-way fails the write. */
async function whole(body: Blob): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = []
  for await (const chunk of body.stream()) chunks.push(chunk)
  return new Blob(chunks).bytes()
}

/** The bytes as a stream that tells when a part is taken, and fails when there are fewer or more than announced. */
function upload(
  source: Source,
  alive: () => void,
  failed: (reason: unknown) => void,
): ReadableStream<Uint8Array> {
  const chunks = source.chunks()[Symbol.asyncIterator]()
  let left = source.size
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const { done, value } = await chunks.next()
          alive()
          left -= value?.byteLength ?? 0
          if (left < 0 || (done === true && left > 0))
            throw new Error('what is stored changed while it was read')
          if (done === true) controller.close()
          else controller.enqueue(value)
        } catch (error) {
          failed(error)
          controller.error(error)
        }
      },
      cancel: async () => void (await chunks.return?.()),
    },
    { highWaterMark: 0 },
  )
}
