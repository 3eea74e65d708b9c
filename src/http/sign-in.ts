import { RegistryError } from '../errors.ts'
import type { Access, Caller } from './access/access.ts'
import type { ErrorForm } from './errors.ts'
import { headersFor } from './headers.ts'
import type { Match } from './match.ts'
import { basePath } from './public-url.ts'
import type { Row } from './route.ts'

/** What people look at, icons and answers to forms included. Not the files that every page loads: they are public. */
export function isPageRow({ path }: Row): boolean {
  return path === '/' || path === '/:repo/' || (path.includes('/-/') && !path.startsWith('/-/assets/'))
}

/**
 * True for somebody who may read without signing in, and whose browser asks for a page to change something. Only where
 * signing in is something that a browser does: for a token it would be sent back and forth.
 */
export function signsIn(request: Request, { row, repo }: Match, caller: Caller, access: Access): boolean {
  const anonymous = caller.name === undefined && caller.may('pull', repo)
  if (!anonymous || row.action !== 'push' || !asksForPage(request, row)) return false
  return access.challenge(row.action, repo)?.startsWith('Basic ') === true
}

/** The error of a caller who may not do what a row asks for. */
export function refusalOf({ row, repo }: Match, caller: Caller, access: Access): RegistryError {
  if (caller.name === undefined) return unauthorized(access.challenge(row.action, repo), caller.retryAfter)
  // Whoever may not read a repository is not told whether there is one.
  if (!caller.may('pull', repo)) return new RegistryError('not_found', 'request', 'not found')
  return new RegistryError('forbidden', 'repository', `"${caller.name}" may not ${row.action} here`)
}

/** True for a browser that wants to show a page. */
function asksForPage({ method, headers }: Request, row: Row): boolean {
  const reads = method === 'GET' || method === 'HEAD'
  return reads && isPageRow(row) && headers.get('accept')?.includes('text/html') === true
}

/** The error of somebody who has to say who they are first, with what `WWW-Authenticate` answers. */
export function unauthorized(challenge: string | undefined, retryAfter?: number): RegistryError {
  // For the log: it is the same answer.
  const cause = retryAfter === undefined ? undefined : new Error('not checked: too many wait')
  const error = new RegistryError('unauthorized', 'request', 'unauthorized', {}, { cause })
  return Object.assign(error, { challenge, retryAfter })
}

/** After how many seconds to come again with credentials that there was no time to look at. */
export function retryAfterOf(error: unknown): number | undefined {
  const seconds = error instanceof RegistryError && 'retryAfter' in error ? error.retryAfter : undefined
  return typeof seconds === 'number' ? seconds : undefined
}

/**
 * What `WWW-Authenticate` answers to an error. Pages tell browsers how to send names that are not ASCII (RFC 7617, 2.1);
 * scripts compare the challenges of the API, which stay as ChartMuseum's.
 */
export function challengeOf(error: unknown, form: ErrorForm): string | undefined {
  const challenge = error instanceof RegistryError && 'challenge' in error ? error.challenge : undefined
  if (typeof challenge !== 'string') return undefined
  return form === 'page' && challenge.startsWith('Basic ') ? `${challenge}, charset="UTF-8"` : challenge
}

/**
 * Sends somebody who may read without signing in to where one signs in, and then on to what was asked for: a browser
 * sends basic credentials by itself only to the folder that asked for them and below (RFC 7617, 2.2).
 */
export function toSignIn(request: Request, publicUrl: string, contextPath: string): Response {
  const { pathname, search } = new URL(request.url)
  const root = basePath(publicUrl)
  const next = encodeURIComponent(root + pathname.slice(contextPath.length) + search)
  const headers = headersFor('page')
  headers.set('location', `${root}/?signin&next=${next}`)
  headers.set('cache-control', 'no-store')
  return new Response(null, { status: 303, headers })
}
