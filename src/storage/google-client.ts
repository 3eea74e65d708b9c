import { failureOf, isPassingGoogle } from './google-errors.ts'
import type { GoogleOptions } from './google-options.ts'
import type { Token } from './google-token.ts'
import { createPatience } from './patience.ts'
import { answerOf, createWatch, failureFrom } from './s3-answer.ts'
import type { Answer, Watch } from './s3-answer.ts'
import { S3Failure } from './s3-errors.ts'

/** One call of the JSON API. */
export interface GoogleCall {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** The object, with the prefix; without it, the bucket's objects are meant. */
  readonly key?: string
  /** The bytes of an object, or an upload; without it, what is known of objects. */
  readonly about?: 'bytes' | 'upload'
  readonly query?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  /** Makes the body anew for each try; it says `alive()` whenever a part of it is taken. */
  readonly body?: (alive: () => void) => Uint8Array<ArrayBuffer> | ReadableStream<Uint8Array>
}

/**
 * Sends calls to one bucket. What it throws is an S3Failure, or an error of the body: failures of HTTP are told apart
 * as the S3 driver does, by the same code.
 */
export interface GoogleClient {
  /** One try: gives what `read` makes of the answer. */
  once<T>(call: GoogleCall, read: (answer: Answer) => Promise<T>, mostMs?: number): Promise<T>
  /**
   * The same, tried again while the failure is a passing one. `failed` hears of each failed try; what it gives ends the
   * matter, and what it throws too.
   */
  send<T>(
    call: GoogleCall,
    read: (answer: Answer) => Promise<T>,
    failed?: (failure: S3Failure) => Promise<T | undefined>,
  ): Promise<T>
}

/** Nobody waits longer than 10 s for a store that is silent; what is done before and after is part of them. */
const defaultPatienceMs = 6_000
/** How much of that may pass before another try is begun. */
const retryShare = 0.45
/**
 * The same after a refusal because of too many calls: Google Cloud Storage takes one write of an object name per second,
 * and such a refusal comes at once.
 */
const busyShare = 0.8
const [firstPauseMs, longestPauseMs] = [50, 800]

/**
 * Makes a client for one bucket. Google's library signs in; `fetch` sends. Not its `@google-cloud/storage` (8.4.0, under
 * Bun 1.4.5): there the time limit of an upload holds for all of it, so that a large one over a slow line is cut, and
 * without a limit one that stalls never ends; the body of an object cannot be asked for on a condition; and reading
 * costs 20 times the CPU of `fetch` for a small object, 44 times for a large one with its checksum.
 */
export function createGoogleClient(options: GoogleOptions): GoogleClient {
  const { tokens } = options
  const patience = createPatience(options.patienceMs ?? defaultPatienceMs)

  async function signIn(watch: Watch): Promise<Token | undefined> {
    if (tokens === undefined) return undefined
    const late = Promise.withResolvers<never>()
    const stop = () => late.reject(new S3Failure('SignInFailed', 0, 'no answer'))
    watch.signal.addEventListener('abort', stop)
    try {
      return await Promise.race([tokens.keys(), late.promise])
    } finally {
      watch.signal.removeEventListener('abort', stop)
    }
  }

  async function once<T>(call: GoogleCall, read: (answer: Answer) => Promise<T>, watch: Watch): Promise<T> {
    const url = addressOf(options, call)
    let token: Token | undefined
    try {
      watch.arm()
      token = await signIn(watch)
      const answer = await fetch(url, {
        method: call.method,
        // What is stored compressed is wanted as it is stored, and from the store rather than from a cache.
        headers: {
          'accept-encoding': 'gzip',
          'cache-control': 'no-store',
          ...token?.headers,
          ...call.headers,
        },
        decompress: call.about !== 'bytes',
        redirect: 'manual',
        signal: watch.signal,
        ...(call.body !== undefined && { body: call.body(watch.arm) }),
      })
      watch.rest()
      patience.answered()
      if (!answer.ok) throw await failureOf(answerOf(answer, watch), answer.status)
      return await read(answerOf(answer, watch))
    } catch (error) {
      const failure = failureFrom(error, watch.signal.aborted)
      watch.stop()
      if (failure instanceof S3Failure && failure.status === 401 && token) tokens?.forget(token)
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
      let renewed = tokens === undefined
      for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
        const leftMs = wholeMs - (performance.now() - started)
        try {
          return await once(call, read, createWatch(Math.max(leftMs, wholeMs / 10), patience.spent))
        } catch (error) {
          if (!(error instanceof S3Failure)) throw error
          const settled = await failed?.(error)
          if (settled !== undefined) return settled
          const refused = error.status === 401 && !renewed
          const share = error.code === 'SlowDown' || error.status === 429 ? busyShare : retryShare
          if (refused) renewed = true
          else if (!isPassingGoogle(error) || performance.now() - started > wholeMs * share) throw error
          else await Bun.sleep(pause * (0.5 + Math.random()))
        }
      }
    },
  }
}

function addressOf({ endpoint, bucket }: GoogleOptions, { key, about, query }: GoogleCall): URL {
  const start = about === 'upload' ? '/upload' : ''
  const object = key === undefined ? '' : `/${encodeURIComponent(key)}`
  const url = new URL(`${start}/storage/v1/b/${bucket}/o${object}`, endpoint)
  if (about === 'bytes') url.searchParams.set('alt', 'media')
  for (const [name, value] of Object.entries(query ?? {})) url.searchParams.set(name, value)
  return url
}
