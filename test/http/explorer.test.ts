import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, test } from 'bun:test'
import { assetUrl } from '../../src/http/web/assets.ts'
import { serveWeb } from './web-fixture.ts'

describe('the API explorer', () => {
  test('loads only our own files, and the document below the context path', async () => {
    await using server = serveWeb({ contextPath: '/ctx' })
    const response = await fetch(`${server.url}/ctx/-/api`)
    expect(response.status).toBe(200)
    const html = await response.text()
    for (const name of ['swagger-ui.css', 'chartroom.css', 'swagger-ui-bundle.js', 'explorer.js'] as const) {
      expect(html).toContain(`"${await assetUrl('/ctx', name)}"`)
    }
    expect(html).toContain('data-document="/ctx/-/openapi.json"')
    expect(html).not.toMatch(/(?:href|src)="(?:https?:)?\/\//)
  })

  test('has no script or style of its own in the page', async () => {
    await using server = serveWeb()
    const html = await (await fetch(`${server.url}/-/api`)).text()
    expect(html).not.toMatch(/<script(?![^>]* src=)/)
    expect(html).not.toContain('<style')
    expect(html).not.toMatch(/\s(?:style|on[a-z]+)="/)
  })

  test('allows data: pictures, which Swagger UI draws with, and nothing else more than pages do', async () => {
    await using server = serveWeb()
    const policy = async (path: string) =>
      ((await fetch(server.url + path)).headers.get('content-security-policy') ?? '').split('; ')
    const [page, explorer] = await Promise.all([policy('/'), policy('/-/api')])
    expect(explorer.filter((rule) => !page.includes(rule))).toEqual(["img-src 'self' data:"])
  })

  test('asks no outside validator and opens no document of the address bar', async () => {
    await using server = serveWeb()
    const script = await (await fetch(server.url + (await assetUrl('', 'explorer.js')))).text()
    expect(script).toContain('validatorUrl: null')
    expect(script).toContain('queryConfigEnabled: false')
  })

  test('the themed part of the stylesheet is at most 3 KB', async () => {
    await using server = serveWeb()
    const stylesheet = await (await fetch(server.url + (await assetUrl('', 'chartroom.css')))).text()
    const themed = stylesheet.slice(stylesheet.indexOf('html.dark-mode'))
    expect(themed.length).toBeGreaterThan(100)
    expect(themed.length).toBeLessThanOrEqual(3 * 1024)
  })
})

describe('/-/openapi.json', () => {
  test('is the valid document that the Swagger plugin writes', async () => {
    await using server = serveWeb({ contextPath: '/ctx', depth: 1 })
    const response = await fetch(`${server.url}/ctx/-/openapi.json`)
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toStartWith('application/json')
    const document = await response.json()
    const result = await new Validator().validate(document)
    expect(result.errors ?? []).toEqual([])
    expect(document.openapi).toBe('3.0.3')
    expect(document.servers).toEqual([{ url: '/ctx' }])
    expect(Object.keys(document.paths)).toContain('/{repo}/index.yaml')
    expect(Object.keys(document.paths)).toContain('/api/{repo}/charts/{name}/{version}')
  })

  test('has every row of the server, those with a dot in their path too', async () => {
    await using server = serveWeb()
    const document = await (await fetch(`${server.url}/-/openapi.json`)).json()
    const operations = Object.values(document.paths).reduce<number>(
      (sum, item) => sum + Object.keys(item as object).length,
      0,
    )
    // 27 GET, each as HEAD too, 2 POST, 2 DELETE.
    expect(operations).toBe(58)
  })

  test('is the same at /swagger/json', async () => {
    await using server = serveWeb()
    const [ours, swagger] = await Promise.all(
      ['/-/openapi.json', '/swagger/json'].map(async (path) => (await fetch(server.url + path)).text()),
    )
    expect(swagger).toBe(ours as string)
  })

  test('is not sent again to who has it, and compressed when asked', async () => {
    await using server = serveWeb()
    const url = `${server.url}/-/openapi.json`
    const first = await fetch(url, { headers: { 'accept-encoding': 'gzip' }, decompress: false })
    expect(first.headers.get('content-encoding')).toBe('gzip')
    const etag = first.headers.get('etag') ?? ''
    const second = await fetch(url, { headers: { 'accept-encoding': 'gzip', 'if-none-match': etag } })
    expect(second.status).toBe(304)
  })

  test('/swagger leads to the explorer by a path, whatever the server is called outside', async () => {
    await using server = serveWeb({ contextPath: '/ctx' })
    const response = await fetch(`${server.url}/ctx/swagger`, { redirect: 'manual' })
    expect(response.status).toBe(302)
    expect(response.headers.get('location')).toBe('/ctx/-/api')
  })

  test.each(['/-/unused', '/-/unused/json'])("the plugin's own page is not reachable: %s", async (path) => {
    await using server = serveWeb()
    expect((await fetch(server.url + path)).status).toBe(404)
  })
})
