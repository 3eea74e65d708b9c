import { connect, type Socket } from 'node:net'
import { basic } from './credentials.ts'
import type { Server } from './processes.ts'

/** Wrong passwords on their way. */
export interface Flood {
  /** Answers per second since the start. */
  perSecond(): number
  stop(): Promise<void>
}

/**
 * Sends wrong passwords for made-up users, one per connection, and the next as soon as one was answered. Connections come
 * from as many addresses of 127.0.0.0/8 as asked for, so that a limit per address meets what it would outside.
 */
export function startFlood(server: Server, load: { connections: number; addresses: number }): Flood {
  const began = performance.now()
  let answered = 0
  let stopped = false
  let sent = 0
  const run = crypto.randomUUID()
  const sockets = new Set<Socket>()

  function open(at: number): void {
    const localAddress = `127.0.${1 + ((at % load.addresses) >> 8)}.${1 + ((at % load.addresses) & 0xff)}`
    const socket = connect({ host: '127.0.0.1', port: server.port, localAddress })
    sockets.add(socket)
    const ask = () => {
      const number = (sent += 1)
      const authorization = basic(`guess-${number % 1000}`, `${run}-${number}`)
      socket.write(`GET /index.yaml HTTP/1.1\r\nHost: localhost\r\nAuthorization: ${authorization}\r\n\r\n`)
    }
    socket.on('connect', ask)
    socket.on('data', (bytes) => {
      if (!bytes.includes('HTTP/1.1 401')) return
      answered += 1
      // The next guess comes from the next address.
      socket.destroy()
    })
    socket.on('error', () => socket.destroy())
    socket.on('close', () => {
      sockets.delete(socket)
      if (!stopped) open(at + load.connections)
    })
  }

  for (let at = 0; at < load.connections; at++) open(at)
  return {
    perSecond: () => (answered * 1000) / (performance.now() - began),
    async stop() {
      stopped = true
      for (const socket of sockets) socket.destroy()
      // What the server has still to look at should not meet the next figure.
      await Bun.sleep(2000)
    },
  }
}
