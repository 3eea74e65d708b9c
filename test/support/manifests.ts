import { chmod, chown, lstat, mkdir, rename, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { parseAllDocuments } from 'yaml'
import type { KubeObject } from './kube-objects.ts'

/** The parts of a pod that rules and runs look at. */
export interface PodSpec {
  readonly automountServiceAccountToken?: boolean
  readonly containers: readonly Container[]
  readonly initContainers?: readonly Container[]
  readonly hostIPC?: boolean
  readonly hostNetwork?: boolean
  readonly hostPID?: boolean
  readonly securityContext?: SecurityContext
  readonly terminationGracePeriodSeconds?: number
  readonly volumes?: readonly Volume[]
}

export interface Container {
  readonly name: string
  readonly image: string
  readonly command?: readonly string[]
  readonly args?: readonly string[]
  readonly env?: readonly { name: string; value?: string; valueFrom?: { secretKeyRef?: KeyRef } }[]
  readonly envFrom?: readonly { configMapRef?: { name: string } }[]
  readonly ports?: readonly { name: string; containerPort: number; hostPort?: number }[]
  readonly securityContext?: SecurityContext
  readonly volumeMounts?: readonly { name: string; mountPath: string; readOnly?: boolean }[]
  readonly livenessProbe?: Probe
  readonly readinessProbe?: Probe
  readonly startupProbe?: Probe
  readonly lifecycle?: { preStop?: { sleep?: { seconds: number } } }
}

export interface Probe {
  readonly httpGet?: { path: string; port: string | number; scheme: string }
  readonly exec?: { command: readonly string[] }
}

interface KeyRef {
  readonly name: string
  readonly key: string
}

interface SecurityContext {
  readonly allowPrivilegeEscalation?: boolean
  readonly capabilities?: { add?: readonly string[]; drop?: readonly string[] }
  readonly privileged?: boolean
  readonly readOnlyRootFilesystem?: boolean
  readonly runAsNonRoot?: boolean
  readonly runAsUser?: number
  readonly seccompProfile?: { type: string }
  readonly sysctls?: readonly unknown[]
}

interface Volume {
  readonly name: string
  readonly projected?: { sources: readonly Source[] }
  readonly [kind: string]: unknown
}

interface Source {
  readonly secret?: Items
  readonly configMap?: Items
}

interface Items {
  readonly name: string
  readonly items: readonly { key: string; path: string }[]
}

/** The objects of what helm rendered. YAML 1.1, as Kubernetes reads it: 0444 is octal. */
export function parseManifests(text: string): KubeObject[] {
  return parseAllDocuments(text, { version: '1.1' })
    .map((document) => {
      if (document.errors.length > 0) throw new Error(`${document.errors[0]?.message} in:\n${text}`)
      return document.toJS() as KubeObject | null
    })
    .filter((object) => object !== null)
}

/** The one object of a kind and, where several are of it, a name. */
export function objectOf(
  objects: readonly KubeObject[],
  kind: string,
  name?: string,
): KubeObject | undefined {
  return objects.find(
    (object) => object.kind === kind && (name === undefined || object.metadata?.name === name),
  )
}

/** Every pod among the objects, those of deployments too. */
export function podsOf(objects: readonly KubeObject[]): PodSpec[] {
  return objects.flatMap((object) => {
    if (object.kind === 'Pod') return [object['spec'] as PodSpec]
    if (object.kind !== 'Deployment') return []
    return [(object['spec'] as { template: { spec: PodSpec } }).template.spec]
  })
}

/** The paths below which `projected` volumes put their files. */
export function filesOf(pod: PodSpec, container: Container): { path: string; source: Source; key: string }[] {
  return (container.volumeMounts ?? []).flatMap(({ name, mountPath }) => {
    const sources = pod.volumes?.find((volume) => volume.name === name)?.projected?.sources ?? []
    return sources.flatMap(
      (source) =>
        (source.secret ?? source.configMap)?.items.map(({ key, path }) => ({
          path: join(mountPath, path),
          source,
          key,
        })) ?? [],
    )
  })
}

/** What a kubelet gives to a container. */
export interface Given {
  readonly env: Record<string, string>
  readonly readable: Record<string, string>
  readonly writable: Record<string, string>
}

/**
 * Makes the files and folders of a container below a folder, as a kubelet does: its variables, what it mounts to read,
 * and what it may write, which belongs to the user. Throws when an object or a key that it names is missing.
 */
export async function kubelet(
  pod: PodSpec,
  container: Container,
  options: { objects: readonly KubeObject[]; folder: string; uid: number },
): Promise<Given> {
  const { objects, folder, uid } = options
  const given: Given = { env: variablesOf(container, objects), readable: {}, writable: {} }
  const places = new Map<string, string>()
  const files = filesOf(pod, container)
  for (const { name, mountPath } of container.volumeMounts ?? []) {
    const volume = pod.volumes?.find((candidate) => candidate.name === name)
    if (!volume) throw new Error(`${container.name} mounts ${name}, which is no volume`)
    if (volume.projected) {
      const inside = files.filter(({ path }) => path.startsWith(`${mountPath}/`))
      const contents = inside.map(({ path, source, key }) => [
        path.slice(mountPath.length + 1),
        contentOf(objects, source, key),
      ])
      const place = join(folder, 'read', name)
      await writeSecretFiles(place, Object.fromEntries(contents))
      given.readable[mountPath] = place
      continue
    }
    const own = places.get(name) ?? join(folder, 'write', name)
    places.set(name, own)
    await mkdir(own, { recursive: true })
    await chown(own, uid, uid)
    given.writable[mountPath] = own
  }
  await chmod(folder, 0o755)
  return given
}

/**
 * Writes all files of a volume as kubelets do: into a folder of their own, to which the link `..data` is then turned, and
 * what a program opens is a link through it.
 */
export async function writeSecretFiles(
  place: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  const fresh = `..${crypto.randomUUID()}`
  for (const [path, content] of Object.entries(files)) {
    const file = join(place, fresh, path)
    await mkdir(dirname(file), { recursive: true })
    await Bun.write(file, content)
    await chmod(file, 0o444)
  }
  await symlink(fresh, join(place, '..fresh'))
  await rename(join(place, '..fresh'), join(place, '..data'))
  for (const name of new Set(Object.keys(files).map((path) => path.split('/')[0] ?? ''))) {
    if (!(await lstat(join(place, name)).catch(() => undefined)))
      await symlink(join('..data', name), join(place, name))
  }
}

function variablesOf(container: Container, objects: readonly KubeObject[]): Record<string, string> {
  const env: Record<string, string> = {}
  for (const { configMapRef } of container.envFrom ?? []) {
    const map = objectOf(objects, 'ConfigMap', configMapRef?.name)
    if (!map) throw new Error(`there is no ConfigMap ${configMapRef?.name}`)
    Object.assign(env, map['data'])
  }
  for (const { name, value, valueFrom } of container.env ?? []) {
    const ref = valueFrom?.secretKeyRef
    env[name] = value ?? (ref ? keyOf(objectOf(objects, 'Secret', ref.name), ref.key).toString() : '')
  }
  return env
}

function contentOf(objects: readonly KubeObject[], { secret, configMap }: Source, key: string): Buffer {
  if (secret) return keyOf(objectOf(objects, 'Secret', secret.name), key)
  const data = objectOf(objects, 'ConfigMap', configMap?.name)?.['data'] as Record<string, string> | undefined
  if (data?.[key] === undefined) throw new Error(`the ConfigMap ${configMap?.name} has no ${key}`)
  return Buffer.from(data[key])
}

function keyOf(secret: KubeObject | undefined, key: string): Buffer {
  const text = (secret?.['data'] as Record<string, string> | undefined)?.[key]
  if (text === undefined) throw new Error(`the Secret ${secret?.metadata?.name} has no ${key}`)
  return Buffer.from(text, 'base64')
}
