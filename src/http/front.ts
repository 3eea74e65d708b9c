import { RegistryError } from '../errors.ts'
import type { LogWriter } from '../log-writer.ts'
import type { Ready } from '../ready.ts'
import { whenReady } from '../ready.ts'
import type { Access } from './access.ts'
import { permits } from './access.ts'
import { crossOriginRefusal } from './cross-origin.ts'
import { errorForm, errorResponse, sentenceOf, statusOf, statusResponse } from './errors.ts'
import { finish, requestIdOf } from './headers.ts'
import type { HostRefusal } from './host-names.ts'
import type { Match, Matcher } from './paths.ts'
import type { Addresses, Peer } from './public-url.ts'
import type { Row } from './route.ts'

export interface FrontParts {
  readonly matcher: Matcher
  readonly access: Access
  readonly addresses: Addresses
  readonly hostRefusal: (host: string | null) => HostRefusal | undefined
  readonly log: LogWriter
  /** Log successful health checks too. */
  readonly logHealth: boolean
  /** Log that a request came in, besides how it ended. */
  readonly debug: boolean
  /** "" or "/ctx". */
  readonly contextPath: string
  /** Access-Control-Allow-Origin on the API's answers; "" for none. */
  readonly corsOrigin: string
  /** The HTML of an error, for a browser. */
  readonly problemPage: (problem: { status: number; sentence: string; requestId: string }) => Promise<string>
}

/** Where a fixed route was found, or undefined to let the path decide. */
export type Found = Match | undefined

/** A response, and what the log says beside it. */
interface Answered {
  readonly response: Response
  readonly comment: string
}

/** Answers every request: the steps that all of them take, in this order, before and after a row's own answer. */
export interface Front {
  serve(request: Request, peer: Peer, found: Found): Ready<Response>
}

/**
 * Request id → host name → cross-origin → route → access → answer → errors as sentences → headers and log. Nothing of a
 * body is read before access is granted.
 */
