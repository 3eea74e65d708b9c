import {
  assetDoc,
  explorerDoc,
  faviconDoc,
  homeDoc,
  openApiDoc,
  robotsDoc,
  swaggerDoc,
  swaggerDocumentDoc,
} from '../docs/pages.ts'
import { headersFor } from '../headers.ts'
import { get, type Answer, type Row } from '../route.ts'
import { sendAsset, sendFavicon } from './assets.ts'
import { documentAnswer } from './documents.ts'
import type { WebParts } from './parts.ts'

/**
 * What a browser asks. Paths are below the context path. What costs time to load (preact, the Swagger plugin) is
 * loaded by the first request that needs it: the first `index.yaml` after a start must not wait for it.
 */
export function webRows(parts: WebParts): Row[] {
  const { settings } = parts
  const openApi = documentAnswer(parts)
  const { operator } = parts
  const home: Answer =
    operator?.home === undefined
      ? async (ask) => (await import('./home.ts')).sendHome(ask, parts)
      : () => new Response(operator.home, { headers: headersFor('page', 'text/html; charset=utf-8') })
  return [
    get('/', 'pull', home, homeDoc),
    ...(operator?.rows ?? []),
    get(
      '/-/api',
      'pull',
      async (ask) => (await import('./explorer.ts')).sendExplorer(ask, settings),
      explorerDoc,
    ),
    get('/-/openapi.json', 'pull', openApi, openApiDoc),
    get('/swagger/json', 'pull', openApi, swaggerDocumentDoc),
    get('/swagger', 'none', () => toExplorer(settings.contextPath), swaggerDoc),
    get('/-/assets/:hash/:file', 'none', sendAsset, assetDoc),
    get('/favicon.ico', 'none', sendFavicon, faviconDoc),
    get('/robots.txt', 'none', robots, robotsDoc),
  ]
}

/** The address is a path only: a proxy in front may have another name and scheme than we know. */
function toExplorer(contextPath: string): Response {
  const headers = headersFor('protocol')
  headers.set('location', `${contextPath}/-/api`)
  return new Response(null, { status: 302, headers })
}

function robots(): Response {
  return new Response('User-agent: *\nDisallow: /\n', {
    headers: headersFor('protocol', 'text/plain; charset=utf-8'),
  })
}
