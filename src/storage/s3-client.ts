import type { Keys, KeySource } from './aws-keys.ts'
import { createSigner } from './s3-signer.ts'
import { failureOf, isPassingS3 } from './s3-errors.ts'
import type { S3Options } from './s3-options.ts'
import { answerOf, failureFrom } from './store-answer.ts'
import type { Answer } from './store-answer.ts'
import { isFailure, StoreFailure } from './store-failure.ts'
import { createTries } from './tries.ts'
import type { Watch } from './watch.ts'

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

/** Sends signed calls to one bucket. What it throws is a StoreFailure, or an error of the body or of the keys. */
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
    failed?: (failure: StoreFailure) => Promise<T | undefined>,
  ): Promise<T>
}

/** Nobody waits longer than 10 s for a store that is silent; what is done before and after is part of them. */
const defaultPatienceMs = 5_000
/**
 * Makes a client for one bucket. The `minio` package signs; `fetch` sends, because it streams both ways with flat
 * memory and can be stopped.
 */
export async function createS3Client(options: S3Options): Promise<S3Client> {
  const sign = await createSigner(options)
  const isExpired = (error: unknown) => isFailure(error, 'ExpiredToken', 'InvalidToken')
  const patienceMs = options.patienceMs ?? defaultPatienceMs
  const { patience, once, send } = createTries({ patienceMs, isPassing: isPassingS3, isExpired })
  const { ca, anyCertificate, encryption } = options
  const tls = {
    ...(ca !== undefined && { ca }),
    ...(anyCertificate === true && { rejectUnauthorized: false }),
  }

  async function tryOnce<T>(call: Call, read: (answer: Answer) => Promise<T>, watch: Watch): Promise<T> {
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
      if (isExpired(failure)) options.keys.forget(keys)
      throw failure
    }
  }

  return {
    once: (call, read, mostMs) => once((watch) => tryOnce(call, read, watch), mostMs),
    send: (call, read, failed) => send((watch) => tryOnce(call, read, watch), failed),
  }
}

async function keysNow(source: KeySource): Promise<Keys> {
  try {
    return await source.keys()
  } catch (error) {
    throw new StoreFailure('NoKeys', 0, '', { cause: error })
  }
}
