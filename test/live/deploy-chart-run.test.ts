import { describe, expect } from 'bun:test'
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { selfSigned } from '../../src/http/self-signed.ts'
import { program } from '../../src/version.ts'
import { eventually } from '../support/eventually.ts'
import { helmHome } from '../support/helm-home.ts'
import type { HelmHome } from '../support/helm-home.ts'
import { startKubeApi } from '../support/kube-api.ts'
import type { KubeObject } from '../support/kube-objects.ts'
import { kubelet, objectOf, parseManifests, podsOf, writeSecretFiles } from '../support/manifests.ts'
import type { Container, PodSpec } from '../support/manifests.ts'
import { minioKeys, startMinio } from '../support/minio.ts'
import { peerTest } from '../support/peers.ts'
import { runSealed, sealedProgram, sealedTest, startSealed } from '../support/sealed.ts'
import type { Sealing } from '../support/sealed.ts'
import { site } from '../support/site.ts'
import type { Credentials } from '../support/site.ts'
import { freePort, projectRoot, startServer } from '../support/start-server.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** The Helm chart of Chartroom itself: kept in a Chartroom, installed from there, and run as a cluster would. */
const chartFolder = join(projectRoot, 'deploy/chart/chartroom')
/** A user that no file of the machine knows, as OpenShift gives to containers. */
const foreign = 61_234

describe('the chart, published to a running Chartroom', () => {
  for (const helm of ['helm3', 'helm4'] as const) {
    peerTest([helm], `comes back whole by ${helm}, and is installed, upgraded and removed`, async (paths) => {
      await using folder = await tempFolder()
      await using server = await startServer()
      await using kube = await startKubeApi()
      const home = await helmHome(paths[helm], folder.path, await kube.kubeconfig(folder.path))
      await home.ok('package', chartFolder)
      const archive = await Bun.file(join(home.work, `chartroom-${program.version}.tgz`)).bytes()
      const ours = site(server)
      expect((await ours.publish(archive)).status).toBe(201)
      const readme = await ours.call('GET', '/charts/chartroom/latest/readme')
      expect(await readme.text()).toContain('# Chartroom')

      await home.ok('repo', 'add', 'ours', ours.repository)
      await mkdir(join(home.work, 'pulled'))
      await home.ok('pull', 'ours/chartroom', '--destination', 'pulled')
      expect(await Bun.file(join(home.work, `pulled/chartroom-${program.version}.tgz`)).bytes()).toEqual(
        archive,
      )
      const rendered = await home.ok('template', 'shop', 'ours/chartroom', '--kube-version', '1.34.0')
      expect(objectOf(parseManifests(rendered), 'Deployment')?.metadata?.name).toBe('shop-chartroom')
      await installs(home, kube.objects)
    })
  }
})

/** What a cluster keeps of a release, and what its notes tell. */
async function installs(home: HelmHome, objects: (resource: string) => KubeObject[]): Promise<void> {
  const said = await home.ok('install', 'shop', 'ours/chartroom', '--set', 'auth.user=alice')
  expect(said).toContain('kubectl --namespace default port-forward service/shop-chartroom 8080:80')
  expect(said).toContain(
    `helm repo add shop-chartroom http://127.0.0.1:8080 --username 'alice' --password "$PASSWORD"`,
  )
  expect(said).toContain("get secret shop-chartroom --output jsonpath='{.data.password}'")
  const secrets = () =>
    objects('/api/v1/secrets').find(({ metadata }) => metadata?.name === 'shop-chartroom')?.['data']
  const before = secrets() as Record<string, string>
  expect(Object.keys(before).sort()).toEqual(['password', 'ui-secret'])
  expect(objects('/apis/apps/v1/deployments')).toMatchObject([{ spec: { replicas: 1 } }])
  expect(objects('/apis/networking.k8s.io/v1/networkpolicies')).toHaveLength(1)

  // A password that was made up stays, whatever else changes.
  await home.ok('upgrade', 'shop', 'ours/chartroom', '--set', 'auth.user=alice,settings.DEPTH=1')
  expect(secrets()).toEqual(before)
  const [settings] = objects('/api/v1/configmaps').filter(
    ({ metadata }) => metadata?.name === 'shop-chartroom',
  )
  expect(settings?.['data']).toMatchObject({ DEPTH: '1', BASIC_AUTH_USER: 'alice' })

  await home.ok('uninstall', 'shop')
  expect(objects('/apis/apps/v1/deployments')).toEqual([])
  expect(objects('/api/v1/persistentvolumeclaims')).toHaveLength(1)
}

