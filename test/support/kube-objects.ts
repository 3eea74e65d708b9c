/** An object of the Kubernetes API, as JSON. */
export interface KubeObject {
  apiVersion?: string
  kind?: string
  metadata?: {
    name?: string
    namespace?: string
    labels?: Record<string, string>
    [key: string]: unknown
  }
  [key: string]: unknown
}

/** Which object of which kind: the resource's path ("/api/v1/configmaps"), its namespace ("" for none), its name. */
export interface ObjectPlace {
  readonly resource: string
  readonly namespace: string
  readonly name: string
}

/** The objects that the stand-in keeps, in memory. */
export interface KubeObjects {
  get(place: ObjectPlace): KubeObject | undefined
  /** Keeps the object under the place, with the metadata that a server adds. */
  put(place: ObjectPlace, object: KubeObject): KubeObject
  delete(place: ObjectPlace): KubeObject | undefined
  /** Those of a resource in a namespace ("" for all) that carry all labels of a selector such as "owner=helm,a!=b". */
  list(resource: string, namespace: string, selector?: string): KubeObject[]
  /** The version of the newest change, as lists carry it. */
  version(): string
}

/** An empty store. */
export function kubeObjects(): KubeObjects {
  const objects = new Map<string, { place: ObjectPlace; object: KubeObject }>()
  let version = 1
  const key = ({ resource, namespace, name }: ObjectPlace) => `${resource} ${namespace} ${name}`
  return {
    get: (place) => objects.get(key(place))?.object,
    put(place, object) {
      version += 1
      const before = objects.get(key(place))?.object
      const kept: KubeObject = {
        ...object,
        metadata: {
          ...object.metadata,
          name: place.name,
          ...(place.namespace === '' ? {} : { namespace: place.namespace }),
          uid: before?.metadata?.uid ?? crypto.randomUUID(),
          creationTimestamp: before?.metadata?.creationTimestamp ?? now(),
          resourceVersion: String(version),
          generation: 1,
        },
      }
      objects.set(key(place), { place, object: kept })
      return kept
    },
    delete(place) {
      const before = objects.get(key(place))?.object
      objects.delete(key(place))
      version += 1
      return before
    },
    list: (resource, namespace, selector = '') =>
      [...objects.values()]
        .filter(({ place }) => place.resource === resource)
        .filter(({ place }) => namespace === '' || place.namespace === namespace)
        .map(({ object }) => object)
        .filter((object) => selected(object.metadata?.labels ?? {}, selector)),
    version: () => String(version),
  }
}

/** RFC 7386, as `application/merge-patch+json` asks; good enough for strategic merge where no list is merged. */
export function merged(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch
  const result: Record<string, unknown> = isRecord(target) ? { ...target } : {}
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name]
    else result[name] = merged(result[name], value)
  }
  return result
}

/** Equality selectors only: what Helm sends. */
function selected(labels: Readonly<Record<string, string>>, selector: string): boolean {
  return selector
    .split(',')
    .filter((part) => part !== '')
    .every((part) => {
      const [, name = '', operator, value] = /^([^!=]+)(!=|==?)(.*)$/.exec(part) ?? []
      return operator === '!=' ? labels[name] !== value : labels[name] === value
    })
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function now(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`
}
