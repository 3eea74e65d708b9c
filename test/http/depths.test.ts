import { describe, expect, setDefaultTimeout, test } from 'bun:test'
import { chart } from '../support/chart-builder.ts'
import { rawRequest } from '../support/raw-http.ts'
import { site } from '../support/site.ts'
import { startServer } from '../support/start-server.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(30_000)

const nothing = '404 {"error":"not found"}'
const noFile = '404 {"error":"object not found"}'
const noChart = '404 {"error":"chart not found"}'
const empty = '200 {}'
const healthy = '200 {"healthy":true}'
const index = '200 apiVersion: v1'
const info = '200 {"version":'
const page = '200 <!'

/** What a GET of a path begins with, by the flags of an empty server: ChartMuseum's table, and where we are better. */
const servers: { title: string; flags: string[]; answers: [path: string, begins: string][] }[] = [
  {
    title: 'at depth 0',
    flags: [],
    answers: [
      ['/', page],
      ['/index.yaml', index],
      ['/health', healthy],
      ['/info', info],
      ['/api/charts', empty],
      ['/api/charts/', noChart],
      ['/api/charts/charts', noChart],
      ['/charts/foo-1.0.0.tgz', noFile],
      ['/api/charts/foo-1.0.0.tgz', noChart],
      ['/org1', nothing],
      ['/org1/index.yaml', nothing],
      ['/org1/health', nothing],
      ['/api/index.yaml', nothing],
      ['/api/org1/charts', nothing],
    ],
  },
  {
    title: 'at depth 1',
    flags: ['--depth', '1'],
    answers: [
      ['/', page],
      ['/org1/index.yaml', index],
      ['/health', healthy],
      ['/info', info],
      ['/api/org1/charts', empty],
      ['/api/org1/charts/', noChart],
      ['/api/charts/charts', empty],
      ['/org1/charts/foo-1.0.0.tgz', noFile],
      ['/api/charts/foo-1.0.0.tgz', noFile],
      ['/api/index.yaml', index],
      // ChartMuseum: the welcome page for each of these, which helm then fails to read.
      ['/index.yaml', nothing],
      ['/metrics', nothing],
      ['/org1/health', nothing],
      ['/org1/info', nothing],
      ['/api/charts', nothing],
      ['/org1/r/index.yaml', nothing],
      ['/.chartroom/index.yaml', nothing],
    ],
  },
  {
    title: 'at depth 2',
    flags: ['--depth=2'],
    answers: [
      ['/org1/r/index.yaml', index],
      ['/api/org1/r/charts', empty],
      ['/org1/r/charts/foo-1.0.0.tgz', noFile],
      ['/health', healthy],
      ['/info', info],
      ['/index.yaml', nothing],
      ['/org1/index.yaml', nothing],
      ['/api/org1/charts', nothing],
      ['/a/b/c/index.yaml', nothing],
    ],
  },
  {
    title: 'at any depth',
    flags: ['--depth-dynamic'],
    answers: [
      ['/', page],
      ['/index.yaml', index],
      ['/org1/index.yaml', index],
      ['/org1/r/index.yaml', index],
      ['/a/b/c/d/e/index.yaml', index],
      ['/api/charts', empty],
      ['/api/org1/charts', empty],
      ['/api/a/b/c/charts', empty],
      ['/api/charts/charts', empty],
      ['/a/b/charts/foo-1.0.0.tgz', noFile],
      ['/health', healthy],
      ['/info', info],
      ['/org1/health', nothing],
    ],
  },
  {
    title: 'below a context path',
    flags: ['--context-path', '/ctx/sub/'],
    answers: [
      ['/ctx/sub', page],
      ['/ctx/sub/', page],
      ['/ctx/sub/index.yaml', index],
      ['/ctx/sub/api/charts', empty],
      ['/ctx/sub/info', info],
      ['/ctx/sub/health', healthy],
      ['/health', healthy],
      ['/livez', healthy],
      ['/readyz', healthy],
      ['/', nothing],
      ['/index.yaml', nothing],
      ['/info', nothing],
      ['/api/charts', nothing],
      ['/ctx/subway/index.yaml', nothing],
      ['/ctx/index.yaml', nothing],
    ],
  },
]

for (const { title, flags, answers } of servers) {
  test(`a server ${title} finds repositories and nothing else`, async () => {
    await using server = await startServer({ flags })
    for (const [target, begins] of answers) {
      const response = await rawRequest(server.port, { target })
      expect(`${target} ${response.status} ${response.text().trimStart()}`).toStartWith(`${target} ${begins}`)
    }
  })
}

describe('repositories', () => {
  test('side by side know nothing of each other, also where one name begins with the other', async () => {
    await using server = await startServer({ flags: ['--depth-dynamic'] })
    const names = ['', 'org', 'org/team', 'organisation', 'org.team', 'charts', 'api']
    for (const [i, repo] of names.entries())
      expect((await site(server, { repo }).publish(await chart('mychart', `1.0.${i}`).tgz())).status).toBe(
        201,
      )
    for (const [i, repo] of names.entries()) {
      const ours = site(server, { repo })
      const { entries } = await ours.index()
      expect(
        Object.values(entries)
          .flat()
          .map(({ version }) => version),
        repo,
      ).toEqual([`1.0.${i}`])
      expect((await ours.get(`/charts/mychart-1.0.${i}.tgz`)).status).toBe(200)
      expect((await ours.get(`/charts/mychart-1.0.${i + 1}.tgz`)).status).toBe(404)
    }
    expect((await site(server, { repo: 'org' }).call('DELETE', '/charts/mychart')).status).toBe(200)
    expect((await server.charts()).length).toBe(names.length - 1)
  })

  test('that are only asked for leave nothing in the folder', async () => {
    await using server = await startServer({ flags: ['--depth', '1'] })
    for (let i = 0; i < 50; i++) {
      const ours = site(server, { repo: `probe${i}` })
      expect((await ours.get('/index.yaml')).status).toBe(200)
      expect(await (await ours.call('GET', '/charts')).json()).toEqual({})
    }
    expect(await server.charts()).toEqual([])
  })

  test('name their archives absolutely with --chart-url, and serve them and their files all the same', async () => {
    await using server = await startServer({
      flags: ['--depth', '1', '--context-path', '/ctx', '--chart-url', 'https://cdn.example.com/'],
    })
    const ours = site(server, { repo: 'org', context: '/ctx' })
    expect((await ours.publish(await chart('mychart', '1.0.0').tgz())).status).toBe(201)
    expect((await ours.index()).entries.mychart?.[0]?.urls).toEqual([
      'https://cdn.example.com/ctx/org/charts/mychart-1.0.0.tgz',
    ])
    expect((await ours.get('/charts/mychart-1.0.0.tgz')).status).toBe(200)
    expect((await ours.call('GET', '/charts/mychart/1.0.0/values')).status).toBe(200)
  })

  test('tell Artifact Hub their id where one is configured', async () => {
    await using server = await startServer({ flags: ['--artifact-hub-repo-id', 'abc-123'] })
    const response = await rawRequest(server.port, { target: '/artifacthub-repo.yml' })
    expect(`${response.status} ${response.text()}`).toBe('200 repositoryID: abc-123\n')
    expect(response.headers.get('content-type')).toBe('application/x-yaml')
  })
})
