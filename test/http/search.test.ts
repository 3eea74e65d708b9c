import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import type { Access } from '../../src/http/access/access.ts'
import { openAccess } from '../../src/http/access/access.ts'
import { apiRows, type ApiParts } from '../../src/http/api.ts'
import { createApp } from '../../src/http/app.ts'
import { listen } from '../../src/http/listener.ts'
import { searchDescription } from '../../src/http/docs/search.ts'
import { createFront } from '../../src/http/front.ts'
import { openApiDocument } from '../../src/http/openapi.ts'
import type { MediaDoc } from '../../src/http/operation-doc.ts'
import { compile } from '../../src/http/paths.ts'
import { addresses } from '../../src/http/public-url.ts'
import { searchRows } from '../../src/http/search.ts'
import type { LogWriter } from '../../src/log-writer.ts'
import { createRegistry, type Registry } from '../../src/registry/registry.ts'
import { memoryStorage } from '../../src/storage/memory.ts'
import { chart } from '../support/chart-builder.ts'
import { keptLog, publishOne } from '../support/repository.ts'
import { schemaChecker } from './schema-checker.ts'

interface Place {
  readonly depth?: number
  readonly dynamic?: boolean
  readonly contextPath?: string
  readonly access?: Access
}

interface Searched extends AsyncDisposable {
  readonly url: string
  readonly registry: Registry
  publish(repo: string, name: string, version?: string, facts?: Record<string, unknown>): Promise<void>
}

/** A real server on a free port with the routes of the API and of the search, over a store in memory. */
async function serve({
  depth = 0,
  dynamic = false,
  contextPath = '',
  access,
}: Place = {}): Promise<Searched> {
  const options = {
    limits: { overwrite: 'never', idempotent: false, maxObjects: 0, versionsPerChart: 0 },
    contextPath,
    chartUrl: undefined,
    statefile: undefined,
    adoptStatefile: false,
    refreshMs: 0,
    trashMs: 0,
  } as const
  const registry = createRegistry(memoryStorage(), options, undefined, keptLog())
  const search = searchRows(registry, { depth, dynamic })
  const rows = [...apiRows({ registry, deletes: true } as ApiParts), ...search.scoped]
  const front = createFront({
    matcher: compile(rows, { contextPath, depth, dynamic }),
    access: access ?? openAccess(),
    addresses: addresses({ contextPath, tls: false, trustedProxies: [] }),
    hostRefusal: () => undefined,
    log: { ...keptLog(), request: () => undefined, flush: () => undefined } as LogWriter,
    logHealth: false,
    debug: false,
    contextPath,
    corsOrigin: '',
    problemPage: async () => '',
  })
  const app = createApp({ front, rootRows: [], fixedRows: search.fixed, contextPath, idleSeconds: 30 })
  const server = listen(app, { hostname: '127.0.0.1', port: 0, tls: undefined, idleSeconds: 10 })
  return {
    url: `http://127.0.0.1:${server.port}${contextPath}`,
    registry,
    async publish(repo, name, version = '1.0.0', facts = {}) {
      await publishOne(registry.repository(repo), await chart(name, version).chartYaml(facts).tgz())
    },
    async [Symbol.asyncDispose]() {
      await server.drain()
      await registry.close()
    },
  }
}

const list = async (server: Searched, query: string) => {
  const response = await fetch(`${server.url}/api/charts${query}`)
  const body = await response.json()
  return { status: response.status, body, headers: response.headers, names: Object.keys(body as object) }
}

