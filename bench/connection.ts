import type { Socket } from 'bun'

/** An answer as the connection read it. */
export interface Answer {
  status: number
  body: Buffer
}

/** One kept-alive HTTP/1.1 connection that does as little as possible beside sending and waiting. */
export interface Connection {
  /** Sends a request that was made ready by rawRequest() and waits for its whole answer. */
  send(request: Uint8Array): Promise<Answer>
  close(): void
}

/** A request's bytes, ready to send. */
export function rawRequest(
  method: string,
  path: string,
  headers: Record<string, string>,
  body?: Uint8Array,
): Buffer {
  const all = {
    host: '127.0.0.1',
    ...headers,
    ...(body === undefined ? {} : { 'content-length': String(body.length) }),
  }
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`)
  const head = Buffer.from(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n`)
  return body === undefined ? head : Buffer.concat([head, body])
}

/** Opens a connection to a local port. */
export async function connect(port: number): Promise<Connection> {
  let waiting: { resolve(answer: Answer): void; reject(error: Error): void } | undefined
  let received: Buffer[] = []
  let unsent: Uint8Array = new Uint8Array()
  const flush = (socket: Socket) => {
    unsent = unsent.subarray(socket.write(unsent))
  }
  const fail = (reason: string) =>
    waiting?.reject(new Error(`the connection ${reason} before the answer was whole`))
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port,
    socket: {
      data(_, chunk) {
        received.push(Buffer.from(chunk))
        const answer = readAnswer(received)
        if (answer === undefined) return
        received = []
        waiting?.resolve(answer)
      },
      drain: flush,
      close: () => fail('ended'),
      error: (_, error) => fail(`failed (${error.message})`),
    },
  })
  return {
    send(request) {
      return new Promise((resolve, reject) => {
        waiting = { resolve, reject }
        unsent = request
        flush(socket)
      })
    },
    close: () => socket.end(),
  }
}

/** The answer in the pieces so far, or undefined while some of it is missing. Joins the pieces only when it must. */
export function readAnswer(pieces: Buffer[]): Answer | undefined {
  const first = pieces[0] ?? Buffer.alloc(0)
  const start = first.includes('\r\n\r\n') ? first : Buffer.concat(pieces)
  const end = start.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const head = start.toString('latin1', 0, end)
  const status = Number(head.slice(9, 12))
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1]
  const have = pieces.reduce((total, piece) => total + piece.length, 0) - end - 4
  if (length !== undefined) {
    if (have < Number(length)) return undefined
    return { status, body: Buffer.concat(pieces).subarray(end + 4) }
  }
  if (!/\r\ntransfer-encoding: *chunked/i.test(head)) return { status, body: Buffer.alloc(0) }
  const last = pieces.at(-1)
  const tail = last !== undefined && last.length >= 7 ? last : Buffer.concat(pieces.slice(-4))
  if (tail.subarray(-7).toString('latin1') !== '\r\n0\r\n\r\n') return undefined
  return { status, body: joinChunks(Buffer.concat(pieces).subarray(end + 4)) }
}

/** The body inside a chunked coding (RFC 9112, 7.1). */
function joinChunks(coded: Buffer): Buffer {
  const parts: Buffer[] = []
  for (let at = 0; ;) {
    const lineEnd = coded.indexOf('\r\n', at)
    const size = Number.parseInt(coded.toString('latin1', at, lineEnd), 16)
    if (!(size > 0)) return Buffer.concat(parts)
    parts.push(coded.subarray(lineEnd + 2, lineEnd + 2 + size))
    at = lineEnd + 2 + size + 2
  }
}
