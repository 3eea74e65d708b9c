import type { Row } from './route.ts'

/** What is known of an answered request, for those who count. */
export interface SeenRequest {
  readonly request: Request
  readonly response: Response
  /** The row that answered or refused; undefined for what no row is there for. */
  readonly row: Row | undefined
  /** The repository in the path of a repository-scoped row, whether there is one or not; else "". */
  readonly repo: string
  /** What the answer is an error for. */
  readonly error: unknown
  readonly nanoseconds: number
}
