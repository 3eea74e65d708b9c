import { openApiDocument, type OpenApiDocument } from '../openapi.ts'
import { basePath } from '../public-url.ts'
import type { Answer } from '../route.ts'
import type { ElysiaSwaggerConfig } from '@elysiajs/swagger/types'
import type { WebParts } from './parts.ts'
import { prepare, remember, sendPrepared, type Prepared } from './prepared.ts'

const specPath = '/-/openapi.json'

/** The plugin's type of a document; ours is readonly and its schemas are plain objects. */
type Documentation = NonNullable<ElysiaSwaggerConfig['documentation']>

/** Under how many paths proxies make us known, at most; more are forgotten and made again. */
const mostPaths = 16

/**
 * Answers the OpenAPI document; made at the first request, the same for as long as the process lives. Behind a proxy that
 * takes a prefix off the path, it names the path with it: the explorer sends its requests there.
 */
export function documentAnswer({
  documentRows,
  settings,
}: Pick<WebParts, 'documentRows' | 'settings'>): Answer {
  const made = new Map<string, () => Promise<Prepared>>()
  const make = async (path: string) => {
    const document = openApiDocument(documentRows(), settings)
    return throughPlugin({ ...document, servers: [{ url: path === '' ? '/' : path }] })
  }
  return async ({ request, publicUrl }) => {
    const path = basePath(publicUrl)
    const ready = made.get(path) ?? remember(() => make(path))
    if (!made.has(path) && made.size >= mostPaths) made.clear()
    made.set(path, ready)
    return sendPrepared(request, await ready(), { cacheControl: 'private, no-cache' })
  }
}

/**
 * Lets @elysiajs/swagger write the document, in a small app of its own that never listens:
 * - loading the plugin costs 35 to 90 ms, which the start of the server is not to pay;
 * - its page loads a script from a CDN at its newest version and needs inline scripts, so it must not be reachable:
 *   nothing but this function ever asks the app (our own page is `explorer.ts`);
 * - what it derives from Elysia's routes fails a validator (93 mistakes for ten routes) and misses paths with a dot,
 *   so it is given our document and told to leave out every route.
 */
async function throughPlugin(document: OpenApiDocument): Promise<Prepared> {
  const [{ Elysia }, { swagger }] = await Promise.all([import('elysia'), import('@elysiajs/swagger')])
  const ours: object = document
  const app = new Elysia().use(
    swagger({ path: '/-/unused', specPath, exclude: /.*/, documentation: ours as Documentation }),
  )
  const response = await app.handle(new Request(`http://localhost${specPath}`))
  if (!response.ok) throw new Error(`The Swagger plugin answered ${response.status}`)
  return prepare(await response.bytes(), 'application/json; charset=utf-8')
}
