/** How one route stands in the OpenAPI document. */
export interface OperationDoc {
  /** camelCase, unique: "publishChart". */
  readonly id: string
  readonly tag: 'Helm repository' | 'Charts' | 'Service' | 'Pages'
  readonly summary: string
  readonly description?: string
  /** Query parameters; path parameters follow from the row's path. */
  readonly query?: readonly QueryDoc[]
  /** Request headers that change the answer. */
  readonly headers?: readonly HeaderDoc[]
  readonly request?: RequestDoc
  /**
   * Every status that is the endpoint's own, by number. What every route can answer (401, 403, 421, 500) is added
   * by `openApiDocument`, because it follows from the row and the settings; an own entry wins.
   */
  readonly responses: Readonly<Record<number, ResponseDoc>>
}

export interface QueryDoc {
  readonly name: string
  readonly description: string
  readonly schema: object
  readonly required?: boolean
  readonly example?: unknown
  readonly allowEmptyValue?: boolean
}

export interface HeaderDoc {
  readonly name: string
  readonly description: string
  readonly schema: object
  readonly example?: unknown
}

/** A body in one media type: its schema and one example, or several with names. */
export interface MediaDoc {
  readonly schema: object
  readonly example?: unknown
  readonly examples?: Readonly<Record<string, { readonly summary?: string; readonly value: unknown }>>
  readonly encoding?: object
}

export interface RequestDoc {
  readonly description: string
  /** By media type. */
  readonly content: Readonly<Record<string, MediaDoc>>
}

export interface ResponseDoc {
  readonly description: string
  /** By media type; none for an answer without a body. */
  readonly content?: Readonly<Record<string, MediaDoc>>
  readonly headers?: Readonly<Record<string, { description: string; schema: object }>>
}
