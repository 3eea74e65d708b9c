import { beforeAll, describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { chartSettings } from '../../.ci/chart-settings.ts'
import { loadSettings } from '../../src/config/load.ts'
import { fileTwinOf, flags, optionOf, variableOf } from '../../src/config/options.ts'
import { program } from '../../src/version.ts'
import { chartSecrets, chartValues, refusedValues } from '../support/chart-values.ts'
import { helmHome } from '../support/helm-home.ts'
import type { KubeObject } from '../support/kube-objects.ts'
import { filesOf, objectOf, parseManifests, podsOf } from '../support/manifests.ts'
import type { Container, PodSpec } from '../support/manifests.ts'
import { peer, peerTest } from '../support/peers.ts'
import { objectFaults, podFaults } from '../support/pod-rules.ts'
import { projectRoot } from '../support/start-server.ts'
import { tempFolder } from '../support/temp-folder.ts'

/** The Helm chart of Chartroom itself: what it renders, and what it refuses. */
const chartFolder = join(projectRoot, 'deploy/chart/chartroom')
const helms = ['helm3', 'helm4'] as const
type Helm = (typeof helms)[number]

/** Helm built without a release's flags believes in an old Kubernetes. */
const kubeVersion = ['--kube-version', '1.34.0']

interface Rendered {
  readonly title: string
  readonly objects: readonly KubeObject[]
}

/** What both helms made of all values: rendered once, looked at by every test. */
const rendered: Record<Helm, Rendered[]> = { helm3: [], helm4: [] }

beforeAll(async () => {
  await using folder = await tempFolder()
  for (const helm of helms) {
    const path = peer(helm)
    if (path === undefined) continue
    const home = await helmHome(path, join(folder.path, helm))
    rendered[helm] = await Promise.all(
      chartValues.map(async ({ title, values }, index) => {
        const file = join(folder.path, `${index}.json`)
        await Bun.write(file, JSON.stringify(values))
        const text = await home.ok('template', 'shop', chartFolder, '--values', file, ...kubeVersion)
        return { title, objects: parseManifests(text) }
      }),
    )
  }
}, 60_000)

/** Every set of values, with the pods that helm 3 makes of it. */
function pods(): { title: string; pod: PodSpec; container: Container; objects: readonly KubeObject[] }[] {
  return rendered.helm3.flatMap(({ title, objects }) =>
    podsOf(objects).flatMap((pod) => pod.containers.map((container) => ({ title, pod, container, objects }))),
  )
}

function objectsOf(title: string): readonly KubeObject[] {
  return rendered.helm3.find((candidate) => candidate.title === title)?.objects ?? []
}

/** The variables of a container with their values; "" where a secret's key is their value. */
function variables(
  { envFrom = [], env = [] }: Container,
  objects: readonly KubeObject[],
): Map<string, string> {
  const maps = envFrom.map(
    ({ configMapRef }) => objectOf(objects, 'ConfigMap', configMapRef?.name)?.['data'] ?? {},
  )
  return new Map([
    ...maps.flatMap((map) => Object.entries(map as Record<string, string>)),
    ...env.map(({ name, value = '' }) => [name, value] as const),
  ])
}

describe('the chart', () => {
  test('has the version of the program, and takes the settings of the program', async () => {
    const described = Bun.YAML.parse(await Bun.file(join(chartFolder, 'Chart.yaml')).text())
    expect(described).toMatchObject({ version: program.version, appVersion: program.version })
    expect(await Bun.file(join(chartFolder, 'README.md')).text()).toContain(
      `chartroom-${program.version}.tgz`,
    )
    expect(await Bun.file(join(projectRoot, 'README.md')).text()).toContain(`/chartroom:${program.version} .`)
    const schema = JSON.parse(await Bun.file(join(chartFolder, 'values.schema.json')).text())
    // `bun .ci/settings.ts` writes them.
    expect(schema.properties.settings.propertyNames).toEqual({ enum: chartSettings() })
  })

  for (const helm of helms) {
    peerTest([helm], `is linted by ${helm}`, async (paths) => {
      await using folder = await tempFolder()
      const home = await helmHome(paths[helm], folder.path)
      const said = await home.ok('lint', '--strict', chartFolder, ...kubeVersion)
      expect(said).toContain('1 chart(s) linted, 0 chart(s) failed')
      expect(said).not.toContain('WARNING')
    })

    // Both helms judge by the same library, so that a few are enough for one of them.
    const wrong = refusedValues.filter((_, index) => helm === 'helm4' || index % 4 === 0)
    peerTest([helm], `refuses wrong values with ${helm}`, async (paths) => {
      await using folder = await tempFolder()
      const home = await helmHome(paths[helm], folder.path)
      const said = await Promise.all(
        wrong.map(async ([values], index) => {
          const file = join(folder.path, `${index}.json`)
          await Bun.write(file, JSON.stringify(values))
          const { code, stderr } = await home.run('template', 'shop', chartFolder, '-f', file, ...kubeVersion)
          return code === 0 ? `takes ${JSON.stringify(values)}` : stderr
        }),
      )
      for (const [index, [, says]] of wrong.entries()) expect(said[index]).toMatch(says)
    })
  }

  peerTest([...helms], 'is rendered alike by both helms, but for what is made up', async () => {
    const known = (objects: readonly KubeObject[]) =>
      objects
        .map((object) =>
          object.kind === 'Secret' ? { ...object, data: Object.keys(object['data'] ?? {}) } : object,
        )
        .sort((a, b) =>
          Bun.inspect([a.kind, a.metadata?.name]).localeCompare(Bun.inspect([b.kind, b.metadata?.name])),
        )
    for (const [index, { title, objects }] of rendered.helm3.entries())
      expect([title, known(rendered.helm4[index]?.objects ?? [])]).toEqual([title, known(objects)])
  })
})

describe('its objects', () => {
  peerTest(['helm3'], 'have fields, versions and names that Kubernetes takes', async () => {
    const found = rendered.helm3.flatMap(({ title, objects }) =>
      objects.flatMap(objectFaults).map((fault) => `${title}: ${fault}`),
    )
    expect(found).toEqual([])
    expect(objectsOf('everything on').length).toBeGreaterThan(8)
    const twice = rendered.helm3.flatMap(({ objects }) => {
      const names = objects.map(({ kind, metadata }) => `${kind} ${metadata?.name}`)
      return names.filter((name, index) => names.indexOf(name) !== index)
    })
    expect(twice).toEqual([])
  })

  peerTest(['helm3'], 'have pods of the restricted profile with a root that cannot be written', async () => {
    const found = pods().flatMap(({ title, pod }) => podFaults(pod).map((fault) => `${title}: ${fault}`))
    expect(found).toEqual([])
    const fsGroups = (title: string) =>
      podsOf(objectsOf(title)).map(({ securityContext }) => Object.keys(securityContext ?? {}))
    expect(fsGroups('OpenShift').flat()).not.toContain('fsGroup')
    expect(fsGroups('no values').flat()).toContain('fsGroup')
  })

  test('would be told what they lack, were they not of that profile', () => {
    const pod: PodSpec = {
      containers: [
        { name: 'a', image: 'a', securityContext: { runAsUser: 0, capabilities: { add: ['SYS_ADMIN'] } } },
      ],
      hostNetwork: true,
      volumes: [{ name: 'root', hostPath: { path: '/' } }],
    }
    expect(podFaults(pod)).toEqual([
      'shares a namespace of the node',
      'may run as root',
      'has no seccomp profile',
      'has a token',
      'has the volume root',
      'a may gain privileges',
      'a keeps capabilities',
      'a adds capabilities',
      'a can write its root',
      'a runs as root',
    ])
    const wrong = { apiVersion: 'extensions/v1beta1', kind: 'Ingress', metadata: { name: 'A' }, specs: {} }
    expect(objectFaults(wrong)).toEqual([
      'Ingress is not in extensions/v1beta1',
      'Ingress has the name "A"',
      'Ingress.specs is no field',
    ])
  })

  peerTest(['helm3'], 'name variables that Chartroom reads', async () => {
    const settings = new Set<string | undefined>(
      flags.flatMap((flag) => [variableOf(flag), fileTwinOf(flag)?.variable]),
    )
    const clouds = await cloudVariables()
    const unknown = pods().flatMap(({ title, container, objects }) =>
      [...variables(container, objects).keys()]
        .filter((name) => name !== 'HTTPS_PROXY' && !settings.has(name))
        .filter((name) => !clouds(name))
        .map((name) => `${title}: ${name}`),
    )
    expect(unknown).toEqual([])
  })

  peerTest(['helm3'], 'give the program settings that it takes without a word', async () => {
    const readFile = (path: string) => {
      expect(path).toStartWith('/etc/chartroom/')
      return 'something'
    }
    for (const { title, container, objects } of pods()) {
      const env = Object.fromEntries(variables(container, objects))
      const { settings, warnings } = loadSettings({ argv: [...(container.args ?? [])], env, readFile })
      expect([title, warnings]).toEqual([title, []])
      expect([title, settings.storage]).toEqual([title, env['STORAGE'] as never])
    }
  })

  peerTest(['helm3'], 'mount the files that variables name, and no others', async () => {
    for (const { title, pod, container, objects } of pods()) {
      const named = [...variables(container, objects).values()].filter((value) =>
        value.startsWith('/etc/chartroom/'),
      )
      const mounted = filesOf(pod, container).map(({ path }) => path)
      expect([title, container.name, mounted.sort()]).toEqual([title, container.name, named.sort()])
      const volumes = new Set(pod.volumes?.map(({ name }) => name))
      expect((container.volumeMounts ?? []).filter(({ name }) => !volumes.has(name))).toEqual([])
      const paths = (container.volumeMounts ?? []).map(({ mountPath }) => mountPath)
      expect(new Set(paths).size).toBe(paths.length)
    }
  })

  peerTest(['helm3'], 'show a secret in Secrets only', async () => {
    const secretVariables = new Set(
      flags.filter((flag) => optionOf(flag).secret).map((flag) => variableOf(flag)),
    )
    for (const { title, objects } of rendered.helm3) {
      const others = JSON.stringify(objects.filter(({ kind }) => kind !== 'Secret'))
      for (const secret of Object.values(chartSecrets)) {
        expect(others).not.toContain(secret)
        expect(others).not.toContain(Buffer.from(secret).toString('base64'))
      }
      const named = podsOf(objects).flatMap((pod) =>
        pod.containers.flatMap((container) => [...variables(container, objects).keys()]),
      )
      expect([title, named.filter((name) => secretVariables.has(name))]).toEqual([title, []])
      const own = objectOf(objects, 'Secret')?.['data'] as Record<string, string>
      expect(Buffer.from(own['ui-secret'] ?? '', 'base64').toString()).toMatch(/^[A-Za-z0-9]{32}$/)
    }
  })

  peerTest(['helm3'], 'select the pods of the server, and not that of the test', async () => {
    for (const { objects } of rendered.helm3) {
      const service = objectOf(objects, 'Service') as { spec?: { selector: Record<string, string> } }
      const deployment = objectOf(objects, 'Deployment') as unknown as {
        spec: {
          selector: { matchLabels: Record<string, string> }
          template: { metadata: { labels: Record<string, string> } }
        }
      }
      const tested = objectOf(objects, 'Pod')
      const selector = service.spec?.selector ?? {}
      expect(deployment.spec.selector.matchLabels).toEqual(selector)
      expect(deployment.spec.template.metadata.labels).toMatchObject(selector)
      expect(tested?.metadata?.labels).not.toMatchObject(selector)
      expect(deployment.spec.template.metadata.labels).toMatchObject({
        'app.kubernetes.io/version': program.version,
        'app.kubernetes.io/managed-by': 'Helm',
      })
    }
  })

  peerTest(['helm3'], 'are as the values ask', async () => {
    const [standard, bucket, everything] = [
      'no values',
      'three servers on a bucket behind an ingress with TLS',
      'everything on',
    ].map(objectsOf) as [readonly KubeObject[], readonly KubeObject[], readonly KubeObject[]]
    expect(kinds(standard)).toEqual(
      'ConfigMap Deployment NetworkPolicy PersistentVolumeClaim Pod Secret Service ServiceAccount'.split(' '),
    )
    expect(objectOf(standard, 'Deployment')).toMatchObject({
      spec: { replicas: 1, strategy: { type: 'Recreate' } },
    })
    expect(objectOf(standard, 'NetworkPolicy')).toMatchObject({ spec: { egress: [] } })
    expect(objectOf(bucket, 'Deployment')).toMatchObject({
      spec: { replicas: 3, strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0 } } },
    })
    expect(kinds(bucket)).not.toContain('PersistentVolumeClaim')
    expect(kinds(bucket)).toContain('PodDisruptionBudget')
    expect(objectOf(bucket, 'ConfigMap')?.['data']).toMatchObject({
      DEPTH: '1',
      MAX_UPLOAD_SIZE: '104857600',
      CONTEXT_PATH: '/charts',
      PUBLIC_URL: 'https://charts.example.com',
    })
    expect(objectOf(bucket, 'Ingress')).toMatchObject({
      metadata: { annotations: { 'nginx.ingress.kubernetes.io/proxy-body-size': '105906176' } },
      spec: { rules: [{ http: { paths: [{ path: '/charts' }] } }] },
    })
    expect(kinds(objectsOf('Amazon S3 by the identity of the pod, scaled'))).toContain(
      'HorizontalPodAutoscaler',
    )
    expect(podsOf(everything).map((pod) => pod.containers[0]?.image)).toEqual(
      Array.from({ length: 2 }, () => `registry.example.com/chartroom@sha256:${'a'.repeat(64)}`),
    )
    for (const object of everything) {
      expect(object.metadata).toMatchObject({
        labels: { team: 'platform' },
        annotations: { owner: 'platform' },
      })
    }
  })

  peerTest(
    ['helm3'],
    'have probes that reach the process, and stop it no sooner than it has drained',
    async () => {
      for (const { title, pod, container, objects } of pods()) {
        if (container.name !== 'chartroom') continue
        const env = variables(container, objects)
        const probes = [container.startupProbe, container.livenessProbe, container.readinessProbe]
        expect(container.ports).toEqual([
          { name: 'http', containerPort: Number(env.get('PORT')), protocol: 'TCP' } as never,
        ])
        if (env.has('TLS_CA_CERT')) {
          expect(probes.map((probe) => probe?.exec?.command)).toEqual(
            Array.from({ length: 3 }, () => ['/chartroom', 'health']),
          )
        } else {
          expect([title, probes.map((probe) => probe?.httpGet?.path)]).toEqual([
            title,
            ['/livez', '/livez', '/readyz'],
          ])
          const scheme = env.has('TLS_CERT') ? 'HTTPS' : 'HTTP'
          for (const probe of probes) expect(probe?.httpGet).toMatchObject({ port: 'http', scheme })
        }
        const waits = container.lifecycle?.preStop?.sleep?.seconds ?? 0
        expect(pod.terminationGracePeriodSeconds).toBeGreaterThanOrEqual(waits + 10)
      }
    },
  )
})

function kinds(objects: readonly KubeObject[]): string[] {
  return objects.map(({ kind = '' }) => kind).sort()
}

/** Whether the program reads a variable that is no setting of its own: one of a cloud's, or the file of one. */
async function cloudVariables(): Promise<(name: string) => boolean> {
  const texts: string[] = []
  for await (const file of new Bun.Glob('src/storage/*.ts').scan(projectRoot))
    texts.push(await Bun.file(join(projectRoot, file)).text())
  const inFiles = await Bun.file(join(projectRoot, 'src/config/credentials.ts')).text()
  return (name) =>
    name.endsWith('_FILE')
      ? inFiles.includes(`'${name.slice(0, -'_FILE'.length)}'`)
      : new RegExp(`\\b${name}\\b`).test(texts.join('\n'))
}