/** The pod of the server and that of `helm test`, as a cluster would run them, and what they are made of. */
interface Rendered {
  readonly objects: readonly KubeObject[]
  readonly server: { pod: PodSpec; container: Container }
  readonly tested: { pod: PodSpec; container: Container }
}

async function render(
  helm: string,
  folder: string,
  values: object,
  secrets: readonly KubeObject[],
): Promise<Rendered> {
  const file = join(folder, 'values.json')
  await Bun.write(file, JSON.stringify(values))
  const home = await helmHome(helm, join(folder, 'helm'))
  const text = await home.ok('template', 'shop', chartFolder, '--values', file, '--kube-version', '1.34.0')
  const objects = [...parseManifests(text), ...secrets]
  const found = (name: string) => {
    const pod = podsOf(objects).find(({ containers }) => containers[0]?.name === name)
    const container = pod?.containers[0]
    if (!pod || !container) throw new Error(`no container ${name}`)
    return { pod, container }
  }
  return { objects, server: found('chartroom'), tested: found('health') }
}

/**
 * Runs both pods, asks the probes, publishes and reads a chart, and goes on with `more`, which gets the folder of the
 * mounted files. Gives what the server wrote.
 */
async function runs(
  rendered: Rendered,
  folder: string,
  url: string,
  credentials: Credentials,
  more?: (files: string) => Promise<void>,
): Promise<string> {
  const { objects, server, tested } = rendered
  const image = await sealedProgram('/chartroom', folder)
  const hosts = join(folder, 'hosts')
  // The name of the service, as the cluster's DNS has it.
  await Bun.write(hosts, `127.0.0.1 localhost ${objectOf(objects, 'Service')?.metadata?.name}\n`)
  // What the image itself sets.
  const base = {
    STORAGE: 'local',
    STORAGE_LOCAL_ROOTDIR: '/charts',
    LISTEN_HOST: '0.0.0.0',
    TLS_SELF_SIGNED_DIR: '/tls',
  }
  const sealing = async ({ pod, container }: Rendered['server'], name: string): Promise<Sealing> => {
    const given = await kubelet(pod, container, { objects, folder: join(folder, name), uid: foreign })
    return {
      uid: foreign,
      env: { ...base, ...given.env },
      readable: { ...image, ...given.readable, '/etc/hosts': hosts },
      writable: given.writable,
    }
  }
  await chmod(folder, 0o755)
  const own = await sealing(server, 'server')
  await using running = await startSealed(
    ['/chartroom', ...(server.container.args ?? [])],
    own,
    `${url}/livez`,
  )
  const { startupProbe, livenessProbe, readinessProbe } = server.container
  for (const probe of [startupProbe, livenessProbe, readinessProbe]) {
    const asked = await fetch(`${url}${probe?.httpGet?.path}`, { tls: { rejectUnauthorized: false } })
    expect(asked.status).toBe(200)
    expect(url).toStartWith(`${probe?.httpGet?.scheme.toLowerCase()}://`)
  }
  const ours = site({ url }, { credentials })
  expect((await ours.get('/index.yaml', { anonymous: true })).status).toBe(401)
  const archive = await Bun.file(join(folder, 'helm/work/chartroom.tgz')).bytes()
  expect((await ours.publish(archive)).status).toBe(201)
  expect(Object.keys((await ours.index()).entries)).toEqual(['chartroom'])

  const monitor = objectOf(objects, 'ServiceMonitor')?.['spec'] as
    { endpoints: readonly { path: string; scheme: string }[] } | undefined
  for (const { path, scheme } of monitor?.endpoints ?? []) {
    expect(url).toStartWith(`${scheme}://`)
    expect(await (await ours.get(path, { anonymous: true })).text()).toContain('# TYPE ')
  }

  const asked = await runSealed(
    ['/chartroom', ...(tested.container.args ?? [])],
    await sealing(tested, 'tested'),
  )
  expect([asked.code, asked.output]).toEqual([0, expect.stringContaining('is well')])
  await more?.(own.readable?.['/etc/chartroom'] ?? '')
  const { code, output } = await running.stop()
  expect(code).toBe(0)
  return output
}

