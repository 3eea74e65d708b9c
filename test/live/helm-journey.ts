import { expect } from 'bun:test'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { chart } from '../support/chart-builder.ts'
import type { ChartBuilder } from '../support/chart-builder.ts'
import { helmHome } from '../support/helm-home.ts'
import type { HelmHome } from '../support/helm-home.ts'
import { startKubeApi } from '../support/kube-api.ts'
import { signingKey } from '../support/signing.ts'
import type { SigningKey } from '../support/signing.ts'
import type { Site } from '../support/site.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** The charts that the journey publishes: the newest stable one is signed. */
export interface Published {
  readonly key: SigningKey
  readonly versions: Readonly<Record<'1.0.0' | '1.1.0' | '2.0.0-rc.1', Uint8Array>>
}

/** Publishes three versions of "web" by HTTP, 1.1.0 together with its provenance. */
export async function publishWeb(site: Site): Promise<Published> {
  const key = await signingKey()
  const build = (version: string): ChartBuilder => chart('web', version)
  const versions = {
    '1.0.0': await build('1.0.0').tgz(),
    '1.1.0': await build('1.1.0').tgz(),
    '2.0.0-rc.1': await build('2.0.0-rc.1').tgz(),
  }
  const provenance = await key.provenance({
    file: 'web-1.1.0.tgz',
    chartYaml: 'apiVersion: v2\nname: web\nversion: 1.1.0\n',
    bytes: versions['1.1.0'],
  })
  for (const archive of Object.values(versions)) expect((await site.publish(archive)).status).toBe(201)
  expect((await site.attach(provenance)).status).toBe(201)
  return { key, versions }
}

/** A helm that knows the site as "ours". `flags` are those of `repo add`: credentials, a CA file. */
export async function helmWith(
  helm: string,
  folder: string,
  site: Site,
  flags: readonly string[],
): Promise<HelmHome> {
  const home = await helmHome(helm, folder)
  const added = await home.ok('repo', 'add', 'ours', site.repository, ...flags)
  expect(added).toContain('"ours" has been added to your repositories')
  return home
}

/** `repo update`, `search`, `show`, `template`: what is read from the index and from an archive. */
export async function readsCharts(home: HelmHome): Promise<void> {
  expect(await home.ok('repo', 'update')).toContain(
    '...Successfully got an update from the "ours" chart repository',
  )
  const listed: unknown = JSON.parse(await home.ok('search', 'repo', 'ours/', '-l', '--devel', '-o', 'json'))
  const row = (version: string) => ({
    name: 'ours/web',
    version,
    app_version: '1.2.3',
    description: 'A chart named web',
  })
  expect(listed).toEqual(['2.0.0-rc.1', '1.1.0', '1.0.0'].map(row))
  const shown = await home.ok('show', 'all', 'ours/web')
  for (const part of ['name: web', 'version: 1.1.0', 'greeting: hello', '# web'])
    expect(shown).toContain(part)
  expect(await home.ok('show', 'chart', 'ours/web', '--version', '~1.0')).toContain('version: 1.0.0')
  expect(await home.ok('template', 'release', 'ours/web')).toContain('greeting: "hello"')
}

/** `pull`, plain and with `--verify` against the real signature, which must refuse what it did not sign. */
export async function pullsAndVerifies(home: HelmHome, { key, versions }: Published): Promise<void> {
  await home.ok('pull', 'ours/web', '--version', '1.0.0')
  expect(await bytesOf(home, 'web-1.0.0.tgz')).toEqual(versions['1.0.0'])
  const keyring = join(home.work, 'keyring.gpg')
  await Bun.write(keyring, key.keyring)
  const verified = await home.ok('pull', 'ours/web', '--verify', '--keyring', keyring, '-d', '.')
  expect(verified).toContain(`Signed by: ${key.user}`)
  expect(verified).toContain(`Using Key With Fingerprint: ${key.fingerprint}`)
  expect(verified).toContain('Chart Hash Verified: sha256:')
  expect(await bytesOf(home, 'web-1.1.0.tgz')).toEqual(versions['1.1.0'])
  expect(
    await home.refused('pull', 'ours/web', '--version', '1.0.0', '--verify', '--keyring', keyring),
  ).toContain('failed to fetch provenance')
  const foreign = join(home.work, 'foreign.gpg')
  await Bun.write(foreign, (await signingKey()).keyring)
  expect(await home.refused('pull', 'ours/web', '--verify', '--keyring', foreign)).toContain(
    'signature made by unknown entity',
  )
}

/** `dependency update` of a chart that depends on ours, and `template` of it. */
export async function updatesDependencies(home: HelmHome, site: Site, published: Published): Promise<void> {
  const parent = join(home.work, 'parent')
  await mkdir(join(parent, 'charts'), { recursive: true })
  await Bun.write(
    join(parent, 'Chart.yaml'),
    `apiVersion: v2\nname: parent\nversion: 0.1.0\ndependencies:\n  - name: web\n    version: ^1.0.0\n    repository: ${site.repository}\n`,
  )
  await home.ok('dependency', 'update', 'parent')
  expect(await bytesOf(home, 'parent/charts/web-1.1.0.tgz')).toEqual(published.versions['1.1.0'])
  expect(await Bun.file(join(parent, 'Chart.lock')).text()).toContain(`repository: ${site.repository}`)
  expect(await home.ok('template', 'release', 'parent', '--set', 'web.greeting=moin')).toContain(
    'greeting: "moin"',
  )
}

/** `install`, `list`, `status`, `upgrade`, `uninstall` against the stand-in of the Kubernetes API. */
export async function installs(
  helm: string,
  site: Site,
  repoFlags: readonly string[],
  installFlags: readonly string[] = [],
): Promise<void> {
  await using folder = await tempFolder()
  await using kube = await startKubeApi()
  const home = await helmHome(helm, folder.path, await kube.kubeconfig(folder.path))
  await home.ok('repo', 'add', 'ours', site.repository, ...repoFlags)
  expect(await home.ok('install', 'shop', 'ours/web', ...installFlags)).toContain('STATUS: deployed')
  expect(kube.objects('/api/v1/configmaps')).toMatchObject([
    { metadata: { name: 'shop-greeting' }, data: { greeting: 'hello' } },
  ])
  expect(JSON.parse(await home.ok('list', '-o', 'json'))).toMatchObject([
    { name: 'shop', status: 'deployed', chart: 'web-1.1.0', app_version: '1.2.3' },
  ])
  expect(await home.ok('status', 'shop')).toContain('STATUS: deployed')
  const upgraded = await home.ok('upgrade', 'shop', 'ours/web', '--devel', '--set', 'greeting=moin')
  expect(upgraded).toContain('STATUS: deployed')
  expect(kube.objects('/api/v1/configmaps')).toMatchObject([{ data: { greeting: 'moin' } }])
  expect(JSON.parse(await home.ok('list', '-o', 'json'))).toMatchObject([{ chart: 'web-2.0.0-rc.1' }])
  expect(await home.ok('uninstall', 'shop')).toContain('release "shop" uninstalled')
  expect(kube.objects('/api/v1/configmaps')).toEqual([])
}

/** The bytes of a file in helm's working folder. */
export async function bytesOf(home: HelmHome, file: string): Promise<Uint8Array> {
  return Bun.file(join(home.work, file)).bytes()
}
