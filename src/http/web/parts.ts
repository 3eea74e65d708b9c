import type { Row } from '../route.ts'
import type { OperatorFolder } from './operator-folder.ts'

/** How the server is set, as far as pages and the OpenAPI document say it. */
export interface WebSettings {
  /** "" or "/ctx". */
  readonly contextPath: string
  /** How many path segments name a repository. */
  readonly depth: number
  /** Repositories of every depth stand side by side. */
  readonly dynamic: boolean
  readonly version: string
  /** Basic auth is on. */
  readonly authenticated: boolean
  /** With basic auth on, reading needs no credentials. */
  readonly anonymousPull?: boolean
  /** Only loopback names are served. */
  readonly loopbackOnly?: boolean
}

/** What the web rows need of the rest. */
export interface WebParts {
  /** Every row of the server, these included: what the OpenAPI document is made of. Asked at the first request for it. */
  readonly documentRows: () => readonly Row[]
  readonly settings: WebSettings
  /** How many charts the repository at the root has; asked where it is the only one. */
  readonly chartCount: () => Promise<number>
  /** The operator's own pages, when there are any. */
  readonly operator: OperatorFolder | undefined
}
