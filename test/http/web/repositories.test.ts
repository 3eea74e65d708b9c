import { describe, expect, test } from 'bun:test'
import { chart } from '../../support/chart-builder.ts'
import { addressesIn, chartSite, expectInert, hostile, textOf, type ChartSite } from './chart-site.ts'

/** Starting the program takes its time on a busy machine, milliseconds. */
const timeout = 30_000

const rowsIn = (html: string) =>
  [...html.matchAll(/<li class="row plain-row"[^>]*><h2><a href="([^"]*)">(.*?)<\/a>/g)].map(
    ([, href]) => href,
  )

const chartsIn = (html: string) =>
  [...html.matchAll(/<h2><a href="[^"]*\/chart\/([^"/]*)"/g)].map(([, name]) => name)

async function publish(site: ChartSite, ...places: string[]): Promise<void> {
  for (const place of places) {
    const at = place.lastIndexOf('/')
    await site.publish(chart(place.slice(at + 1), '1.0.0'), { repo: place.slice(0, Math.max(0, at)) })
  }
}

describe('repositories of one part', () => {
  test(
    'are listed at the root with what they hold, and how to add the first',
    async () => {
      await using site = await chartSite({ flags: ['--depth', '1'] })
      const none = await site.ask('/')
      expect(textOf(none.html)).toContain('No repositories yet. The first upload creates one:')
      expect(none.html).toContain(`@mychart-0.1.0.tgz ${site.server.url}/api/org1/charts`)
      await publish(site, 'org2/a', 'org1/a', 'org1/b')
      const { html } = await site.ask('/')
      expect(rowsIn(html)).toEqual(['/org1/', '/org2/'])
      expect(textOf(html)).toMatch(/org1 2 charts 2 versions \d+ B updated now read upload/)
      expect(html).toContain(`helm repo add org1 ${site.server.url}/org1<`)
      expect(chartsIn((await site.ask('/org1/')).html).sort()).toEqual(['a', 'b'])
      expect((await site.ask('/org1/a/')).status).toBe(404)
    },
    timeout,
  )

  test(
    'can be found by name where there are many, with and without script',
    async () => {
      await using site = await chartSite({ flags: ['--depth', '1'] })
      const names = Array.from({ length: 26 }, (_, at) => `repo-${String.fromCharCode(97 + at)}`)
      await publish(site, ...names.map((name) => `${name}/web`))
      const first = await site.ask('/')
      expect(rowsIn(first.html)).toHaveLength(24)
      expect(textOf(first.html)).toContain('26 repositories')
      expect(rowsIn((await site.ask('/?page=2')).html)).toEqual(['/repo-y/', '/repo-z/'])
      expect(rowsIn((await site.ask('/?page=x')).html)).toHaveLength(24)
      const found = await site.ask('/?find=REPO-C')
      expect(rowsIn(found.html)).toEqual(['/repo-c/'])
      expect(textOf(found.html)).toContain('1 repository')
      const lost = await site.ask(`/?find=${encodeURIComponent(hostile.slice(0, 60))}`)
      expect(lost.status).toBe(200)
      expectInert(lost.html)
      expect(textOf(lost.html)).toContain('No repository has “')
      expect(first.html).toMatch(/<input type="search" class="[^"]*" aria-label="Find a repository"/)
    },
    timeout,
  )
})

describe('repositories of two parts', () => {
  test(
    'are found step by step',
    async () => {
      await using site = await chartSite({
        flags: ['--depth', '2', '--context-path', '/ctx'],
        contextPath: '/ctx',
      })
      await publish(site, 'org1/a/web', 'org1/b/web', 'org2/a/web')
      const root = await site.ask('/')
      expect(rowsIn(root.html)).toEqual(['/ctx/org1/', '/ctx/org2/'])
      expect(textOf(root.html)).toMatch(/3 repositories org1 2 repositories org2 1 repository/)
      const organisation = await site.ask('/org1/')
      expect(rowsIn(organisation.html)).toEqual(['/ctx/org1/a/', '/ctx/org1/b/'])
      expect(chartsIn((await site.ask('/org1/a/')).html)).toEqual(['web'])
      expect((await site.ask('/org3/')).status).toBe(404)
      expect((await site.ask('/org1/a/web/')).status).toBe(404)
      for (const { html } of [root, organisation]) {
        expect(addressesIn(html).filter((address) => !/^(\/ctx\/|#)/.test(address))).toEqual([])
      }
    },
    timeout,
  )

  test(
    'have a slash at the end for browsers, and none for helm',
    async () => {
      await using site = await chartSite({ flags: ['--depth', '2'] })
      await publish(site, 'org1/a/web')
      const { status, headers } = await site.ask('/org1/a?q=x')
      expect([status, headers.get('location')]).toEqual([308, '/org1/a/?q=x'])
      expect((await fetch(`${site.server.url}/org1/a/index.yaml`)).headers.get('content-type')).toContain(
        'yaml',
      )
    },
    timeout,
  )

  test(
    'are words of the reader’s language',
    async () => {
      await using site = await chartSite({ flags: ['--depth', '2'], headers: { 'accept-language': 'zh-CN' } })
      await publish(site, 'org1/a/web')
      const html = `${(await site.ask('/')).html}${(await site.ask('/org1/')).html}`
      expect(textOf(html)).toContain('1 个仓库')
      expect(textOf(html)).not.toMatch(/[Rr]epositor|charts?\b|updated/)
    },
    timeout,
  )
})

describe('repositories of any number of parts', () => {
  test(
    'each have a page, and so has every path above them',
    async () => {
      await using site = await chartSite({ flags: ['--depth-dynamic'] })
      expect(textOf((await site.ask('/')).html)).toContain('No repositories yet')
      await publish(site, 'org1/team/deep/web', 'org1/api')
      expect(rowsIn((await site.ask('/')).html)).toEqual(['/org1/', '/org1/team/deep/'])
      expect(rowsIn((await site.ask('/org1/team/')).html)).toEqual(['/org1/team/deep/'])
      const own = await site.ask('/org1/')
      expect(chartsIn(own.html)).toEqual(['api'])
      expect(textOf(own.html)).toContain('Repositories below this one org1/team/deep')
      expect(chartsIn((await site.ask('/org1/team/deep/')).html)).toEqual(['web'])
      await publish(site, 'root')
      const root = await site.ask('/')
      expect(chartsIn(root.html)).toEqual(['root'])
      expect(addressesIn(root.html)).toContain('/org1/team/deep/')
    },
    timeout,
  )
})

describe('a repository that the reader may choose from', () => {
  test(
    'is in the menu of every page, marked where one is',
    async () => {
      await using site = await chartSite({ flags: ['--depth', '1'] })
      await publish(site, 'org1/a', 'org2/a')
      const { html } = await site.ask('/org2/')
      expect(html).toContain('popovertarget="repos"')
      expect(html).toContain('<a href="/org1/">org1</a>')
      expect(html).toContain('<a href="/org2/" aria-current="page">org2</a>')
    },
    timeout,
  )
})
