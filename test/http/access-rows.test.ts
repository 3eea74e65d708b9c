import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import fc from 'fast-check'
import { chooseAccess } from '../../src/commands/access.ts'
import { assetUrl } from '../../src/http/web/assets.ts'
import type { Row } from '../../src/http/route.ts'
import { accessParts, modes, repository, type AccessParts, type Mode } from '../support/access-modes.ts'
import { allowed, type Allowed } from '../support/access-table.ts'
import { chart } from '../support/chart-builder.ts'
import { addressOf, inside, settingsOf, type Inside, type ServedInside } from '../support/in-process.ts'
import { rawRequest } from '../support/raw-http.ts'
import { keptLog, uploadOf } from '../support/repository.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

setDefaultTimeout(120_000)

/** Ways to lay out repositories, and the repositories in them. */
const layouts = [
  { flags: ['--depth', '1', '--context-path', '/ctx'], context: '/ctx', repos: [repository] },
  { flags: ['--depth-dynamic'], context: '', repos: [repository, `${repository}/team`, ''] },
] as const

interface Laid {
  readonly context: string
  readonly repos: readonly string[]
  readonly all: Inside
  readonly servers: ReadonlyMap<Mode, ServedInside>
  readonly asset: string
}

let folder: TempFolder
let parts: AccessParts
const laid: Laid[] = []
const archive = await chart('app', '9.0.0').tgz()

beforeAll(async () => {
  folder = await tempFolder()
  parts = await accessParts(folder.path)
  for (const { flags, context, repos } of layouts) {
    const all = inside([...flags, '--cors-alloworigin', '*', '--enable-metrics'])
    for (const repo of repos) await fill(all, repo)
    await saved(all, repos)
    const servers = new Map<Mode, ServedInside>()
    for (const mode of modes) {
      servers.set(mode, all.serve(await chooseAccess(settingsOf(parts.flags(mode)), keptLog())))
    }
    laid.push({ context, repos, all, servers, asset: await assetUrl('', 'chartroom.css') })
  }
})

afterAll(async () => {
  for (const { servers } of laid) for (const server of servers.values()) await server[Symbol.asyncDispose]()
  await folder[Symbol.asyncDispose]()
})

async function fill({ registry }: Inside, repo: string): Promise<void> {
  for (const version of ['1.0.0', '1.1.0']) {
    const archives = [uploadOf(await chart('app', version).tgz())]
    await registry.repository(repo).publish({ archives, provenances: [] }, { force: false })
  }
}

/** Writes now what would be written in a moment, while somebody else asks. */
async function saved({ registry }: Inside, repos: readonly string[]): Promise<void> {
  for (const repo of repos) await registry.repository(repo).flush()
}

let clients = 0
const nextClient = () => `198.51.${(clients += 1) >> 8}.${clients & 255}`
const form = { 'content-type': 'application/x-www-form-urlencoded', accept: 'text/html' }

function portOf({ servers }: Laid, mode: Mode): number {
  const server = servers.get(mode)
  if (server === undefined) throw new Error(`${mode} was not started`)
  return server.port
}

/** Sends what a browser would and looks at what came of it. */
async function askRow(
  place: Laid,
  { mode, who }: Pick<Allowed, 'mode' | 'who'>,
  row: Row,
  method: string,
  repo: string,
) {
  const authorization = parts.authorization(who)
  const url = `http://127.0.0.1:${portOf(place, mode)}${place.context}${addressOf(row, repo, place.asset)}`
  const response = await fetch(url, {
    method,
    redirect: 'manual',
    headers: {
      ...form,
      'x-forwarded-for': nextClient(),
      ...(authorization !== undefined && { authorization }),
    },
    ...(method !== 'GET' && method !== 'HEAD' && { body: archive as Uint8Array<ArrayBuffer> }),
  })
  await response.bytes()
  return response
}

