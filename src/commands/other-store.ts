import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { credentialsFromFiles } from '../config/credentials.ts'
import { loadSettings, SettingsError, type LoadInput } from '../config/load.ts'
import { fileTwinOf, flags, variableOf, type Flag } from '../config/options.ts'
import type { Environment } from '../storage/aws-profile.ts'
import type { StorageSettings } from '../storage/open.ts'
import { storageSettings } from './storage-settings.ts'

/** Where an import comes from or an export goes to, as one argument of the command line. */
export type OtherPlace =
  | { readonly kind: 'url'; readonly url: URL; readonly name: string }
  | {
      readonly kind: 'store'
      readonly settings: StorageSettings
      /** The environment as that store is to see it. */
      readonly env: Environment
      readonly name: string
    }

/** Which side of a copy the place is on, as its variables begin. */
export type Side = 'FROM_' | 'TO_'

/** Buckets by the scheme of their address: the storage, and the settings of bucket and prefix. */
const buckets: Readonly<Record<string, readonly [storage: string, bucket: Flag, prefix: Flag]>> = {
  minio: ['minio', 'storage-minio-bucket', 'storage-minio-prefix'],
  s3: ['amazon', 'storage-amazon-bucket', 'storage-amazon-prefix'],
  gs: ['google', 'storage-google-bucket', 'storage-google-prefix'],
  azblob: ['microsoft', 'storage-microsoft-container', 'storage-microsoft-prefix'],
  oss: ['alibaba', 'storage-alibaba-bucket', 'storage-alibaba-prefix'],
  cos: ['tencent', 'storage-tencent-bucket', 'storage-tencent-prefix'],
  bos: ['baidu', 'storage-baidu-bucket', 'storage-baidu-prefix'],
}

/**
 * Reads the argument of an import or an export: a repository's URL, a path or file:// of a folder, or a bucket as
 * `minio://bucket/prefix`. A bucket is reached with the settings of its storage; where they differ from those of the
 * other side, their variables are given with FROM_ (or TO_) in front: `FROM_STORAGE_MINIO_ENDPOINT`,
 * `FROM_AWS_ACCESS_KEY_ID`. Throws SettingsError.
 */
export function otherPlace(subject: string, side: Side, input: LoadInput): OtherPlace {
  const [, scheme = '', rest = ''] = /^([a-z][a-z\d+.-]*):\/\/(.*)$/i.exec(subject) ?? []
  const name = scheme.toLowerCase()
  if (name === '') return folder(resolve(subject), subject)
  if (name === 'file') return folder(folderOf(subject), subject)
  if (name === 'http' || name === 'https') return repositoryUrl(subject)
  const bucket = Object.hasOwn(buckets, name) ? buckets[name] : undefined
  if (bucket === undefined && name !== 'etcd') throw new SettingsError([unknownScheme(subject, name)])
  if (/^[^/]*@/.test(rest)) {
    throw new SettingsError([`keys do not belong into an address: ${name}://… takes them from variables`])
  }
  if (bucket === undefined) return etcd(rest, side, input)
  const [storage, bucketFlag, prefixFlag] = bucket
  const [, bucketName = '', prefix = ''] = /^([^/]*)\/?(.*)$/.exec(rest) ?? []
  return store(subject, side, input, { storage, [bucketFlag]: bucketName, [prefixFlag]: prefix })
}

function unknownScheme(subject: string, scheme: string): string {
  const shown = JSON.stringify(subject.replace(/\/\/[^/@]*@/, '//'))
  if (scheme === 'oci') return `${shown} is an OCI registry, which cannot be copied from or to`
  const known = ['https', 'file', ...Object.keys(buckets), 'etcd'].map((one) => `${one}://`).join(', ')
  return `${shown} is no place that can be copied from or to: a path of a folder, or an address with ${known}`
}

function folder(rootdir: string, name: string): OtherPlace {
  return { kind: 'store', settings: { backend: 'local', rootdir }, env: {}, name }
}

