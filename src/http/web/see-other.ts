import { headersFor } from '../headers.ts'

/** After a form was taken: the page to look at now, asked for with GET, so that loading it again sends nothing twice. */
export function seeOther(path: string): Response {
  const headers = headersFor('page')
  headers.set('location', path)
  headers.set('cache-control', 'no-store')
  return new Response(null, { status: 303, headers })
}
