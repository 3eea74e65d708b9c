import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chart } from '../../support/chart-builder.ts'
import { chartSite, type ChartSite } from './chart-site.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(30_000)

const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mNkYAAAAAYAAjCB0C8AAAAASUVORK5CYII=',
  'base64',
)
const svg =
  '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script><style>rect{fill:red}</style><rect/></svg>'

let site: ChartSite
beforeAll(async () => {
  site = await chartSite()
  const icons = {
    data: `data:image/png;base64,${png.toString('base64')}`,
    file: './assets/icon.svg',
    lying: 'icon.png',
    missing: 'icon.gif',
    remote: 'https://example.com/icon.png',
  }
  for (const [name, icon] of Object.entries(icons)) {
    const built = chart(name, '1.0.0').chartYaml({ icon })
    await site.publish(
      built.with('assets/icon.svg', svg).with('icon.png', '<html><script>alert(1)</script></html>'),
    )
  }
  await site.publish(chart('file', '2.0.0'))
}, 60_000)
afterAll(() => site[Symbol.asyncDispose]())

function ask(path: string, init: RequestInit = {}): Promise<Response> {
  return fetch(site.server.url + path, init)
}

describe('the icon of a chart', () => {
  test.each([
    ['/-/chart/data/icon', 'image/png'],
    ['/-/chart/data/1.0.0/icon', 'image/png'],
    ['/-/chart/file/1.0.0/icon', 'image/svg+xml'],
    ['/-/chart/file/icon', 'image/svg+xml'],
    ['/-/chart/lying/icon', 'image/svg+xml'],
    ['/-/chart/missing/icon', 'image/svg+xml'],
    ['/-/chart/remote/icon', 'image/svg+xml'],
    ['/-/chart/unknown/icon', 'image/svg+xml'],
    ['/-/chart/data/9.9.9/icon', 'image/svg+xml'],
    ['/-/chart/%3Cscript%3E/icon', 'image/svg+xml'],
  ])('%s is always there, as %s, and runs nothing', async (path, type) => {
    const response = await ask(path)
    expect([response.status, response.headers.get('content-type')]).toEqual([200, type])
    expect(response.headers.get('content-security-policy')).toBe(
      "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; sandbox",
    )
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(response.headers.get('cache-control')).toBe('private, max-age=86400')
    const etag = response.headers.get('etag') ?? ''
    const again = await ask(path, { headers: { 'if-none-match': etag } })
    expect([again.status, await again.text()]).toEqual([304, ''])
  })

  test('is what the chart brings, else a drawing of its name', async () => {
    expect(Buffer.from(await (await ask('/-/chart/data/icon')).bytes())).toEqual(png)
    expect(await (await ask('/-/chart/file/1.0.0/icon')).text()).toBe(svg)
    // The newest version brings none.
    expect(await (await ask('/-/chart/file/icon')).text()).toContain('>fi</text>')
    for (const [name, letters] of [
      ['lying', 'ly'],
      ['missing', 'mi'],
      ['remote', 're'],
      ['unknown', 'un'],
    ]) {
      expect(await (await ask(`/-/chart/${name}/icon`)).text()).toContain(`>${letters}</text>`)
    }
  })

  test('stands on the page without any address elsewhere', async () => {
    const { html } = await site.ask('/-/chart/remote')
    expect(html).toContain('src="/-/chart/remote/1.0.0/icon"')
    expect(html).not.toContain('example.com/icon.png')
  })
})
