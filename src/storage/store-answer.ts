import { systemCode } from './file-calls.ts'
import { StoreFailure, transportWord } from './store-failure.ts'
import type { Watch } from './watch.ts'

/** What the store answered; its body is read to the end, or left with `leave()`. */
export interface Answer {
  header(name: string): string | null
  chunks(): AsyncGenerator<Uint8Array<ArrayBuffer>>
  /** The whole body; throws StoreFailure `BadAnswer` when it is longer. */
  bytes(longest: number): Promise<Uint8Array<ArrayBuffer>>
  leave(): void
}

type Fetched = Awaited<ReturnType<typeof fetch>>

/** The answer to a call, whose body is read under the same watch. */
export function answerOf(fetched: Fetched, watch: Watch): Answer {
  async function* chunks(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const reader = fetched.body?.getReader()
    if (reader === undefined) return
    let ended = false
    try {
      for (;;) {
        watch.arm()
        const { done, value } = await reader.read()
        watch.rest()
        ended = done
        if (done) return
        yield value
      }
    } catch (error) {
      throw failureFrom(error, watch.signal.aborted)
    } finally {
      if (!ended) watch.stop()
    }
  }
  async function bytes(longest: number): Promise<Uint8Array<ArrayBuffer>> {
    const parts: Uint8Array<ArrayBuffer>[] = []
    let size = 0
    for await (const chunk of chunks()) {
      size += chunk.byteLength
      if (size > longest) throw new StoreFailure('BadAnswer', fetched.status, 'the answer is too long')
      parts.push(chunk)
    }
    const [only] = parts
    return parts.length === 1 && only !== undefined ? only : new Blob(parts).bytes()
  }
  return { header: (name) => fetched.headers.get(name), chunks, bytes, leave: watch.stop }
}

/**
 * Turns what `fetch` throws into a StoreFailure. Its own errors carry the signed address in text and fields, so that
 * only their code is kept. What has no code of the system or of TLS and no address is an error of somebody else.
 */
export function failureFrom(error: unknown, stopped: boolean): unknown {
  if (error instanceof StoreFailure) return error
  if (stopped) return new StoreFailure('Stalled', 0)
  const code = systemCode(error) ?? ''
  // A proxy on the way to the store (HTTPS_PROXY) that has nothing behind it, or wants a password.
  if (code === 'ERR_PROXY_TUNNEL') return new StoreFailure('Unreachable', 0, code)
  if (!(error instanceof TypeError && code !== '') && !hasAddress(error)) return error
  const word = transportWord(code) ?? (code === 'Malformed_HTTP_Response' ? 'BadAnswer' : 'Cut')
  return new StoreFailure(word, 0, code)
}

/** True for an error that tells a signed address. */
function hasAddress(error: unknown): boolean {
  return Bun.inspect(error).includes('X-Amz-Signature')
}
