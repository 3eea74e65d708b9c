import type { LogWriter } from '../log-writer.ts'
import type { Ready } from '../ready.ts'
import { whenReady } from '../ready.ts'
import type { Access, Caller } from './access/access.ts'
import { permits } from './access/access.ts'
import { crossOriginRefusal, refuseEmbedding } from './cross-origin.ts'
import { errorForm, errorResponse, statusOf, statusResponse } from './errors.ts'
import { finish, requestIdOf } from './headers.ts'
import type { HostRefusal } from './host-names.ts'
import { repositoryIn, type Match, type Matcher } from './match.ts'
import type { Addresses, Peer } from './public-url.ts'
import type { SeenRequest } from './seen-request.ts'
import { pathOf, queryOf } from './request-url.ts'
import { challengeOf, isPageRow, refusalOf, retryAfterOf, signsIn, toSignIn } from './sign-in.ts'
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
  /** Told of every answer, errors included; must be quick and must not throw. */
  readonly observe?: (seen: SeenRequest) => void
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

/** One request, and what the steps find out of it. */
interface Asked {
  readonly request: Request
  /** Still percent-encoded, without query. */
  readonly path: string
  readonly peer: Peer
  readonly requestId: string
  readonly isApi: boolean
  match: Found
  caller: Caller | undefined
  error: unknown
  /** What the log says beside the answer. */
  comment: string
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
      const path = pathOf(request.url)
      const requestId = requestIdOf(request.headers.get('x-request-id'))
      if (parts.debug && !isProbe(path)) {
        log.debug(`[${number}] Incoming request: ${path}`, { reqID: requestId })
      }
      const isApi = path.startsWith(apiPrefix)
      const asked: Asked = {
        request,
        path,
        peer,
        requestId,
        isApi,
        match: found,
        caller: undefined,
        error: undefined,
        comment: '',
      }
      return whenReady(answer(asked), (response) => {
        finish(response, requestId)
        tell(asked, response, number, Bun.nanoseconds() - started)
        return response
      })
    },
  }

  /** The access line, and whoever counts. */
  function tell(asked: Asked, response: Response, number: number, nanoseconds: number): void {
    const { request, path, peer, match, error, comment, requestId } = asked
    parts.observe?.({ request, response, row: match?.row, repo: match?.repo ?? '', error, nanoseconds })
    if (response.status === 200 && isProbe(path)) return
    log.request({
      number,
      path,
      comment,
      clientIP: addresses.clientAddress(request.headers, peer),
      method: request.method,
      statusCode: response.status,
      latency: nanoseconds,
      reqID: requestId,
    })
  }

  // ChartMuseum: health checks are told only when they fail, unless asked for.
  function isProbe(path: string): boolean {
    return !parts.logHealth && /\/(health|livez|readyz)$/.test(path)
  }

  function answer(asked: Asked): Ready<Response> {
    const refusal = parts.hostRefusal(asked.request.headers.get('host'))
    if (refusal !== undefined) {
      asked.comment = refusal.message
      return statusResponse(refusal.status, refusal.message)
    }
    const good = asked.isApi ? withCors : asItIs
    const bad = (error: unknown) => failed(error, asked)
    try {
      const response = route(asked)
      return response instanceof Promise ? response.then(good).catch(bad) : good(response)
    } catch (error) {
      return bad(error)
    }
  }

  async function failed(error: unknown, asked: Asked): Promise<Response> {
    const { request, path, isApi, requestId } = asked
    asked.error = error
    asked.comment = describe(error, asked)
    const form = errorForm(request, path.slice(parts.contextPath.length))
    const challenge = challengeOf(error, form)
    const retryAfter = retryAfterOf(error)
    const plain = errorResponse(error, { form, requestId, retryAfter, ...(challenge && { challenge }) })
    const response = form === 'page' ? await asPage(plain, asked) : plain
    return isApi && response.status !== 401 ? withCors(response) : response
  }

  function route(asked: Asked): Ready<Response> {
    const { request, path, peer } = asked
    const { headers, method } = request
    if (method !== 'GET') refuseCrossOrigin(request, peer)
    const match = (asked.match ??= parts.matcher.match(method, path))
    if (match === undefined) {
      return answerUnmatched(request, path, () => addresses.publicUrl(headers, peer), parts)
    }
    if (isPageRow(match.row)) refuseEmbedding(headers)
    return whenReady(callerOf(asked), (caller) => {
      asked.caller = caller
      return permits(caller, match.row.action, match.repo)
        ? admitted(asked, match, caller)
        : refused(asked, match, caller)
    })
  }

  function admitted({ request, peer }: Asked, { row, repo, params }: Match, caller: Caller): Ready<Response> {
    return row.answer({
      request,
      repo,
      params,
      query: queryOf(request.url),
      caller,
      // Made from headers that most answers do not need.
      get publicUrl() {
        return addresses.publicUrl(request.headers, peer)
      },
    })
  }

  function refuseCrossOrigin(request: Request, peer: Peer): void {
    const refusal = crossOriginRefusal(request, addresses.publicUrl(request.headers, peer))
    if (refusal !== undefined) throw refusal
  }

  /** The same answer with a page of ours in place of the plain one, which stays when the page cannot be made. */
  async function asPage(plain: Response, asked: Asked): Promise<Response> {
    const { error, request, path, peer, requestId } = asked
    const repo = repositoryIn(path, parts.matcher)
    const publicUrl = addresses.publicUrl(request.headers, peer)
    try {
      const caller = asked.caller ?? (await callerOf(asked))
      const html = await parts.problemPage({ error, request, caller, repo, publicUrl, requestId })
      return new Response(html, { status: plain.status, headers: plain.headers })
    } catch (reason) {
      describe(reason, asked)
      return plain
    }
  }

  function callerOf({ request, peer, match }: Asked): Ready<Caller> {
    const { access } = parts
    const { headers } = request
    // Health checks wait for no password, not even for the one they bring.
    const isPublic = match?.row.action === 'none' && !isPageRow(match.row)
    if (access.open || isPublic) return access.callerOf(null, noAddress)
    const address = () => addresses.clientAddress(headers, peer)
    return access.callerOf(headers.get('authorization'), address, () => request.signal)
  }

  /** What somebody gets who may not do what they ask for. */
  function refused({ request, peer }: Asked, match: Match, caller: Caller): Response {
    if (!signsIn(request, match, caller, parts.access)) throw refusalOf(match, caller, parts.access)
    return toSignIn(request, addresses.publicUrl(request.headers, peer), parts.contextPath)
  }

  function withCors(response: Response): Response {
    if (parts.corsOrigin !== '') response.headers.set('access-control-allow-origin', parts.corsOrigin)
    return response
  }

  /** What the access line says of an error; what nobody foresaw is logged whole, once, here. */
  function describe(error: unknown, { path, requestId }: Asked): string {
    if (statusOf(error) !== 500 && error instanceof Error) {
      const cause = error.cause instanceof Error ? ` (${error.cause.message})` : ''
      return error.message + cause
    }
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error)
    log.error('Unexpected error', { path, reqID: requestId, error: told })
    return 'internal server error'
  }
}

const asItIs = (response: Response): Response => response
const noAddress = (): string => ''
