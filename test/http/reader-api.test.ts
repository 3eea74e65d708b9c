import { Validator } from '@seriousme/openapi-schema-validator'
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { errorResponse } from '../../src/http/errors.ts'
import { openApiDocument } from '../../src/http/openapi.ts'
import { compile } from '../../src/http/paths.ts'
import { createChartReader } from '../../src/http/chart-reader.ts'
import { readerRows } from '../../src/http/reader-api.ts'
import { createRegistry } from '../../src/registry/registry.ts'
import { memoryStorage } from '../../src/storage/memory.ts'
import { chart } from '../support/chart-builder.ts'
import { keptLog, publishOne } from '../support/repository.ts'
import { schemaChecker } from './schema-checker.ts'
import { settings } from './web-fixture.ts'

const options = {
  limits: { overwrite: 'with-force', idempotent: false, maxObjects: 0, versionsPerChart: 0 },
  contextPath: '',
  chartUrl: undefined,
  statefile: undefined,
  adoptStatefile: false,
  refreshMs: 0,
  trashMs: 0,
} as const

const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0])
const readme = '# alpha\n\n## Use\n\n[notes](docs/notes.md) ![logo](logo.png) <script>x</script>\n'
const schema = { title: 'Values', required: ['replicas'], properties: { replicas: { type: 'integer' } } }

const first = chart('alpha', '0.1.0')
  .with('README.md', readme)
  .with('docs/notes.md', 'notes <hx-x>\n')
  .with('logo.png', png)
  .with('page.html', '<script>alert(1)</script>')
  .with('odd & name+é "q".txt', 'odd')
  .with('values.schema.json', JSON.stringify(schema))
  .with('charts/common/Chart.yaml', 'apiVersion: v2\nname: common\nversion: 2.0.0\n')
  .chartYaml({ dependencies: [{ name: 'common', version: '2.x.x', repository: 'https://a.example' }] })
const second = first
  .with('values.yaml', 'greeting: hello\nreplicas: 2\n')
  .chartYaml({ version: '0.2.0', appVersion: '2', dependencies: [] })
const bare = chart('bare', '1.0.0').without('README.md').without('values.yaml')

const storage = memoryStorage()
const registry = createRegistry(storage, options, undefined, keptLog())
const rows = readerRows(createChartReader(registry), { registry, depth: 0, dynamic: false })
const document = openApiDocument(rows, settings)
const check = schemaChecker(document)
const matcher = compile(rows, { contextPath: '', depth: 0, dynamic: false })

const server = Bun.serve({
  hostname: '127.0.0.1',
  port: 0,
  async fetch(request) {
    const { pathname, searchParams: query, origin } = new URL(request.url)
    const match = matcher.match(request.method, pathname)
    if (match === undefined) return new Response('no row', { status: 404 })
    const caller = { name: undefined, may: () => true }
    try {
      return await match.row.answer({ request, query, caller, publicUrl: origin, ...match })
    } catch (error) {
      return errorResponse(error)
    }
  },
})

beforeAll(async () => {
  for (const built of [first, second, bare]) await publishOne(registry.repository(''), await built.tgz())
})
afterAll(async () => {
  await server.stop(true)
  await registry.close()
})

function ask(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(new URL(`/api/charts/${path}`, server.url), init)
}

const paths = {
  readme: 'alpha/0.1.0/readme',
  schema: 'alpha/0.1.0/schema',
  'values/keys': 'alpha/0.1.0/values/keys',
  files: 'alpha/0.1.0/files',
  file: 'alpha/0.1.0/file?path=docs/notes.md',
  raw: 'alpha/0.1.0/raw?path=docs/notes.md',
  dependencies: 'alpha/0.1.0/dependencies',
  compare: 'alpha/0.1.0/compare?to=0.2.0',
} as const

/** The 200 of an operation as it is documented. */
function documented(kind: keyof typeof paths) {
  const operation = document.paths[`/api/charts/{name}/{version}/${kind}`]?.get
  if (operation === undefined) throw new Error(`${kind} is not documented`)
  return operation.responses
}

