import { createRoutes } from '../../src/commands/routes.ts'
import { webSettings } from '../../src/commands/assemble.ts'
import { loadSettings } from '../../src/config/load.ts'
import type { Access } from '../../src/http/access/access.ts'
import { createApp } from '../../src/http/app.ts'
import { createFront } from '../../src/http/front.ts'
import { listen } from '../../src/http/listener.ts'
import { createMetrics } from '../../src/http/metrics.ts'
import { compile } from '../../src/http/paths.ts'
import { addresses } from '../../src/http/public-url.ts'
import type { Row } from '../../src/http/route.ts'
import { problemPage } from '../../src/http/web/problem.ts'
import type { LogWriter } from '../../src/log-writer.ts'
import { createRegistry, type Registry } from '../../src/registry/registry.ts'
import { memoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { keptLog, usualOptions } from './repository.ts'

/** All routes of the program over a store in memory, in this process: what ran and what was written can be looked at. */
export interface Inside {
  readonly rows: readonly Row[]
  /** The rows that answered since it was emptied. */
  readonly ran: Row[]
  readonly registry: Registry
  /** How often something was written to the store or deleted from it. */
  writes(): number
  /** Every object of the store with a digest of its bytes, our own records included. */
  contents(): Promise<readonly string[]>
  /** Serves the routes on a free port, as the program does with these settings. */
  serve(access: Access): ServedInside
}

export interface ServedInside extends AsyncDisposable {
  readonly port: number
  readonly url: string
}

/** Settings as the program reads them from its command line. */
export function settingsOf(flags: readonly string[]) {
  const storage = ['--storage', 'local', '--storage-local-rootdir', '/nonexistent']
  const readFile = (path: string): string => {
    throw new Error(`${path} is not read here`)
  }
  return loadSettings({ argv: [...storage, ...flags], env: {}, readFile }).settings
}

/** `authenticated`: pages and documents are as for a server with credentials. */
export function inside(flags: readonly string[], { authenticated = true } = {}): Inside {
  const settings = settingsOf(flags)
  const { contextPath, depth, depthDynamic: dynamic } = settings
  const { storage, writes } = counted(memoryStorage())
  const log = keptLog()
  const registry = createRegistry(storage, { ...usualOptions, contextPath, trashMs: 900_000 }, undefined, log)
  const web = webSettings(settings, { loopbackOnly: false, open: !authenticated, ownHome: false })
  const made = createRoutes({
    settings,
    registry,
    scratch: undefined,
    overwrite: 'with-force',
    web,
    keyring: undefined,
    operator: undefined,
    draining: { now: false },
    ...(settings.enableMetrics && {
      metrics: createMetrics({ version: '0', revision: '0', runtime: 'bun' }),
    }),
  })
  const ran: Row[] = []
  const watched = (rows: readonly Row[]) =>
    rows.map((row): Row => {
      const seen: Row = {
        ...row,
        answer(ask) {
          ran.push(seen)
          return row.answer(ask)
        },
      }
      return seen
    })
  const root = watched(made.root)
  const fixed = watched(made.fixed)
  const scoped = watched(made.scoped)
  const writer: LogWriter = { ...log, request: () => undefined, flush: () => undefined }

  function serve(access: Access): ServedInside {
    const front = createFront({
      matcher: compile(scoped, { contextPath, depth, dynamic }),
      access,
      addresses: addresses({ contextPath, tls: false, trustedProxies: ['127.0.0.1'] }),
      hostRefusal: () => undefined,
      log: writer,
      logHealth: false,
      debug: false,
      contextPath,
      corsOrigin: settings.corsAlloworigin,
      problemPage: (problem) => problemPage(web, problem),
    })
    const app = createApp({ front, rootRows: root, fixedRows: fixed, contextPath, idleSeconds: 30 })
    const { port, drain } = listen(app, { hostname: '127.0.0.1', port: 0, tls: undefined, idleSeconds: 30 })
    return { port, url: `http://127.0.0.1:${port}`, [Symbol.asyncDispose]: drain }
  }

  return {
    rows: [...root, ...fixed, ...scoped],
    ran,
    registry,
    writes,
    contents: () => contentsOf(storage),
    serve,
  }
}

function counted(storage: Storage): { storage: Storage; writes: () => number } {
  let writes = 0
  const counting: Storage = {
    ...storage,
    put(key, body, options) {
      writes += 1
      return storage.put(key, body, options)
    },
    replace(key, body, etag) {
      writes += 1
      return storage.replace?.(key, body, etag) ?? Promise.reject(new Error('The store cannot replace'))
    },
    delete(key) {
      writes += 1
      return storage.delete(key)
    },
  }
  return { storage: counting, writes: () => writes }
}

async function contentsOf(storage: Storage): Promise<string[]> {
  const found: string[] = []
  for (const prefix of ['', '.chartroom/']) {
    for await (const { key } of storage.list(prefix)) {
      const object = await storage.get(key)
      const bytes = object === undefined ? '' : await new Response(object.body).bytes()
      found.push(`${key} ${Bun.hash(bytes)}`)
    }
  }
  return found.sort()
}

/** What a row's path stands for: `/:repo/-/chart/:name` is "/org/-/chart/app". */
export function addressOf(row: Row, repo: string, asset: string): string {
  if (row.path.includes(':hash')) return asset
  const files = row.path.includes('/templates/:path') ? 'templates/configmap.yaml' : 'README.md'
  return row.path
    .replace('/:repo', repo === '' ? '' : `/${repo}`)
    .replace('compare/:version', 'compare/1.0.0...1.1.0')
    .replace(':filename', 'app-1.0.0.tgz')
    .replace('trash/:name', 'trash/none')
    .replace(':name', 'app')
    .replace(':version', '1.0.0')
    .replace(':path', files)
    .replace('*', 'x')
}
