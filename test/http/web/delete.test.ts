import { describe, expect, test } from 'bun:test'
import { chart } from '../../support/chart-builder.ts'
import { filesBelow } from '../../support/temp-folder.ts'
import { basic } from '../../support/site.ts'
import { chartSite, expectInert, textOf, type Answered, type ChartSite } from './chart-site.ts'

const type = { 'content-type': 'application/x-www-form-urlencoded' }

function post(
  site: ChartSite,
  path: string,
  fields: readonly (readonly [string, string])[],
  headers: Readonly<Record<string, string>> = {},
): Promise<Answered> {
  const body = new URLSearchParams(fields.map(([name, value]) => [name, value])).toString()
  return site.ask(path, { method: 'POST', body, headers: { ...type, ...headers } })
}

/** The hidden fields of a page's question, as a browser sends them back. */
function fieldsIn({ html }: Answered): [string, string][] {
  const dialog = /<dialog[^]*<\/dialog>/.exec(html)?.[0] ?? ''
  return [...dialog.matchAll(/type="hidden" name="(\w+)" value="([^"]*)"/g)].map(
    ([, name = '', value = '']) => [name, value],
  )
}

async function publishAll(site: ChartSite, ...names: (readonly [string, string])[]): Promise<void> {
  for (const [name, version] of names) await site.publish(chart(name, version))
}

const location = ({ headers }: Answered) => headers.get('location') ?? ''

describe('deleting one version', () => {
  test('asks first, deletes with the ticket, and says so with a way back', async () => {
    await using site = await chartSite()
    await publishAll(site, ['redis', '1.0.0'], ['redis', '2.0.0+b.1'])
    const address = '/-/chart/redis/2.0.0%2Bb.1/delete'
    const asked = await site.ask(address)
    expect(asked.status).toBe(200)
    const text = textOf(asked.html)
    expect(text).toContain('Delete redis 2.0.0+b.1?')
    expect(text).toContain('helm install --version 2.0.0+b.1 will stop working.')
    expect(text).toContain('You can undo this for 15 minutes.')
    expect(asked.html).toMatch(/<dialog open[^>]*aria-labelledby="delete-title"/)
    expect(asked.html.match(/<h1/g)).toHaveLength(1)
    expect(await site.server.charts()).toHaveLength(2)

    const done = await post(site, address, fieldsIn(asked))
    expect([done.status, location(done)]).toEqual([
      303,
      expect.stringMatching(/^\/-\/chart\/redis\/versions\?done=/),
    ])
    expect(await site.server.charts()).toEqual(['redis-1.0.0.tgz'])
    expect(await (await fetch(`${site.server.url}/index.yaml`)).text()).not.toContain('2.0.0')
    const next = await site.ask(location(done))
    expect(textOf(next.html)).toMatch(
      /Deleted redis 2\.0\.0\+b\.1\. Undo redis 2\.0\.0\+b\.1 available until \d\d:\d\d UTC/,
    )
    // The last one leads to the list, because the chart has no page any more.
    const last = await post(
      site,
      '/-/chart/redis/1.0.0/delete',
      fieldsIn(await site.ask('/-/chart/redis/1.0.0/delete')),
    )
    expect(location(last)).toMatch(/^\/\?done=/)
    expect(textOf((await site.ask(location(last))).html)).toContain('Deleted redis 1.0.0.')
  })

  test('does nothing without a ticket, or with that of another version, verb or user', async () => {
    await using site = await chartSite()
    await publishAll(site, ['a', '1.0.0'], ['a', '2.0.0'], ['b', '1.0.0'])
    const ticketOf = async (path: string) => fieldsIn(await site.ask(path))
    const tickets = [
      [],
      [['t', '']],
      [['t', 'A'.repeat(54)]],
      await ticketOf('/-/chart/a/2.0.0/delete'),
      await ticketOf('/-/chart/b/1.0.0/delete'),
      await ticketOf('/-/chart/a/delete'),
    ] as [string, string][][]
    for (const fields of tickets) {
      const answer = await post(site, '/-/chart/a/1.0.0/delete', fields)
      expect([answer.status, textOf(answer.html)]).toEqual([
        403,
        expect.stringContaining('confirm once more'),
      ])
      // The page asks again, with a ticket that is good.
      expect(fieldsIn(answer)[0]?.[1]).toMatch(/^[\w-]{54}$/)
    }
    expect(await site.server.charts()).toHaveLength(3)
  })

  test('says that it is for good where nothing is kept', async () => {
    await using site = await chartSite({ flags: ['--trash-ttl', '0'] })
    await publishAll(site, ['a', '1.0.0'])
    const asked = await site.ask('/-/chart/a/1.0.0/delete')
    expect(textOf(asked.html)).toContain('This cannot be undone.')
    const done = await post(site, '/-/chart/a/1.0.0/delete', fieldsIn(asked))
    expect(textOf((await site.ask(location(done))).html)).toContain('Deleted. This server keeps nothing')
    expect((await filesBelow(site.server.folder)).filter((file) => file.includes('trash'))).toEqual([])
  })

  test('answers 404 for what is not there', async () => {
    await using site = await chartSite()
    await publishAll(site, ['redis', '1.0.0'])
    for (const path of ['/-/chart/redis/9.9.9/delete', '/-/chart/redsi/delete']) {
      expect((await site.ask(path)).status).toBe(404)
      expect((await post(site, path, [['t', 'x']])).status).toBe(404)
    }
    expect((await site.ask('/-/chart/redis/1.0.0/delete', { method: 'POST', body: 'x' })).status).toBe(400)
  })

  test('names exactly the version that the archive says', async () => {
    await using site = await chartSite()
    await publishAll(
      site,
      ['mychart-1.0', '0.1.1'],
      ['x', '3.0.0-12'],
      ['devops', '1.2.0-alpha.2'],
      ['x', '3.0.0'],
    )
    for (const [name, version] of [
      ['mychart-1.0', '0.1.1'],
      ['x', '3.0.0-12'],
      ['devops', '1.2.0-alpha.2'],
    ] as const) {
      const address = `/-/chart/${name}/${version}/delete`
      expect((await post(site, address, fieldsIn(await site.ask(address)))).status).toBe(303)
    }
    expect(await site.server.charts()).toEqual(['x-3.0.0.tgz'])
    const index = Bun.YAML.parse(await (await fetch(`${site.server.url}/index.yaml`)).text()) as {
      entries: Record<string, unknown[]>
    }
    expect(Object.entries(index.entries).map(([name, all]) => [name, all.length])).toEqual([['x', 1]])
  })
})

