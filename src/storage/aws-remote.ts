import { readFile } from 'node:fs/promises'
import { isIP } from 'node:net'
import { RegistryError } from '../errors.ts'
import type { Keys } from './aws-keys.ts'
import type { Environment } from './aws-profile.ts'
import { systemCode } from './file-calls.ts'
import { element } from './s3-xml.ts'

/** Addresses in AWS's own machines that answer over plain HTTP: ECS, EKS pod identity (both families). */
const ownHosts = new Set(['169.254.170.2', '169.254.170.23', '[fd00:ec2::23]', 'localhost', '[::1]'])

/** True when the platform offers keys at an address: ECS, EKS pod identity. */
export function hasContainerKeys(env: Environment): boolean {
  return Boolean(env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI || env.AWS_CONTAINER_CREDENTIALS_FULL_URI)
}

/** Keys of the task (ECS) or of the pod (EKS pod identity). */
export async function containerKeys(env: Environment): Promise<Keys> {
  const what = 'the container credentials (AWS_CONTAINER_CREDENTIALS_FULL_URI)'
  const relative = env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI
  const address = relative
    ? `http://169.254.170.2${relative}`
    : (env.AWS_CONTAINER_CREDENTIALS_FULL_URI ?? '')
  const url = URL.parse(address)
  // The token must not be sent to anybody who can set a variable, as AWS's own libraries see it.
  if (!url || !(url.protocol === 'https:' || (url.protocol === 'http:' && isOwnHost(url.hostname)))) {
    throw noKeys(what, 'the address is neither https nor one of this machine')
  }
  const file = env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE
  const token = file ? await tokenOf(file, what) : (env.AWS_CONTAINER_AUTHORIZATION_TOKEN ?? '')
  return keysFrom(
    what,
    parsedKeys(what, await askKeys(what, url.href, { headers: token ? { authorization: token } : {} })),
  )
}

function isOwnHost(host: string): boolean {
  return ownHosts.has(host) || (isIP(host) === 4 && host.startsWith('127.'))
}

/** Keys of the role of the virtual machine, by the second version of EC2's metadata service. */
export async function machineKeys(env: Environment): Promise<Keys> {
  const what = 'the metadata service of the machine (EC2)'
  const start = (env.AWS_EC2_METADATA_SERVICE_ENDPOINT || machineAddress(env)).replace(/\/+$/, '')
  const token = await askKeys(what, `${start}/latest/api/token`, {
    method: 'PUT',
    headers: { 'x-aws-ec2-metadata-token-ttl-seconds': '21600' },
  })
  const headers = { 'x-aws-ec2-metadata-token': token.trim() }
  const folder = `${start}/latest/meta-data/iam/security-credentials/`
  const role = (await askKeys(what, folder, { headers })).trim().split('\n')[0] ?? ''
  if (role === '') throw noKeys(what, 'the machine has no role')
  return keysFrom(what, parsedKeys(what, await askKeys(what, folder + encodeURIComponent(role), { headers })))
}

function machineAddress(env: Environment): string {
  const six = env.AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE?.toLowerCase() === 'ipv6'
  return six ? 'http://[fd00:ec2::254]' : 'http://169.254.169.254'
}

const [tries, patienceMs, pauseMs] = [3, 2_000, 200]

/** Asks a credentials service, up to three times. What it says is a secret and never part of an error. */
export async function askKeys(what: string, url: string, call: Parameters<typeof fetch>[1]): Promise<string> {
  for (let left = tries; ; left--) {
    let trouble: string
    try {
      const answer = await fetch(url, {
        ...call,
        redirect: 'error',
        signal: AbortSignal.timeout(patienceMs),
      })
      const text = await answer.text()
      if (answer.ok) return text
      trouble = `it answered ${answer.status}${codeIn(text)}`
      if (answer.status < 500 && answer.status !== 429) throw noKeys(what, trouble)
    } catch (error) {
      if (error instanceof RegistryError) throw error
      trouble = `it cannot be reached (${systemCode(error) ?? 'no answer'})`
    }
    if (left === 1) throw noKeys(what, trouble)
    await Bun.sleep(pauseMs)
  }
}

/** The word with which AWS names a refusal, such as AccessDenied or InvalidIdentityToken. */
function codeIn(text: string): string {
  const code = element(text, 'Code') ?? /"[Cc]ode"\s*:\s*"(\w+)"/.exec(text)?.[1]
  return code !== undefined && /^[\w.]{1,60}$/.test(code) ? ` ${code}` : ''
}

/** The fields of an answer in JSON. */
export function parsedKeys(what: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return { ...value }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw noKeys(what, 'its answer is not JSON')
}

/** The keys in the fields of an answer, whose token has one of two names. */
export function keysFrom(what: string, fields: Record<string, unknown>): Keys {
  const { AccessKeyId: accessKey, SecretAccessKey: secretKey, Expiration: end } = fields
  const sessionToken = fields.SessionToken ?? fields.Token
  if (typeof accessKey !== 'string' || typeof secretKey !== 'string' || !accessKey || !secretKey) {
    throw noKeys(what, 'its answer has no keys')
  }
  const expires = typeof end === 'string' ? Date.parse(end) : Number.NaN
  return {
    accessKey,
    secretKey,
    sessionToken: typeof sessionToken === 'string' && sessionToken !== '' ? sessionToken : undefined,
    expires: Number.isNaN(expires) ? undefined : expires,
  }
}

/** A token out of a file. */
export async function tokenOf(path: string, what: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    throw noKeys(what, `its token file cannot be read (${systemCode(error) ?? 'unknown reason'})`)
  }
}

/** The error of a source of keys: names the source and the reason, never what the source said. */
export function noKeys(what: string, why: string): RegistryError {
  return new RegistryError('unavailable', 'storage', `Cannot get keys for the storage from ${what}: ${why}`)
}