describe('the rows', () => {
  const rows = inside(['--depth', '1', '--enable-metrics']).rows
  const nameOf = ({ method, path }: Row) => `${method} ${path}`

  test('that change something ask for the right to; only what a browser keeps for itself does not', () => {
    const changing = rows.filter(({ method, action }) => method !== 'GET' && action !== 'push')
    expect(changing.map(nameOf).sort()).toEqual(['POST /-/prefs', 'POST /-/signout'])
  })

  test('that anybody may ask are these', () => {
    const open = new Set(rows.filter(({ action }) => action === 'none').map(nameOf))
    expect([...open].sort()).toEqual([
      'GET /-/assets/:hash/:file',
      'GET /-/shortcuts',
      'GET /-/signed-out',
      'GET /-/signout',
      'GET /favicon.ico',
      'GET /health',
      'GET /info',
      'GET /livez',
      'GET /metrics',
      'GET /readyz',
      'GET /robots.txt',
      'GET /swagger',
      'POST /-/prefs',
      'POST /-/signout',
    ])
  })

  test('that ask before a change ask for the right to it', () => {
    const pages = rows.filter(({ method, action }) => method === 'GET' && action === 'push')
    const forms = rows.filter(({ method, path }) => method === 'POST' && path.startsWith('/:repo/-/'))
    const asked = new Set(pages.map(({ path }) => path))
    // The page of the versions asks for several, that of the trash for a restore.
    const elsewhere = ['/:repo/-/delete', '/:repo/-/trash/:name/restore']
    expect(forms.filter(({ path }) => !asked.has(path)).map(({ path }) => path)).toEqual(elsewhere)
    expect(asked).toContain('/:repo/-/trash')
  })

  test('that are read change nothing, whoever asks', async () => {
    const missed = new Set(rows.filter(({ method }) => method === 'GET').map(nameOf))
    for (const place of laid) {
      const { all, repos } = place
      const reading = all.rows.filter(({ method }) => method === 'GET')
      const round = async () => {
        all.ran.length = 0
        for (const repo of repos) {
          for (const row of reading) {
            for (const method of ['GET', 'HEAD']) {
              await askRow(place, { mode: 'open', who: 'nobody' }, row, method, repo)
            }
          }
        }
      }
      // What is read for the first time is kept in the store, so that the next start is quick.
      await round()
      await saved(all, repos)
      const before = await all.contents()
      await round()
      expect(await all.contents()).toEqual(before)
      for (const row of all.ran) missed.delete(nameOf(row))
    }
    expect([...missed]).toEqual([])
  })
})

/** Without a certificate nobody gets as far as a route. */
const known = allowed.filter(({ mode }) => modes.some((one) => one === mode))
const refused = known.filter(({ results }) => results.change !== 'yes')

describe('whoever may not change anything', () => {
  test.each(modes.filter((mode) => refused.some((row) => row.mode === mode)))(
    'does not get to a row that does: %s',
    async (mode) => {
      for (const place of laid) {
        const { all, repos } = place
        const before = await all.contents()
        const writes = all.writes()
        for (const caller of refused.filter((row) => row.mode === mode)) {
          for (const row of all.rows.filter(changes)) {
            for (const method of row.method === 'GET' ? ['GET', 'HEAD'] : [row.method]) {
              for (const repo of repos) {
                all.ran.length = 0
                const { status } = await askRow(place, caller, row, method, repo)
                const about = `${caller.who} ${method} ${row.path} in "${repo}"`
                expect(`${about}: ${all.ran.map(nameOfRow)}`).toBe(`${about}: `)
                expect(`${about}: ${all.writes() - writes}`).toBe(`${about}: 0`)
                const result = row.method === 'GET' ? caller.results.question : caller.results.change
                const wanted = result === 'sign-in' ? 303 : Number(result)
                if (repo === repository) expect(`${about}: ${status}`).toBe(`${about}: ${wanted}`)
                else expect([401, 303, 403, 404]).toContain(status)
              }
            }
          }
        }
        expect(await all.contents()).toEqual(before)
      }
    },
  )

  test('gets to it with the right credentials, so that the test would notice', async () => {
    for (const { mode, who } of known.filter(({ results }) => results.change === 'yes')) {
      for (const place of laid) {
        const { all } = place
        const row = all.rows.find(({ method, path }) => method === 'GET' && path === '/:repo/-/upload')
        if (row === undefined) throw new Error('There is no page to upload on')
        all.ran.length = 0
        const { status } = await askRow(place, { mode, who }, row, 'GET', repository)
        expect(`${mode}, ${who}: ${status} ${all.ran.length}`).toBe(`${mode}, ${who}: 200 1`)
      }
    }
  })
})

/** What it says of itself, or what its method says: POST and DELETE are never harmless, but for a browser's own settings. */
const changes = ({ action, method }: Row) => action === 'push' || (method !== 'GET' && action !== 'none')
const nameOfRow = ({ method, path }: Row) => `${method} ${path}`

