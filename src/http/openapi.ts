import { refusalsOf, securityOf, securitySchemes, type AccessOptions } from './openapi-access.ts'
import { pathTemplates } from './openapi-paths.ts'
import { components, tags, type Components } from './docs/components.ts'
import type { PathParameter, PathTemplate } from './openapi-paths.ts'
import type { OperationDoc, ResponseDoc } from './operation-doc.ts'
import type { Row } from './route.ts'

export interface OpenApiOptions extends AccessOptions {
  readonly version: string
  /** "" or "/ctx". */
  readonly contextPath: string
  /** How many path segments name a repository. */
  readonly depth: number
  /** Repositories at any depth: depths 0 to 2 are spelled out. */
  readonly dynamic: boolean
  /** Only loopback names are served (421 for every other Host). */
  readonly loopbackOnly?: boolean
}

export interface Operation {
  readonly operationId: string
  readonly tags: readonly string[]
  readonly summary: string
  readonly description?: string
  readonly parameters?: readonly object[]
  readonly requestBody?: object
  readonly responses: Readonly<Record<string, ResponseDoc>>
  readonly security?: readonly Readonly<Record<string, readonly string[]>>[]
}

export type PathItem = Partial<Record<'get' | 'head' | 'post' | 'delete', Operation>>

/** An OpenAPI 3.0.3 document, the version that @elysiajs/swagger writes. */
export interface OpenApiDocument {
  readonly openapi: '3.0.3'
  readonly info: Readonly<Record<string, unknown>> & { readonly title: string; readonly version: string }
  readonly servers: readonly { readonly url: string }[]
  readonly tags: readonly { readonly name: string; readonly description: string }[]
  readonly paths: Readonly<Record<string, PathItem>>
  readonly components: Components
}

/**
 * Makes one OpenAPI document of the route rows. Each row appears once per repository depth, and each GET row
 * as HEAD too. `servers` holds a path only, never a full address: under `connect-src 'self'` *Try it out* would
 * fail for a browser that came by another name.
 */
export function openApiDocument(rows: readonly Row[], options: OpenApiOptions): OpenApiDocument {
  const paths: Record<string, PathItem> = {}
  for (const row of rows) {
    const { doc } = row
    if (doc === undefined) continue
    for (const template of pathTemplates(row.path, options)) {
      const item = (paths[template.path] ??= {})
      const key = row.method === 'GET' ? 'get' : row.method === 'POST' ? 'post' : 'delete'
      item[key] = operation({ ...row, doc }, template, options)
      if (key === 'get') item.head = headOf(item[key])
    }
  }
  const operations = Object.values(paths).flatMap((item) => Object.values(item))
  const used = new Set(operations.flatMap((each) => each.tags))
  return {
    openapi: '3.0.3',
    info: {
      title: 'Chartroom',
      version: options.version,
      description: introduction,
      license: { name: 'Apache-2.0', url: 'https://www.apache.org/licenses/LICENSE-2.0' },
    },
    servers: [{ url: options.contextPath === '' ? '/' : options.contextPath }],
    tags: tags.filter(({ name }) => used.has(name)),
    paths,
    components: { ...components, ...securitySchemes(options) },
  }
}

type DocumentedRow = Row & { readonly doc: OperationDoc }

const introduction = [
  'A Helm chart registry. Every answer carries an `X-Request-Id`; a path or method that is not listed here answers',
  '404 `{"error":"not found"}`. A request that is not well-formed HTTP, or whose headers are too large, is refused',
  'by the HTTP parser with 400 or 431 and no body. A browser, which asks for `text/html`, is told errors outside `/api`',
  'as a page.',
].join('\n')

function operation(row: DocumentedRow, template: PathTemplate, options: OpenApiOptions): Operation {
  const { doc } = row
  const parameters = [
    ...template.parameters.map(pathParameter),
    ...(doc.query ?? []).map((query) => ({ in: 'query', required: false, ...query })),
    ...(doc.headers ?? []).map((header) => ({ in: 'header', required: false, ...header })),
  ]
  const responses = { ...commonResponses(row, options), ...doc.responses }
  return {
    operationId: doc.id + template.suffix,
    tags: [doc.tag],
    summary: doc.summary,
    ...(doc.description === undefined ? {} : { description: doc.description }),
    ...(parameters.length === 0 ? {} : { parameters }),
    ...(doc.request === undefined ? {} : { requestBody: { required: true, ...doc.request } }),
    responses: withRequestId(responses),
    ...securityOf(row, options),
  }
}

/**
 * The same operation asked with HEAD: the same statuses and headers, never a body (RFC 9110 section 9.3.2), and never a
 * part, because `Range` means something to GET only (section 14.2).
 */
function headOf(get: Operation): Operation {
  const whole = Object.entries(get.responses).filter(([status]) => status !== '206' && status !== '416')
  const responses = whole.map(([status, response]) => {
    const { content: _, ...rest } = response
    return [status, rest] as const
  })
  const parameters = get.parameters?.filter(
    (parameter) => !('name' in parameter && parameter.name === 'Range'),
  )
  return {
    ...get,
    operationId: `${get.operationId}Head`,
    tags: ['HEAD'],
    summary: `${get.summary}: headers only`,
    ...(parameters !== undefined && { parameters }),
    responses: Object.fromEntries(responses),
  }
}

function pathParameter(parameter: PathParameter): object {
  return { in: 'path', required: true, ...parameter }
}

/** What the server answers before the route is reached, or when it breaks. */
function commonResponses(row: Row, options: OpenApiOptions): Record<number, ResponseDoc> {
  const responses: Record<number, ResponseDoc> = {
    ...refusalsOf(row, options),
    400: refusal('The `Host` header is missing, or is not a host name.'),
    500: refusal('Something broke. The cause is in the log, under the request id.', {
      error: 'internal server error',
      requestId: requestId.schema.example,
    }),
  }
  if (options.loopbackOnly === true) {
    responses[421] = refusal(
      'The `Host` is neither a loopback name nor the public address; without credentials no other name is served.',
    )
  }
  return responses
}

function refusal(description: string, example?: object): ResponseDoc {
  const schema = { $ref: '#/components/schemas/Error' }
  return {
    description,
    content: { 'application/json': example === undefined ? { schema } : { schema, example } },
  }
}

const requestId = {
  description: 'The id of this request in the log: the one that was sent, or a new one.',
  schema: { type: 'string', example: '6f0c1d0e-7a52-4b5e-9a43-2f3c1f4a8f10' },
}

/** On answers that succeed and on 500, where it is needed; each answer has it, which the introduction says. */
function withRequestId(responses: Readonly<Record<number, ResponseDoc>>): Record<string, ResponseDoc> {
  const entries = Object.entries(responses).map(([status, response]) => {
    const shown = status.startsWith('2') || status === '500'
    return [
      status,
      shown ? { ...response, headers: { ...response.headers, 'X-Request-Id': requestId } } : response,
    ] as const
  })
  return Object.fromEntries(entries)
}
