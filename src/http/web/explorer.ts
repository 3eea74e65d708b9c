import { h } from 'preact'
import { Explorer } from '../../../views/explorer.tsx'
import type { Ask } from '../route.ts'
import { assetUrl } from './assets.ts'
import { pageOf, sendPage } from './page.ts'
import type { WebParts } from './parts.ts'

/** Answers the page of the API explorer. Swagger UI is loaded here and nowhere else. */
export async function sendExplorer(ask: Ask, parts: WebParts): Promise<Response> {
  const page = await pageOf(ask, parts)
  const { contextPath } = page
  const [stylesheet, ...scripts] = await Promise.all([
    assetUrl(contextPath, 'swagger-ui.css'),
    assetUrl(contextPath, 'swagger-ui-bundle.js'),
    assetUrl(contextPath, 'explorer.js'),
  ])
  const api = parts.settings.readOnly !== true
  const document = `${contextPath}/-/openapi.json`
  return sendPage(ask.request, h(Explorer, { page, api, document, stylesheet, scripts }), {
    surface: 'explorer',
  })
}
