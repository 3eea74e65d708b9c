import { join } from 'node:path'
import { discovery, kindOf } from './kube-discovery.ts'
import { kubeObjects, merged } from './kube-objects.ts'
import { readSecret } from './kube-protobuf.ts'
import type { KubeObject, KubeObjects, ObjectPlace } from './kube-objects.ts'

/**
 * A small stand-in of the Kubernetes API on a free port: as much as `helm install`, `list`, `status`, `upgrade` and
 * `uninstall` need (Helm 3, and Helm 4 with server-side apply). It keeps objects, and runs nothing.
 */
export interface KubeApi extends AsyncDisposable {
  readonly url: string
  /** Every request until now: "POST /api/v1/namespaces/default/configmaps". */
  requests(): readonly string[]
  /** The objects of a resource in all namespaces: `objects('/api/v1/configmaps')`. */
  objects(resource: string): KubeObject[]
  /** Writes a kubeconfig that points here into a folder; gives its path. */
  kubeconfig(folder: string): Promise<string>
}

/** Starts the stand-in, with the namespaces "default" and "kube-system". */
export async function startKubeApi(): Promise<KubeApi> {
  const objects = kubeObjects()
  const requests: string[] = []
  for (const name of ['default', 'kube-system']) {
    const namespace = { apiVersion: 'v1', kind: 'Namespace', status: { phase: 'Active' } }
    objects.put({ resource: '/api/v1/namespaces', namespace: '', name }, namespace)
  }
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    development: false,
    fetch: async (request) => {
      const url = new URL(request.url)
      requests.push(`${request.method} ${url.pathname}${url.search}`)
      return answer(objects, request, url)
    },
  })
  const url = `http://127.0.0.1:${server.port}`
  return {
    url,
    requests: () => requests,
    objects: (resource) => objects.list(resource, ''),
    async kubeconfig(folder) {
      const path = join(folder, 'kubeconfig.json')
      await Bun.write(path, JSON.stringify(kubeconfig(url)))
      return path
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

async function answer(objects: KubeObjects, request: Request, url: URL): Promise<Response> {
  const known = request.method === 'GET' ? discovery(url.pathname) : undefined
  if (known) return Response.json(known)
  const place = parsePlace(url.pathname)
  if (!place) return failure(404, 'NotFound', `the stand-in has no ${url.pathname}`)
  if (place.name === '' && request.method === 'GET') return listing(objects, place, url)
  if (place.name === '' && request.method === 'POST') return create(objects, place, await read(request))
  switch (request.method) {
    case 'GET':
      return found(place, objects.get(place))
    case 'PUT':
      return Response.json(objects.put(place, await read(request)))
    case 'PATCH':
      return patch(objects, place, request)
    case 'DELETE':
      return found(place, objects.delete(place))
    default:
      return failure(405, 'MethodNotAllowed', `the stand-in has no ${request.method}`)
  }
}

/** "/api/v1/namespaces/default/secrets/a" and its kin; undefined where no served kind is named. */
function parsePlace(path: string): ObjectPlace | undefined {
  const [, group = '', inside = ''] = /^(\/api\/v1|\/apis\/[^/]+\/[^/]+)\/(.+)$/.exec(path) ?? []
  const parts = inside.split('/').map(decodeURIComponent)
  const scoped = parts[0] === 'namespaces' && parts.length > 2
  const [resource = '', name = '', ...more] = scoped ? parts.slice(2) : parts
  const namespace = scoped ? (parts[1] ?? '') : ''
  if (more.length > 0 || !kindOf(`${group}/${resource}`)) return undefined
  return { resource: `${group}/${resource}`, namespace, name }
}

function listing(objects: KubeObjects, { resource, namespace }: ObjectPlace, url: URL): Response {
  const kind = kindOf(resource)
  return Response.json({
    apiVersion: kind?.group ? `${kind.group}/${kind.version}` : kind?.version,
    kind: `${kind?.kind}List`,
    metadata: { resourceVersion: objects.version() },
    items: objects.list(resource, namespace, url.searchParams.get('labelSelector') ?? ''),
  })
}

function create(objects: KubeObjects, place: ObjectPlace, object: KubeObject): Response {
  const named = { ...place, name: object.metadata?.name ?? '' }
  if (named.name === '') return failure(422, 'Invalid', 'metadata.name is required')
  if (objects.get(named)) return failure(409, 'AlreadyExists', `${named.resource} "${named.name}" exists`)
  return Response.json(objects.put(named, object), { status: 201 })
}

/** Server-side apply creates what is missing (application/apply-patch+yaml); the other patches change what is there. */
async function patch(objects: KubeObjects, place: ObjectPlace, request: Request): Promise<Response> {
  const before = objects.get(place)
  const applied = request.headers.get('content-type')?.includes('apply-patch') ?? false
  if (!before && !applied) return found(place, undefined)
  const after = merged(before, await read(request)) as KubeObject
  return Response.json(objects.put(place, after), { status: before ? 200 : 201 })
}

/** Releases come as protobuf; all other bodies are JSON, or YAML where a client applies, and JSON is YAML too. */
async function read(request: Request): Promise<KubeObject> {
  if (request.headers.get('content-type') === 'application/vnd.kubernetes.protobuf')
    return readSecret(await request.bytes())
  return Bun.YAML.parse(await request.text()) as KubeObject
}

function found(place: ObjectPlace, object: KubeObject | undefined): Response {
  if (object) return Response.json(object)
  const resource = place.resource.split('/').at(-1)
  return failure(404, 'NotFound', `${resource} "${place.name}" not found`, {
    name: place.name,
    kind: resource,
  })
}

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/status/ */
function failure(code: number, reason: string, message: string, details: object = {}): Response {
  const status = { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, details, code }
  return Response.json(status, { status: code })
}

function kubeconfig(server: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'stand-in',
    clusters: [{ name: 'stand-in', cluster: { server } }],
    contexts: [{ name: 'stand-in', context: { cluster: 'stand-in', user: 'tester', namespace: 'default' } }],
    users: [{ name: 'tester', user: { token: 'stand-in' } }],
  }
}
