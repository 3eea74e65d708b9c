import { tmpdir } from 'node:os'
import {
  chartDoc,
  deleteChartDoc,
  deleteVersionDoc,
  listDoc,
  templatesDoc,
  valuesDoc,
  versionDoc,
} from '../../src/http/docs/api.ts'
import {
  compareDoc,
  dependenciesDoc,
  fileDoc as readerFileDoc,
  filesDoc,
  rawDoc,
  readmeDoc,
  schemaDoc,
} from '../../src/http/docs/reader.ts'
import { artifactHubDoc, fileDoc, indexDoc } from '../../src/http/docs/helm.ts'
import { healthDoc, infoDoc, livezDoc, readyzDoc } from '../../src/http/docs/system.ts'
import { provenanceDoc, publishDoc } from '../../src/http/docs/upload.ts'
import { createReceiver } from '../../src/http/body.ts'
import { createChartReader } from '../../src/http/chart-reader.ts'
import { get, post, remove, type Answer, type Row } from '../../src/http/route.ts'
import { webRows } from '../../src/http/web/pages.ts'
import type { WebParts, WebSettings } from '../../src/http/web/parts.ts'
import { createRegistry } from '../../src/registry/registry.ts'
import { memoryStorage } from '../../src/storage/memory.ts'
import { keptLog, usualOptions } from '../support/repository.ts'

export const settings: WebSettings = {
  contextPath: '',
  depth: 0,
  dynamic: false,
  version: '0.1.0',
  authentication: 'none',
}

const nothing: Answer = () => new Response('{}')

const readings = [
  ['readme', readmeDoc],
  ['schema', schemaDoc],
  ['files', filesDoc],
  ['file', readerFileDoc],
  ['raw', rawDoc],
  ['dependencies', dependenciesDoc],
  ['compare', compareDoc],
] as const

/** Every row of the server by its documentation; those of the API answer nothing. */
export function allRows(overrides: Partial<WebSettings> = {}): Row[] {
  const rows: Row[] = [
    get('/:repo/index.yaml', 'pull', nothing, indexDoc),
    get('/:repo/charts/:filename', 'pull', nothing, fileDoc),
    get('/:repo/artifacthub-repo.yml', 'pull', nothing, artifactHubDoc),
    get('/api/:repo/charts', 'pull', nothing, listDoc),
    get('/api/:repo/charts/:name', 'pull', nothing, chartDoc),
    remove('/api/:repo/charts/:name', 'push', nothing, deleteChartDoc),
    get('/api/:repo/charts/:name/:version', 'pull', nothing, versionDoc),
    remove('/api/:repo/charts/:name/:version', 'push', nothing, deleteVersionDoc),
    get('/api/:repo/charts/:name/:version/templates', 'pull', nothing, templatesDoc),
    get('/api/:repo/charts/:name/:version/values', 'pull', nothing, valuesDoc),
    ...readings.map(([part, doc]) => get(`/api/:repo/charts/:name/:version/${part}`, 'pull', nothing, doc)),
    post('/api/:repo/charts', 'push', nothing, publishDoc),
    post('/api/:repo/prov', 'push', nothing, provenanceDoc),
    get('/health', 'none', nothing, healthDoc),
    get('/livez', 'none', nothing, livezDoc),
    get('/readyz', 'none', nothing, readyzDoc),
    get('/info', 'none', nothing, infoDoc),
  ]
  const { fixed, scoped } = webRows(webParts(overrides, () => [...rows, ...fixed, ...scoped]))
  return [...rows, ...fixed, ...scoped]
}

/** All that pages need, over a store in memory without charts. */
export function webParts(
  overrides: Partial<WebSettings> = {},
  documentRows: () => readonly Row[] = () => [],
): WebParts {
  const registry = createRegistry(memoryStorage(), usualOptions, undefined, keptLog())
  return {
    documentRows,
    settings: { ...settings, ...overrides },
    registry,
    reader: createChartReader(registry),
    receiver: createReceiver({
      limit: 1024 * 1024,
      deadlineMs: 10_000,
      folder: tmpdir(),
      memoryBytes: 1024 * 1024,
      totalMemoryBytes: 16 * 1024 * 1024,
    }),
    fields: { chart: ['chart'], prov: ['prov'] },
    rules: { deletes: true, overwrite: 'with-force', maxUploadBytes: 1024 * 1024, trashMs: 900_000 },
    ticketSecret: '',
    keyring: undefined,
    operator: undefined,
  }
}

export interface WebServer extends AsyncDisposable {
  readonly url: string
}

/** Serves the rows for browsers on a real port: only fixed paths, no access rules. */
export function serveWeb(overrides: Partial<WebSettings> = {}, options: { user?: string } = {}): WebServer {
  const rows = allRows(overrides)
  const contextPath = overrides.contextPath ?? ''
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: async (request) => {
      const { pathname, searchParams: query, origin } = new URL(request.url)
      const path = pathname.startsWith(contextPath) ? pathname.slice(contextPath.length) : ''
      const found = rows
        .map((row) => ({ row, match: pattern(row.path).exec(path) }))
        .find(({ match }) => match)
      if (!found?.match) return new Response('none of these', { status: 404 })
      const { hash = '', file = '' } = found.match.groups ?? {}
      return found.row.answer({
        request,
        repo: '',
        params: { name: hash, version: '', filename: file, path: '' },
        query,
        caller: { name: options.user, may: () => true },
        publicUrl: origin + contextPath,
      })
    },
  })
  return {
    url: `http://127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

function pattern(path: string): RegExp {
  const source = path.replaceAll('.', '\\.').replaceAll(/:(\w+)/g, '(?<$1>[^/]+)')
  return new RegExp(`^${source}$`)
}
