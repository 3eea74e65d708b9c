import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { apiRows, type ApiParts } from '../../src/http/api.ts'
import type { ChartReader } from '../../src/http/chart-reader.ts'
import { readerRows, type Place as ReaderPlace } from '../../src/http/reader-api.ts'
import { helmRows, type HelmParts } from '../../src/http/helm.ts'
import type { OpenApiDocument, Operation } from '../../src/http/openapi.ts'
import type { MediaDoc } from '../../src/http/operation-doc.ts'
import { pathTemplates } from '../../src/http/openapi-paths.ts'
import type { Row } from '../../src/http/route.ts'
import { searchRows } from '../../src/http/search.ts'
import { infoRows, systemRows, type SystemParts } from '../../src/http/system.ts'
import { webRows } from '../../src/http/web/pages.ts'
import type { Registry } from '../../src/registry/registry.ts'
import { schemaChecker } from '../http/schema-checker.ts'
import { settings, webParts } from '../http/web-fixture.ts'
import { chart } from '../support/chart-builder.ts'
import { startServer, type RunningServer } from '../support/start-server.ts'

/** Headers that are described as not always there. */
const sometimes = new Set(['Connection', 'Last-Modified'])

let server: RunningServer
let document: OpenApiDocument
let check: ReturnType<typeof schemaChecker>
let archive: Uint8Array<ArrayBuffer>
let other: Uint8Array<ArrayBuffer>

beforeAll(async () => {
  server = await startServer()
  document = await (await fetch(`${server.url}/-/openapi.json`)).json()
  check = schemaChecker(document)
  archive = new Uint8Array(await chart('mychart', '0.1.0').tgz())
  other = new Uint8Array(await chart('mychart', '0.1.0').with('NOTES', 'other bytes').tgz())
}, 60_000)

afterAll(() => server[Symbol.asyncDispose]())

/** Every row that the server mounts; what a row's answer needs is not there, and no answer is asked for. */
function rows(): Row[] {
  const search = searchRows({} as Registry, settings)
  return [
    ...search.scoped,
    ...search.fixed,
    ...helmRows({} as HelmParts),
    ...apiRows({ deletes: true } as ApiParts),
    ...readerRows({} as ChartReader, {} as ReaderPlace),
    ...systemRows({} as SystemParts),
    ...infoRows({} as SystemParts),
    ...webRows(webParts()).fixed,
  ]
}

describe('the OpenAPI document of a running server', () => {
  test('is valid', async () => {
    const result = await new Validator().validate(JSON.parse(JSON.stringify(document)))
    expect(result.errors ?? []).toEqual([])
  })

  test('has each route of the server, and no other', () => {
    const documentedRows = rows().filter(({ doc }) => doc !== undefined)
    const live = documentedRows.flatMap(({ method, path }) => {
      const methods = method === 'GET' ? ['get', 'head'] : [method.toLowerCase()]
      return pathTemplates(path, settings).flatMap((template) =>
        methods.map((name) => `${name} ${template.path}`),
      )
    })
    const documented = Object.entries(document.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method} ${path}`),
    )
    expect(documented.toSorted()).toEqual(live.toSorted())
  })

  test('describes no method of a path that the server does not know', async () => {
    for (const [template, item] of Object.entries(document.paths)) {
      for (const method of ['GET', 'HEAD', 'POST', 'DELETE', 'PUT', 'PATCH', 'OPTIONS']) {
        if (method.toLowerCase() in item) continue
        const response = await fetch(server.url + filled(template), { method })
        expect({ method, template, status: response.status }).toEqual({ method, template, status: 404 })
        if (method !== 'HEAD') expect(await response.json()).toEqual({ error: 'not found' })
      }
    }
  })

  test('describes each answer of a session, body and all', async () => {
    const seen = new Set<string>()
    for (const step of session()) {
      const label = `${step.method ?? 'GET'} ${step.path} → ${step.status}`
      const { operation, template } = operationOf(step)
      const { path, status: _, ...request } = step
      const response = await fetch(server.url + path, { redirect: 'manual', ...request })
      expect(`${step.method ?? 'GET'} ${step.path} → ${response.status}`).toBe(label)
      seen.add(`${step.method ?? 'GET'} ${template}`)
      const described = operation.responses[response.status]
      if (described === undefined) throw new Error(`${label} is not described`)
      // A part of the list is made for one reader and has no validators, as its description says.
      const headers = path.includes('?offset') ? [] : Object.keys(described.headers ?? {})
      for (const name of headers) {
        expect({ label, name, there: response.headers.has(name) || sometimes.has(name) }).toEqual({
          label,
          name,
          there: true,
        })
      }
      await expectDescribed(label, response, described.content)
      if (step.method !== undefined) continue
      const head = await fetch(server.url + path, { redirect: 'manual', ...request, method: 'HEAD' })
      expect({ label, head: head.status, type: head.headers.get('content-type') }).toEqual({
        label,
        // Range means something to GET only (RFC 9110 section 14.2).
        head: step.status === 206 || step.status === 416 ? 200 : step.status,
        type: step.status === 416 ? 'application/x-tar' : response.headers.get('content-type'),
      })
      expect(await head.text()).toBe('')
    }
    // Every documented GET, POST and DELETE was asked; files of the pages have tests of their own.
    const unasked = Object.entries(document.paths)
      .flatMap(([path, item]) => Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`))
      .filter(
        (operation) =>
          !operation.startsWith('HEAD') && !operation.includes('/-/assets/') && !seen.has(operation),
      )
    expect(unasked).toEqual([])
    expect(await server.charts()).toEqual([])
  })

  test('has the provenance example as the server takes it', async () => {
    const request = document.paths['/api/prov']?.post?.requestBody as
      { content: Record<string, MediaDoc> } | undefined
    const body = String(request?.content['text/plain']?.example)
    const sent = await fetch(`${server.url}/api/prov`, { method: 'POST', body })
    expect({ status: sent.status, body: await sent.json() }).toEqual({ status: 201, body: { saved: true } })
    expect(await server.charts()).toEqual(['mychart-0.1.0.tgz.prov'])
  })
})

