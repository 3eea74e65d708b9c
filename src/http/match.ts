import type { RouteParams, Row } from './route.ts'

/** What a path turned out to be: the row that answers it, and the parts of the path that the row names. */
export interface Match {
  readonly row: Row
  /** "" at depth 0, "org" or "org/team" below. */
  readonly repo: string
  readonly params: RouteParams
}

/** Finds the row of a repository-scoped path. Paths are raw: the path of the URL, still percent-encoded. */
export interface Matcher {
  /** The row for this method and path, or undefined for 404. HEAD is answered by GET rows. */
  match(method: string, rawPath: string): Match | undefined
  /** Every method the path has a row for: what an `Allow` header or an explanation can name. */
  methods(rawPath: string): string[]
}

export interface PathOptions {
  /** "" or "/ctx": everything lies below it. */
  readonly contextPath: string
  /** Segments of a repository name. */
  readonly depth: number
  /** Repositories of every depth, side by side. */
  readonly dynamic: boolean
}

/** The repository whose page a path asks for, even where there is no such page. */
export function repositoryIn(path: string, matcher: Matcher): string {
  const end = path.indexOf('/-/')
  return matcher.match('GET', end < 0 ? path : path.slice(0, end + 1))?.repo ?? ''
}
