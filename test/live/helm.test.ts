import { expect } from 'bun:test'
import { join } from 'node:path'
import { peerTest } from '../support/peers.ts'
import { site } from '../support/site.ts'
import type { Credentials, Site } from '../support/site.ts'
import { startServer } from '../support/start-server.ts'
import type { RunningServer, StartOptions } from '../support/start-server.ts'
import { filesBelow, tempFolder } from '../support/temp-folder.ts'
import {
  bytesOf,
  helmWith,
  installs,
  publishWeb,
  pullsAndVerifies,
  readsCharts,
  updatesDependencies,
} from './helm-journey.ts'

const credentials: Credentials = { user: 'pilot', password: 'open: sesame' }
const protectedBy = ['--basic-auth-user', credentials.user, '--basic-auth-pass', credentials.password]

/** Where a repository can stand: each is walked from `repo add` to `uninstall`. */
interface Place {
  readonly title: string
  readonly server: (folder: string) => StartOptions
  readonly where: { repo?: string; context?: string; credentials?: Credentials }
  /** What `helm repo add` needs for it. */
  readonly helm: (folder: string) => string[] | Promise<string[]>
}

const selfSigned = (folder: string) => ['--tls-self-signed', '--tls-self-signed-dir', join(folder, 'tls')]
const withCredentials = ['--username', credentials.user, '--password', credentials.password]

const places: readonly Place[] = [
  { title: 'over HTTP', server: () => ({}), where: {}, helm: () => [] },
  {
    title: 'over HTTPS behind basic auth',
    server: (folder) => ({ flags: [...selfSigned(folder), ...protectedBy] }),
    where: { credentials },
    helm: async (folder) => [...withCredentials, '--ca-file', await certificateIn(join(folder, 'tls'))],
  },
  {
    title: 'at depth 1 below a context path',
    server: () => ({ flags: ['--depth', '1', '--context-path', '/charts'] }),
    where: { repo: 'org1', context: '/charts' },
    helm: () => [],
  },
  {
    title: 'at depth 2 over HTTPS behind basic auth below a context path',
    server: (folder) => ({
      flags: ['--depth', '2', '--context-path', '/x/y', ...selfSigned(folder), ...protectedBy],
    }),
    where: { repo: 'org1/team.a', context: '/x/y', credentials },
    helm: async (folder) => [...withCredentials, '--ca-file', await certificateIn(join(folder, 'tls'))],
  },
]

/** The certificate that the server made for itself, whatever it calls the file. */
async function certificateIn(folder: string): Promise<string> {
  for (const file of await filesBelow(folder)) {
    const path = join(folder, file)
    if ((await Bun.file(path).text()).includes('-----BEGIN CERTIFICATE-----')) return path
  }
  throw new Error(`no certificate in ${folder}`)
}

/** A server at the place, with what publishing and helm need of it. */
async function opened(place: Place, folder: string): Promise<{ server: RunningServer; ours: Site }> {
  const server = await startServer(place.server(folder))
  return { server, ours: site(server, place.where) }
}

for (const helm of ['helm3', 'helm4'] as const) {
  for (const place of places) {
    peerTest(
      [helm],
      `${helm} adds, searches, shows, pulls, verifies and depends ${place.title}`,
      async (paths) => {
        await using folder = await tempFolder()
        const { server, ours } = await opened(place, folder.path)
        await using _ = server
        const published = await publishWeb(ours)
        const home = await helmWith(
          paths[helm],
          join(folder.path, 'home'),
          ours,
          await place.helm(folder.path),
        )
        await readsCharts(home)
        await pullsAndVerifies(home, published)
        await updatesDependencies(home, ours, published)
      },
    )

    peerTest([helm], `${helm} installs, lists, upgrades and uninstalls ${place.title}`, async (paths) => {
      await using folder = await tempFolder()
      const { server, ours } = await opened(place, folder.path)
      await using _ = server
      await publishWeb(ours)
      await installs(paths[helm], ours, await place.helm(folder.path))
    })
  }

  peerTest([helm], `${helm} gets the index as JSON text, an unknown client as YAML`, async (paths) => {
    await using folder = await tempFolder()
    await using server = await startServer()
    const ours = site(server)
    await publishWeb(ours)
    const home = await helmWith(paths[helm], folder.path, ours, [])
    const kept = await Bun.file(join(home.repositoryCache, 'ours-index.yaml')).text()
    const unknown = await (
      await ours.get('/index.yaml', { headers: { 'user-agent': 'something/1.0' } })
    ).text()
    expect(Object.keys(JSON.parse(kept).entries)).toEqual(['web'])
    expect(unknown).toStartWith('apiVersion: v1\n')
    expect(Bun.YAML.parse(unknown)).toEqual(JSON.parse(kept))
  })

  peerTest([helm], `${helm} installs a verified chart straight from the repository's URL`, async (paths) => {
    await using folder = await tempFolder()
    await using server = await startServer()
    const ours = site(server)
    const { key } = await publishWeb(ours)
    const keyring = join(folder.path, 'keyring.gpg')
    await Bun.write(keyring, key.keyring)
    await installs(paths[helm], ours, [], ['--verify', '--keyring', keyring])
  })

  peerTest([helm], `${helm} sees a deletion and a replacement after the next update`, async (paths) => {
    await using folder = await tempFolder()
    await using server = await startServer()
    const ours = site(server)
    const { versions } = await publishWeb(ours)
    const home = await helmWith(paths[helm], folder.path, ours, [])
    expect((await ours.call('DELETE', '/charts/web/1.1.0')).status).toBe(200)
    await home.ok('repo', 'update')
    expect(await home.ok('show', 'chart', 'ours/web')).toContain('version: 1.0.0')
    expect(await home.refused('pull', 'ours/web', '--version', '1.1.0')).toContain('1.1.0')
    await home.ok('pull', `${ours.repository}/charts/web-1.0.0.tgz`)
    expect(await bytesOf(home, 'web-1.0.0.tgz')).toEqual(versions['1.0.0'])
  })

  peerTest([helm], `${helm} is refused without credentials and with wrong ones`, async (paths) => {
    await using folder = await tempFolder()
    await using server = await startServer({ flags: protectedBy })
    const ours = site(server, { credentials })
    await publishWeb(ours)
    const home = await helmWith(paths[helm], folder.path, ours, withCredentials)
    for (const flags of [[], ['--username', credentials.user, '--password', 'wrong']])
      expect(await home.refused('repo', 'add', 'other', ours.repository, ...flags)).toContain('401')
    expect(await home.ok('show', 'chart', 'ours/web')).toContain('version: 1.1.0')
  })
}
