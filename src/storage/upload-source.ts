import type { Body } from './storage.ts'

/** Up to this size a body is held in memory while it is written; what is larger is streamed. */
const smallBytes = 1024 * 1024

/** What is written: its size, its MD5 (which the store checks), and its bytes from the start, as often as needed. */
export interface UploadSource {
  readonly size: number
  /** In base64. */
  readonly md5: string
  /** All of it, when it is small. */
  bytes(): Uint8Array<ArrayBuffer> | undefined
  chunks(): AsyncIterable<Uint8Array>
}

/** Reads a body once for its MD5. Throws what its stream throws. */
export async function uploadSource(body: Body): Promise<UploadSource> {
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

/** What hears of an upload while it runs. */
export interface UploadWatcher {
  /** A part was taken. */
  alive(): void
  /** The source broke, or has fewer or more bytes than announced; the stream fails with it too. */
  failed(reason: unknown): void
}

/** The bytes as a stream. */
export function uploadStream(
  source: UploadSource,
  { alive, failed }: UploadWatcher,
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
          if (left < 0 || (done === true && left > 0)) {
            throw new Error('what is stored changed while it was read')
          }
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
