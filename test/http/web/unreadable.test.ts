import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { chart } from '../../support/chart-builder.ts'
import { eventually } from '../../support/eventually.ts'
import { site } from '../../support/site.ts'
import { startServer } from '../../support/start-server.ts'
import { textOf } from './chart-site.ts'

const broken = 'broken-1.0.0.tgz'

test('files that are no charts are named with the reason, to those who may upload', async () => {
  const auth = ['--basic-auth-user', 'alice', '--basic-auth-pass', 'secret', '--auth-anonymous-get']
  await using server = await startServer({ flags: auth })
  const alice = site(server, { credentials: { user: 'alice', password: 'secret' } })
  expect((await alice.publish(await chart('redis', '1.0.0').tgz())).status).toBe(201)
  await Bun.write(join(server.folder, broken), 'no gzip at all')
  const list = async (anonymous: boolean) => textOf(await (await alice.get('/', { anonymous })).text())
  await eventually(
    async () => (await list(false)).includes('1 file here cannot be read as a chart'),
    true,
    10_000,
  )
  expect(await list(false)).toContain(`${broken} gzip`)
  expect(await list(true)).not.toContain(broken)
})

test('the page of a chart whose archive is none says why, and offers the file', async () => {
  await using server = await startServer()
  await Bun.write(join(server.folder, broken), 'no gzip at all')
  for (const path of ['/-/chart/broken', '/-/chart/broken/1.0.0', '/-/chart/broken/1.0.0/values']) {
    const response = await fetch(server.url + path)
    const html = await response.text()
    expect([path, response.status]).toEqual([path, 404])
    expect(textOf(html)).toContain('cannot be read as a chart: gzip')
    expect(html).toContain(`href="/charts/${broken}"`)
  }
})
