import { RegistryError } from '../errors.ts'
import type { LogWriter } from '../log-writer.ts'
import type { Ready } from '../ready.ts'
import { whenReady } from '../ready.ts'
import type { Access, Caller } from './access.ts'
import { permits } from './access.ts'
import { crossOriginRefusal, refuseEmbedding } from './cross-origin.ts'
import { errorForm, errorResponse, statusOf, statusResponse } from './errors.ts'
import { finish, requestIdOf } from './headers.ts'
import type { HostRefusal } from './host-names.ts'
import type { Match, Matcher } from './match.ts'
import type { Addresses, Peer } from './public-url.ts'
import { asksForPage, challengeOf, isPageRow, toSignIn, unauthorized } from './sign-in.ts'
import { answerUnmatched } from './unmatched.ts'

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
  readonly problemPage: (problem: Problem) => Promise<string>
}

/** An error that a browser is told as a page, and what is known of the request that met it. */
export interface Problem {
  readonly error: unknown
  readonly request: Request
  readonly caller: Caller
  /** The repository that the path names, whether there is one or not. */
  readonly repo: string
  readonly publicUrl: string
  readonly requestId: string
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
    const bad = (error: unknown) => failed(error, request, path, isApi, requestId, peer)
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
    peer: Peer,
  ): Promise<Answered> {
    const comment = describe(error, path, requestId)
    const form = errorForm(request, path.slice(parts.contextPath.length))
    const challenge = challengeOf(error, form)
    const plain = errorResponse(error, { form, requestId, ...(challenge && { challenge }) })
    const response = form === 'page' ? await asPage(plain, error, request, path, requestId, peer) : plain
    return { response: isApi && response.status !== 401 ? withCors(response) : response, comment }
  }

  function route(request: Request, path: string, peer: Peer, found: Found): Ready<Response> {
    const { headers, method } = request
    if (method !== 'GET') refuseCrossOrigin(request, peer)
    const match = found ?? parts.matcher.match(method, path)
    if (match === undefined) {
      return answerUnmatched(request, path, () => addresses.publicUrl(headers, peer), parts)
    }
    const { row, repo, params } = match
    if (isPageRow(row)) refuseEmbedding(headers)
    const caller = callerOf(headers)
    if (!permits(caller, row.action, repo)) return refused(caller, request, match, peer)
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

  /** The same answer with a page of ours in place of the plain one, which stays when the page cannot be made. */
  async function asPage(
    plain: Response,
    error: unknown,
    request: Request,
    path: string,
    requestId: string,
    peer: Peer,
  ): Promise<Response> {
    const { headers } = request
    const caller = callerOf(headers)
    const repo = repositoryIn(path, parts.matcher)
    const publicUrl = addresses.publicUrl(headers, peer)
    try {
      const html = await parts.problemPage({ error, request, caller, repo, publicUrl, requestId })
      return new Response(html, { status: plain.status, headers: plain.headers })
    } catch (reason) {
      describe(reason, path, requestId)
      return plain
    }
  }

  function callerOf(headers: Headers): Caller {
    return parts.access.callerOf(parts.access.open ? null : headers.get('authorization'))
  }

  /** What somebody gets who may not do what they ask for. */
  function refused(caller: Caller, request: Request, { row, repo }: Match, peer: Peer): Response {
    if (caller.name === undefined) {
      if (row.action === 'push' && caller.may('pull', repo) && asksForPage(request, row)) {
        return toSignIn(request, addresses.publicUrl(request.headers, peer), parts.contextPath)
      }
      throw unauthorized(parts.access.challenge(row.action, repo))
    }
    // Whoever may not read a repository is not told whether there is one.
    if (row.action === 'pull' && isPageRow(row)) throw new RegistryError('not_found', 'request', 'not found')
    throw new RegistryError('forbidden', 'repository', `"${caller.name}" may not ${row.action} here`)
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

/** The repository whose page a path asks for, even where there is no such page. */
function repositoryIn(path: string, matcher: Matcher): string {
  const end = path.indexOf('/-/')
  return matcher.match('GET', end < 0 ? path : path.slice(0, end + 1))?.repo ?? ''
}

/** The path of a request as it arrived, still percent-encoded. */
export function pathOf(url: string): string {
  const start = url.indexOf('/', url.indexOf('://') + 3)
  const end = url.indexOf('?', start)
  return end < 0 ? url.slice(start) : url.slice(start, end)
}

const noQuery = new URLSearchParams()

function queryOf(url: string): URLSearchParams {
  const start = url.indexOf('?')
  return start < 0 ? noQuery : new URLSearchParams(url.slice(start + 1))
}
