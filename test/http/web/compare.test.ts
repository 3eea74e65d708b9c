import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chart } from '../../support/chart-builder.ts'
import { addressesIn, chartSite, expectInert, hostile, textOf, type ChartSite } from './chart-site.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(30_000)

const old = chart('redis', '1.0.0')
  .with('values.yaml', 'image:\n  tag: 7.4.2\nmaster:\n  kind: StatefulSet\nsame: 1\n')
  .with('templates/a.yaml', 'a: 1\nb: 2\nc: 3\n')
  .with('templates/gone.yaml', 'x: 1\n')
  .with('crds/gone.yaml', 'kind: CustomResourceDefinition\n')
  .with('charts/common/Chart.yaml', 'apiVersion: v2\nname: common\nversion: 2.0.0\n')
  .with('data.bin', new Uint8Array([0, 1]))
  .with('long.txt', Array.from({ length: 3000 }, (_, at) => `old ${at}\n`).join(''))
  .chartYaml({ kubeVersion: '>=1.25', appVersion: '7', dependencies: [{ name: 'common', version: '2.0.0' }] })
const now = old
  .with(
    'values.yaml',
    `image:\n  tag: 8.0.3\nauth:\n  enabled: false\nsame: 1\n"${hostile.replaceAll('"', '').replaceAll('\u001b', '')}": 1\n`,
  )
  .with('templates/a.yaml', `a: 1\nb: 20\nc: 3\n# ${hostile}\n`)
  .without('templates/gone.yaml')
  .without('crds/gone.yaml')
  .with('charts/common/Chart.yaml', 'apiVersion: v2\nname: common\nversion: 2.1.0\n')
  .with('data.bin', new Uint8Array([0, 2]))
  .with('long.txt', Array.from({ length: 3000 }, (_, at) => `new ${at}\n`).join(''))
  .with('<hx-x hx-post="a">.txt', 'x')
  .chartYaml({
    version: '1.1.0',
    kubeVersion: '>=1.28',
    appVersion: hostile,
    dependencies: [{ name: 'common', version: '2.1.0' }],
  })

let site: ChartSite
beforeAll(async () => {
  site = await chartSite()
  await site.publish(old)
  await site.publish(now)
  await site.publish(chart('redis', '1.1.0+build.5').with('README.md', 'b'))
  await site.publish(chart('redis', '2.0.0-rc.1').with('README.md', 'b'))
  await site.publish(chart('alone', '1.0.0'))
  await site.publish(chart('twin', '1.0.0').chartYaml('apiVersion: v2\nname: twin\nversion: 1.0.0\n'))
}, 60_000)
afterAll(() => site[Symbol.asyncDispose]())

const compare = (path = '') => site.ask(`/-/chart/redis/compare${path}`)

