import { Elysia } from 'elysia'
import { StartError } from '../start-error.ts'
import type { Ready } from '../ready.ts'
import type { Found, Front } from './front.ts'
import { pathOf } from './request-url.ts'
import type { RouteParams, Row } from './route.ts'

/** What the server listens with. */
export interface Listening {
  readonly hostname: string
  readonly port: number
  readonly tls: { readonly cert: string; readonly key: string } | undefined
  /** Seconds a connection may be silent; 0: as long as it likes. */
  readonly idleSeconds: number
}

export interface AppParts {
  readonly front: Front
  /** Rows with a path of their own, at the root and below the context path. */
  readonly rootRows: readonly Row[]
  /** Rows with a path of their own, below the context path. */
  readonly fixedRows: readonly Row[]
  readonly contextPath: string
  /** Seconds a connection may be silent; 0: as long as it likes. */
  readonly idleSeconds: number
}

/** What is needed of Bun's server here. */
interface Server {
  requestIP(request: Request): { address: string } | null
  /** Sets the idle timeout of one connection, seconds; 0 switches it off. */
  timeout(request: Request, seconds: number): void
}

/**
 * Mounts the routes: a row with a fixed path is a plain Elysia route; everything else comes through one wildcard per
 * method, whose path arrives raw, and is matched by paths.ts. (Elysia's own matching decodes "%2F" in parameters and
 * would answer `/api/charts/index.yaml` as a chart.) No body is ever parsed before a row asks for it.
 */
export function createApp({ front, rootRows, fixedRows, contextPath, idleSeconds }: AppParts) {
  // With the usual setting a short Host header shifts where Elysia looks for the path (measured with 1.4.30).
  const app = new Elysia({ handler: { standardHostname: false } })
  const mounted = new Set<string>()
  const literal = new Map<string, Found>()

  function serve(request: Request, server: Server | null, found: Found): Ready<Response> {
    const peer = () => server?.requestIP(request)?.address
    const answer = front.serve(request, peer, found)
    if (server === null || !(answer instanceof Promise)) return answer
    return patiently(answer, server, request, idleSeconds)
  }

  function mount(path: string, row: Row): void {
    const methods = row.method === 'GET' ? ['GET', 'HEAD'] : [row.method]
    for (const method of methods) {
      if (mounted.has(`${method} ${path}`)) continue
      mounted.add(`${method} ${path}`)
      if (!/[:*]/.test(path)) literal.set(`${method} ${path}`, { row, repo: '', params: paramsOf() })
      app.route(
        method,
        path,
        ({ request, server, params }) => serve(request, server, { row, repo: '', params: paramsOf(params) }),
        { parse: 'none' },
      )
    }
  }

  for (const row of rootRows) mount(row.path, row)
  for (const row of [...rootRows, ...fixedRows]) mount(contextPath + row.path, row)
  for (const row of fixedRows) if (row.path === '/' && contextPath !== '') mount(contextPath, row)
  // Elysia takes the path to begin at the first "/" from the seventh character on, which in "https://…" stands before the
  // host. Bun's own router, which is asked first, does it right, but does not know paths with a slash at their end, such
  // as the home page below a context path (measured with 1.4.30 and Bun 1.4.5): they arrive here.
  app.all(
    '/*',
    ({ request, server }) => serve(request, server, literal.get(`${request.method} ${pathOf(request.url)}`)),
    { parse: 'none' },
  )
  return app
}

/**
 * Bun's idle timeout ends a request that is still being worked on as well: the first reader of a large store may wait
 * until it is listed, an upload until its turn comes. Half way to the timeout it is switched off until the answer is
 * there; sending it is under the timeout again.
 */
async function patiently(
  answer: Promise<Response>,
  server: Server,
  request: Request,
  idleSeconds: number,
): Promise<Response> {
  let waited = false
  const timer = setTimeout(() => {
    waited = true
    server.timeout(request, 0)
  }, idleSeconds * 500)
  try {
    return await answer
  } finally {
    clearTimeout(timer)
    if (waited) server.timeout(request, idleSeconds)
  }
}

/** A fixed row names at most two parts of its path: a content hash and a file. */
function paramsOf(params: Readonly<Record<string, string>> = {}): RouteParams {
  return { name: params['hash'] ?? '', version: '', filename: params['file'] ?? '', path: '' }
}

/** A server that listens. */
export interface Listener {
  readonly port: number
  /** Refuses new connections, lets requests that run finish, and cuts what is still running after some seconds. */
  drain(): Promise<void>
}

/** How long running requests may take once the server is told to stop, milliseconds. */
const drainMs = 7_000

/** Starts to listen. Throws StartError; without `reusePort: false` a second copy would share the port silently. */
export function listen(app: ReturnType<typeof createApp>, listening: Listening): Listener {
  const { hostname, port, tls, idleSeconds } = listening
  try {
    app.listen({
      hostname,
      port,
      reusePort: false,
      development: false,
      // 0 is no limit, as it is for ChartMuseum.
      idleTimeout: idleSeconds,
      // Bodies are bounded where they are read, with a sentence: Bun's own bound answers 413 without one, and cuts the
      // connection of clients that are still sending before they have read it (measured with Go's client).
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      ...(tls && { tls: { cert: tls.cert, key: tls.key } }),
    })
  } catch (error) {
    throw listenError(error, hostname, port)
  }
  const server = app.server
  return {
    port: server?.port ?? port,
    async drain() {
      const late = setTimeout(() => void server?.stop(true), drainMs)
      await server?.stop()
      clearTimeout(late)
    },
  }
}

function listenError(error: unknown, hostname: string, port: number): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'EADDRINUSE') {
    return new StartError(
      `Cannot listen on port ${port}: another program uses it. Stop that one, or choose another port with --port`,
    )
  }
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
