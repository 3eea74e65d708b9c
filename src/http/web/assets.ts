import chartroomScript from '../../../public/chartroom.js' with { type: 'file' }
import explorer from '../../../public/explorer.js' with { type: 'file' }
import htmx from 'htmx.org/dist/htmx.min.js' with { type: 'file' }
import icons from '../../../public/icons.svg' with { type: 'file' }
import mono from '@fontsource/ibm-plex-mono/files/ibm-plex-mono-latin-400-normal.woff2' with { type: 'file' }
import rose from '../../../public/rose.svg' with { type: 'file' }
import sans from '@fontsource-variable/public-sans/files/public-sans-latin-wght-normal.woff2' with { type: 'file' }
import serif from '@fontsource-variable/source-serif-4/files/source-serif-4-latin-wght-normal.woff2' with { type: 'file' }
import sourceScript from '../../../public/source.js' with { type: 'file' }
import stylesheet from '../../../public/chartroom.css' with { type: 'file' }
import swaggerScript from 'swagger-ui-dist/swagger-ui-bundle.js' with { type: 'file' }
import swaggerStylesheet from 'swagger-ui-dist/swagger-ui.css' with { type: 'file' }
import uploadScript from '../../../public/upload.js' with { type: 'file' }
import { prepare, remember, sendPrepared, type Prepared } from './prepared.ts'
import type { Ask } from '../route.ts'
import { json } from '../headers.ts'

const css = 'text/css; charset=utf-8'
const script = 'text/javascript; charset=utf-8'

/**
 * The one list of files that browsers get. `import … with { type: 'file' }` gives a path that is right when run from
 * source and inside a compiled executable alike.
 */
const files = {
  'chartroom.css': { path: stylesheet, type: css },
  'chartroom.js': { path: chartroomScript, type: script },
  'explorer.js': { path: explorer, type: script },
  'htmx.min.js': { path: htmx, type: script },
  'ibm-plex-mono.woff2': { path: mono, type: 'font/woff2' },
  'icons.svg': { path: icons, type: 'image/svg+xml' },
  'public-sans.woff2': { path: sans, type: 'font/woff2' },
  'rose.svg': { path: rose, type: 'image/svg+xml' },
  'source-serif.woff2': { path: serif, type: 'font/woff2' },
  'source.js': { path: sourceScript, type: script },
  'swagger-ui.css': { path: swaggerStylesheet, type: css },
  'swagger-ui-bundle.js': { path: swaggerScript, type: script },
  'upload.js': { path: uploadScript, type: script },
} as const

export type AssetName = keyof typeof files

export const assetNames = Object.keys(files) as readonly AssetName[]

/** What pages name in their markup. The API explorer's own files are not among them: one is 1.7 MB. */
const pageFiles = [
  'chartroom.css',
  'chartroom.js',
  'htmx.min.js',
  'icons.svg',
  'public-sans.woff2',
  'rose.svg',
  'source.js',
  'upload.js',
] as const satisfies readonly AssetName[]

/** The addresses of all files that pages name, by file name. */
export type AssetUrls = Readonly<Record<(typeof pageFiles)[number], string>>

/** Whether pages bring their own fonts; without them the stylesheet is another, which names no font file. */
export interface FontChoice {
  readonly fonts: boolean
}

/**
 * Each file is read at its first use and kept: nothing is read at start, and `Bun.file` of a file inside an executable
 * ignores Range, so that its bytes have to be in memory anyway.
 */
const loaders = new Map(
  assetNames.map((name) => [
    name,
    remember(name === 'chartroom.css' ? () => loadStylesheet(withFonts) : () => read(name)),
  ]),
)

const fontlessStylesheet = remember(() => loadStylesheet(withoutFonts))

function load(name: AssetName): Promise<Prepared> {
  const loader = loaders.get(name)
  if (loader === undefined) throw new Error(`No such asset: ${name}`)
  return loader()
}

/** A WOFF2 font is compressed in itself (Brotli): compressing it again would cost time and save nothing. */
async function read(name: AssetName): Promise<Prepared> {
  const { path, type } = files[name]
  return prepare(await Bun.file(path).bytes(), type, { compress: type !== 'font/woff2' })
}

async function loadStylesheet(change: (css: string) => string | Promise<string>): Promise<Prepared> {
  const text = await change(withoutComments(await Bun.file(stylesheet).text()))
  return prepare(new TextEncoder().encode(text), css)
}

/** Comments and indentation are for those who read the source: a fifth of the bytes on the wire. */
function withoutComments(text: string): string {
  return text
    .replaceAll(/\/\*[\s\S]*?\*\//g, '')
    .replaceAll(/\n\s+/g, '\n')
    .trimStart()
}

/** The stylesheet names fonts as if they lay beside it; each lies below a hash of its own. */
async function withFonts(text: string): Promise<string> {
  const parts = text.split(/(?<=url\(['"]?)([\w-]+\.woff2)/)
  const addressed = parts.map(async (part, index) => {
    if (index % 2 === 0) return part
    if (!isAssetName(part)) throw new Error(`The stylesheet names a font that is not in the list: ${part}`)
    return `../${(await load(part)).hash}/${part}`
  })
  return (await Promise.all(addressed)).join('')
}

function withoutFonts(text: string): string {
  return text.replaceAll(/@font-face\s*\{[^}]*\}\s*/g, '')
}

/** The address of a file: `/ctx/-/assets/<hash>/<file>`. The hash changes with the bytes, so it may be kept for good. */
export async function assetUrl(
  contextPath: string,
  name: AssetName,
  { fonts }: FontChoice = { fonts: true },
): Promise<string> {
  const { hash } = name === 'chartroom.css' && !fonts ? await fontlessStylesheet() : await load(name)
  return `${contextPath}/-/assets/${hash}/${name}`
}

const rememberedUrls = new Map<string, () => Promise<AssetUrls>>()

/** The addresses of every file that pages name, made at the first call for a context path and remembered. */
export function assetUrls(contextPath: string, choice: FontChoice = { fonts: true }): Promise<AssetUrls> {
  const key = `${choice.fonts ? 'own' : 'system'} ${contextPath}`
  const urls = rememberedUrls.get(key) ?? remember(() => urlsBelow(contextPath, choice))
  rememberedUrls.set(key, urls)
  return urls()
}

async function urlsBelow(contextPath: string, choice: FontChoice): Promise<AssetUrls> {
  const pairs = pageFiles.map(async (name) => [name, await assetUrl(contextPath, name, choice)] as const)
  return Object.fromEntries(await Promise.all(pairs)) as unknown as AssetUrls
}

/** Answers a file at its address; 404 when there is none of that name with that hash. */
export async function sendAsset({ request, params }: Ask): Promise<Response> {
  const { name: hash, filename } = params
  if (!isAssetName(filename)) return noAsset()
  const asset = await versionOf(filename, hash)
  if (asset === undefined) return noAsset()
  return sendPrepared(request, asset, { cacheControl: 'public, max-age=31536000, immutable' })
}

/** The file whose bytes have the hash. Only the stylesheet has two versions. */
async function versionOf(name: AssetName, hash: string): Promise<Prepared | undefined> {
  const usual = await load(name)
  if (usual.hash === hash) return usual
  if (name !== 'chartroom.css') return undefined
  const fontless = await fontlessStylesheet()
  return fontless.hash === hash ? fontless : undefined
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
