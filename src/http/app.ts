import { Elysia } from 'elysia'
import { whenReady, type Ready } from '../ready.ts'
import type { Found, Front } from './front.ts'
import { pathOf } from './request-url.ts'
import type { RouteParams, Row } from './route.ts'

export interface AppParts {
  readonly front: Front
  /** Rows with a path of their own, at the root and below the context path. */
  readonly rootRows: readonly Row[]
  /** Rows with a path of their own, below the context path. */
  readonly fixedRows: readonly Row[]
  readonly contextPath: string
  /** Seconds a connection may be silent; 0: as long as it likes. */
  readonly idleSeconds: number
  /** From the moment `now` is true every answer is the last one of its connection. */
  readonly leaving?: { readonly now: boolean }
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
export function createApp({ front, rootRows, fixedRows, contextPath, idleSeconds, leaving }: AppParts) {
  // With the usual setting a short Host header shifts where Elysia looks for the path (measured with 1.4.30).
  const app = new Elysia({ handler: { standardHostname: false } })
  const mounted = new Set<string>()
  const literal = new Map<string, Found>()

  function serve(request: Request, server: Server | null, found: Found): Ready<Response> {
    let address: string | undefined
    const peer = () => (address ??= server?.requestIP(request)?.address)
    const answer = leaving?.now
      ? lastOf(front.serve(request, peer, found))
      : front.serve(request, peer, found)
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

/** The client opens a new connection for its next request, and finds another listener there. */
function lastOf(answer: Ready<Response>): Ready<Response> {
  return whenReady(answer, (response) => {
    response.headers.set('connection', 'close')
    return response
  })
}

/** A fixed row names at most two parts of its path: a content hash and a file. */
function paramsOf(params: Readonly<Record<string, string>> = {}): RouteParams {
  return { name: params['hash'] ?? '', version: '', filename: params['file'] ?? '', path: '' }
}
