import { posix } from 'node:path'
import { RegistryError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { AzureOptions, AzureSignIn } from './azure-options.ts'
import { azureToken } from './azure-token.ts'

type Environment = Readonly<Record<string, string | undefined>>

/** Azure Blob Storage; account, key and address come from ChartMuseum's variables. */
export interface AzureSettings {
  readonly backend: 'microsoft'
  readonly container: string
  /** Start of every key. */
  readonly prefix: string
  /** Account and key, in place of the variables. */
  readonly connectionString?: string
}

/** How to reach the account. */
interface Account {
  readonly endpoint: string
  readonly signIn: AzureSignIn
}

/**
 * Settings of Azure Blob Storage as options of the driver. Throws RegistryError `unavailable`, for the operator to read,
 * when variables do not name an account or are misspelled.
 */
export function azureOptions(settings: AzureSettings, env: Environment, log: Log): AzureOptions {
  const { connectionString } = settings
  const { endpoint, signIn } = accountOf(
    connectionString ? { AZURE_STORAGE_CONNECTION_STRING: connectionString } : env,
  )
  if (signIn.kind === 'token' && !endpoint.startsWith('https://')) {
    throw startError(
      `Cannot use ${endpoint} without a key: a token is sent over https only; AZURE_STORAGE_ACCESS_KEY names a key`,
    )
  }
  return {
    endpoint,
    signIn,
    container: containerOf(settings.container),
    prefix: keyPrefix(settings.prefix),
    apiVersion: versionOf(env.AZURE_API_VERSION),
    log,
  }
}

/** ChartMuseum's variables first, then a connection string, then the identity of this machine. */
function accountOf(env: Environment): Account {
  const { AZURE_STORAGE_ACCOUNT: account = '', AZURE_STORAGE_ACCESS_KEY: key = '' } = env
  const text = env.AZURE_STORAGE_CONNECTION_STRING ?? ''
  if (key === '' && text !== '') return connectionOf(text)
  if (account === '' && (key !== '' || !isAddress(env.AZURE_BASE_URL))) {
    throw startError(
      'Cannot open the microsoft storage: AZURE_STORAGE_ACCOUNT names no account, and there is no AZURE_STORAGE_CONNECTION_STRING',
    )
  }
  const endpoint = endpointOf(account, env.AZURE_BASE_URL || 'core.windows.net')
  if (key === '') return { endpoint, signIn: { kind: 'token', token: azureToken(env) } }
  return { endpoint, signIn: { kind: 'key', account, key: keyOf(key, 'AZURE_STORAGE_ACCESS_KEY') } }
}

function isAddress(text = ''): boolean {
  return /^\w+:\/\//.test(text)
}

/**
 * ChartMuseum takes the end of the host names of a cloud ("core.chinacloudapi.cn"). A whole address is that of the
 * account: of a private endpoint, or of Azurite, where the account stands in the path.
 */
function endpointOf(account: string, base: string): string {
  if (isAddress(base)) return addressOf(base, 'AZURE_BASE_URL')
  if (!/^[a-z\d]{3,24}$/.test(account)) {
    throw startError(
      `Cannot use ${JSON.stringify(account)} as the account (AZURE_STORAGE_ACCOUNT): 3 to 24 of a-z and 0-9`,
    )
  }
  if (!/^[a-z\d](?:[a-z\d.-]*[a-z\d])?(?::\d{1,5})?$/i.test(base)) {
    throw startError(
      `Cannot use ${JSON.stringify(base)} as AZURE_BASE_URL: it is the end of a host name such as core.chinacloudapi.cn, or a whole address of the account`,
    )
  }
  return `https://${account}.blob.${base}`
}

function addressOf(text: string, name: string): string {
  const url = URL.parse(text)
  const plain = url && /^https?:$/.test(url.protocol) && !url.username && !url.search && !url.hash
  if (plain) return url.href.replace(/\/+$/, '')
  throw startError(`Cannot use ${name}: it must be http:// or https:// with a host, and without "?" and "#"`)
}

/** "AccountName=…;AccountKey=…;EndpointSuffix=…", as Azure's portal shows it, or with BlobEndpoint or a signature. */
function connectionOf(text: string): Account {
  const name = 'AZURE_STORAGE_CONNECTION_STRING'
  const parts = new Map(
    text
      .split(';')
      .filter((part) => part.includes('='))
      .map((part) => [part.slice(0, part.indexOf('=')).trim(), part.slice(part.indexOf('=') + 1).trim()]),
  )
  const account = parts.get('AccountName') ?? ''
  const [key, signature] = [parts.get('AccountKey'), parts.get('SharedAccessSignature')]
  const named = parts.get('BlobEndpoint')
  const endpoint = named
    ? addressOf(named, `the BlobEndpoint of ${name}`)
    : endpointOf(account, parts.get('EndpointSuffix') || 'core.windows.net')
  if (key && account) return { endpoint, signIn: { kind: 'key', account, key: keyOf(key, name) } }
  if (signature) {
    return { endpoint, signIn: { kind: 'signature', query: signature.replace(/^\?/, '') } }
  }
  throw startError(
    `Cannot use ${name}: it has no AccountName with an AccountKey, and no SharedAccessSignature`,
  )
}

function keyOf(key: string, name: string): string {
  if (key.length % 4 === 0 && /^[A-Za-z\d+/]+={0,2}$/.test(key)) return key
  throw startError(`Cannot use the key in ${name}: it is not base64, as Azure's keys are`)
}

/** The rule of Azure; "$web" is the container of a static site. */
function containerOf(name: string): string {
  if (name === '$web' || /^(?=.{3,63}$)[a-z\d]+(?:-[a-z\d]+)*$/.test(name)) return name
  throw startError(
    `Cannot use ${JSON.stringify(name)} as the name of a container: 3 to 63 of a-z, 0-9 and single "-"`,
  )
}

/**
 * ChartMuseum: joins prefix and name as Go's path.Join does. Slashes in front stay ("/charts" → "/charts/a.tgz"), those
 * behind and doubled ones go.
 */
function keyPrefix(prefix: string): string {
  const start = posix.join(prefix, 'x').slice(0, -1)
  if (!start.split('/').includes('..') && !/[\p{Cc}\\]/u.test(start)) return start
  throw startError(
    `Cannot use ${JSON.stringify(prefix)} as --storage-microsoft-prefix: it leads out of the container`,
  )
}

function versionOf(text = ''): string | undefined {
  if (text === '') return undefined
  // Older ones do not say in a header why there is no object: then a missing container looks like a missing object.
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && text >= '2017-07-29') return text
  throw startError('Cannot use AZURE_API_VERSION: it is a date such as 2021-12-02, and not before 2017-07-29')
}

function startError(message: string): RegistryError {
  return new RegistryError('unavailable', 'storage', message)
}