describe('deleting a chart', () => {
  test('wants its name typed, and checks that itself', async () => {
    await using site = await chartSite({
      flags: ['--depth', '1', '--context-path', '/ctx'],
      contextPath: '/ctx',
    })
    for (let minor = 0; minor < 12; minor++) await site.publish(chart('a.b', `1.${minor}.0`), { repo: 'org' })
    await site.publish(chart('a', '1.0.0'), { repo: 'org' })
    const asked = await site.ask('/org/-/chart/a.b/delete')
    const text = textOf(asked.html)
    expect(text).toContain('Delete the chart a.b with all its versions?')
    expect(text).toContain('12 versions, ')
    expect(text).toContain('and 2 more versions')
    expect(asked.html).toMatch(/<input id="typed-name" name="name" type="text" required pattern="a\\.b"/)
    const ticket = fieldsIn(asked)
    for (const name of ['', 'a', 'A.B', 'axb', 'a.b.']) {
      const answer = await post(site, '/org/-/chart/a.b/delete', [...ticket, ['name', name]])
      expect([answer.status, textOf(answer.html)]).toEqual([
        422,
        expect.stringContaining('not the name of the chart'),
      ])
    }
    expect(await site.server.charts()).toHaveLength(13)
    const done = await post(site, '/org/-/chart/a.b/delete', [...ticket, ['name', 'a.b']])
    expect([done.status, location(done)]).toEqual([303, expect.stringMatching(/^\/ctx\/org\/\?done=/)])
    expect(await site.server.charts()).toEqual(['org/a-1.0.0.tgz'])
    const next = await site.ask(location(done).slice('/ctx'.length))
    expect(textOf(next.html)).toContain('Deleted 12 versions of a.b.')
  })

  test('does not take what was published since the question', async () => {
    await using site = await chartSite()
    await publishAll(site, ['a', '1.0.0'])
    const ticket = fieldsIn(await site.ask('/-/chart/a/delete'))
    await publishAll(site, ['a', '2.0.0'])
    const answer = await post(site, '/-/chart/a/delete', [...ticket, ['name', 'a']])
    expect(answer.status).toBe(403)
    expect(await site.server.charts()).toHaveLength(2)
  })
})