describe('the OpenAPI document with other settings', () => {
  test('describes the refusals of limits and credentials as they are', async () => {
    const env = { BASIC_AUTH_USER: 'alice', BASIC_AUTH_PASS: 'secret' }
    const flags = ['--max-upload-size', '5000', '--max-storage-objects', '1', '--depth', '1']
    await using limited = await startServer({ flags, env })
    const authorization = `Basic ${btoa('alice:secret')}`
    const described: OpenApiDocument = await (
      await fetch(`${limited.url}/-/openapi.json`, { headers: { authorization } })
    ).json()
    const responses = described.paths['/api/{repo}/charts']?.post?.responses ?? {}
    const other = await chart('other', '0.1.0').tgz()
    for (const [status, body, headers] of [
      [401, archive, undefined],
      [413, new Uint8Array(6000), { authorization }],
      [201, archive, { authorization }],
      [507, new Uint8Array(other), { authorization }],
    ] as const) {
      const response = await fetch(`${limited.url}/api/org1/charts`, {
        method: 'POST',
        body,
        ...(headers && { headers }),
      })
      expect(response.status).toBe(status)
      expect(Object.keys(responses)).toContain(String(status))
      if (status === 401) expect(response.headers.get('www-authenticate')).toBe('Basic realm="ChartMuseum"')
      if (status === 413) expect(responses[413]?.content?.['application/json']).toBeDefined()
      await expectDescribed(String(status), response, status === 413 ? anyError : responses[status]?.content)
    }
    expect(await limited.charts()).toEqual(['org1/mychart-0.1.0.tgz'])
    expect((await fetch(`${limited.url}/livez`)).status).toBe(200)
    expect(described.paths['/livez']?.get?.security).toEqual([])
  })

  test('leaves out what is switched off', async () => {
    await using server = await startServer({ flags: ['--disable-delete'] })
    const described: OpenApiDocument = await (await fetch(`${server.url}/-/openapi.json`)).json()
    const methods = Object.values(described.paths).flatMap((item) => Object.keys(item))
    expect(methods).not.toContain('delete')
    expect(methods).toContain('post')
  })
})

/** An error whose sentence holds a number of its own. */
const anyError = { 'application/json': { schema: { $ref: '#/components/schemas/Error' } } }

interface Step extends RequestInit {
  readonly path: string
  readonly status: number
}

