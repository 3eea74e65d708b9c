import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chart } from '../../support/chart-builder.ts'
import { addressesIn, chartSite, expectInert, hostile, textOf, type ChartSite } from './chart-site.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(30_000)

const png = new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0])
const deployment = `kind: Deployment
metadata:
  name: {{ include "redis.name" . }}
  tag: {{ .Values.image.tag }} {{ .Values.image.tga }}
  # ${hostile.replaceAll('\u001b', '')}
`
const oddName = `odd <hx-x hx-post="a"> & 'q" #?%41 é.txt`

let site: ChartSite
beforeAll(async () => {
  site = await chartSite()
  await site.publish(chart('common', '2.0.0'))
  await site.publish(
    chart('redis', '1.0.0')
      .with('values.yaml', 'image:\n  tag: 1\n')
      .with('templates/deployment.yaml', deployment)
      .with('templates/_helpers.tpl', '\n{{ define "redis.name" }}x{{ end }}\n')
      .with('templates/deep/er/job.yaml', 'kind: Job\na: {{ .Values.image.tag }}\n')
      .with('templates/tests/test.yaml', 'kind: Pod\n')
      .with('templates/NOTES.txt', 'Thanks\n')
      .with('crds/widget.yaml', 'kind: CustomResourceDefinition\n')
      .with('charts/common/Chart.yaml', 'apiVersion: v2\nname: common\nversion: 2.0.0\n')
      .with('charts/common/templates/_c.tpl', '{{ define "common.x" }}{{ .Values.y }}{{ end }}')
      .with('charts/other/Chart.yaml', 'apiVersion: v2\nname: other\nversion: 3.0.0\n')
      .with('logo.png', png)
      .with('fake.png', '<script>alert(1)</script>')
      .with('data.bin', new Uint8Array([0, 1, 2]))
      .with('large.txt', 'x\n'.repeat(600_000))
      .with('run.sh', 'if true; then echo "$HOME"; fi\n')
      .with('page.html', '<script>alert(1)</script>\n')
      .with(oddName, 'odd'),
  )
  await site.publish(chart('bare', '1.0.0').without('templates/configmap.yaml'))
}, 60_000)
afterAll(() => site[Symbol.asyncDispose]())

const version = '/-/chart/redis/1.0.0'
const ask = (path: string) => site.ask(`${version}/${path}`)

/** Templates hold links that begin at their own page; everything else is as everywhere. */
function expectInertCode(html: string): void {
  expectInert(html.replace(/href="(?:\.\.\/)+(?=(?:values|templates|files)[#/])/g, 'href="/'))
}

describe('the list of templates', () => {
  test('has groups, kinds and sizes', async () => {
    const { status, html } = await ask('templates')
    expect(status).toBe(200)
    expectInert(html)
    const text = textOf(html)
    for (const words of [
      'Manifests',
      'deployment.yaml Deployment',
      'Helpers _helpers.tpl',
      'Tests tests/test.yaml Pod',
    ])
      expect(text).toContain(words)
    expect(addressesIn(html)).toContain(`${version}/templates/deep/er/job.yaml`)
    expect(addressesIn(html)).toContain(`${version}/files/crds/widget.yaml`)
  })

  test('says when there are none, in either language', async () => {
    expect(textOf((await site.ask('/-/chart/bare/1.0.0/templates')).html)).toContain('has no templates')
    expect(textOf((await site.ask('/-/chart/bare/1.0.0/templates?lang=zh-CN')).html)).toContain('没有模板')
  })
})

describe('the page of a template', () => {
  test('links keys of the values and other templates to where they are', async () => {
    const { status, html } = await ask('templates/deployment.yaml')
    expect(status).toBe(200)
    expectInertCode(html)
    expect(html).toContain('<a href="../values#v.image.tag">.Values.image.tag</a>')
    expect(html).toContain('<span class="unknown" title="not in values.yaml">.Values.image.tga</span>')
    expect(html).toContain('<a href="../templates/_helpers.tpl#L2">&quot;redis.name&quot;</a>')
    expect(html).toContain('aria-current="page">deployment.yaml')
    expect(textOf(html)).toContain('Dotted: not in values.yaml')
    const { html: deep } = await ask('templates/deep/er/job.yaml')
    expect(deep).not.toContain('Dotted')
    const link = /href="((?:\.\.\/)+values[^"]*)"/.exec(deep)?.[1] ?? ''
    const base = `${site.server.url}${version}/templates/deep/er/job.yaml`
    expect(new URL(link, base).href).toBe(`${site.server.url}${version}/values#v.image.tag`)
  })

  test('speaks the language that was asked for, also inside the code', async () => {
    expect((await ask('templates/deployment.yaml?lang=zh-CN')).html).toContain(
      'title="values.yaml 中没有此项"',
    )
    expect((await ask('templates/deployment.yaml')).html).toContain('title="not in values.yaml"')
  })
})

