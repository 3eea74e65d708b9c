import { systemCode } from './file-calls.ts'
import { S3Failure } from './s3-errors.ts'
import { element } from './s3-xml.ts'

/** What the store answered; its body is read to the end, or left with `leave()`. */
export interface Answer {
  header(name: string): string | null
  chunks(): AsyncGenerator<Uint8Array<ArrayBuffer>>
  /** The whole body; throws S3Failure `BadAnswer` when it is longer. */
  bytes(longest: number): Promise<Uint8Array<ArrayBuffer>>
  leave(): void
}

/** Ends a call when the store gives no sign of life while one is waited for. */
export interface Watch {
  readonly signal: AbortSignal
  /** From now on a sign is waited for. */
  arm(): void
  /** Nothing is waited for: the reader of the body takes its time. */
  rest(): void
  stop(): void
}

/** Refusals are short; what is longer comes from something else. */
const longestRefusal = 64 * 1024

/** Watches one call, with this much patience in milliseconds; `spent` hears when it is at its end. */
export function createWatch(patienceMs: number, spent: () => void = () => undefined): Watch {
  const controller = new AbortController()
  let timer: Timer | undefined
  const wait = (ms: number) => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      spent()
      controller.abort()
    }, ms)
  }
  return {
    signal: controller.signal,
    arm: () => wait(patienceMs),
    rest: () => clearTimeout(timer),
    stop() {
      clearTimeout(timer)
      controller.abort()
    },
  }
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
      if (size > longest) throw new S3Failure('BadAnswer', fetched.status, 'the answer is too long')
      parts.push(chunk)
    }
    const [only] = parts
    return parts.length === 1 && only !== undefined ? only : new Blob(parts).bytes()
  }
  return { header: (name) => fetched.headers.get(name), chunks, bytes, leave: watch.stop }
}

/** What a refusal says: its XML where it has one, MinIO's header where it has none (an answer to HEAD). */
export async function failureOf(answer: Answer, status: number): Promise<S3Failure> {
  const text = new TextDecoder().decode(await answer.bytes(longestRefusal))
  if (status === 412) return new S3Failure('PreconditionFailed', status)
  const code = (text.includes('<Error>') && element(text, 'Code')) || answer.header('x-minio-error-code')
  return new S3Failure(code || `HTTP ${status}`, status, element(text, 'Message') ?? '')
}

const unreachable = /^(ECONNREFUSED|ENOTFOUND|EAI_\w+|EHOSTUNREACH|ENETUNREACH|EHOSTDOWN|FailedToOpenSocket)$/
const untrusted = /CERT|SIGNATURE|SELF_SIGNED|UNABLE_TO|ISSUER/

/**
 * Turns what `fetch` throws into an S3Failure. Its own errors carry the signed address in text and fields, so that
 * only their code is kept. What has no code of the system or of TLS and no address is an error of somebody else.
 */
export function failureFrom(error: unknown, stopped: boolean): unknown {
  if (error instanceof S3Failure) return error
  if (stopped) return new S3Failure('Stalled', 0)
  const code = systemCode(error) ?? ''
  // A proxy on the way to the store (HTTPS_PROXY) that has nothing behind it, or wants a password.
  if (code === 'ERR_PROXY_TUNNEL') return new S3Failure('Unreachable', 0, code)
  if (!(error instanceof TypeError && code !== '') && !hasAddress(error)) return error
  if (unreachable.test(code)) return new S3Failure('Unreachable', 0, code)
  if (untrusted.test(code)) return new S3Failure('BadCertificate', 0, code)
  return new S3Failure(code === 'Malformed_HTTP_Response' ? 'BadAnswer' : 'Cut', 0, code)
}

/** True for an error that tells a signed address. */
function hasAddress(error: unknown): boolean {
  return Bun.inspect(error).includes('X-Amz-Signature')
}
