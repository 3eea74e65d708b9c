import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chart } from '../../support/chart-builder.ts'
import { addressesIn, chartSite, textOf, type ChartSite } from './chart-site.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(30_000)

let site: ChartSite
beforeAll(async () => {
  site = await chartSite({ flags: ['--depth', '1'] })
  const { url } = site.server
  for (const version of ['2.0.0', '2.9.0', '3.0.0'])
    await site.publish(chart('common', version), { repo: 'stable' })
  const needs = [
    { name: 'common', version: '2.x.x', repository: `${url}/stable/`, alias: 'base', tags: ['one', 'two'] },
    { name: 'common', version: '^3', repository: '@stable', alias: 'next', condition: 'next.enabled' },
    { name: 'away', version: '1.0.0', repository: 'https://elsewhere.example/charts' },
    { name: 'copied', version: '0.1.0', repository: '' },
    { name: 'local', version: '0.2.0', repository: 'file://../local' },
  ]
  const built = chart('web', '1.0.0')
    .chartYaml({ dependencies: needs })
    .with('charts/copied/Chart.yaml', 'apiVersion: v2\nname: copied\nversion: 0.1.0\n')
    .with('charts/local/Chart.yaml', 'apiVersion: v2\nname: local\nversion: 0.2.0\n')
    .with('charts/stray/Chart.yaml', 'apiVersion: v2\nname: stray\nversion: 9.9.9\n')
  await site.publish(built, { repo: 'apps' })
  await site.publish(chart('copied', '0.1.0'), { repo: 'apps' })
  await site.publish(chart('alone', '1.0.0'), { repo: 'apps' })
}, 60_000)
afterAll(() => site[Symbol.asyncDispose]())

/** The text of the row of the table that begins with a name. */
function rows(html: string): string[] {
  return [...html.matchAll(/<tr data-row[^]*?<\/tr>/g)].map(([row]) => textOf(row).trim())
}

describe('the dependencies of a version', () => {
  test('are linked where this server has what Helm would fetch', async () => {
    const { status, html } = await site.ask('/apps/-/chart/web/1.0.0/dependencies')
    expect(status).toBe(200)
    expect(rows(html)).toEqual([
      'common 2.x.x → 2.9.0 this registry alias base tags one, two No',
      'common ^3 → 3.0.0 this registry alias next condition next.enabled No',
      'away 1.0.0 https://elsewhere.example/charts Copy away No',
      'copied 0.1.0 in the archive Yes',
      'local 0.2.0 file://../local Copy local Yes',
    ])
    const addresses = addressesIn(html)
    for (const address of [
      '/stable/-/chart/common/2.9.0',
      '/stable/-/chart/common/3.0.0',
      '/apps/-/chart/copied/0.1.0',
    ])
      expect(addresses).toContain(address)
    expect(addresses.filter((address) => /elsewhere|local/.test(address))).toEqual([])
  })

  test('stand beside the README, too', async () => {
    const { html } = await site.ask('/apps/-/chart/web/1.0.0')
    const side = html.slice(html.indexOf('<aside'))
    expect(textOf(side)).toContain('2.x.x → 2.9.0')
    expect(addressesIn(side)).toContain('/stable/-/chart/common/2.9.0')
  })

  test('name what the archive brings along without being asked', async () => {
    const { html } = await site.ask('/apps/-/chart/web/latest/dependencies')
    expect(html).toBe('')
    const page = await site.ask('/apps/-/chart/web/1.0.0/dependencies')
    expect(textOf(page.html)).toMatch(/Included without being asked for .* stray 9\.9\.9 charts\/stray/)
  })

  test('are said to be none', async () => {
    const { html } = await site.ask('/apps/-/chart/alone/1.0.0/dependencies')
    expect(textOf(html)).toContain('This version needs no other charts.')
    const chinese = await site.ask('/apps/-/chart/alone/1.0.0/dependencies', {
      headers: { 'accept-language': 'zh-CN' },
    })
    expect(textOf(chinese.html)).toContain('此版本不依赖其他 Chart。')
  })

  test('follow when a newer version is published', async () => {
    await site.publish(chart('common', '2.10.0'), { repo: 'stable' })
    expect(rows((await site.ask('/apps/-/chart/web/1.0.0/dependencies')).html)[0]).toContain('2.x.x → 2.10.0')
  })
})
