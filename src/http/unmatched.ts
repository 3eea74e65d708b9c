import { RegistryError } from '../errors.ts'
import { errorForm } from './errors.ts'
import { headersFor } from './headers.ts'
import type { Matcher } from './match.ts'
import { basePath } from './public-url.ts'

export interface UnmatchedParts {
  readonly matcher: Matcher
  /** "" or "/ctx". */
  readonly contextPath: string
  /** Access-Control-Allow-Origin on the API's answers; "" for none. */
  readonly corsOrigin: string
}

/**
 * Answers a request that no row is there for: a preflight, or a browser that left out the slash behind a repository.
 * `path` is still percent-encoded. Throws RegistryError `not_found` for everything else.
 */
export function answerUnmatched(
  request: Request,
  path: string,
  publicUrl: () => string,
  parts: UnmatchedParts,
): Response {
  return (
    preflight(request, path, parts) ?? withSlash(request, path, publicUrl, parts) ?? notFound(path, parts)
  )
}

/** A preflight on the API: reading only, since a cross-origin write is refused anyway. */
function preflight(
  request: Request,
  path: string,
  { contextPath, corsOrigin }: UnmatchedParts,
): Response | undefined {
  const asked = request.method === 'OPTIONS' && path.startsWith(`${contextPath}/api/`)
  if (!asked || corsOrigin === '') return undefined
  const headers = { 'access-control-allow-methods': 'GET, HEAD', 'access-control-max-age': '600' }
  return new Response(null, { status: 204, headers })
}

/** A browser at a repository's address, where helm would go on with `/index.yaml`: its page has a slash at the end. */
function withSlash(
  request: Request,
  path: string,
  publicUrl: () => string,
  { matcher, contextPath }: UnmatchedParts,
): Response | undefined {
  const below = path.slice(contextPath.length)
  const asked = request.method === 'GET' || request.method === 'HEAD'
  if (!asked || errorForm(request, below) !== 'page') return undefined
  if (matcher.match('GET', `${path}/`)?.row.path !== '/:repo/') return undefined
  const query = request.url.indexOf('?')
  const headers = headersFor('page')
  headers.set('location', `${basePath(publicUrl())}${below}/${query < 0 ? '' : request.url.slice(query)}`)
  return new Response(null, { status: 308, headers })
}

function notFound(path: string, { contextPath }: UnmatchedParts): never {
  const below = path.slice(contextPath.length)
  if (below === '/v2' || below.startsWith('/v2/')) {
    const how = 'upload charts with POST /api/charts and add the repository with "helm repo add"'
    throw new RegistryError('not_found', 'repository', `OCI registries are not served here yet: ${how}`)
  }
  throw new RegistryError('not_found', 'request', 'not found')
}