/** The chart's own archive, for a repository to hold. */
async function packaged(helm: string, folder: string): Promise<void> {
  const home = await helmHome(helm, join(folder, 'helm'))
  await home.ok('package', chartFolder)
  const file = Bun.file(join(home.work, `chartroom-${program.version}.tgz`))
  await Bun.write(join(home.work, 'chartroom.tgz'), file)
}

/** A line's hash as `htpasswd -B` writes it, at the least cost. */
const bcrypt = (password: string) =>
  Bun.password.hashSync(password, { algorithm: 'bcrypt', cost: 4 }).replace(/^\$2b\$/, '$2y$')

const secret = (name: string, data: Readonly<Record<string, string>>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  data: Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, Buffer.from(value).toString('base64')]),
  ),
})

describe('its pods', () => {
  sealedTest(
    ['helm4'],
    'serve from a volume as a user of the cluster’s choice, with a made-up password',
    async (paths) => {
      await using folder = await tempFolder()
      await packaged(paths.helm4, folder.path)
      const port = freePort()
      const url = `http://127.0.0.1:${port}`
      const reader = { user: 'reader', password: 'quiet' }
      const users = `reader:${bcrypt(reader.password)}\n`
      const values = {
        containerPort: port,
        service: { port },
        auth: { htpasswd: { users }, readOnlyUsers: ['reader'] },
      }
      const rendered = await render(paths.helm4, folder.path, values, [])
      const made = objectOf(rendered.objects, 'Secret')?.['data'] as Record<string, string>
      const password = Buffer.from(made['password'] ?? '', 'base64').toString()
      expect(password).toHaveLength(32)
      const said = await runs(rendered, folder.path, url, { user: 'admin', password }, async (files) => {
        const statusOf = async (as: Credentials, method: string) =>
          (await site({ url }, { credentials: as }).call(method, '/charts')).status
        expect(await statusOf(reader, 'GET')).toBe(200)
        expect(await statusOf(reader, 'POST')).toBe(403)
        // The secret changes, and the cluster swaps the files.
        const newcomer = { user: 'newcomer', password: 'hello' }
        expect(await statusOf(newcomer, 'GET')).toBe(401)
        const htpasswd = `${users}newcomer:${bcrypt(newcomer.password)}\n`
        await writeSecretFiles(files, { password, 'ui-secret': 'x', htpasswd })
        await eventually(() => statusOf(newcomer, 'GET'), 200, 15_000)
      })
      expect(said).not.toContain(password)
      const startLines = said.split('\n').filter((line) => !line.includes('Request served'))
      expect(startLines.filter((line) => /\t(WARN|ERROR)\t/.test(line))).toEqual([])
      expect(
        await Bun.file(join(folder.path, `server/write/charts/chartroom-${program.version}.tgz`)).exists(),
      ).toBe(true)
    },
  )

  sealedTest(['helm3', 'minio'], 'serve a bucket over HTTPS, with every secret in a file', async (paths) => {
    await using folder = await tempFolder()
    await using minio = await startMinio()
    await packaged(paths.helm3, folder.path)
    const port = freePort()
    const pair = await selfSigned({ folder: join(folder.path, 'pair'), names: ['localhost'] })
    const [cert, key] = [await Bun.file(pair.certFile).text(), await Bun.file(pair.keyFile).text()]
    const password = 'open: sesame'
    const values = {
      replicaCount: 2,
      containerPort: port,
      service: { port },
      storage: {
        type: 'minio',
        endpoint: minio.url,
        bucket: 'charts',
        prefix: 'team',
        existingSecret: 'our-minio',
      },
      auth: { user: 'alice', existingSecret: 'our-password' },
      tls: { existingSecret: 'our-tls' },
      settings: { STORAGE_MINIO_CREATE_BUCKET: true, LOG_JSON: true },
      metrics: { enabled: true, serviceMonitor: { enabled: true } },
    }
    const rendered = await render(paths.helm3, folder.path, values, [
      secret('our-minio', { 'access-key': minioKeys.accessKey, 'secret-key': minioKeys.secretKey }),
      secret('our-password', { password: `${password}\n` }),
      secret('our-tls', { 'tls.crt': cert, 'tls.key': key }),
    ])
    const said = await runs(rendered, folder.path, `https://127.0.0.1:${port}`, { user: 'alice', password })
    expect(said).not.toContain(password)
    expect(said).not.toContain(minioKeys.secretKey)
  })
})
