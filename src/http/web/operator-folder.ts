import { readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { RegistryError } from '../../errors.ts'
import type { Log } from '../../log.ts'
import { staticDoc } from '../docs/pages.ts'
import { headersFor } from '../headers.ts'
import { get, type Ask, type Row } from '../route.ts'

/** The operator's own pages (`--web-template-path`): a home page and a folder of static files. */
export interface OperatorFolder {
  /** The text of their index.html; undefined when there is none: then our own home page is shown. */
  readonly home: string | undefined
  /** Routes for the files of their `static` folder. */
  readonly rows: readonly Row[]
}

/**
 * Reads the operator's folder, or gives undefined when none is set. ChartMuseum runs index.html through Go's
 * html/template; here it is sent as it is, and template marks in it are a warning.
 */
export function operatorFolder(folder: string, contextPath: string, log: Log): OperatorFolder | undefined {
  if (folder === '') return undefined
  const home = readHome(join(folder, 'index.html'), log)
  const files = resolve(folder, 'static')
  return { home, rows: isFolder(files) ? [staticRow(files, contextPath)] : [] }
}

function readHome(path: string, log: Log): string | undefined {
  try {
    const text = readFileSync(path, 'utf8')
    if (text.includes('{{')) {
      log.warn(
        'index.html of --web-template-path has template marks; it is served as it is, without a template engine',
      )
    }
    return text
  } catch (error) {
    log.warn('--web-template-path has no index.html that can be read; the built-in page is shown', {
      error: error instanceof Error && 'code' in error ? String(error.code) : 'unknown',
    })
    return undefined
  }
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/**
 * The files below `static`, through @elysiajs/static: in an application of its own, so that permission, headers and log
 * are ours. `alwaysStatic` lists them at start: its other mode serves dot files and paths outside the folder (1.4.10).
 */
function staticRow(folder: string, contextPath: string): Row {
  const app = Promise.all([import('elysia'), import('@elysiajs/static')]).then(
    async ([{ Elysia }, plugin]) => {
      const files = new Elysia().use(
        plugin.staticPlugin({
          assets: folder,
          prefix: '/static',
          alwaysStatic: true,
          silent: true,
          etag: true,
        }),
      )
      await files.modules
      return files
    },
  )

  async function answer({ request }: Ask): Promise<Response> {
    const path = new URL(request.url).pathname.slice(contextPath.length)
    const found = await (
      await app
    ).handle(new Request(`http://localhost${path}`, { headers: request.headers }))
    if (found.status === 404) throw new RegistryError('not_found', 'file', 'not found')
    const headers = headersFor('page')
    for (const [name, value] of found.headers) headers.set(name, value)
    return new Response(request.method === 'HEAD' ? null : found.body, { status: found.status, headers })
  }

  return get('/static/*', 'pull', answer, staticDoc)
}
