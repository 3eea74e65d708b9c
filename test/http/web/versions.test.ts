import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chart } from '../../support/chart-builder.ts'
import { basic } from '../../support/site.ts'
import { addressesIn, chartSite, expectInert, textOf, type ChartSite } from './chart-site.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(30_000)

const versions = ['2.1.0-rc.1', '2.0.1', '2.0.0', '1.10.0', '1.9.0', '1.0.0+build.5']

let site: ChartSite
beforeAll(async () => {
  site = await chartSite()
  for (const version of versions.toReversed()) await site.publish(chart('redis', version))
  await site.publish(chart('single', '1.0.0'))
  for (let minor = 0; minor < 60; minor++) await site.publish(chart('many', `1.${minor}.0`))
}, 60_000)
afterAll(() => site[Symbol.asyncDispose]())

const path = '/-/chart/redis/versions'

/** The versions in the rows of the table, in their order. */
function listed(html: string): string[] {
  return [...html.matchAll(/<tr data-row[^]*?<a class="mono"[^>]*>([^<]*)</g)].map(
    ([, version = '']) => version,
  )
}

/** The text of an element with an id. */
function saidIn(html: string, id: string): string {
  return textOf(new RegExp(`id="${id}"[^>]*>([^]*?)</p>`).exec(html)?.[1] ?? '')
}