describe('the reader API', () => {
  test.each(Object.keys(paths) as (keyof typeof paths)[])(
    'answers %s as it is documented, with a strong ETag, and 304, HEAD and parts',
    async (kind) => {
      const response = await ask(paths[kind])
      expect(response.status).toBe(200)
      const content = documented(kind)[200]?.content ?? {}
      const type = response.headers.get('content-type') ?? ''
      const media = Object.entries(content).find(([name]) => type.startsWith(name))?.[1]
      if (media === undefined) throw new Error(`${type} is not documented`)
      const text = await response.text()
      if (kind !== 'raw') {
        expect(check(media.schema, JSON.parse(text))).toEqual([])
        expect(check(media.schema, media.example)).toEqual([])
      }
      const etag = response.headers.get('etag') ?? ''
      expect(etag).toMatch(/^"[0-9a-f]{64}-[\x21\x23-\x7e]+"$/)
      expect(response.headers.get('content-security-policy')).toContain('sandbox')
      expect(response.headers.get('x-content-type-options')).toBe('nosniff')
      const again = await ask(paths[kind], { headers: { 'if-none-match': etag } })
      expect([again.status, await again.text()]).toEqual([304, ''])
      const head = await ask(paths[kind], { method: 'HEAD' })
      expect([head.status, head.headers.get('etag'), await head.text()]).toEqual([200, etag, ''])
      const part = await ask(paths[kind], { headers: { range: 'bytes=0-3' } })
      expect([part.status, await part.text()]).toEqual([206, text.slice(0, 4)])
    },
    20_000,
  )

  test('is valid OpenAPI', async () => {
    const result = await new Validator().validate(JSON.parse(JSON.stringify(document)))
    expect(result.errors ?? []).toEqual([])
  })

  test('has no two things with one ETag', async () => {
    const asked = [
      ...Object.values(paths),
      'alpha/0.2.0/files',
      'alpha/0.1.0/compare?to=0.1.0',
      'alpha/0.1.0/raw?path=Chart.yaml',
      'alpha/0.1.0/file?path=Chart.yaml',
      'alpha/0.2.0/compare?to=0.1.0',
    ]
    const tags = await Promise.all(asked.map(async (path) => (await ask(path)).headers.get('etag')))
    expect(new Set(tags).size).toBe(asked.length)
  }, 20_000)

  test('gives the README as it is written and as HTML whose links lead to files', async () => {
    const body = await (await ask(paths.readme)).json()
    expect(body).toEqual({
      markdown: readme,
      html:
        '<h3 id="readme-use">Use</h3>\n' +
        '<p><a href="raw?path=docs/notes.md">notes</a> <img src="raw?path=logo.png" alt="logo" loading="lazy"> </p>',
      toc: [{ id: 'readme-use', text: 'Use', level: 2 }],
      form: 'rendered',
      truncated: false,
    })
    const linked = new URL('raw?path=docs/notes.md', `${server.url}api/charts/alpha/0.1.0/readme`)
    expect(await (await fetch(linked)).text()).toBe('notes <hx-x>\n')
  })

  test('keeps markup out of JSON, so that it is inert even in a page', async () => {
    for (const path of [paths.readme, paths.file]) expect(await (await ask(path)).text()).not.toMatch(/[<>]/)
  })

  test('lists the files and the charts inside', async () => {
    const { files, subCharts } = await (await ask(paths.files)).json()
    expect(files).toContainEqual({ name: 'logo.png', size: 10, kind: 'binary' })
    expect(files).toContainEqual({ name: 'values.yaml', size: 28, kind: 'text', language: 'yaml' })
    expect(subCharts).toEqual([{ name: 'common', version: '2.0.0', path: 'charts/common', form: 'folder' }])
  })

  test('gives a binary file in base64, and any file by its name', async () => {
    const binary = await (await ask('alpha/0.1.0/file?path=logo.png')).json()
    expect(binary).toEqual({
      name: 'logo.png',
      size: 10,
      kind: 'binary',
      data: Buffer.from(png).toString('base64'),
    })
    const odd = `alpha/0.1.0/file?path=${encodeURIComponent('odd & name+é "q".txt')}`
    expect(await (await ask(odd)).json()).toMatchObject({ text: 'odd', language: 'text' })
  })

  test.each([
    ['logo.png', 'image/png'],
    ['page.html', 'text/plain; charset=utf-8'],
    ['values.yaml', 'text/plain; charset=utf-8'],
  ])('sends %s raw as %s', async (name, type) => {
    const response = await ask(`alpha/0.1.0/raw?path=${name}`)
    expect(response.headers.get('content-type')).toBe(type)
    expect(response.headers.get('content-security-policy')).toContain('sandbox')
  })

  test('tells needs and whether they are vendored', async () => {
    expect(await (await ask(paths.dependencies)).json()).toMatchObject({
      needs: [{ name: 'common', version: '2.x.x', vendored: { version: '2.0.0' } }],
      undeclared: [],
    })
  })

  test('tells which version here a need gets, with a tag that changes with it and no date', async () => {
    const repository = registry.repository('')
    const needs = [
      { name: 'needed', version: '^1', repository: server.url.href },
      { name: 'other', version: '1.0.0', repository: 'https://elsewhere.example' },
    ]
    await publishOne(repository, await chart('needy', '1.0.0').chartYaml({ dependencies: needs }).tgz())
    const asked = async () => {
      const response = await ask('needy/1.0.0/dependencies')
      expect(response.headers.get('last-modified')).toBeNull()
      const { needs: told } = (await response.json()) as { needs: { resolved?: unknown }[] }
      return { tag: response.headers.get('etag') ?? '', resolved: told.map(({ resolved }) => resolved) }
    }
    const before = await asked()
    expect(before.resolved).toEqual([undefined, undefined])
    for (const version of ['1.0.0', '1.2.0', '2.0.0'])
      await publishOne(repository, await chart('needed', version).tgz())
    const after = await asked()
    expect(after.resolved).toEqual([{ repository: '', version: '1.2.0' }, undefined])
    expect(after.tag).not.toBe(before.tag)
    for (const name of ['needy', 'needed']) await repository.removeChart(name)
  })

  test('compares two versions, and with the newest when none is named', async () => {
    const body = await (await ask('alpha/0.1.0/compare')).json()
    expect(body).toMatchObject({
      from: '0.1.0',
      to: '0.2.0',
      facts: [{ name: 'appVersion', from: '1.2.3', to: '2' }],
      dependencies: [{ name: 'common', from: '2.x.x' }],
      values: { changed: [{ path: 'replicas', from: '1', to: '2' }], added: [], removed: [] },
    })
    expect(body.files.map(({ name }: { name: string }) => name)).toEqual(['Chart.yaml', 'values.yaml'])
  }, 20_000)

  test('takes a range and "latest" for a version, as the other routes do', async () => {
    const tags = await Promise.all(
      ['alpha/0.2.0/files', 'alpha/latest/files', 'alpha/^0/files'].map(async (path) =>
        (await ask(path)).headers.get('etag'),
      ),
    )
    expect(new Set(tags).size).toBe(1)
  })

  test.each([
    ['bare/1.0.0/readme', 404, 'README.md not found'],
    ['bare/1.0.0/schema', 404, 'values.schema.json not found'],
    ['alpha/0.1.0/file', 400, 'path is missing: name a file of the archive'],
    ['alpha/0.1.0/raw?path=', 400, 'path is missing: name a file of the archive'],
    ['alpha/0.1.0/file?path=none', 404, 'Cannot read "none": the archive has no file of that name'],
    [
      'alpha/0.1.0/raw?path=../values.yaml',
      404,
      'Cannot read "../values.yaml": the archive has no file of that name',
    ],
    [
      'alpha/0.1.0/raw?path=/etc/passwd',
      404,
      'Cannot read "/etc/passwd": the archive has no file of that name',
    ],
    [
      'alpha/0.1.0/raw?path=a%0a%E2%80%AEb',
      404,
      'Cannot read "a [U+202E]b": the archive has no file of that name',
    ],
    ['none/1.0.0/files', 404, 'no chart name found'],
    ['alpha/9.9.9/files', 404, 'no chart version found for alpha-9.9.9'],
    ['alpha/0.1.0/compare?to=9.9.9', 404, 'no chart version found for alpha-9.9.9'],
    ['alpha/0.1.0/compare?to=x y', 404, 'improper constraint: x y'],
  ])('refuses %s with %i: %s', async (path, status, error) => {
    const response = await ask(path)
    expect([response.status, await response.json()]).toEqual([status, { error }])
    expect((await ask(path, { method: 'HEAD' })).status).toBe(status)
  })

  test('reads the new bytes after a version was overwritten, and never the old ones', async () => {
    const repository = registry.repository('')
    const built = chart('changing', '1.0.0').with('README.md', 'one')
    await publishOne(repository, await built.tgz())
    const before = await ask('changing/1.0.0/readme')
    expect(await before.json()).toMatchObject({ html: '<p>one</p>' })
    await publishOne(repository, await built.with('README.md', 'two').tgz(), true)
    const headers = { 'if-none-match': before.headers.get('etag') ?? '' }
    const after = await ask('changing/1.0.0/readme', { headers })
    expect([after.status, await after.json()]).toMatchObject([200, { html: '<p>two</p>' }])
    await repository.removeChart('changing')
    expect((await ask('changing/1.0.0/readme')).status).toBe(404)
  })

  test('says that an archive is being replaced when its bytes are not those of the catalog', async () => {
    const built = chart('swapped', '1.0.0')
    await publishOne(registry.repository(''), await built.tgz())
    await storage.put(built.file, await built.with('README.md', 'other').tgz())
    const response = await ask('swapped/1.0.0/readme')
    expect([response.status, response.headers.get('retry-after')]).toEqual([503, '5'])
    await registry.repository('').removeChart('swapped')
  })

  test('shows a README as it is written when rendering it takes too long', async () => {
    const built = chart('endless', '1.0.0').with('README.md', '*_a'.repeat(30_000))
    await publishOne(registry.repository(''), await built.tgz())
    const response = await ask('endless/1.0.0/readme')
    expect(await response.json()).toMatchObject({ form: 'plain', toc: [] })
    expect(response.headers.get('etag')).toContain('-readme-plain-')
    // Others were answered meanwhile, and are now.
    expect((await ask(paths.files)).status).toBe(200)
    await registry.repository('').removeChart('endless')
  }, 30_000)
})
