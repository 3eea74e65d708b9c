import type { Action, Caller } from './access/access.ts'
import type { OperationDoc } from './operation-doc.ts'

export type Method = 'GET' | 'POST' | 'DELETE'

/** Parts of the path of a repository-scoped route, percent-decoded once and checked. */
export interface RouteParams {
  readonly name: string
  readonly version: string
  readonly filename: string
  /** The rest of the address, its segments joined by "/": the path of a file in an archive. */
  readonly path: string
}

/** What an answer gets: the request and what the routes before it found out. Take from it what you need. */
export interface Ask {
  readonly request: Request
  /** The repository of a repository-scoped route, else "". */
  readonly repo: string
  readonly params: RouteParams
  readonly query: URLSearchParams
  readonly caller: Caller
  /** Public address without a trailing slash, context path included: "https://charts.example.com/ctx". */
  readonly publicUrl: string
}

export type Answer = (ask: Ask) => Response | Promise<Response>

/**
 * One row of a route table: method, path, permission, answer, documentation. A path with `/:repo` is
 * repository-scoped and is matched at any depth by `paths.ts`, with `/:repo/-/` or as `/:repo/` by `page-paths.ts`; the
 * others are fixed and become plain Elysia routes.
 * A GET row answers HEAD too.
 */
export interface Row {
  readonly method: Method
  readonly path: string
  readonly action: Action
  readonly answer: Answer
  /** How it stands in the OpenAPI document; pages for people do not. */
  readonly doc?: OperationDoc
}

const row =
  (method: Method) =>
  (path: string, action: Action, answer: Answer, doc?: OperationDoc): Row => ({
    method,
    path,
    action,
    answer,
    ...(doc && { doc }),
  })

export const get = row('GET')
export const post = row('POST')
export const remove = row('DELETE')