describe('deleting many versions', () => {
  test('asks with a list first, then deletes them as one', async () => {
    await using site = await chartSite()
    for (const version of ['1.0.0', '2.0.0', '3.0.0-rc.1']) await publishAll(site, ['a', version])
    const selected = [
      ['chart', 'a'],
      ['version', '1.0.0'],
      ['version', '3.0.0-rc.1'],
      ['version', '9.9.9'],
    ] as const
    const asked = await post(site, '/-/delete', selected)
    expect([asked.status, textOf(asked.html)]).toEqual([
      200,
      expect.stringContaining('Delete 2 versions of a?'),
    ])
    expect(await site.server.charts()).toHaveLength(3)
    const fields = fieldsIn(asked)
    // More than what was asked for needs another question.
    const more = await post(site, '/-/delete', [...fields, ['version', '2.0.0']])
    expect(more.status).toBe(403)
    const done = await post(site, '/-/delete', fields)
    expect([done.status, location(done)]).toEqual([
      303,
      expect.stringMatching(/^\/-\/chart\/a\/versions\?done=/),
    ])
    expect(await site.server.charts()).toEqual(['a-2.0.0.tgz'])
    expect(textOf((await site.ask(location(done))).html)).toContain('Deleted 2 versions of a.')
  })

  test('says that nothing was selected', async () => {
    await using site = await chartSite()
    await publishAll(site, ['a', '1.0.0'])
    const answer = await post(site, '/-/delete', [['chart', 'a']])
    expect([answer.status, textOf(answer.html)]).toEqual([
      422,
      expect.stringContaining('No versions are selected.'),
    ])
    expect((await post(site, '/-/delete', [['chart', 'zzz']])).status).toBe(404)
  })
})

describe('who may delete', () => {
  test('nobody on a server that does not', async () => {
    await using site = await chartSite({ flags: ['--disable-delete'] })
    await publishAll(site, ['a', '1.0.0'], ['a', '2.0.0'])
    for (const path of ['/-/chart/a', '/-/chart/a/versions', '/']) {
      expect((await site.ask(path)).html).not.toMatch(/\/delete"/)
    }
    for (const path of ['/-/chart/a/1.0.0/delete', '/-/chart/a/delete', '/-/trash', '/-/delete'])
      expect((await post(site, path, [['t', 'x']])).status).toBeGreaterThanOrEqual(404)
    expect((await site.ask('/-/chart/a/1.0.0/delete')).status).toBe(404)
    expect(await site.server.charts()).toHaveLength(2)
  })

  test('nobody who may only read, and no page of another site', async () => {
    const flags = ['--basic-auth-user', 'alice', '--basic-auth-pass', 'secret', '--auth-anonymous-get']
    const alice = basic({ user: 'alice', password: 'secret' })
    await using site = await chartSite({ flags, headers: alice })
    await publishAll(site, ['a', '1.0.0'])
    const address = '/-/chart/a/1.0.0/delete'
    const ticket = fieldsIn(await site.ask(address))
    const anonymous = await fetch(site.server.url + address, { redirect: 'manual' })
    expect(anonymous.status).not.toBe(200)
    const body = new URLSearchParams(ticket)
    expect((await fetch(site.server.url + address, { method: 'POST', body })).status).toBe(401)
    expect(await (await fetch(`${site.server.url}/-/chart/a`)).text()).not.toMatch(/\/delete"/)
    const forged = await post(site, address, ticket, { 'sec-fetch-site': 'same-site' })
    expect(forged.status).toBe(403)
    expect(await site.server.charts()).toEqual(['a-1.0.0.tgz'])
    expect((await post(site, address, ticket)).status).toBe(303)
  })

  test('is asked in both languages, with nothing of the chart that could act', async () => {
    await using site = await chartSite()
    await site.publish(chart("a<hx-x hx-post='%22'>b", '1.0.0'))
    const name = encodeURIComponent("a<hx-x hx-post='%22'>b")
    for (const path of [`/-/chart/${name}/1.0.0/delete`, `/-/chart/${name}/delete`]) {
      for (const lang of ['en', 'zh-CN']) {
        const answer = await site.ask(`${path}?lang=${lang}`)
        expect(answer.status).toBe(200)
        expectInert(answer.html)
        expect(textOf(answer.html).includes('删除')).toBe(lang === 'zh-CN')
      }
    }
  })
})
