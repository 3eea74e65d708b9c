import { h } from 'preact'
import { Explorer } from '../../../views/explorer.tsx'
import type { Ask } from '../route.ts'
import { assetUrl } from './assets.ts'
import { placeOf, sendPage } from './page.ts'
import type { WebSettings } from './parts.ts'

/** Answers the page of the API explorer. Swagger UI is loaded here and nowhere else. */
export async function sendExplorer({ request }: Ask, settings: WebSettings): Promise<Response> {
  const { contextPath } = settings
  const [place, stylesheet, ...scripts] = await Promise.all([
    placeOf(settings),
    assetUrl(contextPath, 'swagger-ui.css'),
    assetUrl(contextPath, 'swagger-ui-bundle.js'),
    assetUrl(contextPath, 'explorer.js'),
  ])
  const document = `${contextPath}/-/openapi.json`
  return sendPage(request, h(Explorer, { place, document, stylesheet, scripts }), 'explorer')
}
