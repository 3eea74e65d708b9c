import { EtcdFailure, failureOf } from './etcd-errors.ts'
import { systemCode } from './file-calls.ts'
import { transportWord } from './store-failure.ts'

/** What is shown to etcd, and who is trusted to be etcd (PEM). */
export interface EtcdTls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
}

/** Sends one message to one endpoint. */
export interface EtcdCall {
  readonly endpoint: string
  /** "/v3/kv/txn" */
  readonly path: string
  readonly message: unknown
  readonly tls: EtcdTls
  readonly patienceMs: number
}

/** The answers to one message that has many, and how to have no more of them. */
export interface EtcdStream {
  readonly endpoint: string
  readonly answers: AsyncIterable<unknown>
  stop(): void
}

/** An answer is at most a few objects of 1.5 MiB in base64; what is longer comes from something else. */
const longestAnswer = 64 * 1024 * 1024

/** Sends a message and gives the answer, all within the patience. Throws EtcdFailure. */
export async function askEtcd(call: EtcdCall): Promise<unknown> {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), call.patienceMs)
  try {
    const answer = await open(call, controller.signal)
    return await readAnswer(answer)
  } catch (error) {
    const failure = failureFrom(error, controller.signal.aborted)
    // What is left of the answer is not waited for.
    controller.abort()
    throw failure
  } finally {
    clearTimeout(timer)
  }
}

/** Sends a message whose answers come one by one, as JSON lines; the patience is for the first sign of them. */
export async function openStream(call: EtcdCall): Promise<EtcdStream> {
  const controller = new AbortController()
  const timer = setTimeout(() => controller.abort(), call.patienceMs)
  try {
    const answer = await open(call, controller.signal)
    if (!answer.ok) throw new EtcdFailure('Failed', String(await readAnswer(answer)))
    const { body } = answer
    if (body === null) throw new EtcdFailure('BadAnswer', 'no answers')
    const stop = () => controller.abort()
    return { endpoint: call.endpoint, answers: readLines(body, controller.signal), stop }
  } catch (error) {
    throw failureFrom(error, controller.signal.aborted)
  } finally {
    clearTimeout(timer)
  }
}

type Fetched = Awaited<ReturnType<typeof fetch>>

function open({ endpoint, path, message, tls }: EtcdCall, signal: AbortSignal): Promise<Fetched> {
  const body = JSON.stringify(message)
  return fetch(endpoint + path, { method: 'POST', body, signal, redirect: 'manual', tls: { ...tls } })
}

async function readAnswer(answer: Fetched): Promise<unknown> {
  const text = await textOf(answer)
  if (answer.status === 404) throw new EtcdFailure('NoGateway', 'no such address')
  const body = parsed(text)
  if (!answer.ok) throw failureOf(body)
  return body
}

async function textOf(answer: Fetched): Promise<string> {
  // Most answers are short and say so.
  const announced = Number(answer.headers.get('content-length') ?? Infinity)
  if (announced <= longestAnswer) return answer.text()
  const chunks: Uint8Array<ArrayBuffer>[] = []
  let size = 0
  for await (const chunk of answer.body ?? []) {
    size += chunk.byteLength
    if (size > longestAnswer) throw new EtcdFailure('BadAnswer', 'the answer is too long')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks, size).toString()
}

async function* readLines(body: AsyncIterable<Uint8Array>, signal: AbortSignal): AsyncGenerator<unknown> {
  let parts: Uint8Array[] = []
  let size = 0
  try {
    for await (const chunk of body) {
      let from = 0
      for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
        parts.push(chunk.subarray(from, end))
        yield parsed(Buffer.concat(parts).toString())
        parts = []
        size = 0
        from = end + 1
      }
      parts.push(chunk.subarray(from))
      size += chunk.byteLength - from
      if (size > longestAnswer) throw new EtcdFailure('BadAnswer', 'the answer is too long')
    }
  } catch (error) {
    throw failureFrom(error, signal.aborted)
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new EtcdFailure('BadAnswer', 'an answer that is no JSON')
  }
}

/** Turns what `fetch` throws into an EtcdFailure; of its own errors only their code is kept. */
function failureFrom(error: unknown, stopped: boolean): EtcdFailure {
  if (error instanceof EtcdFailure) return error
  if (stopped) return new EtcdFailure('Stalled')
  const code = systemCode(error) ?? (error instanceof Error ? error.name : '')
  const word = transportWord(code)
  if (word !== undefined) return new EtcdFailure(word, code)
  if (code === 'EPROTO') return new EtcdFailure('Handshake', code)
  return new EtcdFailure(code === 'Malformed_HTTP_Response' ? 'BadAnswer' : 'Cut', code)
}
