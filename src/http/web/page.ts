import type { VNode } from 'preact'
import { renderToString } from 'preact-render-to-string'
import type { Place } from '../../../views/shell.tsx'
import { listsTag } from '../conditional.ts'
import { headersFor, type Surface } from '../headers.ts'
import { assetUrl } from './assets.ts'

/** What pages need to know of the place they stand in. */
export async function placeOf({
  contextPath,
  version,
}: {
  readonly contextPath: string
  readonly version: string
}): Promise<Place> {
  const [stylesheet, icon] = await Promise.all([
    assetUrl(contextPath, 'chartroom.css'),
    assetUrl(contextPath, 'rose.svg'),
  ])
  return { contextPath, version, stylesheet, icon }
}

/** The HTML of a page. */
export function renderPage<Props>(page: VNode<Props>): string {
  return `<!doctype html>${renderToString(page)}`
}

/**
 * Answers a page: always asked again, never sent twice. The type is `text/html` without a charset, as ChartMuseum's
 * welcome page has it; the charset stands in the page.
 */
export function sendPage<Props>(request: Request, page: VNode<Props>, surface: Surface): Response {
  const html = renderPage(page)
  const hash = new Bun.CryptoHasher('sha256').update(html).digest('hex').slice(0, 16)
  const headers = headersFor(surface)
  headers.set('cache-control', 'private, no-cache')
  headers.set('etag', `"${hash}"`)
  const known = request.headers.get('if-none-match')
  if (known !== null && listsTag(known, `"${hash}"`)) return new Response(null, { status: 304, headers })
  headers.set('content-type', 'text/html')
  // As bytes: a text body would get a charset added to its type.
  return new Response(new TextEncoder().encode(html), { headers })
}
