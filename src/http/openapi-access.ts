import type { Authentication } from '../../views/page.ts'
import { errors } from './docs/answers.ts'
import type { ResponseDoc } from './operation-doc.ts'
import type { Row } from './route.ts'

/** How callers are recognised, as far as the OpenAPI document says it. */
export interface AccessOptions {
  /** 'none' where it is not said. */
  readonly authentication?: Authentication
  /** What a challenge for tokens names: the address of the token server, and what that calls this one. */
  readonly realm?: string
  readonly service?: string
  /** Where credentials are asked for, reading needs none. */
  readonly anonymousPull?: boolean
}

type Scheme = 'basic' | 'bearer'

const schemes = {
  basic: { type: 'http', scheme: 'basic', description: 'A user name and a password of the server.' },
  bearer: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description:
      'A token that the token server signed. What it allows stands in its claim `access`: `pull` and `push` for a ' +
      'repository of the type `artifact-repository`.',
  },
} satisfies Record<Scheme, object>

/** The way to say who one is, where there is one. */
function schemeOf({ authentication = 'none' }: AccessOptions): Scheme | undefined {
  return authentication === 'none' ? undefined : authentication
}

/** For the components: nothing where nobody is asked. */
export function securitySchemes(options: AccessOptions): {
  readonly securitySchemes?: Readonly<Record<string, object>>
} {
  const scheme = schemeOf(options)
  return scheme === undefined ? {} : { securitySchemes: { [scheme]: schemes[scheme] } }
}

/** What an operation asks of the caller: an empty list for nothing, `{}` in it where credentials may be left out. */
export function securityOf(
  { action }: Row,
  options: AccessOptions,
): { readonly security?: readonly Readonly<Record<string, readonly string[]>>[] } {
  const scheme = schemeOf(options)
  if (scheme === undefined) return {}
  if (action === 'none') return { security: [] }
  const anonymous = action === 'pull' && options.anonymousPull === true
  return { security: anonymous ? [{ [scheme]: [] }, {}] : [{ [scheme]: [] }] }
}

/** What a row answers to those who may not ask for it. A 404 of the row's own says the same, and wins. */
export function refusalsOf(row: Row, options: AccessOptions): Record<number, ResponseDoc> {
  const scheme = schemeOf(options)
  const asks = scheme !== undefined && row.action !== 'none'
  const refusals: Record<number, ResponseDoc> = {}
  if (row.method !== 'GET') refusals[403] = forbidden(asks && row.action === 'push')
  if (!asks) return refusals
  refusals[401] = unauthorized(row, scheme, options)
  refusals[404] = {
    description: 'There is nothing of the kind, or you may not know that there is.',
    content: errors('Error', { error: 'not found' }),
  }
  return refusals
}

function forbidden(mayLackRights: boolean): ResponseDoc {
  const foreign =
    'The page of another site sent this request. Programs, which send no `Origin`, are not concerned.'
  return {
    description: mayLackRights ? `You may read here, but not change anything. Or: ${foreign}` : foreign,
    content: errors('Error', { error: 'cross-origin request refused' }, ...(mayLackRights ? [readOnly] : [])),
  }
}

const readOnly = { error: '"reader" may not push here' }

function unauthorized({ action }: Row, scheme: Scheme, options: AccessOptions): ResponseDoc {
  const description = {
    basic: 'The challenge of RFC 7617; one realm on every route.',
    bearer: 'The challenge of RFC 6750: where to get a token, and for what.',
  }
  const example = {
    basic: 'Basic realm="ChartMuseum"',
    bearer:
      `Bearer realm="${options.realm ?? ''}",service="${options.service ?? ''}",` +
      `scope="artifact-repository:org1:${action}"`,
  }
  const [missing, wrong] =
    scheme === 'basic' ? ['credentials', 'wrong ones'] : ['token', 'one that does not allow this']
  return {
    description: `No ${missing}, or ${wrong}.`,
    content: errors('Error', { error: 'unauthorized' }),
    headers: {
      'WWW-Authenticate': {
        description: description[scheme],
        schema: { type: 'string', example: example[scheme] },
      },
    },
  }
}