function folderOf(subject: string): string {
  try {
    return fileURLToPath(subject)
  } catch (error) {
    if (!(error instanceof TypeError)) throw error
    throw new SettingsError([
      `${JSON.stringify(subject)} names no folder of this computer: file:///path/to/folder`,
    ])
  }
}

function repositoryUrl(subject: string): OtherPlace {
  const url = URL.parse(subject)
  if (url === null) throw new SettingsError(['the address of the repository is no URL'])
  return { kind: 'url', url, name: url.origin + url.pathname }
}

/** `etcd://host:2379,host2:2379/prefix`, by TLS when an authority is named; without hosts those of the settings. */
function etcd(rest: string, side: Side, input: LoadInput): OtherPlace {
  const [, hosts = '', prefix = ''] = /^([^/]*)\/?(.*)$/.exec(rest) ?? []
  const { argv, env } = input
  const named = env[`${side}STORAGE_ETCD_CAFILE`] ?? env['STORAGE_ETCD_CAFILE'] ?? ''
  const tls = named !== '' || argv.some((argument) => /^--?storage-etcd-cafile\b/.test(argument))
  const endpoints = hosts
    .split(',')
    .map((host) => `${tls ? 'https' : 'http'}://${host}`)
    .join(',')
  const at = hosts === '' ? {} : { 'storage-etcd-endpoint': endpoints }
  return store(`etcd://${rest}`, side, input, { storage: 'etcd', 'storage-etcd-prefix': prefix, ...at })
}

/** A store by the settings of the command line, changed by the variables of its side, then by its address. */
function store(
  name: string,
  side: Side,
  input: LoadInput,
  address: Partial<Readonly<Record<Flag, string>>>,
): OtherPlace {
  const variables = Object.fromEntries(
    Object.entries(input.env)
      .filter(([variable]) => variable.startsWith(side))
      .map(([variable, value]) => [variable.slice(side.length), value]),
  )
  const keys = credentialsFromFiles(variables, input.readFile)
  const ofSide = { ...variables, ...keys.changes }
  const env = { ...input.env, ...ofSide }
  const inAddress = (Object.entries(address) as [Flag, string][]).map(([flag, value]) => [
    variableOf(flag),
    value,
  ])
  const above = { ...storageOnly(ofSide), ...Object.fromEntries(inAddress) }
  try {
    if (keys.mistakes.length > 0) throw new SettingsError(keys.mistakes)
    const { settings } = loadSettings({ ...input, env, above })
    return { kind: 'store', settings: storageSettings(settings), env, name }
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error
    throw new SettingsError(error.mistakes.map((mistake) => `${name}: ${mistake}`))
  }
}

/** The variables of storage settings, values and files that hold them: no others are given for one side. */
function storageOnly(variables: Environment): Environment {
  const names = flags
    .filter((flag) => flag.startsWith('storage'))
    .flatMap((flag) => [variableOf(flag), fileTwinOf(flag)?.variable ?? ''])
  return Object.fromEntries(names.flatMap((name) => (name in variables ? [[name, variables[name]]] : [])))
}

/** A store in a few words for a person: what it is and where. */
export function shownStore(settings: StorageSettings): string {
  if (settings.backend === 'local') return `the folder ${settings.rootdir}`
  const bucket = textIn(settings, 'bucket') || textIn(settings, 'container')
  const endpoint = textIn(settings, 'endpoint')
  const prefix = textIn(settings, 'prefix').replace(/^\/+|\/+$/g, '')
  return [
    bucket === '' ? `the ${settings.backend} storage` : `the ${settings.backend} bucket "${bucket}"`,
    endpoint === '' ? '' : ` at ${endpoint}`,
    prefix === '' ? '' : `, below "${prefix}"`,
  ].join('')
}

/** Drivers name what they need differently. */
function textIn(settings: StorageSettings, name: string): string {
  const value: unknown = Reflect.get(settings, name)
  return typeof value === 'string' ? value : ''
}
