import { readFile } from 'node:fs/promises'
import { RegistryError } from '../errors.ts'
import type { AzureToken } from './azure-options.ts'
import { systemCode } from './file-calls.ts'
import { StoreFailure } from './store-failure.ts'

type Environment = Readonly<Record<string, string | undefined>>

const scope = 'https://storage.azure.com/.default'
const resource = 'https://storage.azure.com/'
const [tries, patienceMs, pauseMs] = [3, 2_000, 200]
/** A token is renewed so long before it ends, milliseconds; the library asks two minutes before. */
const spareMs = 240_000
/** A token is some kilobytes. */
const longestAnswer = 64 * 1024
/** When an answer does not say how long its token lives, seconds. */
const shortestLife = 300

/**
 * Where a token of Microsoft Entra comes from when no key is given, in the order of Azure's own libraries: a secret of
 * an application, the workload identity of a pod, the managed identity of the machine or service. Each is one call, for
 * which the library (`@azure/identity` 4.14) would bring 42 packages, a browser's sign-in among them.
 */
export function azureToken(env: Environment): () => Promise<AzureToken> {
  let last: Promise<AzureToken> | undefined
  async function renewed(before: Promise<AzureToken> | undefined): Promise<AzureToken> {
    const held = await before?.catch(() => undefined) // a new one is asked for, whatever it was
    return held !== undefined && held.expiresOnTimestamp - Date.now() > spareMs ? held : tokenFrom(env)
  }
  return async () => {
    last = renewed(last)
    try {
      return await last
    } catch (error) {
      throw error instanceof RegistryError
        ? new StoreFailure('NoCredentials', 0, '', { cause: error })
        : error
    }
  }
}

function tokenFrom(env: Environment): Promise<AzureToken> {
  const { AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: client, AZURE_CLIENT_SECRET: secret } = env
  const file = env.AZURE_FEDERATED_TOKEN_FILE
  if (tenant && client && secret) {
    return ofApplication('the secret of an application (AZURE_CLIENT_SECRET)', env, async () => ({
      client_secret: secret,
    }))
  }
  if (tenant && client && file) {
    const what = 'the workload identity (AZURE_FEDERATED_TOKEN_FILE)'
    return ofApplication(what, env, async () => ({
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      // Read each time: Kubernetes writes a new token before the old one ends.
      client_assertion: await textOf(what, file),
    }))
  }
  if (env.IDENTITY_ENDPOINT && env.IDENTITY_HEADER) return ofService(env)
  return ofMachine(env)
}

async function ofApplication(
  what: string,
  env: Environment,
  proof: () => Promise<Record<string, string>>,
): Promise<AzureToken> {
  const host = (env.AZURE_AUTHORITY_HOST || 'https://login.microsoftonline.com').replace(/\/+$/, '')
  const form = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: env.AZURE_CLIENT_ID ?? '',
    scope,
    ...(await proof()),
  })
  const url = `${host}/${encodeURIComponent(env.AZURE_TENANT_ID ?? '')}/oauth2/v2.0/token`
  return tokenIn(what, await ask(what, url, { method: 'POST', body: form }))
}

/** The managed identity of App Service, Functions and Container Apps. */
async function ofService(env: Environment): Promise<AzureToken> {
  const what = 'the managed identity of the service (IDENTITY_ENDPOINT)'
  const query = new URLSearchParams({ 'api-version': '2019-08-01', resource, ...chosen(env) })
  const headers = { 'x-identity-header': env.IDENTITY_HEADER ?? '' }
  return tokenIn(what, await ask(what, `${env.IDENTITY_ENDPOINT}?${query}`, { headers }))
}

/** The managed identity of the virtual machine, by its metadata service. */
async function ofMachine(env: Environment): Promise<AzureToken> {
  const what = 'the managed identity of the machine'
  const host = (env.AZURE_POD_IDENTITY_AUTHORITY_HOST || 'http://169.254.169.254').replace(/\/+$/, '')
  const query = new URLSearchParams({ 'api-version': '2018-02-01', resource, ...chosen(env) })
  const url = `${host}/metadata/identity/oauth2/token?${query}`
  return tokenIn(what, await ask(what, url, { headers: { metadata: 'true' } }))
}

/** Which identity, where there are several. */
function chosen({ AZURE_CLIENT_ID: client }: Environment): Record<string, string> {
  return client ? { client_id: client } : {}
}

/** Asks for a token, up to three times. What comes is a secret and never part of an error. */
async function ask(what: string, url: string, call: Parameters<typeof fetch>[1]): Promise<string> {
  for (let left = tries; ; left--) {
    let trouble: string
    try {
      const signal = AbortSignal.timeout(patienceMs)
      const answer = await fetch(url, { ...call, redirect: 'error', signal })
      const text = (await answer.text()).slice(0, longestAnswer)
      if (answer.ok) return text
      trouble = `it answered ${answer.status}${wordIn(text)}`
      if (answer.status < 500 && answer.status !== 429) throw noToken(what, trouble)
    } catch (error) {
      if (error instanceof RegistryError) throw error
      trouble = `it cannot be reached (${systemCode(error) ?? 'no answer'})`
    }
    if (left === 1) throw noToken(what, trouble)
    await Bun.sleep(pauseMs)
  }
}

/** The words with which Entra names a refusal, such as invalid_client and AADSTS7000215. */
function wordIn(text: string): string {
  const words = [/"error"\s*:\s*"(\w{1,60})"/, /\b(AADSTS\d{1,12})\b/].map((word) => word.exec(text)?.[1])
  return words.filter((word) => word !== undefined).reduce((all, word) => `${all} ${word}`, '')
}

function tokenIn(what: string, text: string): AzureToken {
  const { access_token: token, expires_in: life } = fieldsOf(what, text)
  if (typeof token !== 'string' || token === '') throw noToken(what, 'its answer has no token')
  const seconds = Number(life)
  return { token, expiresOnTimestamp: Date.now() + (seconds > 0 ? seconds : shortestLife) * 1000 }
}

function fieldsOf(what: string, text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    if (typeof value === 'object' && value !== null) return { ...value }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
  }
  throw noToken(what, 'its answer is not JSON')
}

async function textOf(what: string, path: string): Promise<string> {
  try {
    return (await readFile(path, 'utf8')).trim()
  } catch (error) {
    throw noToken(what, `its token file cannot be read (${systemCode(error) ?? 'unknown reason'})`)
  }
}

function noToken(what: string, why: string): RegistryError {
  const advice = 'AZURE_STORAGE_ACCESS_KEY or AZURE_STORAGE_CONNECTION_STRING would name a key'
  return new RegistryError(
    'unavailable',
    'storage',
    `Cannot sign in to the microsoft storage by ${what}: ${why}; ${advice}`,
  )
}
