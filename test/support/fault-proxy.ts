import { createServer, connect } from 'node:net'
import type { Socket } from 'node:net'

/**
 * What goes wrong between a client and a server:
 * - `stall`: connections stay open, and nothing comes through
 * - `garbage`: the answer is no HTTP
 * - `lose`: the server gets all and answers, and the connection breaks before the answer arrives
 * - `cut`: the connection breaks after this many bytes of the answer
 * - `stopAfter`: after this many bytes of an answer nothing more comes through
 * - `delayMs`: everything comes through, so much later
 * - `answers`: after this many answers nothing comes through any more, on no connection
 * - `deaf`: the server never hears of `If-None-Match`, as if it did not know the header
 */
export type Fault =
  | 'none'
  | 'stall'
  | 'garbage'
  | 'lose'
  | 'deaf'
  | { readonly cut: number }
  | { readonly stopAfter: number }
  | { readonly delayMs: number }
  | { readonly answers: number }

/** A TCP proxy on a free port of 127.0.0.1 that breaks what passes, when told to. */
export interface FaultProxy extends AsyncDisposable {
  /** "http://127.0.0.1:42000" */
  readonly url: string
  /** From now on this goes wrong: `times` times (each breaks one connection), or until something else is set. */
  set(fault: Fault, times?: number): void
  /** How often something went wrong since the start. */
  readonly count: () => number
}

/** Starts a proxy in front of an address such as "http://127.0.0.1:41000". */
export async function startFaultProxy(target: string): Promise<FaultProxy> {
  const port = Number(new URL(target).port)
  const sockets = new Set<Socket>()
  let fault: Fault = 'none'
  let left = Infinity
  let count = 0

  /** Says that a fault happened; after the last one, all goes well again. */
  function happened(): void {
    count += 1
    left -= 1
    if (left <= 0) fault = 'none'
  }

  const server = createServer((client) => {
    const upstream = connect(port, '127.0.0.1')
    let passed = 0
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('close', () => {
        sockets.delete(socket)
        client.destroy()
        upstream.destroy()
      })
      socket.on('error', () => socket.destroy())
    }
    client.on('data', (data: Buffer) => {
      passed = 0
      if (fault === 'stall') return
      if (fault === 'garbage') {
        happened()
        client.end('this is not what you are looking for\r\n\r\n')
        return
      }
      pass(client, upstream, fault === 'deaf' ? withoutCondition(data) : data)
    })
    upstream.on('data', (data: Buffer) => {
      if (fault === 'stall') return
      if (fault === 'lose') {
        happened()
        client.destroy()
        return
      }
      if (typeof fault === 'object' && 'delayMs' in fault) {
        setTimeout(() => pass(upstream, client, data), fault.delayMs)
        return
      }
      if (typeof fault === 'object' && 'answers' in fault && data.toString('latin1', 0, 7) === 'HTTP/1.') {
        if (fault.answers === 0) {
          fault = 'stall'
          return
        }
        fault = { answers: fault.answers - 1 }
      }
      if (typeof fault === 'object' && 'stopAfter' in fault && passed + data.byteLength > fault.stopAfter) {
        client.write(data.subarray(0, Math.max(0, fault.stopAfter - passed)))
        passed += data.byteLength
        return
      }
      if (typeof fault === 'object' && 'cut' in fault && passed + data.byteLength > fault.cut) {
        const rest = data.subarray(0, fault.cut - passed)
        happened()
        client.write(rest, () => client.destroy())
        return
      }
      passed += data.byteLength
      pass(upstream, client, data)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port')

  return {
    url: `http://127.0.0.1:${address.port}`,
    count: () => count,
    set(next, times = Infinity) {
      fault = next
      left = times
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** Writes on, and lets the sender wait while the receiver is full. */
function pass(from: Socket, to: Socket, data: Uint8Array): void {
  if (to.destroyed || to.write(data)) return
  from.pause()
  to.once('drain', () => from.resume())
}

/** The header under another name of the same length: it is not part of the signature. */
function withoutCondition(data: Buffer): Buffer {
  return Buffer.from(
    data.toString('latin1').replace(/if-none-match/i, 'x-some-nothing'.slice(0, 13)),
    'latin1',
  )
}
