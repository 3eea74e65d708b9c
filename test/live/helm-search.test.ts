import { expect } from 'bun:test'
import { chart } from '../support/chart-builder.ts'
import { helmHome } from '../support/helm-home.ts'
import type { HelmHome } from '../support/helm-home.ts'
import { peerTest } from '../support/peers.ts'
import { site } from '../support/site.ts'
import type { Credentials } from '../support/site.ts'
import { startServer } from '../support/start-server.ts'
import type { RunningServer } from '../support/start-server.ts'
import { tempFolder } from '../support/temp-folder.ts'

const credentials: Credentials = { user: 'pilot', password: 'open: sesame' }
const protectedBy = ['--basic-auth-user', credentials.user, '--basic-auth-pass', credentials.password]

interface HubRow {
  readonly url: string
  readonly version: string
  readonly app_version: string
  readonly description: string
  readonly repository: { readonly url: string; readonly name: string }
}

async function publish(
  server: RunningServer,
  repo: string,
  where: { context?: string; credentials?: Credentials },
) {
  const ours = site(server, { repo, ...where })
  for (const version of ['1.0.0', '1.1.0+build.7', '2.0.0-rc.1']) {
    const archive = await chart('redis', version).chartYaml({ description: 'Quick store' }).tgz()
    expect((await ours.publish(archive)).status).toBe(201)
  }
  expect((await ours.publish(await chart('web', '1.0.0').tgz())).status).toBe(201)
}

async function search(home: HelmHome, endpoint: string, ...words: string[]): Promise<HubRow[]> {
  return JSON.parse(await home.ok('search', 'hub', ...words, '--endpoint', endpoint, '-o', 'json'))
}

for (const helm of ['helm3', 'helm4'] as const) {
  peerTest(
    [helm],
    `${helm} search hub lists charts with version and the address of their page`,
    async (paths) => {
      await using folder = await tempFolder()
      await using server = await startServer()
      await publish(server, '', {})
      const home = await helmHome(paths[helm], folder.path)
      const url = `${server.url}/-/chart/redis`
      expect(await search(home, server.url, 'redis')).toEqual([
        {
          url,
          version: '1.1.0+build.7',
          app_version: '1.2.3',
          description: 'Quick store',
          repository: { url: server.url, name: '' },
        },
      ])
      const flags = ['--endpoint', server.url, '--max-col-width', '0', '--list-repo-url']
      const table = await home.ok('search', 'hub', 'quick', 'stoer', ...flags)
      expect(table.split('\n')[0]).toMatch(/^URL +\tCHART VERSION\tAPP VERSION\tDESCRIPTION\tREPO URL/)
      expect(table).toContain(`${url}\t1.1.0+build.7\t1.2.3      \tQuick store\t${server.url}`)
      expect((await search(home, server.url)).map((row) => row.version)).toEqual(['1.1.0+build.7', '1.0.0'])
      expect(await search(home, server.url, 'nothing')).toEqual([])
      const page = await fetch(url, { headers: { accept: 'text/html' } })
      expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html'])
      expect(await page.text()).toContain('1.1.0+build.7')
    },
  )

  peerTest([helm], `${helm} search hub finds the charts of all repositories and of one`, async (paths) => {
    await using folder = await tempFolder()
    const flags = ['--depth', '1', '--context-path', '/ctx', ...protectedBy]
    await using server = await startServer({ flags })
    for (const repo of ['org1', 'org2']) await publish(server, repo, { context: '/ctx', credentials })
    const home = await helmHome(paths[helm], folder.path)
    const user = `${credentials.user}:${encodeURIComponent(credentials.password)}@`
    const root = `${server.url.replace('//', `//${user}`)}/ctx`
    const both = ['org1', 'org2'].map((repo) => ({ url: `${server.url}/ctx/${repo}`, name: repo }))
    for (const endpoint of [root, `${root}/-`]) {
      expect((await search(home, endpoint, 'redis')).map((row) => row.repository)).toEqual(both)
    }
    const own = await search(home, `${root}/org2`, 'redis')
    expect(own.map((row) => row.url)).toEqual([`${server.url}/ctx/org2/-/chart/redis`])
    const refused = await home.refused('search', 'hub', 'redis', '--endpoint', `${server.url}/ctx`)
    expect(refused).toContain('unable to perform search')
  })

  peerTest([helm], `${helm} search hub works where the path belongs to a repository`, async (paths) => {
    await using folder = await tempFolder()
    await using server = await startServer({ flags: ['--depth-dynamic'] })
    await publish(server, 'org/team', {})
    await publish(server, 'chartsvc/v1', {})
    const home = await helmHome(paths[helm], folder.path)
    const names = async (endpoint: string) =>
      (await search(home, endpoint, 'redis')).map((row) => row.repository.name)
    expect(await names(`${server.url}/-`)).toEqual(['chartsvc/v1', 'org/team'])
    expect(await names(`${server.url}/org/team`)).toEqual(['org/team'])
    expect(await home.refused('search', 'hub', 'redis', '--endpoint', server.url)).toContain(
      'unable to perform',
    )
  })
}
