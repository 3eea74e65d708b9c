/** One kind that the stand-in serves. */
interface Kind {
  /** "" for the core group. */
  readonly group: string
  readonly version: string
  readonly resource: string
  readonly kind: string
  readonly namespaced: boolean
  readonly shortNames?: readonly string[]
}

/** The kinds of small charts and of our own, and those that Helm itself needs. */
const kinds: readonly Kind[] = [
  { group: '', version: 'v1', resource: 'namespaces', kind: 'Namespace', namespaced: false },
  { group: '', version: 'v1', resource: 'secrets', kind: 'Secret', namespaced: true },
  { group: '', version: 'v1', resource: 'configmaps', kind: 'ConfigMap', namespaced: true },
  { group: '', version: 'v1', resource: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true },
  { group: '', version: 'v1', resource: 'services', kind: 'Service', namespaced: true },
  { group: '', version: 'v1', resource: 'pods', kind: 'Pod', namespaced: true },
  {
    group: '',
    version: 'v1',
    resource: 'persistentvolumeclaims',
    kind: 'PersistentVolumeClaim',
    namespaced: true,
  },
  { group: 'apps', version: 'v1', resource: 'deployments', kind: 'Deployment', namespaced: true },
  { group: 'networking.k8s.io', version: 'v1', resource: 'ingresses', kind: 'Ingress', namespaced: true },
  {
    group: 'networking.k8s.io',
    version: 'v1',
    resource: 'networkpolicies',
    kind: 'NetworkPolicy',
    namespaced: true,
  },
  {
    group: 'policy',
    version: 'v1',
    resource: 'poddisruptionbudgets',
    kind: 'PodDisruptionBudget',
    namespaced: true,
  },
]

const verbs = ['create', 'delete', 'get', 'list', 'patch', 'update', 'watch']

/** The kind behind "/api/v1/secrets" or "/apis/apps/v1/deployments", or undefined. */
export function kindOf(resourcePath: string): Kind | undefined {
  return kinds.find((kind) => `${groupPath(kind)}/${kind.resource}` === resourcePath)
}

/**
 * What a client reads before it does anything: version, groups, kinds, OpenAPI; undefined for other paths.
 * Groups come in the older form only: a client that asks for the aggregated one accepts it.
 * (https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api)
 */
export function discovery(path: string): object | undefined {
  if (path === '/version') return versionInfo
  if (path === '/api') return { kind: 'APIVersions', versions: ['v1'], serverAddressByClientCIDRs: [] }
  if (path === '/apis') return { kind: 'APIGroupList', apiVersion: 'v1', groups: groups() }
  if (path === '/openapi/v3') return { paths: Object.fromEntries(groupPaths().map(openApiLink)) }
  if (path.startsWith('/openapi/v3/')) return openApi(path.slice('/openapi/v3'.length))
  const served = kinds.filter((kind) => groupPath(kind) === path)
  if (served.length === 0) return undefined
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: path.replace(/^\/apis?\//, ''),
    resources: served.map(({ resource, kind, namespaced }) => ({
      name: resource,
      singularName: kind.toLowerCase(),
      namespaced,
      kind,
      verbs,
    })),
  }
}

const versionInfo = {
  major: '1',
  minor: '34',
  gitVersion: 'v1.34.0',
  gitCommit: 'standin',
  gitTreeState: 'clean',
  buildDate: '2026-01-01T00:00:00Z',
  goVersion: 'go1.26.0',
  compiler: 'gc',
  platform: 'linux/amd64',
}

function groupPath({ group, version }: Kind): string {
  return group === '' ? `/api/${version}` : `/apis/${group}/${version}`
}

function groupPaths(): string[] {
  return [...new Set(kinds.map(groupPath))]
}

function groups(): object[] {
  return kinds
    .filter(({ group }, index) => group !== '' && kinds.findIndex((kind) => kind.group === group) === index)
    .map(({ group, version }) => {
      const groupVersion = { groupVersion: `${group}/${version}`, version }
      return { name: group, versions: [groupVersion], preferredVersion: groupVersion }
    })
}

function openApiLink(path: string): [string, object] {
  return [path.slice(1), { serverRelativeURL: `/openapi/v3${path}?hash=1` }]
}

/**
 * Only what tells a client that the server itself checks fields (the `fieldValidation` parameter), so that it does
 * not ask for the schemas of every kind.
 */
function openApi(path: string): object | undefined {
  const served = kinds.filter((kind) => groupPath(kind) === path)
  if (served.length === 0) return undefined
  const paths = served.map(({ group, version, kind, resource, namespaced }) => {
    const parent = namespaced ? `${path}/namespaces/{namespace}` : path
    const parameters = ['fieldValidation', 'dryRun'].map((name) => ({
      name,
      in: 'query',
      schema: { type: 'string', uniqueItems: true },
    }))
    const operation = {
      'x-kubernetes-group-version-kind': { group, version, kind },
      parameters,
      responses: { 200: { description: 'OK' } },
    }
    return [`${parent}/${resource}/{name}`, { patch: operation, put: operation }]
  })
  return {
    openapi: '3.0.0',
    info: { title: 'stand-in', version: 'v1.34.0' },
    paths: Object.fromEntries(paths),
    components: { schemas: {} },
  }
}