/** Requests that meet the server's answers one after another, from an empty repository to an empty one. */
function session(): Step[] {
  const post = (path: string, body: RequestInit['body'], status: number, headers = {}): Step => {
    return { method: 'POST', path, body, status, headers }
  }
  const form = new FormData()
  form.set('chart', new Blob([other]), 'any-name.tgz')
  const version = '/api/charts/mychart/0.1.0'
  return [
    ...['/health', '/livez', '/readyz', '/info', '/', '/-/api', '/-/openapi.json', '/swagger/json'].map(ok),
    ...['/favicon.ico', '/robots.txt', '/index.yaml', '/api/charts'].map(ok),
    { path: '/swagger', status: 302 },
    { path: '/artifacthub-repo.yml', status: 404 },
    post('/api/charts', 'this is not an archive', 400),
    post('/api/charts', new FormData(), 400),
    post('/api/charts', archive, 403, { origin: 'http://other.example' }),
    post('/api/charts', archive, 201),
    post('/api/charts', archive, 409),
    post('/api/charts', form, 409),
    post('/api/charts?force', form, 201),
    post('/api/prov', 'no provenance', 400),
    ...['/index.yaml', '/api/charts', '/api/charts?offset=0&limit=1', '/api/charts/mychart', version].map(ok),
    ...[
      `${version}/templates`,
      `${version}/values`,
      '/api/charts/mychart/latest',
      '/charts/mychart-0.1.0.tgz',
    ].map(ok),
    ...['readme', 'files', 'file?path=values.yaml', 'raw?path=values.yaml', 'values/keys'].map((what) =>
      ok(`${version}/${what}`),
    ),
    ...['dependencies', 'compare'].map((what) => ok(`${version}/${what}`)),
    { path: `${version}/schema`, status: 404 },
    { path: `${version}/file`, status: 400 },
    { path: `${version}/raw?path=templates/nothing.yaml`, status: 404 },
    { path: `${version}/compare?to=9.9.9`, status: 404 },
    { path: `${version}/readme`, status: 304, headers: { 'if-none-match': '*' } },
    { path: '/index.yaml', status: 206, headers: { range: 'bytes=0-9', 'accept-encoding': 'identity' } },
    {
      path: '/charts/mychart-0.1.0.tgz',
      status: 206,
      headers: { range: 'bytes=0-9', 'accept-encoding': 'identity' },
    },
    { path: '/charts/mychart-0.1.0.tgz', status: 416, headers: { range: 'bytes=99999999-' } },
    { path: '/charts/mychart-0.1.0.tgz', status: 304, headers: { 'if-none-match': '*' } },
    { path: '/index.yaml', status: 304, headers: { 'if-none-match': '*' } },
    { path: '/api/charts', status: 304, headers: { 'if-none-match': '*' } },
    ...['', '/-'].map((at) => ok(`${at}/api/chartsvc/v1/charts/search?q=mychart`)),
    { path: '/api/charts?q=a&sort=best', status: 400 },
    { path: '/-/api/chartsvc/v1/charts/search?limit=0', status: 400 },
    { path: '/api/charts?offset=-1', status: 400 },
    { path: '/api/charts?limit=0', status: 400 },
    { path: '/charts/mychart.txt', status: 400 },
    { path: '/charts/mychart-9.9.9.tgz', status: 404 },
    { path: '/api/charts/nothing', status: 404 },
    { path: '/api/charts/nothing/1.0.0', status: 404 },
    { path: '/api/charts/mychart/9.9.9', status: 404 },
    { path: '/api/charts/mychart/not-a-range', status: 404 },
    { path: '/api/charts/mychart/9.9.9/values', status: 404 },
    { path: '/index.yaml', status: 421, headers: { host: 'charts.example.com' } },
    { path: version, method: 'DELETE', status: 200 },
    { path: '/api/charts/mychart/9.9.9', method: 'DELETE', status: 404 },
    post('/api/charts', archive, 201),
    { path: '/api/charts/mychart', method: 'DELETE', status: 200 },
    { path: '/api/charts/mychart', method: 'DELETE', status: 404 },
  ]
}

function ok(path: string): Step {
  return { path, status: 200 }
}

/** The documented operation that a request is one of. */
function operationOf({ path, method = 'GET' }: Step): { operation: Operation; template: string } {
  const pathname = path.split('?')[0] ?? ''
  const found = Object.entries(document.paths).find(([template]) => {
    return new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(pathname)
  })
  const operation = found?.[1][method.toLowerCase() as 'get' | 'post' | 'delete']
  if (found === undefined || operation === undefined) throw new Error(`${method} ${path} is not documented`)
  return { operation, template: found[0] }
}

/** Fails unless the answer's type is described and its body fits; a text of an error is one of the examples. */
async function expectDescribed(
  label: string,
  response: Response,
  content: Readonly<Record<string, MediaDoc>> | undefined,
): Promise<void> {
  const text = await response.text()
  if (content === undefined) {
    expect({ label, text }).toEqual({ label, text: '' })
    return
  }
  const plain = (type: string) => type.split(';')[0] ?? ''
  const type = plain(response.headers.get('content-type') ?? '')
  const media = Object.entries(content).find(([described]) => plain(described) === type)?.[1]
  if (media === undefined) throw new Error(`${label} answers ${type}, which is not described`)
  if (type !== 'application/json' || response.status === 206) return
  const body: unknown = JSON.parse(text)
  expect({ label, wrong: check(media.schema, body) }).toEqual({ label, wrong: [] })
  const examples = [media.example, ...Object.values(media.examples ?? {}).map(({ value }) => value)]
  const sentences = examples.filter(hasError).map(({ error }) => error)
  if (hasError(body) && sentences.length > 0)
    expect({ label, sentences }).toEqual({ label, sentences: expect.arrayContaining([body.error]) })
}

function hasError(value: unknown): value is { error: string } {
  return typeof value === 'object' && value !== null && 'error' in value
}

/** A documented path with something in the place of each parameter. */
function filled(template: string): string {
  return template.replaceAll(/\{(\w+)\}/g, 'some')
}