export function createFront(parts: FrontParts): Front {
  const { log, addresses } = parts
  const apiPrefix = `${parts.contextPath}/api/`
  let count = 0

  return {
    serve(request, peer, found) {
      const started = Bun.nanoseconds()
      const number = (count += 1)
      const { headers } = request
      const path = pathOf(request.url)
      const requestId = requestIdOf(headers.get('x-request-id'))
      if (parts.debug) log.debug(`[${number}] Incoming request: ${path}`, { reqID: requestId })
      return whenReady(answer(request, path, peer, found, requestId), ({ response, comment }) => {
        finish(response, requestId)
        if (!isQuiet(path, response.status)) {
          log.request({
            number,
            path,
            comment,
            clientIP: addresses.clientAddress(headers, peer),
            method: request.method,
            statusCode: response.status,
            latency: Bun.nanoseconds() - started,
            reqID: requestId,
          })
        }
        return response
      })
    },
  }

  // ChartMuseum: successful health checks are not logged unless asked for.
  function isQuiet(path: string, status: number): boolean {
    return !parts.logHealth && status === 200 && /\/(health|livez|readyz)$/.test(path)
  }

  function answer(
    request: Request,
    path: string,
    peer: Peer,
    found: Found,
    requestId: string,
  ): Ready<Answered> {
    const refusal = parts.hostRefusal(request.headers.get('host'))
    if (refusal !== undefined) {
      return { response: statusResponse(refusal.status, refusal.message), comment: refusal.message }
    }
    const isApi = path.startsWith(apiPrefix)
    const good = (response: Response) => ({ response: isApi ? withCors(response) : response, comment: '' })
    const bad = (error: unknown) => failed(error, request, path, isApi, requestId)
    try {
      const response = route(request, path, peer, found)
      return response instanceof Promise ? response.then(good).catch(bad) : good(response)
    } catch (error) {
      return bad(error)
    }
  }

  async function failed(
    error: unknown,
    request: Request,
    path: string,
    isApi: boolean,
    requestId: string,
  ): Promise<Answered> {
    const comment = describe(error, path, requestId)
    const form = errorForm(request, path.slice(parts.contextPath.length))
    const challenge = challengeOf(error)
    const plain = errorResponse(error, { form, requestId, ...(challenge && { challenge }) })
    const response = form === 'page' ? await asPage(plain, error, requestId) : plain
    return { response: isApi && response.status !== 401 ? withCors(response) : response, comment }
  }

  function route(request: Request, path: string, peer: Peer, found: Found): Ready<Response> {
    const { headers, method } = request
    if (method !== 'GET') refuseCrossOrigin(request, peer)
    const match = found ?? parts.matcher.match(method, path)
    if (match === undefined) return preflight(request, path) ?? notFound(path.slice(parts.contextPath.length))
    const { row, repo, params } = match
    const caller = parts.access.callerOf(parts.access.open ? null : headers.get('authorization'))
    if (!permits(caller, row.action, repo)) throw refused(caller.name, row, repo)
    return row.answer({
      request,
      repo,
      params,
      query: queryOf(request.url),
      caller,
      // Made from headers that most answers do not need.
      get publicUrl() {
        return addresses.publicUrl(headers, peer)
      },
    })
  }

  function refuseCrossOrigin(request: Request, peer: Peer): void {
    const refusal = crossOriginRefusal(request, addresses.publicUrl(request.headers, peer))
    if (refusal !== undefined) throw refusal
  }

  /** The same answer with a page of ours in place of the plain one. */
  async function asPage({ status, headers }: Response, error: unknown, requestId: string): Promise<Response> {
    const html = await parts.problemPage({ status, sentence: sentenceOf(error), requestId })
    return new Response(html, { status, headers })
  }

  function refused(name: string | undefined, row: Row, repo: string): RegistryError {
    if (name !== undefined) {
      return new RegistryError('forbidden', 'repository', `"${name}" may not ${row.action} here`)
    }
    return Object.assign(new RegistryError('unauthorized', 'request', 'unauthorized'), {
      challenge: parts.access.challenge(row.action, repo),
    })
  }

  /** A preflight on the API: reading only, since a cross-origin write is refused anyway. */
  function preflight(request: Request, path: string): Response | undefined {
    const asked = request.method === 'OPTIONS' && path.startsWith(apiPrefix)
    if (!asked || parts.corsOrigin === '') return undefined
    const headers = { 'access-control-allow-methods': 'GET, HEAD', 'access-control-max-age': '600' }
    return new Response(null, { status: 204, headers })
  }

  function withCors(response: Response): Response {
    if (parts.corsOrigin !== '') response.headers.set('access-control-allow-origin', parts.corsOrigin)
    return response
  }

  /** What the access line says of an error; what nobody foresaw is logged whole, once, here. */
  function describe(error: unknown, path: string, requestId: string): string {
    if (statusOf(error) !== 500 && error instanceof Error) {
      const cause = error.cause instanceof Error ? ` (${error.cause.message})` : ''
      return error.message + cause
    }
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error)
    log.error('Unexpected error', { path, reqID: requestId, error: told })
    return 'internal server error'
  }
}

function notFound(path: string): never {
  if (path === '/v2' || path.startsWith('/v2/')) {
    const how = 'upload charts with POST /api/charts and add the repository with "helm repo add"'
    throw new RegistryError('not_found', 'repository', `OCI registries are not served here yet: ${how}`)
  }
  throw new RegistryError('not_found', 'request', 'not found')
}

function challengeOf(error: unknown): string | undefined {
  return error instanceof RegistryError && 'challenge' in error && typeof error.challenge === 'string'
    ? error.challenge
    : undefined
}

/** The path as it arrived, still percent-encoded. */
function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3)
  const end = url.indexOf('?', start)
  return end < 0 ? url.slice(start) : url.slice(start, end)
}

const noQuery = new URLSearchParams()

function queryOf(url: string): URLSearchParams {
  const start = url.indexOf('?')
  return start < 0 ? noQuery : new URLSearchParams(url.slice(start + 1))
}
