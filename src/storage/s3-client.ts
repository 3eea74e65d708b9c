import type { Keys, KeySource } from './aws-keys.ts'
import { createSigner } from './s3-signer.ts'
import { answerOf, createWatch, failureFrom, failureOf } from './s3-answer.ts'
import type { Answer, Watch } from './s3-answer.ts'
import { createPatience } from './patience.ts'
import { isPassing, isS3, S3Failure } from './s3-errors.ts'
import type { S3Options } from './s3-options.ts'

/** One call to the store. */
export interface Call {
  readonly method: 'GET' | 'HEAD' | 'PUT' | 'DELETE'
  /** With the prefix; "" is the bucket itself. */
  readonly key: string
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** Headers that begin with "x-amz-". */
  readonly signed?: Readonly<Record<string, string>>
  /** On a connection of its own: `fetch` by itself repeats a call whose used connection breaks. */
  readonly fresh?: boolean
  /** Makes the body anew for each try; it says `alive()` whenever a part of it is taken. */
  readonly body?: (alive: () => void) => Uint8Array<ArrayBuffer> | string | ReadableStream<Uint8Array>
}

/** Sends signed calls to one bucket. What it throws is an S3Failure, or an error of the body or of the keys. */
export interface S3Client {
  /** One try: gives what `read` makes of the answer. */
  once<T>(call: Call, read: (answer: Answer) => Promise<T>, patienceMs?: number): Promise<T>
  /**
   * The same, tried again while the failure is a passing one. `failed` hears of each failed try; what it gives ends the
   * matter, and what it throws too.
   */
  send<T>(
    call: Call,
    read: (answer: Answer) => Promise<T>,
    failed?: (failure: S3Failure) => Promise<T | undefined>,
  ): Promise<T>
}

/** Nobody waits longer than 10 s for a store that is silent; what is done before and after is part of them. */
const defaultPatienceMs = 5_000
/** How much of that may pass before another try is begun. A MinIO that restarts is back after 1.2 s. */
const retryShare = 0.45
const [firstPauseMs, longestPauseMs] = [50, 800]

/**
 * Makes a client for one bucket. The `minio` package signs; `fetch` sends, because it streams both ways with flat
 * memory and can be stopped.
 */
export async function createS3Client(options: S3Options): Promise<S3Client> {
  const sign = await createSigner(options)
  const patience = createPatience(options.patienceMs ?? defaultPatienceMs)
  const { ca, anyCertificate, encryption } = options
  const tls = {
    ...(ca !== undefined && { ca }),
    ...(anyCertificate === true && { rejectUnauthorized: false }),
  }

  async function once<T>(call: Call, read: (answer: Answer) => Promise<T>, watch: Watch): Promise<T> {
    const keys = await keysNow(options.keys)
    const { method, key, query, body } = call
    const signed = { ...(method === 'PUT' && key !== '' && encryption), ...call.signed }
    const url = await sign({ method, key, query, headers: signed }, keys)
    try {
      watch.arm()
      const answer = await fetch(url, {
        method,
        // What is stored compressed is wanted as it is stored.
        headers: { 'accept-encoding': 'identity', ...signed, ...call.headers },
        decompress: false,
        redirect: 'manual',
        signal: watch.signal,
        tls,
        ...(call.fresh === true && { keepalive: false }),
        ...(body !== undefined && { body: body(watch.arm) }),
      })
      watch.rest()
      patience.answered()
      if (!answer.ok) throw await failureOf(answerOf(answer, watch), answer.status)
      return await read(answerOf(answer, watch))
    } catch (error) {
      const failure = failureFrom(error, watch.signal.aborted)
      watch.stop()
      if (isS3(failure, 'ExpiredToken', 'InvalidToken')) options.keys.forget(keys)
      throw failure
    }
  }

  return {
    once(call, read, mostMs) {
      const ms = Math.min(mostMs ?? Number.POSITIVE_INFINITY, patience.now())
      // Who waits shorter by himself has not waited in vain yet.
      return once(call, read, createWatch(ms, mostMs === undefined ? patience.spent : undefined))
    },
    async send(call, read, failed) {
      const started = performance.now()
      const wholeMs = patience.now()
      let renewed = false
      for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
        const leftMs = wholeMs - (performance.now() - started)
        try {
          return await once(call, read, createWatch(Math.max(leftMs, wholeMs / 10), patience.spent))
        } catch (error) {
          if (!(error instanceof S3Failure)) throw error
          const settled = await failed?.(error)
          if (settled !== undefined) return settled
          const expired = !renewed && isS3(error, 'ExpiredToken', 'InvalidToken')
          if (expired) renewed = true
          else if (!isPassing(error) || performance.now() - started > wholeMs * retryShare) throw error
          else await Bun.sleep(pause * (0.5 + Math.random()))
        }
      }
    },
  }
}

async function keysNow(source: KeySource): Promise<Keys> {
  try {
    return await source.keys()
  } catch (error) {
    throw new S3Failure('NoKeys', 0, '', { cause: error })
  }
}
