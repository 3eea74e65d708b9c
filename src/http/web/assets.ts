import explorer from '../../../public/explorer.js' with { type: 'file' }
import rose from '../../../public/rose.svg' with { type: 'file' }
import stylesheet from '../../../public/chartroom.css' with { type: 'file' }
import swaggerScript from 'swagger-ui-dist/swagger-ui-bundle.js' with { type: 'file' }
import swaggerStylesheet from 'swagger-ui-dist/swagger-ui.css' with { type: 'file' }
import { prepare, remember, sendPrepared, type Prepared } from './prepared.ts'
import type { Ask } from '../route.ts'
import { json } from '../headers.ts'

/**
 * The one list of files that browsers get. `import … with { type: 'file' }` gives a path that is right when run from
 * source and inside a compiled executable alike.
 */
const files = {
  'chartroom.css': { path: stylesheet, type: 'text/css; charset=utf-8' },
  'explorer.js': { path: explorer, type: 'text/javascript; charset=utf-8' },
  'rose.svg': { path: rose, type: 'image/svg+xml' },
  'swagger-ui.css': { path: swaggerStylesheet, type: 'text/css; charset=utf-8' },
  'swagger-ui-bundle.js': { path: swaggerScript, type: 'text/javascript; charset=utf-8' },
} as const

export type AssetName = keyof typeof files

export const assetNames = Object.keys(files) as readonly AssetName[]

/**
 * Each file is read at its first use and kept: nothing is read at start, and `Bun.file` of a file inside an executable
 * ignores Range, so that its bytes have to be in memory anyway.
 */
const loaders = new Map(
  assetNames.map((name) => {
    const { path, type } = files[name]
    return [name, remember(async () => prepare(await Bun.file(path).bytes(), type))] as const
  }),
)

function load(name: AssetName): Promise<Prepared> {
  const loader = loaders.get(name)
  if (loader === undefined) throw new Error(`No such asset: ${name}`)
  return loader()
}

/** The address of a file: `/ctx/-/assets/<hash>/<file>`. The hash changes with the bytes, so it may be kept for good. */
export async function assetUrl(contextPath: string, name: AssetName): Promise<string> {
  const { hash } = await load(name)
  return `${contextPath}/-/assets/${hash}/${name}`
}

/** Answers a file at its address; 404 when there is none of that name with that hash. */
export async function sendAsset({ request, params }: Ask): Promise<Response> {
  const { name: hash, filename } = params
  if (!isAssetName(filename)) return noAsset()
  const asset = await load(filename)
  if (asset.hash !== hash) return noAsset()
  return sendPrepared(request, asset, { cacheControl: 'public, max-age=31536000, immutable' })
}

/** Answers `/favicon.ico`, which browsers ask for whatever a page says. The type, not the name, decides how it is read. */
export async function sendFavicon({ request }: Ask): Promise<Response> {
  return sendPrepared(request, await load('rose.svg'), { cacheControl: 'public, max-age=86400' })
}

function isAssetName(name: string): name is AssetName {
  return Object.hasOwn(files, name)
}

function noAsset(): Response {
  return json({ error: 'not found' }, 404)
}
