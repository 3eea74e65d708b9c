import { StartError } from '../start-error.ts'
import type { createApp } from './app.ts'

/** All routes, mounted, as createApp() makes them. An app listens once. */
export type App = ReturnType<typeof createApp>

/** What the server shows to its clients and asks of them: texts in PEM. */
export interface TlsTexts {
  /** The server's own certificate first, then those between it and its authority. */
  readonly cert: string
  readonly key: string
  /** Authorities that every client's certificate must come from; undefined: clients need none. */
  readonly ca: string | undefined
}

/** What the server listens with. */
export interface Listening {
  readonly hostname: string
  readonly port: number
  readonly tls: TlsTexts | undefined
  /** Seconds a connection may be silent; 0: as long as it likes. */
  readonly idleSeconds: number
}

/** A server that listens. */
export interface Listener {
  readonly port: number
  /** Refuses new connections, lets requests that run finish, and cuts what is still running after some seconds. */
  drain(): Promise<void>
}

/** How long running requests may take once the server is told to stop, milliseconds. */
const drainMs = 7_000

/** Starts to listen, on a port of its own. Throws StartError. */
export function listen(app: App, listening: Listening): Listener {
  const server = openServer(app, listening, { shared: false })
  return { port: server.port ?? listening.port, drain: () => drainAll([server]) }
}

/** What is needed of Bun's server. */
interface OpenServer {
  readonly port?: number | undefined
  stop(force?: boolean): Promise<void>
}

/**
 * Opens the port. One that is `shared` can be opened a second time by this user: without `reusePort: false` a second
 * copy of the program would get every other connection, and nobody would be told. Throws StartError.
 */
export function openServer(app: App, listening: Listening, { shared }: { shared: boolean }): OpenServer {
  const { hostname, port, tls, idleSeconds } = listening
  const before = process.listeners('beforeExit')
  try {
    app.listen({
      hostname,
      port,
      reusePort: shared,
      development: false,
      // 0 is no limit, as it is for ChartMuseum.
      idleTimeout: idleSeconds,
      // Bodies are bounded where they are read, with a sentence: Bun's own bound answers 413 without one, and cuts the
      // connection of clients that are still sending before they have read it (measured with Go's client).
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      ...(tls && { tls: tlsOptions(tls) }),
    })
  } catch (error) {
    throw listenError(error, hostname, port)
  } finally {
    // Elysia's, which would keep every app that ever listened in memory.
    for (const added of process.listeners('beforeExit')) {
      if (!before.includes(added)) process.off('beforeExit', added)
    }
  }
  if (app.server === null) throw new Error('Elysia listens without a server')
  return app.server
}

/** Opens the port for nobody else and lets go of it at once. Throws StartError when another program has it. */
export function probePort({ hostname, port }: Listening): void {
  try {
    Bun.listen({ hostname, port, socket: { data: () => undefined } }).stop(true)
  } catch (error) {
    throw listenError(error, hostname, port)
  }
}

/** Lets requests that run finish, and cuts those that take too long. */
export async function drainAll(servers: readonly Pick<OpenServer, 'stop'>[]): Promise<void> {
  const late = setTimeout(() => {
    for (const server of servers) void server.stop(true)
  }, drainMs)
  await Promise.all(servers.map((server) => server.stop()))
  clearTimeout(late)
}

/** Bun speaks TLS 1.2 and 1.3 only, whatever it is asked for. */
function tlsOptions({ cert, key, ca }: TlsTexts) {
  return { cert, key, ...(ca !== undefined && { ca, requestCert: true, rejectUnauthorized: true }) }
}

function listenError(error: unknown, hostname: string, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') return portTaken(port)
  if (code === 'EACCES') {
    return new StartError(
      `Cannot listen on port ${port}: this user may not open it. Choose a port above 1023 with --port`,
    )
  }
  if (code === 'EADDRNOTAVAIL' || code === 'ENOTFOUND') {
    return new StartError(`Cannot listen on "${hostname}": it is no address of this computer (--listen-host)`)
  }
  return error
}

function portTaken(port: number): StartError {
  return new StartError(
    `Cannot listen on port ${port}: another program uses it. Stop that one, or choose another port with --port`,
  )
}
