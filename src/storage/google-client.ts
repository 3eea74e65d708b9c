import { failureOf, isPassingGoogle } from './google-errors.ts'
import type { GoogleOptions } from './google-options.ts'
import type { Token } from './google-token.ts'
import { answerOf, failureFrom } from './store-answer.ts'
import type { Answer } from './store-answer.ts'
import { StoreFailure } from './store-failure.ts'
import { createTries } from './tries.ts'
import type { Watch } from './watch.ts'

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
 * Sends calls to one bucket. What it throws is a StoreFailure, or an error of the body.
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
    failed?: (failure: StoreFailure) => Promise<T | undefined>,
  ): Promise<T>
}

/** Nobody waits longer than 10 s for a store that is silent; what is done before and after is part of them. */
const defaultPatienceMs = 6_000
/**
 * Makes a client for one bucket. Google's library signs in; `fetch` sends. Not its `@google-cloud/storage` (8.4.0, under
 * Bun 1.4.5): there the time limit of an upload holds for all of it, so that a large one over a slow line is cut, and
 * without a limit one that stalls never ends; the body of an object cannot be asked for on a condition; and reading
 * costs 20 times the CPU of `fetch` for a small object, 44 times for a large one with its checksum.
 */
export function createGoogleClient(options: GoogleOptions): GoogleClient {
  const { tokens } = options
  const { patience, once, send } = createTries({
    patienceMs: options.patienceMs ?? defaultPatienceMs,
    isPassing: isPassingGoogle,
    isExpired: ({ status }) => status === 401 && tokens !== undefined,
    // Google Cloud Storage takes one write of an object name per second.
    isBusy: ({ code, status }) => code === 'SlowDown' || status === 429,
  })

  async function signIn(watch: Watch): Promise<Token | undefined> {
    if (tokens === undefined) return undefined
    const late = Promise.withResolvers<never>()
    const stop = () => late.reject(new StoreFailure('SignInFailed', 0, 'no answer'))
    watch.signal.addEventListener('abort', stop)
    try {
      return await Promise.race([tokens.keys(), late.promise])
    } finally {
      watch.signal.removeEventListener('abort', stop)
    }
  }

  async function tryOnce<T>(
    call: GoogleCall,
    read: (answer: Answer) => Promise<T>,
    watch: Watch,
  ): Promise<T> {
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
      if (failure instanceof StoreFailure && failure.status === 401 && token) tokens?.forget(token)
      throw failure
    }
  }

  return {
    once: (call, read, mostMs) => once((watch) => tryOnce(call, read, watch), mostMs),
    send: (call, read, failed) => send((watch) => tryOnce(call, read, watch), failed),
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