describe('a comparison', () => {
  test('begins with what changed by key, and what needs attention', async () => {
    const { status, html } = await compare('/1.0.0...1.1.0')
    expect(status).toBe(200)
    expectInert(html)
    const text = textOf(html)
    for (const words of [
      '1.0.0 → 1.1.0',
      'Kubernetes version: >=1.25 → >=1.28 ▲ needs attention',
      'common: 2.0.0 → 2.1.0',
      '2 keys added · 1 key removed ▲ needs attention · 1 default changed',
      'removed: master = {"kind":"StatefulSet"}',
      'added: auth = {"enabled":false}',
      'changed: image.tag "7.4.2" → "8.0.3"',
      'Templates: 1 changed · 0 added · 1 removed',
      'CRDs: 0 changed · 0 added · 1 removed ▲ needs attention',
    ])
      expect(text).toContain(words)
  })

  test('goes on line by line, with numbers, signs and words', async () => {
    const { html } = await compare('/1.0.0...1.1.0')
    expect(html).toContain(
      '<tr class="del"><td class="n">2</td><td class="n"></td><td class="g"><span aria-hidden="true">−</span>' +
        '<span class="vh">removed</span></td><td class="x">b: 2</td></tr>' +
        '<tr class="add"><td class="n"></td><td class="n">2</td><td class="g"><span aria-hidden="true">+</span>' +
        '<span class="vh">added</span></td><td class="x">b: 20</td></tr>',
    )
    for (const id of ['summary', 'values', 'templates', 'chart', 'crds', 'charts', 'other']) {
      expect(html).toContain(`<section id="${id}"`)
      expect(addressesIn(html)).toContain(`#${id}`)
    }
    expect(addressesIn(html)).toContain('/-/chart/redis/1.0.0/files/templates/gone.yaml')
    expect(addressesIn(html)).not.toContain('/-/chart/redis/1.1.0/files/templates/gone.yaml')
    const ids = [...html.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('says what is too much, and offers both archives', async () => {
    const { html } = await compare('/1.0.0...1.1.0')
    expect(textOf(html)).toContain('some of them are not shown')
    expect(textOf(html)).toContain('Not shown line by line')
    expect(addressesIn(html)).toContain('/charts/redis-1.0.0.tgz')
    expect(addressesIn(html)).toContain('/charts/redis-1.1.0.tgz')
  })

  test('leads from the form to the address of the two, the older one first', async () => {
    for (const [from, to] of [
      ['1.0.0', '1.1.0'],
      ['1.1.0', '1.0.0'],
    ]) {
      const { status, headers } = await compare(`?from=${from}&to=${to}`)
      expect([status, headers.get('location')]).toEqual([302, '/-/chart/redis/compare/1.0.0...1.1.0'])
    }
    const odd = await compare('?from=1.1.0%2Bbuild.5&to=2.0.0-rc.1')
    const place = odd.headers.get('location') ?? ''
    expect(place).toBe('/-/chart/redis/compare/1.1.0%2Bbuild.5...2.0.0-rc.1')
    expect((await site.ask(place)).status).toBe(200)
  })

  test('can be turned round, and says so', async () => {
    const { html } = await compare('/1.0.0...1.1.0')
    const back = '/-/chart/redis/compare/1.1.0...1.0.0'
    expect(addressesIn(html)).toContain(back)
    const turned = await site.ask(back)
    expect(textOf(turned.html)).toContain('From the newer version back to the older one.')
    expect(textOf(turned.html)).toContain('added: master')
    expect(addressesIn(turned.html)).toContain('/-/chart/redis/compare/1.0.0...1.1.0')
  })

  test('says when nothing changed, and when there is nothing to compare', async () => {
    expect(textOf((await compare('/1.0.0...1.0.0')).html)).toContain('Both are the same version.')
    const { html } = await compare('/1.1.0+build.5...2.0.0-rc.1')
    expect(textOf(html)).toContain('No differences in values.')
    const alone = await site.ask('/-/chart/alone/compare')
    expect([alone.status, textOf(alone.html).includes('one version only')]).toEqual([200, true])
    const choose = await compare()
    expect([choose.status, textOf(choose.html).includes('Choose two versions.')]).toEqual([200, true])
    expect(choose.html).toContain('<option value="1.0.0"')
  })

  test('helps where one of the two is not there', async () => {
    for (const path of [
      '/1.0.0...9.9.9',
      '/9.9.9...1.0.0',
      '/1.0.0',
      '/...',
      '?from=1.0.0&to=',
      '?from=x&to=y',
    ]) {
      const { status, html } = await compare(path)
      expect([path, status, addressesIn(html).includes('/-/chart/redis/versions')]).toEqual([path, 404, true])
      expectInert(html)
    }
    expect((await site.ask('/-/chart/rediss/compare/1.0.0...1.1.0')).status).toBe(404)
    expectInert((await compare(`/1.0.0...${encodeURIComponent('<hx-x>"')}`)).html)
  })

  test('speaks Chinese', async () => {
    const text = textOf((await compare('/1.0.0...1.1.0?lang=zh-CN')).html)
    for (const words of ['移除 1 个配置项', '▲ 需要注意', 'Kubernetes 版本', '新增: auth'])
      expect(text).toContain(words)
  })

  test('is not sent twice', async () => {
    const { headers } = await compare('/1.1.0+build.5...2.0.0-rc.1')
    const again = await site.ask('/-/chart/redis/compare/1.1.0+build.5...2.0.0-rc.1', {
      headers: { 'if-none-match': headers.get('etag') ?? '' },
    })
    expect([again.status, again.html]).toEqual([304, ''])
  })
})
