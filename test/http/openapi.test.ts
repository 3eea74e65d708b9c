import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, test } from 'bun:test'
import { openApiDocument, type OpenApiOptions, type Operation } from '../../src/http/openapi.ts'
import type { MediaDoc } from '../../src/http/operation-doc.ts'
import { schemaChecker } from './schema-checker.ts'
import { allRows, settings } from './web-fixture.ts'

const cases: Record<string, Partial<OpenApiOptions>> = {
  'depth 0': {},
  'depth 1': { depth: 1 },
  'depth 2': { depth: 2 },
  'depth 3': { depth: 3 },
  'any depth': { dynamic: true },
  'a context path': { contextPath: '/ctx', depth: 1 },
  'basic auth': { authentication: 'basic' },
  'basic auth with anonymous reading': { authentication: 'basic', anonymousPull: true },
  'bearer tokens': { authentication: 'bearer', realm: 'https://auth.example.com', service: 'charts' },
  'bearer tokens with anonymous reading': { authentication: 'bearer', anonymousPull: true },
  'loopback only': { loopbackOnly: true },
}

function documentOf(options: Partial<OpenApiOptions> = {}) {
  return openApiDocument(allRows(), { ...settings, ...options })
}

describe('openApiDocument()', () => {
  test.each(Object.keys(cases))('is valid OpenAPI 3.0 with %s', async (name) => {
    const document = documentOf(cases[name])
    const result = await new Validator().validate(JSON.parse(JSON.stringify(document)))
    expect(result.errors ?? []).toEqual([])
    expect(result.valid).toBe(true)
  })

  test.each(Object.keys(cases))('gives each operation an id of its own with %s', (name) => {
    const ids = operations(documentOf(cases[name])).map(({ operation }) => operation.operationId)
    expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
  })

  test('spells repositories out for the configured depth', () => {
    const index = (options: Partial<OpenApiOptions>) =>
      Object.keys(documentOf(options).paths).filter((path) => path.endsWith('/index.yaml'))
    expect(index({})).toEqual(['/index.yaml'])
    expect(index({ depth: 1 })).toEqual(['/{repo}/index.yaml'])
    expect(index({ depth: 2 })).toEqual(['/{repo1}/{repo2}/index.yaml'])
    expect(index({ dynamic: true })).toEqual([
      '/index.yaml',
      '/{repo}/index.yaml',
      '/{repo1}/{repo2}/index.yaml',
    ])
  })

  test('describes each parameter of a path, once', () => {
    for (const { path, operation } of operations(documentOf({ dynamic: true }))) {
      const named = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name)
      const described: (string | undefined)[] = (operation.parameters ?? [])
        .filter(isPathParameter)
        .map(({ name }) => name)
      expect({ path, parameters: described }).toEqual({ path, parameters: named })
    }
  })

  test('documents each GET as HEAD too, without a body or a part', () => {
    for (const [path, item] of Object.entries(documentOf().paths)) {
      if (item.get === undefined) continue
      expect({ path, statuses: Object.keys(item.head?.responses ?? {}) }).toEqual({
        path,
        statuses: Object.keys(item.get.responses).filter((status) => status !== '206' && status !== '416'),
      })
      for (const response of Object.values(item.head?.responses ?? {}))
        expect(response.content).toBeUndefined()
    }
  })

  test('names the server by its path only, so that it works under every name', () => {
    expect(documentOf().servers).toEqual([{ url: '/' }])
    expect(documentOf({ contextPath: '/ctx' }).servers).toEqual([{ url: '/ctx' }])
  })

  test('describes credentials only where they are asked for', () => {
    const open = documentOf()
    expect(open.components.securitySchemes).toBeUndefined()
    expect(operations(open).every(({ operation }) => !('401' in operation.responses))).toBe(true)
    const closed = documentOf({ authentication: 'basic' })
    expect(closed.components.securitySchemes).toHaveProperty('basic')
    expect(closed.paths['/api/charts']?.post?.responses).toHaveProperty('401')
    expect(closed.paths['/index.yaml']?.get?.security).toEqual([{ basic: [] }])
    expect(closed.paths['/livez']?.get?.security).toEqual([])
    expect(closed.paths['/livez']?.get?.responses).not.toHaveProperty('401')
    const mixed = documentOf({ authentication: 'basic', anonymousPull: true })
    expect(mixed.paths['/index.yaml']?.get?.security).toEqual([{ basic: [] }, {}])
    expect(mixed.paths['/api/charts']?.post?.security).toEqual([{ basic: [] }])
  })

  test('says how a token is sent and what is answered without one', () => {
    const closed = documentOf(cases['bearer tokens'])
    expect(Object.keys(closed.components.securitySchemes ?? {})).toEqual(['bearer'])
    expect(closed.components.securitySchemes?.['bearer']).toMatchObject({
      scheme: 'bearer',
      bearerFormat: 'JWT',
    })
    const example = (operation: Operation | undefined) =>
      JSON.stringify(operation?.responses['401']?.headers?.['WWW-Authenticate']?.schema)
    const start = 'Bearer realm=\\"https://auth.example.com\\",service=\\"charts\\",scope='
    const scope = (action: string) => `${start}\\"artifact-repository:org1:${action}\\"`
    expect(example(closed.paths['/index.yaml']?.get)).toContain(scope('pull'))
    expect(example(closed.paths['/api/charts']?.post)).toContain(scope('push'))
    expect(closed.paths['/livez']?.get?.security).toEqual([])
    const mixed = documentOf(cases['bearer tokens with anonymous reading'])
    expect(mixed.paths['/index.yaml']?.get?.security).toEqual([{ bearer: [] }, {}])
    expect(mixed.paths['/api/charts']?.post?.security).toEqual([{ bearer: [] }])
  })

  test('says 403 and 404 to those who may read only, and to those who may not know', () => {
    for (const authentication of ['basic', 'bearer'] as const) {
      for (const { operation } of operations(documentOf({ authentication }))) {
        const asks = operation.security?.length !== 0
        expect(asks).toBe('401' in operation.responses)
        if (asks) expect(operation.responses).toHaveProperty('404')
      }
      const { post } = documentOf({ authentication }).paths['/api/charts'] ?? {}
      expect(JSON.stringify(post?.responses['403'])).toContain('may not push here')
    }
    expect(JSON.stringify(documentOf().paths['/api/charts']?.post?.responses['403'])).not.toContain('may not')
  })

  test('tells of refused hosts only while bound to loopback', () => {
    expect(documentOf().paths['/index.yaml']?.get?.responses).not.toHaveProperty('421')
    expect(documentOf({ loopbackOnly: true }).paths['/index.yaml']?.get?.responses).toHaveProperty('421')
  })

  test('has one refusal of other sites on whatever changes something', () => {
    for (const { method, operation } of operations(documentOf())) {
      expect('403' in operation.responses).toBe(method === 'post' || method === 'delete')
    }
  })

  test('has a tag described for each that is used', () => {
    const document = documentOf()
    const described = document.tags.map(({ name }) => name)
    const used = new Set(operations(document).flatMap(({ operation }) => operation.tags))
    expect([...used].filter((tag) => !described.includes(tag))).toEqual([])
  })

  test('shows examples that fit their schemas', async () => {
    const document = documentOf({ authentication: 'basic', loopbackOnly: true })
    const check = schemaChecker(document)
    let examples = 0
    for (const { path, method, operation } of operations(document)) {
      const bodies = [
        ...Object.values(operation.responses).map(({ content }) => content),
        contentOf(operation.requestBody),
      ]
      for (const media of bodies.flatMap((content) => Object.values(content ?? {}))) {
        for (const example of examplesOf(media)) {
          examples++
          expect({ path, method, example, wrong: check(media.schema, example) }).toEqual({
            path,
            method,
            example,
            wrong: [],
          })
        }
      }
    }
    expect(examples).toBeGreaterThan(50)
  })
})

type Document = ReturnType<typeof openApiDocument>

function operations(document: Document) {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, operation })),
  )
}

function isPathParameter(parameter: object): parameter is { in: string; name: string } {
  return 'in' in parameter && parameter.in === 'path'
}

function contentOf(body: object | undefined): Record<string, MediaDoc> | undefined {
  return (body as { content: Record<string, MediaDoc> } | undefined)?.content
}

function examplesOf(media: MediaDoc): unknown[] {
  const several = Object.values(media.examples ?? {}).map(({ value }) => value)
  return media.example === undefined ? several : [media.example, ...several]
}
