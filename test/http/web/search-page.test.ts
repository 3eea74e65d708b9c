import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { chart } from '../../support/chart-builder.ts'
import { addressesIn, chartSite, expectInert, hostile, textOf, type ChartSite } from './chart-site.ts'

describe('the search across repositories', () => {
  let site: ChartSite

  beforeAll(async () => {
    site = await chartSite({ flags: ['--depth', '1', '--context-path', '/ctx'], contextPath: '/ctx' })
    const add = (repo: string, name: string, facts = {}) =>
      site.publish(chart(name, '1.0.0').chartYaml(facts), { repo })
    await add('b', 'redis')
    await add('a', 'redis-ha')
    await add('a', 'web', { description: 'beside redis' })
    await add('c', 'mysql')
    await add('c', 'old-redis', { deprecated: true })
    for (let at = 0; at < 7; at++) await add('d', `worker-${at}`)
  }, 30_000)

  afterAll(() => site[Symbol.asyncDispose]())

  const foundIn = (html: string) =>
    [...html.matchAll(/<h3><a href="([^"]*)"/g)].map(([, href = '']) => href.slice('/ctx/'.length))

  test('groups what it finds by repository, the best first, each row linked there', async () => {
    const { html, status } = await site.ask('/-/search?q=redis')
    expect(status).toBe(200)
    expect(foundIn(html)).toEqual(['b/-/chart/redis', 'a/-/chart/redis-ha', 'a/-/chart/web'])
    expect(textOf(html)).toContain('3 charts in 2 repositories · 1 deprecated hidden')
    expect(html).toContain('<a href="/ctx/b/">b</a>')
    expect(html).toContain('src="/ctx/b/-/chart/redis/icon"')
    const all = await site.ask('/-/search?q=redis&show=dep')
    expect(foundIn(all.html)).toContain('c/-/chart/old-redis')
  })

  test('shows five of a repository and leads to the others', async () => {
    const { html } = await site.ask('/-/search?q=worker')
    expect(foundIn(html)).toHaveLength(5)
    expect(textOf(html)).toContain('All 7 charts in d')
    expect(addressesIn(html)).toContain('/ctx/d/?q=worker')
  })

  test('says what to do without words, and suggests names where nothing is found', async () => {
    const empty = await site.ask('/-/search')
    expect(textOf(empty.html)).toContain('4 repositories')
    expect(textOf(empty.html)).toContain('Type what you are looking for')
    const lost = await site.ask('/-/search?q=myqsll')
    expect(textOf(lost.html)).toMatch(/No charts match “myqsll”\. Did you mean mysql\s?\?/)
    expect(addressesIn(lost.html)).toContain('/ctx/-/search?q=mysql')
  })

  test('understands every query somehow', async () => {
    for (const query of ['q=redis&page=99', 'q=redis&page=abc&sort=x', 'q=%ff', 'q=redis&type=zzz']) {
      expect((await site.ask(`/-/search?${query}`)).status).toBe(200)
    }
    expect((await site.ask(`/-/search?q=${'a+'.repeat(9)}`)).status).toBe(400)
    for (const text of [hostile.slice(0, 40), '<script>alert(1)</script>', '\u202eevil\u001b[31m']) {
      const { html } = await site.ask(
        `/-/search?q=${encodeURIComponent(text)}&lang=${encodeURIComponent(text)}`,
      )
      expectInert(html)
    }
  })

  test('is a page in Chinese, too', async () => {
    const { html } = await site.ask('/-/search?q=redis&lang=zh')
    expect(textOf(html)).toContain('2 个仓库中共 3 个 Chart')
    expect(addressesIn(html)).toContain('/ctx/-/search?q=redis&show=dep&lang=zh')
  })

  test('is asked by the search field of pages that belong to no repository', async () => {
    const { html } = await site.ask('/')
    expect(html).toContain('role="search" action="/ctx/-/search"')
  })

  test('is the list itself where there is one repository', async () => {
    await using one = await chartSite()
    const { status, headers } = await one.ask('/-/search?q=a%20b&show=dep')
    expect([status, headers.get('location')]).toEqual([302, '/?q=a+b&show=dep'])
  }, 30_000)
})