describe('the files', () => {
  test('are a tree with sizes, and lead to charts that stand here too', async () => {
    const { status, html } = await ask('files')
    expect(status).toBe(200)
    expectInert(html)
    const text = textOf(html)
    expect(text).toContain('common sub-chart 2.0.0')
    expect(text).toContain('common 2.0.0 in this repository')
    expect(text).toContain('other sub-chart 3.0.0')
    expect(text).not.toContain('other 3.0.0 in this repository')
    const addresses = addressesIn(html)
    expect(addresses).toContain('/-/chart/common/2.0.0')
    expect(addresses).toContain(`${version}/files/templates/deep/er/job.yaml`)
    expect(addresses).toContain(`${version}/files/${encodeURIComponent(oddName)}`)
  })

  test('are shown by what they are', async () => {
    const yaml = await ask('files/Chart.yaml')
    expect(yaml.html).toContain('<b>apiVersion</b>: <i class="s">&quot;v2&quot;</i>')
    expect((await ask('files/run.sh')).html).toContain('<i class="hljs-keyword">if</i>')
    const html = await ask('files/page.html')
    expectInert(html.html)
    expect(html.html).toContain('&lt;script&gt;')
    expect((await ask('files/logo.png')).html).toContain(`<img src="${version}/raw/logo.png"`)
    expect((await ask('files/fake.png')).html).toContain('&lt;script&gt;')
    expect(textOf((await ask('files/data.bin')).html)).toContain('no text and no picture')
    const large = await ask('files/large.txt')
    expect(textOf(large.html)).toContain('too large to be shown')
    expect(large.html.length).toBeLessThan(50_000)
    const odd = await ask(`files/${encodeURIComponent(oddName)}`)
    expect(odd.status).toBe(200)
    expectInert(odd.html)
    const helper = await ask('files/charts/common/templates/_c.tpl')
    expectInertCode(helper.html)
    expect(helper.html).not.toContain('class="unknown"')
  })

  test('have a helpful 404', async () => {
    const { status, html } = await ask('files/somewhere/logo.png')
    expect([status, textOf(html).includes('no file “somewhere/logo.png”')]).toEqual([404, true])
    expect(addressesIn(html)).toContain(`${version}/files/logo.png`)
    const template = await ask('templates/nothing.yaml')
    expect([template.status, addressesIn(template.html).includes(`${version}/templates`)]).toEqual([
      404,
      true,
    ])
    const hostileName = await ask(`files/${encodeURIComponent('<hx-x>\u202e"')}`)
    expect(hostileName.status).toBe(404)
    expectInert(hostileName.html)
    expect(textOf((await ask('files/x?lang=zh-CN')).html)).toContain('没有文件')
  })
})

describe('addresses that try to leave the archive', () => {
  const tries = [
    '../../../../etc/passwd',
    '%2e%2e/%2e%2e/%2e%2e/etc/passwd',
    '..%2f..%2f..%2fetc%2fpasswd',
    '%252e%252e/x',
    '..%5c..%5cx',
    '%c0%ae%c0%ae/x',
    'a%00b',
    'a//b',
    '%2fetc%2fpasswd',
    'templates/',
    '.',
    '..',
    '%ff',
    'x'.repeat(300),
    'a/'.repeat(500),
  ]
  test.each(tries.map((path) => [path]))('find nothing: %s', async (path) => {
    for (const kind of ['templates', 'files', 'raw']) {
      // By hand: fetch() itself would take the dots away.
      const { hostname, port } = new URL(site.server.url)
      const answer = await rawGet(hostname, Number(port), `${version}/${kind}/${path}`)
      expect([path, kind, answer.status]).toEqual([path, kind, 404])
      expect(answer.text).not.toContain('root:')
    }
  })
})

/** GET with the path exactly as it is written. */
async function rawGet(
  hostname: string,
  port: number,
  path: string,
): Promise<{ status: number; text: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let text = ''
  const socket = await Bun.connect({
    hostname,
    port,
    socket: {
      data: (_, data) => void (text += data.toString('latin1')),
      close: () => resolve(text),
      error: (_, error) => reject(error),
    },
  })
  socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/html\r\nConnection: close\r\n\r\n`)
  const all = await promise
  return { status: Number(/^HTTP\/1\.1 (\d+)/.exec(all)?.[1]), text: all }
}
