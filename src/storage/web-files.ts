import { readFileSync } from 'node:fs'
import { RegistryError } from '../errors.ts'
import { systemCode } from './file-calls.ts'

/** How a web server is read. */
export interface WebOptions {
  /** Sent to the server of `origin` and to no other. */
  readonly credentials?: { readonly user: string; readonly password: string } | undefined
  readonly origin: string
  /** Certificate authorities (PEM) that are trusted in place of the system's. */
  readonly ca?: string | undefined
  /** Ends everything that is being read. */
  readonly signal: AbortSignal
  /** Longest wait for the next sign of life, and first pause before another try, milliseconds; a test makes them short. */
  readonly idleMs?: number
  readonly pauseMs?: number
}

/** Files on web servers. */
export interface WebFiles {
  /**
   * Gives what `take` makes of the bytes at an address, or undefined when there is nothing. A failure that may pass is
   * tried again from the start. Throws RegistryError `unavailable`, `forbidden`, and what `take` throws.
   */
  read<T>(
    url: URL,
    take: (bytes: AsyncIterable<Uint8Array>) => Promise<T>,
    how?: ReadHow,
  ): Promise<T | undefined>
}

export interface ReadHow {
  /** Takes the bytes as the server unpacks them; without it a compressed file stays as it is. */
  readonly unpack?: boolean
  /** A refusal counts as nothing there: a store that may not be listed says 403 of what is missing. */
  readonly refusedIsNothing?: boolean
}

const [defaultIdleMs, defaultPauseMs] = [30_000, 500]
/** One file may take so long in all, milliseconds. */
const longestMs = 15 * 60_000
const mostTries = 4
const mostRedirects = 5
/** A server that asks for a longer pause than this is not waited for, milliseconds. */
const longestPauseMs = 20_000

/** A try that failed and may succeed a moment later. */
class Passing extends Error {
  override readonly name = 'Passing'

  constructor(
    message: string,
    readonly waitMs = 0,
    options?: { cause?: unknown },
  ) {
    super(message, options)
  }
}

type Answer = Awaited<ReturnType<typeof fetch>>

/** Reads files from web servers by GET, with limits of time, and never more redirects or other schemes than expected. */
export function webFiles(options: WebOptions): WebFiles {
  const { signal, pauseMs = defaultPauseMs } = options
  return {
    async read(url, take, how = {}) {
      for (let tries = 1, pause = pauseMs; ; tries++, pause *= 2) {
        try {
          return await readOnce(url, take, how, options)
        } catch (error) {
          if (!(error instanceof Passing)) throw error
          const last = tries === mostTries || signal.aborted || error.waitMs > longestPauseMs
          if (last) throw unavailable(url, error.message, error)
          await Bun.sleep(Math.max(pause, error.waitMs))
        }
      }
    },
  }
}

/** An address as it may be shown: no user, no password, and no query, which may hold a signature. */
export function shownAddress(url: URL): string {
  return url.origin + url.pathname
}

async function readOnce<T>(
  url: URL,
  take: (bytes: AsyncIterable<Uint8Array>) => Promise<T>,
  { unpack = false, refusedIsNothing = false }: ReadHow,
  options: WebOptions,
): Promise<T | undefined> {
  const idle = watchIdle(options.idleMs ?? defaultIdleMs)
  const signal = AbortSignal.any([options.signal, idle.signal, AbortSignal.timeout(longestMs)])
  try {
    const answer = await ask(url, unpack, signal, options)
    idle.alive()
    const { status } = answer
    if (answer.ok) return await take(bytesOf(answer, idle.alive))
    await answer.body?.cancel()
    if (status === 404 || status === 410) return undefined
    if (status === 401 || status === 403) {
      if (refusedIsNothing) return undefined
      throw new RegistryError('forbidden', 'upload', `${shownAddress(url)} refuses it (${status})`)
    }
    const said = `the server answered ${status}`
    if (status < 500 && status !== 408 && status !== 429) throw unavailable(url, said)
    throw new Passing(said, Number(answer.headers.get('retry-after') ?? 0) * 1000 || 0)
  } finally {
    idle.stop()
  }
}