describe('the versions of a chart', () => {
  test('stand in their order, grouped by major number, pre-releases hidden and counted', async () => {
    const { status, html } = await site.ask(path)
    expect(status).toBe(200)
    expect(listed(html)).toEqual(['2.0.1', '2.0.0', '1.10.0', '1.9.0', '1.0.0+build.5'])
    expect([...html.matchAll(/scope="rowgroup"[^>]*>([^<]*)</g)].map(([, major]) => major)).toEqual([
      '2.x',
      '1.x',
    ])
    expect(saidIn(html, 'count')).toBe('6 versions · 1 pre-release hidden')
  })

  test('have a date, application, size, digest to copy, signature and addresses', async () => {
    const { html } = await site.ask(path)
    const [row = ''] = /<tr data-row[^]*?<\/tr>/.exec(html) ?? []
    expect(textOf(row)).toMatch(
      /2\.0\.1 1\.2\.3 (?:now|.+ ago) [\d.]+ (?:B|KiB) sha256:[0-9a-f]{4}… Copy 2\.0\.1 No/,
    )
    expect(row).toMatch(/data-copy="sha256:[0-9a-f]{64}"/)
    expect(row).toMatch(/<time datetime="\d{4}-\d\d-\d\dT/i)
    expect(addressesIn(row)).toEqual([
      '/-/chart/redis/2.0.1',
      '/charts/redis-2.0.1.tgz',
      '/-/chart/redis/compare/2.0.0...2.0.1',
      '/-/chart/redis/2.0.1/delete',
      '/-/chart/redis/2.0.1/delete',
    ])
    expect(html).toContain('href="/-/chart/redis/1.0.0%2Bbuild.5"')
    expect(html).toContain('value="1.0.0+build.5"')
  })

  test('are filtered by a range, as Helm reads it', async () => {
    const { html } = await site.ask(`${path}?range=${encodeURIComponent('^2 || >=1.9 <1.10')}`)
    expect(listed(html)).toEqual(['2.0.1', '2.0.0', '1.9.0'])
    expect(saidIn(html, 'count')).toContain('3 match')
    expect(html).toContain('value="^2 || >=1.9 &lt;1.10"')
    const withPrereleases = await site.ask(`${path}?range=%5E2&show=pre`)
    expect(listed(withPrereleases.html)).toEqual(['2.1.0-rc.1', '2.0.1', '2.0.0'])
    expect(withPrereleases.html).toMatch(/name="show"[^>]*checked/)
  })

  test.each(['en', 'zh-CN'])(
    'are all shown when the range is none, with a message under the field, in %s',
    async (language) => {
      const { status, html } = await site.ask(`${path}?range=blue`, {
        headers: { 'accept-language': language },
      })
      expect([status, listed(html).length]).toEqual([200, 5])
      expect(saidIn(html, 'range-problem')).toContain(
        language === 'en' ? 'not a range' : '不是有效的版本范围',
      )
      expect(html).toContain('aria-describedby="range-problem" aria-invalid="true"')
      expect(html).toContain('value="blue"')
    },
  )

  test('are told to be none when nothing fits', async () => {
    const { html } = await site.ask(`${path}?range=%3E99`)
    expect([listed(html), textOf(html)]).toEqual([
      [],
      expect.stringContaining('No version fits. Show all versions'),
    ])
  })

  test('are sorted by date and by size without groups, and keep what was asked', async () => {
    for (const sort of ['published', 'size']) {
      const { html } = await site.ask(`${path}?range=%5E2&sort=${sort}`)
      expect(html).not.toContain('rowgroup')
      expect(html).toContain('aria-sort="descending"')
      expect(html).toContain(`<input type="hidden" name="sort" value="${sort}"`)
      expect(addressesIn(html)).toContain(`${path}?range=%5E2`)
    }
    expect(listed((await site.ask(`${path}?sort=published&show=pre`)).html)).toHaveLength(6)
  })

  test('come in pages of 50', async () => {
    const many = '/-/chart/many/versions'
    const first = await site.ask(many)
    expect(listed(first.html)).toHaveLength(50)
    expect(addressesIn(first.html)).toContain(`${many}?page=2`)
    expect(listed((await site.ask(`${many}?page=2`)).html)).toEqual(
      Array.from({ length: 10 }, (_, number) => `1.${9 - number}.0`),
    )
    for (const page of ['0', '-1', '99', 'x', '1e9']) {
      const { status, html } = await site.ask(`${many}?page=${page}`)
      expect([status, listed(html).length > 0]).toEqual([200, true])
    }
  })

  test('two of which are selected go to their comparison, older first', async () => {
    const { status, headers } = await site.ask(`${path}?do=compare&version=2.0.1&version=1.0.0%2Bbuild.5`)
    expect([status, headers.get('location')]).toEqual([302, '/-/chart/redis/compare/1.0.0%2Bbuild.5...2.0.1'])
  })

  test.each([
    '',
    '&version=2.0.1',
    '&version=2.0.1&version=2.0.0&version=1.9.0',
    '&version=2.0.1&version=none',
  ])(
    'are not compared with %p selected: the page says what is missing and keeps the selection',
    async (selection) => {
      const { status, html } = await site.ask(`${path}?do=compare${selection}`)
      expect([status, textOf(html)]).toEqual([
        200,
        expect.stringContaining('Select two versions to compare.'),
      ])
      const chosen = new Set(selection.split('&version='))
      for (const [box = '', version = ''] of html.matchAll(
        /<input type="checkbox" name="version" value="([^"]*)"[^>]*>/g,
      )) {
        expect([version, box.includes('checked')]).toEqual([version, chosen.has(version)])
      }
    },
  )

  test('can be deleted by a form without script, which names the chart', async () => {
    const { html } = await site.ask(path)
    expect(html).toMatch(/<button class="btn danger"[^>]*formmethod="post"[^>]*formaction="\/-\/delete"/i)
    expect(html).toContain('<input type="hidden" name="chart" value="redis"/>')
    expect(html).not.toMatch(/hx-post/)
  })

  test('are compared with nothing when there is only one', async () => {
    const { html } = await site.ask('/-/chart/single/versions')
    expect(html).not.toContain('value="compare"')
    expect(textOf(html)).toContain('1 version')
  })

  test('of a chart that is not there are a 404 that helps', async () => {
    const { status, html } = await site.ask('/-/chart/redsi/versions')
    expect([status, addressesIn(html).includes('/-/chart/redis')]).toEqual([404, true])
  })

  test.each(['<script>alert(1)</script>', '"><hx-x hx-post=/>', '\u202e\u001b[31m'])(
    'are inert for the range %j',
    async (range) => {
      const { html } = await site.ask(
        `${path}?range=${encodeURIComponent(range)}&version=${encodeURIComponent(range)}`,
      )
      expectInert(html)
      expect(html).not.toContain('<script>alert')
    },
  )
})

test('somebody who may only read is offered no deleting', async () => {
  const flags = ['--basic-auth-user', 'alice', '--basic-auth-pass', 'x', '--auth-anonymous-get']
  await using closed = await chartSite({ flags })
  const headers = basic({ user: 'alice', password: 'x' })
  const archive = new Uint8Array(await chart('redis', '1.0.0').tgz())
  await fetch(`${closed.server.url}/api/charts`, { method: 'POST', body: archive, headers })
  const anonymous = await closed.ask('/-/chart/redis/versions')
  expect(anonymous.html).not.toContain('delete')
  expect((await closed.ask('/-/chart/redis/versions', { headers })).html).toContain('/-/delete')
})
