import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { parseYaml } from '../../../src/registry/yaml.ts'
import { chart } from '../../support/chart-builder.ts'
import { addressesIn, chartSite, expectInert, hostile, textOf, type ChartSite } from './chart-site.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(30_000)

const values = `# Defaults
image:
  # -- The tag to run
  tag: "1.0"
nodeSelector: {}
ports:
  - name: http
    port: 80
"odd key.with \\"<hx-x>\\"": ${JSON.stringify(hostile.replaceAll('\u001b', ''))}
many:
${Array.from({ length: 250 }, (_, at) => `  key${at}: ${at}\n`).join('')}`

let site: ChartSite
beforeAll(async () => {
  site = await chartSite()
  await site.publish(chart('redis', '1.0.0').with('values.yaml', values))
  await site.publish(chart('none', '1.0.0').without('values.yaml'))
  await site.publish(chart('many', '1.0.0').with('values.yaml', 'a: 1\n---\nb: 2\n'))
  await site.publish(chart('blank', '1.0.0').with('values.yaml', '# nothing yet\n'))
  await site.publish(chart('large', '1.0.0').with('values.yaml', `a: 1\n${'# x\n'.repeat(600_000)}z: 1\n`))
}, 60_000)
afterAll(() => site[Symbol.asyncDispose]())

const page = '/-/chart/redis/1.0.0/values'

describe('the values page', () => {
  test('shows the file with an anchor for every line and key', async () => {
    const { status, html, headers } = await site.ask(page)
    expect([status, headers.get('content-type')]).toEqual([200, 'text/html'])
    expect(html).toContain(
      '<div id="L4">  <b id="v.image.tag">tag</b>: <i class="s">&quot;1.0&quot;</i>\n</div>',
    )
    expect(html).toContain('<b id="v.ports[0].port">')
    expect(html).toContain('aria-current="page">Values<')
    expect(textOf(html)).toContain('258 keys')
    expect(html).toContain('download="values.yaml"')
    expect(headers.get('content-security-policy')).toContain("style-src 'self'")
    const ids = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('lets nothing of a chart act', async () => {
    const { html } = await site.ask(page)
    expectInert(html)
    expect(html).toContain('[U+202E]')
    const found = await site.ask(`${page}?find=odd`)
    expectInert(found.html)
    expectInert((await site.ask(`${page}?find=${encodeURIComponent(hostile)}`)).html)
  })

  test('finds keys on the server, for those without script', async () => {
    const { html } = await site.ask(`${page}?find=TAG%20image`)
    expect(textOf(html)).toContain('1 of 258 keys')
    expect(addressesIn(html)).toContain('#v.image.tag')
    expect(addressesIn(html)).toContain('/-/chart/redis/1.0.0/values/key?path=image.tag')
    const many = textOf((await site.ask(`${page}?find=many.`)).html)
    expect(many).toContain('250 of 258 keys')
    expect(textOf((await site.ask(`${page}?find=nothing`)).html)).toContain('0 of 258 keys')
  })

  test('speaks Chinese, but never translates the file', async () => {
    const { html } = await site.ask(`${page}?lang=zh-CN`)
    expect(html).toContain('<html lang="zh-CN"')
    expect(textOf(html)).toContain('258 个配置项')
    expect(textOf(html)).toContain('# Defaults')
  })

  test('says when there are no values, or more than Helm reads, or too many', async () => {
    expect(textOf((await site.ask('/-/chart/none/1.0.0/values')).html)).toContain('has no default values')
    expect(textOf((await site.ask('/-/chart/many/1.0.0/values')).html)).toContain('more than one document')
    const blank = await site.ask('/-/chart/blank/1.0.0/values')
    expect([blank.status, textOf(blank.html).includes('0 keys')]).toEqual([200, true])
    const large = textOf((await site.ask('/-/chart/large/1.0.0/values')).html)
    expect(large).toContain('The file is large')
    expect(large).not.toContain('Copy all')
  })

  test('helps where there is no such chart or version', async () => {
    const version = await site.ask('/-/chart/redis/9.9.9/values')
    expect([version.status, textOf(version.html).includes('1.0.0')]).toEqual([404, true])
    expect((await site.ask('/-/chart/rediss/1.0.0/values')).status).toBe(404)
    const latest = await site.ask('/-/chart/redis/latest/values?find=a')
    expect([latest.status, latest.headers.get('location')]).toEqual([302, `${page}?find=a`])
  })

  test('is not sent twice, and has no body for HEAD', async () => {
    const { headers } = await site.ask('/-/chart/many/1.0.0/values')
    const again = await site.ask('/-/chart/many/1.0.0/values', {
      headers: { 'if-none-match': headers.get('etag') ?? '' },
    })
    expect([again.status, again.html]).toEqual([304, ''])
    const head = await site.ask('/-/chart/many/1.0.0/values', { method: 'HEAD' })
    expect([head.status, head.html]).toEqual([200, ''])
  })
})

const key = (path: string) => site.ask(`${page}/key?path=${encodeURIComponent(path)}`)

describe('the page of a key', () => {
  test('gives the path, the argument, the values file and the link', async () => {
    const { status, html } = await key('image.tag')
    expect(status).toBe(200)
    const codes = [...html.matchAll(/<code>([^]*?)<\/code>/g)].map(([, code = '']) => textOf(code))
    expect(codes).toContain('image.tag')
    expect(codes).toContain('--set image.tag=1.0')
    expect(html).toContain('<code>image:\n  tag: &quot;1.0&quot;</code>')
    expect(codes).toContain(`${site.server.url}${page}#v.image.tag`)
    expect(textOf(html)).toContain('The tag to run')
    expect(addressesIn(html)).toContain(`${page}#v.image.tag`)
  })

  test('says what cannot be set alone', async () => {
    expect(textOf((await key('image')).html)).toContain('Set the keys below this one.')
    expect(textOf((await key('ports[0].port')).html)).toContain('Helm replaces lists as a whole')
    expect(textOf((await key('many')).html)).toContain('Too long to be shown here')
    expect((await key('nodeSelector')).html).toContain('--set-json')
  })

  test('lets nothing of a hostile key act', async () => {
    const { status, html } = await key('odd key\\.with "<hx-x>"')
    expect(status).toBe(200)
    expectInert(html)
    expectInert((await key(hostile)).html)
  })

  test('helps where there is no such key', async () => {
    const missing = await key('images.tag')
    expect([missing.status, textOf(missing.html).includes('no key “images.tag”')]).toEqual([404, true])
    expect(addressesIn(missing.html)).toContain(`${page}/key?path=image.tag`)
    expect((await site.ask(`${page}/key`)).status).toBe(404)
    expect((await site.ask('/-/chart/none/1.0.0/values/key?path=a')).status).toBe(404)
    expect(textOf((await site.ask(`${page}/key?path=x&lang=zh-CN`)).html)).toContain('没有配置项')
  })

  test('is what the API says', async () => {
    const { html } = await site.ask('/api/charts/redis/1.0.0/values/keys')
    const { keys } = JSON.parse(html) as { keys: { path: string; set?: string; yaml?: string }[] }
    const tag = keys.find(({ path }) => path === 'image.tag')
    expect(tag).toMatchObject({ line: 4, type: 'string', set: '--set image.tag=1.0' })
    expect(parseYaml(tag?.yaml ?? '')).toEqual({ image: { tag: '1.0' } })
  })
})