describe('GET /api/charts?q=', () => {
  let server: Searched

  beforeAll(async () => {
    server = await serve()
    await server.publish('', 'redis', '1.0.0')
    await server.publish('', 'redis', '2.0.0-rc.1')
    await server.publish('', 'a-redis', '1.0.0', { keywords: ['cache'], type: 'library' })
    await server.publish('', 'mysql', '1.0.0', { description: 'Not redis', deprecated: true })
  })

  afterAll(() => server[Symbol.asyncDispose]())

  test('gives the charts found with all versions, best first, in the form of the list', async () => {
    const all = await list(server, '')
    const found = await list(server, '?q=redis')
    expect(found.status).toBe(200)
    expect(found.names).toEqual(['redis', 'a-redis', 'mysql'])
    expect(found.body).toEqual(all.body)
    expect(found.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(found.headers.get('x-total-count')).toBe('3')
    expect(found.headers.get('link')).toBeNull()
  })

  test('answers HEAD with the number of charts and no body', async () => {
    const response = await fetch(`${server.url}/api/charts?q=redis`, { method: 'HEAD' })
    expect([response.status, response.headers.get('x-total-count'), await response.text()]).toEqual([
      200,
      '3',
      '',
    ])
  })

  test('gives an empty object when nothing is found', async () => {
    const found = await list(server, '?q=nothing')
    expect([found.status, found.body, found.headers.get('x-total-count')]).toEqual([200, {}, '0'])
  })

  test('changes nothing for whoever does not ask with q', async () => {
    for (const query of [
      '',
      '?query=redis',
      '?Q=redis',
      '?sort=nonsense',
      '?type=library&deprecated=maybe',
    ]) {
      const { names, headers } = await list(server, query)
      expect({ query, names }).toEqual({ query, names: ['a-redis', 'mysql', 'redis'] })
      expect(headers.get('x-total-count')).toBeNull()
      expect(headers.get('etag')).not.toBeNull()
    }
    expect((await list(server, '?offset=1&limit=1')).names).toEqual(['mysql'])
  })

  test('finds all charts by name for an empty text', async () => {
    expect((await list(server, '?q=')).names).toEqual(['a-redis', 'mysql', 'redis'])
  })

  test('narrows and sorts', async () => {
    expect((await list(server, '?q=&type=library')).names).toEqual(['a-redis'])
    expect((await list(server, '?q=&keyword=CACHE&keyword=other')).names).toEqual(['a-redis'])
    expect((await list(server, '?q=&maintainer=nobody')).names).toEqual([])
    expect((await list(server, '?q=redis&deprecated=false')).names).toEqual(['redis', 'a-redis'])
    expect((await list(server, '?q=redis&deprecated=true')).names).toEqual(['mysql'])
    expect((await list(server, '?q=&prerelease=true')).names).toEqual([])
    expect((await list(server, '?q=redis&sort=name')).names).toEqual(['a-redis', 'mysql', 'redis'])
    expect((await list(server, '?q=&sort=versions')).names).toEqual(['redis', 'a-redis', 'mysql'])
    expect((await list(server, '?q=&signed=true')).names).toEqual([])
    expect((await list(server, '?q=&signed=false&schema=false&sort=size')).names.toSorted()).toEqual([
      'a-redis',
      'mysql',
      'redis',
    ])
    expect((await list(server, '?q=&schema=yes')).body).toEqual({ error: 'schema is none of true, false' })
  })

  test('gives parts, with the addresses of those beside it', async () => {
    const seen: string[] = []
    let next: string | undefined = `${server.url}/api/charts?q=redis&limit=1&type=application&type=library`
    while (next !== undefined) {
      const response: Response = await fetch(next)
      expect(response.headers.get('x-total-count')).toBe('3')
      seen.push(...Object.keys((await response.json()) as object))
      next = linkOf(response, 'next')
    }
    expect(seen).toEqual(['redis', 'a-redis', 'mysql'])
    const last = await fetch(`${server.url}/api/charts?q=redis&offset=2&limit=1`)
    expect(linkOf(last, 'prev')).toBe(`${server.url}/api/charts?q=redis&offset=1&limit=1`)
    expect(linkOf(last, 'next')).toBeUndefined()
    const beyond = await list(server, '?q=redis&offset=99')
    expect([beyond.names, beyond.headers.get('x-total-count')]).toEqual([[], '3'])
  })

  test('refuses what it cannot understand, with a sentence', async () => {
    const refusals = {
      'q=redis&limit=0': 'limit is not a valid positive integer',
      'q=redis&offset=-1': 'offset is not a valid non-negative integer',
      'q=redis&sort=best': 'sort is none of relevance, name, newest, versions, size',
      'q=redis&deprecated=maybe': 'deprecated is none of true, false',
      [`q=${'a'.repeat(201)}`]:
        'Cannot search: the text is too long, it has 201 characters, at most 200 are searched for',
      'q=a+b+c+d+e+f+g+h+i':
        'Cannot search: the text is too long, it has 9 words, at most 8 are searched for',
    }
    for (const [query, error] of Object.entries(refusals)) {
      const { status, body } = await list(server, `?${query}`)
      expect({ query, status, body }).toEqual({ query, status: 400, body: { error } })
    }
  })

  test('takes any text for a text', async () => {
    for (const words of [
      '%',
      '%00',
      '%F0%9F%8E%88',
      '%E0%A4%A',
      '%22%3Cscript%3E',
      '+',
      '*',
      '__proto__',
      '%ED%A0%80',
    ]) {
      expect({ words, status: (await list(server, `?q=${words}`)).status }).toEqual({ words, status: 200 })
    }
  })

  test('shows what was published or deleted just before', async () => {
    await server.publish('', 'late', '1.0.0')
    expect((await list(server, '?q=late')).names).toEqual(['late'])
    expect((await fetch(`${server.url}/api/charts/late/1.0.0`, { method: 'DELETE' })).status).toBe(200)
    expect((await list(server, '?q=late')).names).toEqual([])
  })
})

function linkOf(response: Response, relation: string): string | undefined {
  const links = response.headers.get('link') ?? ''
  return new RegExp(`<([^>]*)>; rel="${relation}"`).exec(links)?.[1]
}

interface HubChart {
  readonly id: string
  readonly artifactHub: { readonly packageUrl: string }
  readonly attributes: { readonly repo: { readonly name: string; readonly url: string } }
}

const hub = '/chartsvc/v1/charts/search'

async function idsAt(url: string): Promise<string[] | number> {
  const response = await fetch(url)
  if (!response.ok) return response.status
  return ((await response.json()) as { data: HubChart[] }).data.map(({ id }) => id)
}

describe('the search of helm search hub', () => {
  test('describes the newest stable version in full', async () => {
    await using server = await serve({ contextPath: '/ctx' })
    const facts = {
      description: 'A <web> server',
      home: 'https://example.com',
      keywords: ['http'],
      maintainers: [{ name: 'Ann', email: 'ann@example.com' }],
      sources: ['https://example.com/source'],
      icon: 'https://example.com/icon.png',
    }
    await server.publish('', 'web', '1.0.0+build.1', facts)
    await server.publish('', 'web', '2.0.0-rc.1', facts)
    const response = await fetch(`${server.url}/api${hub}?q=web`)
    const body = (await response.json()) as { data: HubChart[] }
    const archive = `${server.url}/charts/web-1.0.0+build.1.tgz`
    const { icon, ...attributes } = { name: 'web', repo: { name: '', url: server.url }, ...facts }
    expect(body.data).toEqual([
      {
        id: 'web',
        type: 'chart',
        artifactHub: { packageUrl: `${server.url}/-/chart/web` },
        attributes: { ...attributes, icon },
        links: { self: `${server.url}/api/charts/web` },
        relationships: {
          latestChartVersion: {
            data: {
              version: '1.0.0+build.1',
              app_version: '1.2.3',
              created: expect.any(String),
              digest: expect.stringMatching(/^[0-9a-f]{64}$/),
              urls: [archive],
            },
            links: { self: `${server.url}/api/charts/web/1.0.0%2Bbuild.1` },
          },
        },
      } as unknown as HubChart,
    ])
    expect(response.headers.get('x-total-count')).toBe('1')
    const described = openApiDocument(searchRows(server.registry, { depth: 0, dynamic: false }).scoped, {
      version: '1',
      contextPath: '',
      depth: 0,
      dynamic: false,
    })
    const content = described.paths[`/api${hub}`]?.get?.responses[200]?.content as Record<string, MediaDoc>
    const { schema } = content['application/json'] as MediaDoc
    expect(schemaChecker(described)(schema, body)).toEqual([])
    expect(schemaChecker(described)(schema, { data: [{ id: 'web' }] })).not.toEqual([])
  })

  test('is found at the address of the server and of each repository', async () => {
    await using server = await serve({ depth: 1, contextPath: '/ctx' })
    await server.publish('org1', 'redis')
    await server.publish('org2', 'redis')
    await server.publish('org2', 'redis-ha')
    const { url } = server
    const all = ['org1/redis', 'org2/redis', 'org2/redis-ha']
    expect(await idsAt(`${url}/api${hub}?q=redis`)).toEqual(all)
    expect(await idsAt(`${url}/-/api${hub}?q=redis`)).toEqual(all)
    expect(await idsAt(`${url}/org2/api${hub}?q=redis`)).toEqual(['org2/redis', 'org2/redis-ha'])
    expect(await idsAt(`${url}/api/org2${hub}?q=redis`)).toEqual(['org2/redis', 'org2/redis-ha'])
    expect(await idsAt(`${url}/api/org3${hub}?q=redis`)).toEqual([])
    const first = await fetch(`${url}/-/api${hub}?q=redis&limit=2`)
    expect(await idsAt(linkOf(first, 'next') ?? '')).toEqual(['org2/redis-ha'])
  })

  test('leaves the path to a repository that can have that name', async () => {
    for (const place of [{ depth: 2 }, { dynamic: true }]) {
      await using server = await serve(place)
      await server.publish('org/team', 'search')
      const { url } = server
      expect(await idsAt(`${url}/api${hub}?q=search`)).toBe(404)
      await server.publish('chartsvc/v1', 'search')
      const versions = await (await fetch(`${url}/api${hub}?q=search`)).json()
      expect(versions).toMatchObject([{ name: 'search', version: '1.0.0' }])
      expect(await idsAt(`${url}/-/api${hub}?q=search`)).toEqual(['chartsvc/v1/search', 'org/team/search'])
      expect(await idsAt(`${url}/org/team/api${hub}?q=search`)).toEqual(['org/team/search'])
    }
  })

  test('shows only what the caller may pull', async () => {
    const may = (_action: string, repo: string) => repo === '' || repo === 'org1'
    const access: Access = {
      open: false,
      callerOf: () => ({ name: 'ann', may }),
      challenge: () => undefined,
    }
    await using server = await serve({ depth: 1, access })
    await server.publish('org1', 'redis')
    await server.publish('org2', 'redis')
    expect(await idsAt(`${server.url}/api${hub}?q=redis`)).toEqual(['org1/redis'])
    expect(await idsAt(`${server.url}/org2/api${hub}?q=redis`)).toBe(404)
  })

  test('is refused to who may pull nothing', async () => {
    const access: Access = {
      open: false,
      callerOf: () => ({ name: undefined, may: () => false }),
      challenge: () => 'Basic realm="x"',
    }
    await using server = await serve({ depth: 1, access })
    for (const path of [`/api${hub}`, `/-/api${hub}`, `/api/org1${hub}`]) {
      expect({ path, answer: await idsAt(`${server.url}${path}?q=a`) }).toEqual({ path, answer: 401 })
    }
  })
})

test('the documentation names the limits that hold', async () => {
  await using server = await serve()
  for (let at = 0; at < 101; at++) await server.publish('', `c${at}`)
  expect((await list(server, '?q=')).names.length).toBe(100)
  expect((await list(server, '?q=&limit=101')).names.length).toBe(101)
  expect(searchDescription).toContain('at most 100 charts')
})