/** Ways to write the same address so that two readers of it might read it differently. */
const tricks: readonly ((path: string, at: number) => string)[] = [
  (path) => path,
  (path, at) => replaceSlash(path, at, '//'),
  (path, at) => replaceSlash(path, at, '%2F'),
  (path, at) => replaceSlash(path, at, '%252f'),
  (path, at) => replaceSlash(path, at, '\\'),
  (path, at) => replaceSlash(path, at, '/./'),
  (path, at) => replaceSlash(path, at, '/x/../'),
  (path, at) => replaceSlash(path, at, '/x/%2e%2e/'),
  (path, at) => replaceSlash(path, at, '/%2e/'),
  (path, at) => replaceSlash(path, at, '/;a=b/'),
  (path) => `${path}/`,
  (path) => `${path}//`,
  (path) => `${path};jsessionid=1`,
  (path) => `${path}%00`,
  (path) => `${path}?_method=POST`,
  (path) => `${path}?_method=DELETE&force`,
  (path) => path.toUpperCase(),
  (path) => path.replaceAll('-', '%2D'),
  (path) => `/${path}`,
  (path) => `/api${path}`,
  (path) => `/ctx${path}`,
  (path) => path.replace('/ctx', ''),
  (path) => path.replace('/api/org', '/org/api'),
  (path) => `http://elsewhere.example${path}`,
]

function replaceSlash(path: string, at: number, by: string): string {
  const slashes = [...path.matchAll(/\//g)].map(({ index }) => index)
  const index = slashes[at % slashes.length] ?? 0
  return path.slice(0, index) + by + path.slice(index + 1)
}

const overrides: readonly Record<string, string>[] = [
  {},
  { 'X-HTTP-Method-Override': 'POST' },
  { 'X-HTTP-Method-Override': 'DELETE' },
  { 'X-Method-Override': 'DELETE', 'X-HTTP-Method': 'POST' },
  { 'X-Original-URL': '/api/org/charts', 'X-Rewrite-URL': '/org/-/upload' },
  { 'X-Forwarded-Prefix': '/health', 'X-Forwarded-Host': 'elsewhere.example' },
  { 'X-Forwarded-User': 'writer', 'X-Remote-User': 'writer', From: 'writer' },
]

const methods = ['GET', 'HEAD', 'POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS', 'post', 'Delete', 'TRACE']

test('whoever may not change anything does not get to it in any mode, however the address is written', async () => {
  const pick = fc.record({
    place: fc.nat(layouts.length - 1),
    // What the others change is saved later, while somebody else asks.
    caller: fc.constantFrom(...refused),
    row: fc.nat(),
    repo: fc.nat(),
    method: fc.option(fc.constantFrom(...methods), { nil: undefined, freq: 2 }),
    trick: fc.constantFrom(...tricks),
    at: fc.nat(8),
    headers: fc.constantFrom(...overrides),
  })
  await fc.assert(
    fc.asyncProperty(pick, async ({ place: number, caller, row: rowNumber, repo, trick, at, ...sent }) => {
      const place = laid[number] as Laid
      const { all, repos, context } = place
      // Rows that change something come up twice as often as they are.
      const weighed = [...all.rows, ...all.rows.filter(({ action }) => action === 'push')]
      const row = weighed[rowNumber % weighed.length] as Row
      const path = context + addressOf(row, repos[repo % repos.length] ?? '', place.asset)
      const method = sent.method ?? row.method
      const target = trick(path, at)
      const authorization = parts.authorization(caller.who)
      const before = await all.contents()
      all.ran.length = 0
      await rawRequest(portOf(place, caller.mode), {
        method,
        target,
        headers: {
          Accept: 'text/html',
          'Content-Type': 'application/x-www-form-urlencoded',
          'X-Forwarded-For': nextClient(),
          ...sent.headers,
          ...(authorization !== undefined && { Authorization: authorization }),
        },
        ...(method !== 'GET' && method !== 'HEAD' && { body: archive }),
      }).catch(() => undefined) // what is no HTTP may be cut off
      const { server, repository: read } = caller.results
      const mayPull = [server, read].includes('yes')
      const wrong = all.ran.filter((one) => changes(one) || (one.action === 'pull' && !mayPull))
      expect(wrong.map(nameOfRow)).toEqual([])
      expect(await all.contents()).toEqual(before)
    }),
    { numRuns: 1000 },
  )
})
