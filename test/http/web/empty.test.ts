import { describe, expect, test } from 'bun:test'
import { rename } from 'node:fs/promises'
import { chart } from '../../support/chart-builder.ts'
import { eventually } from '../../support/eventually.ts'
import { addressesIn, chartSite, expectInert, textOf } from './chart-site.ts'

const timeout = 30_000

const commandsIn = (html: string) =>
  [...html.matchAll(/<code>(.*?)<\/code>/g)].map(([, text = '']) => text.replaceAll(/<[^>]*>/g, ''))

describe('a repository without charts', () => {
  test(
    'says how to begin, with the real address and user',
    async () => {
      const headers = { authorization: `Basic ${btoa('alice:secret')}` }
      const flags = ['--basic-auth-user', 'alice', '--basic-auth-pass', 'secret', '--context-path', '/ctx']
      await using site = await chartSite({ flags, headers, contextPath: '/ctx' })
      const { html, status } = await site.ask('/')
      expect(status).toBe(200)
      const url = `${site.server.url}/ctx`
      expect(commandsIn(html)).toEqual([
        'helm package mychart',
        `curl --user alice --fail-with-body --data-binary @mychart-0.1.0.tgz ${url}/api/charts`,
        `helm repo add chartroom ${url} --username alice`,
        'helm install my-release chartroom/mychart',
      ])
      expect(addressesIn(html)).toContain('/ctx/-/upload')
      expect(html).toContain('id="drop-here"')
    },
    timeout,
  )

  test(
    'has two steps for those who may only read',
    async () => {
      const flags = ['--basic-auth-user', 'a', '--basic-auth-pass', 'b', '--auth-anonymous-get']
      await using site = await chartSite({ flags })
      const { html, status } = await site.ask('/')
      expect(status).toBe(200)
      expect(textOf(html)).toContain('Nothing has been published here yet.')
      expect(commandsIn(html)).toHaveLength(2)
      expect(addressesIn(html)).not.toContain('/-/upload')
      expect(textOf((await site.ask('/?lang=zh')).html)).toContain('这里还没有发布任何 Chart。')
    },
    timeout,
  )

  test(
    'lets the first chart appear at once',
    async () => {
      await using site = await chartSite({ flags: ['--depth', '1'] })
      const { html, status } = await site.ask('/org1/')
      expect([status, textOf(html).includes('Getting started')]).toEqual([200, true])
      expect(commandsIn(html)[1]).toEndWith(`${site.server.url}/api/org1/charts`)
      await site.publish(chart('redis', '1.0.0'), { repo: 'org1' })
      expect((await site.ask('/org1/')).html).toContain('/org1/-/chart/redis')
    },
    timeout,
  )
})

describe('a repository that does not exist', () => {
  test(
    'is a 404 with names like it for readers, and a beginning for those who may upload',
    async () => {
      const authorization = `Basic ${btoa('a:b')}`
      const flags = [
        '--basic-auth-user',
        'a',
        '--basic-auth-pass',
        'b',
        '--auth-anonymous-get',
        '--depth',
        '1',
      ]
      await using site = await chartSite({ flags, headers: { authorization } })
      await site.publish(chart('redis', '1.0.0'), { repo: 'platform' })
      const reader = await site.ask('/platfrom/', { headers: { authorization: '' } })
      expect(reader.status).toBe(404)
      expect(textOf(reader.html)).toContain('There is no repository platfrom')
      expect(addressesIn(reader.html)).toContain('/platform/')
      expect(commandsIn(reader.html)).toEqual([])
      const uploader = await site.ask('/platfrom/')
      expect(uploader.status).toBe(200)
      expect(addressesIn(uploader.html)).toContain('/platform/')
      expect(commandsIn(uploader.html)).toHaveLength(4)
      const strange = await site.ask('/%3Chx-x%3E/', { headers: { authorization: '' } })
      expect(strange.status).toBe(404)
      expectInert(strange.html)
    },
    timeout,
  )
})

describe('a store that does not answer', () => {
  test(
    'is said plainly, and the charts that are known stay on their page',
    async () => {
      await using site = await chartSite({ flags: ['--depth', '1'] })
      await site.publish(chart('redis', '1.0.0'), { repo: 'org1' })
      expect((await site.ask('/org1/')).status).toBe(200)
      const { folder } = site.server
      await rename(folder, `${folder}-away`)
      try {
        const says = 'The storage does not answer. This page shows what was known at'
        // The names of the repositories are believed for two seconds.
        await eventually(async () => textOf((await site.ask('/')).html).includes(says), true, 10_000)
        expect(addressesIn((await site.ask('/')).html)).toContain('/org1/')
        const known = await site.ask('/org1/?q=redis')
        expect(known.status).toBe(200)
        expect(textOf(known.html)).toContain(says)
        expect(known.html).toContain('/org1/-/chart/redis')
        const unknown = await site.ask('/org2/?sort=name')
        expect(unknown.status).toBe(503)
        expect(addressesIn(unknown.html)).toContain('/org2/?sort=name')
        expect(textOf(unknown.html)).toContain('Try again')
        expect(unknown.html).not.toContain(folder)
      } finally {
        await rename(`${folder}-away`, folder)
      }
      await eventually(async () => (await site.ask('/org2/')).status, 200, 10_000)
      expect((await site.ask('/')).html).not.toContain('does not answer')
    },
    timeout,
  )
})