/** Follows redirects by hand: they may not leave http and https, and credentials do not follow to another host. */
async function ask(start: URL, unpack: boolean, signal: AbortSignal, options: WebOptions): Promise<Answer> {
  const { credentials, origin, ca } = options
  let url = start
  for (let redirects = 0; ; redirects++) {
    const sent = credentials !== undefined && url.origin === origin
    const answer = await fetched(url, {
      headers: {
        ...(!unpack && { 'accept-encoding': 'identity' }),
        ...(sent && {
          authorization: `Basic ${Buffer.from(`${credentials.user}:${credentials.password}`).toString('base64')}`,
        }),
      },
      decompress: unpack,
      redirect: 'manual',
      signal,
      ...(ca !== undefined && { tls: { ca } }),
    })
    const to = answer.headers.get('location')
    if (answer.status < 300 || answer.status > 399 || to === null) return answer
    await answer.body?.cancel()
    const next = URL.parse(to, url)
    const upgrade = url.protocol === 'http:' && next?.protocol === 'https:'
    if (next === null || (next.protocol !== url.protocol && !upgrade)) {
      throw unavailable(start, `it redirects from ${url.protocol}// to ${next?.protocol ?? 'nowhere'}//`)
    }
    if (redirects === mostRedirects) throw unavailable(start, `it redirects more than ${mostRedirects} times`)
    url = next
  }
}

async function fetched(url: URL, init: BunFetchRequestInit): Promise<Answer> {
  try {
    return await fetch(url, init)
  } catch (error) {
    throw passing(error)
  }
}

/** The bytes of an answer; one that breaks before the announced length is a failure, told by fetch. */
async function* bytesOf(answer: Answer, alive: () => void): AsyncGenerator<Uint8Array> {
  const reader = answer.body?.getReader()
  try {
    for (;;) {
      const chunk = await reader?.read().catch((error: unknown) => {
        throw passing(error)
      })
      if (chunk?.value === undefined) return
      alive()
      yield chunk.value
    }
  } finally {
    reader?.cancel().catch(() => undefined)
  }
}

function watchIdle(idleMs: number) {
  const controller = new AbortController()
  const late = () => controller.abort(new Passing(`nothing came for ${Math.ceil(idleMs / 1000)} s`))
  let timer = setTimeout(late, idleMs)
  return {
    signal: controller.signal,
    alive() {
      clearTimeout(timer)
      timer = setTimeout(late, idleMs)
    },
    stop: () => clearTimeout(timer),
  }
}

/** What the network says, in words; a bad certificate does not get better by trying again. */
function passing(error: unknown): Error {
  if (error instanceof Passing) return error
  const code = systemCode(error) ?? ''
  if (/CERT|SELF_SIGNED|UNABLE_TO_VERIFY|ALTNAME/i.test(code)) {
    const message = `its certificate is not trusted (${code}): --from-ca-file names its authority`
    return new RegistryError('unavailable', 'upload', message, {}, { cause: error })
  }
  const words: Readonly<Record<string, string>> = {
    ConnectionRefused: 'nobody listens there',
    FailedToOpenSocket: 'the host cannot be found or reached',
    ConnectionClosed: 'the connection broke',
    ECONNRESET: 'the connection broke',
    ECONNREFUSED: 'nobody listens there',
    ENOTFOUND: 'the host cannot be found',
    DNS_ENOTFOUND: 'the host cannot be found',
  }
  const timedOut = error instanceof DOMException && error.name === 'TimeoutError'
  const why = timedOut ? 'it took too long' : (words[code] ?? (code || 'the connection broke'))
  return new Passing(why, 0, { cause: error })
}

function unavailable(url: URL, why: string, cause?: unknown): RegistryError {
  return new RegistryError('unavailable', 'upload', `Cannot read ${shownAddress(url)}: ${why}`, {}, { cause })
}

/** Certificate authorities from a PEM file. Throws RegistryError `unavailable`, for the operator to read. */
export function readAuthorities(path: string): string {
  const cannot = (why: string, cause?: unknown) =>
    new RegistryError('unavailable', 'storage', `Cannot use "${path}": ${why}`, {}, { cause })
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    throw cannot(`it cannot be read (${systemCode(error) ?? 'unknown reason'})`, error)
  }
  if (text.includes('-----BEGIN CERTIFICATE-----')) return text
  throw cannot('it holds no certificate in PEM')
}
