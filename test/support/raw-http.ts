import { connect } from 'node:net'
import type { Socket } from 'node:net'

/** An answer as it came over the wire, nothing decoded but the transfer coding. */
export interface RawResponse {
  readonly status: number
  readonly headers: Headers
  readonly body: Uint8Array
  text(): string
}

/** A connection on which a test says exactly what it wants, also what fetch would tidy up or refuse. */
export interface RawConnection extends Disposable {
  readonly socket: Socket
  /** Writes; resolves when the system took it, or at once when the other side has closed. */
  send(bytes: string | Uint8Array): Promise<void>
  /** Everything up to the end of the connection, or what came within `timeout` milliseconds. */
  received(timeout?: number): Promise<Uint8Array>
}

/** Opens a connection to a port of 127.0.0.1. */
export async function rawConnection(port: number): Promise<RawConnection> {
  const socket = connect(port, '127.0.0.1')
  const chunks: Uint8Array[] = []
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  socket.on('data', (chunk: Uint8Array) => chunks.push(chunk))
  socket.on('close', () => end())
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve)
    socket.once('error', reject)
  })
  socket.removeAllListeners('error')
  socket.on('error', () => end())
  return {
    socket,
    send: (bytes) =>
      new Promise((resolve) => {
        if (socket.destroyed || !socket.writable) resolve()
        else socket.write(bytes, () => resolve())
      }),
    async received(timeout = 15_000) {
      await Promise.race([ended, Bun.sleep(timeout)])
      return Buffer.concat(chunks)
    },
    [Symbol.dispose]: () => socket.destroy(),
  }
}

/** A request whose target and headers go out as they stand here. */
export interface RawRequest {
  readonly method?: string
  /** The request target, not encoded and not normalised. */
  readonly target: string
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array
  /** Sends the body in chunks without a Content-Length. */
  readonly chunked?: boolean
}

/** Sends one request on a connection of its own and reads the answer. Throws when none came. */
export async function rawRequest(port: number, request: RawRequest): Promise<RawResponse> {
  using connection = await rawConnection(port)
  await connection.send(head(port, request))
  const body = bytesOf(request.body ?? '')
  await connection.send(request.chunked ? chunks(body) : body)
  return parseResponse(await connection.received(), request.method === 'HEAD')
}

/** The request line and headers, with `Connection: close`; a body without `chunked` gets its length. */
export function head(
  port: number,
  { method = 'GET', target, headers = {}, body, chunked }: RawRequest,
): string {
  const all: Record<string, string> = { Host: `127.0.0.1:${port}`, Connection: 'close' }
  if (chunked) all['Transfer-Encoding'] = 'chunked'
  else if (body !== undefined) all['Content-Length'] = String(bytesOf(body).byteLength)
  const lines = Object.entries({ ...all, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n`
}

/** A body in the chunked transfer coding, end included, in pieces of at most `most` bytes. */
export function chunks(body: Uint8Array, most = 32_768): Uint8Array {
  const parts: Uint8Array[] = []
  for (let from = 0; from < body.byteLength; from += most) {
    const part = body.subarray(from, from + most)
    parts.push(Buffer.from(`${part.byteLength.toString(16)}\r\n`), part, Buffer.from('\r\n'))
  }
  parts.push(Buffer.from('0\r\n\r\n'))
  return Buffer.concat(parts)
}

/** Reads what a connection received as one answer. */
export function parseResponse(received: Uint8Array, withoutBody = false): RawResponse {
  const buffer = Buffer.from(received)
  const end = buffer.indexOf('\r\n\r\n')
  const [statusLine = '', ...lines] = buffer.subarray(0, end).toString('latin1').split('\r\n')
  const [, status] = /^HTTP\/1\.1 (\d{3})/.exec(statusLine) ?? []
  if (end < 0 || status === undefined) throw new Error(`no answer, but ${JSON.stringify(buffer.toString())}`)
  const headers = new Headers(lines.map((line) => line.split(/: ?(.*)/s).slice(0, 2) as [string, string]))
  const rest = withoutBody ? Buffer.alloc(0) : buffer.subarray(end + 4)
  const body = headers.get('transfer-encoding') === 'chunked' ? unchunked(rest) : rest
  return { status: Number(status), headers, body, text: () => new TextDecoder().decode(body) }
}

function unchunked(buffer: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; ;) {
    const lineEnd = buffer.indexOf('\r\n', at)
    const size = Number.parseInt(buffer.subarray(at, lineEnd).toString(), 16)
    if (!(size > 0)) return Buffer.concat(parts)
    parts.push(buffer.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
}

function bytesOf(body: string | Uint8Array): Uint8Array {
  return typeof body === 'string' ? Buffer.from(body) : body
}
