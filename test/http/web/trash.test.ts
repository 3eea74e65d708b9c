import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { chart } from '../../support/chart-builder.ts'
import { eventually } from '../../support/eventually.ts'
import { basic, sha256 } from '../../support/site.ts'
import { filesBelow } from '../../support/temp-folder.ts'
import { chartSite, textOf, type Answered, type ChartSite, type ChartSiteOptions } from './chart-site.ts'

const type = { 'content-type': 'application/x-www-form-urlencoded' }

const apiDelete = (site: ChartSite, path: string) => site.ask(`/api/charts/${path}`, { method: 'DELETE' })

/** The form behind each button that brings something back. */
function restoreForms({ html }: Answered): { action: string; body: string }[] {
  const found = html.matchAll(
    /<form method="post" action="([^"]+\/restore)"><input type="hidden" name="t" value="([^"]+)"/g,
  )
  return [...found].map(([, action = '', t = '']) => ({
    action,
    body: new URLSearchParams({ t }).toString(),
  }))
}

function restore(site: ChartSite, { action, body }: { action: string; body: string }): Promise<Answered> {
  return site.ask(action, { method: 'POST', body, headers: type })
}

async function siteWithout(options: ChartSiteOptions = {}): Promise<ChartSite> {
  const site = await chartSite(options)
  const provenance = '-----BEGIN PGP SIGNED MESSAGE-----\n\nname: redis\nversion: 1.0.0\n'
  await site.publish(chart('redis', '1.0.0'), { provenance })
  await site.publish(chart('redis', '2.0.0'))
  return site
}

describe('the trash page', () => {
  test('lists what the API and the pages deleted, and brings it back byte for byte', async () => {
    await using site = await siteWithout({
      headers: basic({ user: 'alice', password: 'secret' }),
      flags: ['--basic-auth-user', 'alice', '--basic-auth-pass', 'secret'],
    })
    const stored = async () =>
      Promise.all(
        (await site.server.charts()).map(async (file) => [
          file,
          sha256(await Bun.file(join(site.server.folder, file)).bytes()),
        ]),
      )
    const before = await stored()
    expect(before).toHaveLength(3)
    const entryOf = async () => (await site.ask('/api/charts/redis/1.0.0')).html
    const entry = await entryOf()
    expect((await apiDelete(site, 'redis')).html).toBe('{"deleted":true,"versions":2}')
    expect(await site.server.charts()).toEqual([])
    const list = await site.ask('/-/trash')
    const text = textOf(list.html)
    expect(text).toContain('What was deleted in the last 15 minutes can be brought back')
    expect(text).toContain('2 versions of redis 2.0.0, 1.0.0')
    expect(text).toContain('Deleted by alice now')
    const [form] = restoreForms(list)
    if (form === undefined) throw new Error('nothing can be restored')
    const done = await restore(site, form)
    expect([done.status, done.headers.get('location')]).toEqual([
      303,
      '/-/chart/redis/versions?done=restored',
    ])
    expect(await stored()).toEqual(before)
    expect(await entryOf()).toBe(entry)
    const next = await site.ask(done.headers.get('location') ?? '')
    expect(textOf(next.html)).toContain('Restored. It is in the index again.')
    const again = await restore(site, form)
    expect([again.status, textOf(again.html)]).toEqual([
      404,
      expect.stringContaining('cannot be restored any more'),
    ])
    expect(textOf((await site.ask('/-/trash')).html)).toContain('Nothing was deleted lately.')
  })

  test('says what stands in the way of a restore', async () => {
    await using site = await siteWithout()
    await apiDelete(site, 'redis/2.0.0')
    const list = await site.ask('/-/trash')
    await site.publish(chart('redis', '2.0.0').with('README.md', 'new'))
    const [form] = restoreForms(list)
    if (form === undefined) throw new Error('nothing can be restored')
    const taken = await restore(site, form)
    expect([taken.status, textOf(taken.html)]).toEqual([
      409,
      expect.stringContaining('redis 2.0.0 was not restored, because it was published again meanwhile.'),
    ])
    for (const body of ['', 't=', `t=${'A'.repeat(54)}`]) {
      const answer = await restore(site, { ...form, body })
      expect([answer.status, textOf(answer.html)]).toEqual([
        403,
        expect.stringContaining('Press Restore once more'),
      ])
    }
    const other = form.action.replace(/[0-9a-f]{12}\/restore$/, '000000000000/restore')
    expect((await restore(site, { ...form, action: other })).status).toBe(403)
  })

  test('is empty when the time is over, in the folder too', async () => {
    await using site = await siteWithout({ flags: ['--trash-ttl', '1s'] })
    await apiDelete(site, 'redis/1.0.0')
    const list = await site.ask('/-/trash')
    await Bun.sleep(1100)
    const [form] = restoreForms(list)
    if (form === undefined) throw new Error('nothing could be restored')
    expect((await restore(site, form)).status).toBe(404)
    const trashed = async () =>
      (await filesBelow(site.server.folder)).filter((file) => file.startsWith('.chartroom/trash'))
    await eventually(trashed, [], 8000)
  }, 20_000)

  test('survives a restart, and works without the name of a user', async () => {
    await using site = await siteWithout()
    await apiDelete(site, 'redis/1.0.0')
    await using later = await chartSite({ flags: ['--storage-local-rootdir', site.server.folder] })
    const list = await later.ask('/-/trash')
    const [form] = restoreForms(list)
    if (form === undefined) throw new Error('nothing can be restored')
    expect((await restore(later, form)).status).toBe(303)
    expect(await site.server.charts()).toContain('redis-1.0.0.tgz.prov')
  })

  test('says that nothing is kept, where that is so', async () => {
    await using site = await siteWithout({ flags: ['--trash-ttl', '0'] })
    await apiDelete(site, 'redis/1.0.0')
    expect(textOf((await site.ask('/-/trash?lang=zh-CN')).html)).toContain('这里不保留任何内容')
    expect(restoreForms(await site.ask('/-/trash'))).toEqual([])
  })
})
