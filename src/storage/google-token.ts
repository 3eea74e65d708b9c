import type { AuthClient } from 'google-auth-library'
import { RegistryError } from '../errors.ts'
import type { Log } from '../log.ts'
import { renewedKeys } from './aws-keys.ts'
import type { KeySource } from './aws-keys.ts'
import { StoreFailure } from './store-failure.ts'

/** Headers that sign a call in. */
export interface Token {
  readonly headers: Readonly<Record<string, string>>
  /** Milliseconds since 1970; undefined: it never ends. */
  readonly expires?: number | undefined
}

/** Where the token of the next call comes from. Its errors are StoreFailure `NoCredentials` and `SignInFailed`. */
export type TokenSource = KeySource<Token>

interface SignInOptions {
  readonly log: Log
  /** The domain of the cloud: "googleapis.com". */
  readonly universe?: string | undefined
  /** Sends calls to the token endpoint; a test leads them to a stand-in. */
  readonly send?: typeof fetch
  /** The clock of renewals; a test has its own. */
  readonly now?: () => number
}

/** Reads and writes objects, and nothing else: neither buckets nor who may do what. */
const scope = 'https://www.googleapis.com/auth/devstorage.read_write'
/** A token that does not say when it ends is asked for again after this long, milliseconds. */
const unknownLifeMs = 10 * 60_000

/**
 * Signs in as Google's own clients do, by Google's library: a file named by GOOGLE_APPLICATION_CREDENTIALS (service
 * account, user, workload identity federation), the file that `gcloud auth application-default login` wrote, or the
 * metadata server of Google's machines and clusters. These come from the environment of the process. Tokens are renewed
 * before they end. The library is loaded here and not at start: it takes 114 ms and 20 MB.
 */
export function applicationDefault({ log, universe, send = fetch, now }: SignInOptions): TokenSource {
  let client: Promise<AuthClient> | undefined

  async function connect(): Promise<AuthClient> {
    const { GoogleAuth } = await import('google-auth-library')
    const auth = new GoogleAuth({
      scopes: [scope],
      // Given, because the library would start `gcloud` to find out, and nobody wants to know.
      projectId: 'unknown',
      clientOptions: { transporterOptions: { fetchImplementation: send } },
      ...(universe !== undefined && { universeDomain: universe }),
    })
    return auth.getClient()
  }

  async function read(): Promise<Token> {
    try {
      client ??= connect()
      const signedIn = await client
      const headers = Object.fromEntries(await signedIn.getRequestHeaders())
      return { headers, expires: signedIn.credentials.expiry_date ?? Date.now() + unknownLifeMs }
    } catch (error) {
      // Credentials in a file may have been exchanged since: the next try reads it again.
      client = undefined
      throw failureOf(error)
    }
  }

  const { keys, forget } = renewedKeys(read, log, now)
  return {
    keys,
    forget(token) {
      client = undefined
      forget(token)
    },
  }
}

const howTo =
  'set GOOGLE_APPLICATION_CREDENTIALS to the key file of a service account, or run this server where Google gives ' +
  'it one (Workload Identity, a service account of the machine)'

/** Errors of the library quote what was sent, assertions included, so that only their own words are kept. */
function failureOf(error: unknown): StoreFailure {
  const text = error instanceof Error ? error.message.slice(0, 300) : 'unknown reason'
  if (text.startsWith('Could not load the default credentials'))
    return none(`no credentials of Google; ${howTo}`)
  const status = statusOf(error)
  if (status !== undefined && status >= 400 && status < 500 && status !== 429) {
    return none(`Google does not accept the credentials (${text}); ${howTo}`)
  }
  const reached = status !== undefined || isOfNetwork(error)
  return reached
    ? new StoreFailure('SignInFailed', status ?? 0, text)
    : none(`${text.replace(/\.$/, '')}; ${howTo}`)
}

function none(why: string): StoreFailure {
  const cause = new RegistryError('unavailable', 'storage', `Cannot sign in to Google Cloud Storage: ${why}`)
  return new StoreFailure('NoCredentials', 0, '', { cause })
}

function statusOf(error: unknown): number | undefined {
  const { status } = (error ?? {}) as { status?: unknown }
  return typeof status === 'number' ? status : undefined
}

/** True for an error of the library's transport, which names the call that failed. */
function isOfNetwork(error: unknown): boolean {
  return error instanceof Error && 'config' in error
}
