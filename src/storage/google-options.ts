import { RegistryError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Environment } from './aws-profile.ts'
import type { TokenSource } from './google-token.ts'
import { applicationDefault } from './google-token.ts'
import { cleanPrefix } from './s3-options.ts'

/** A bucket of Google Cloud Storage, with ChartMuseum's settings. */
export interface GoogleSettings {
  readonly backend: 'google'
  readonly bucket: string
  /** Start of every key; slashes around it do not count. */
  readonly prefix: string
}

/** What the driver has to be told. */
export interface GoogleOptions {
  /** Scheme, host and port; no path. */
  readonly endpoint: URL
  readonly bucket: string
  /** What stands in front of every key: "" or a text that ends in "/". */
  readonly prefix: string
  /** Signs calls in; undefined for an emulator, which gets no credentials. */
  readonly tokens: TokenSource | undefined
  readonly log: Log
  /** Longest wait for a sign of life from the store, milliseconds; a test makes it short. */
  readonly patienceMs?: number
  /** False: the store is opened without a look at it. */
  readonly probe?: boolean
}

/**
 * Settings as options of the driver. `STORAGE_EMULATOR_HOST` points to an emulator and `GOOGLE_CLOUD_UNIVERSE_DOMAIN` to
 * another cloud than Google's, as they do for Google's own clients. Throws RegistryError `unavailable`, for the operator
 * to read.
 */
export function googleOptions(settings: GoogleSettings, env: Environment, log: Log): GoogleOptions {
  const place = { bucket: bucketOf(settings.bucket), prefix: cleanPrefix(settings.prefix), log }
  const emulator = env.STORAGE_EMULATOR_HOST
  if (emulator) return { ...place, endpoint: emulatorOf(emulator), tokens: undefined }
  const universe = env.GOOGLE_CLOUD_UNIVERSE_DOMAIN || undefined
  const endpoint = URL.parse(`https://storage.${universe ?? 'googleapis.com'}`)
  if (endpoint === null || !/^[a-z\d.-]+$/i.test(universe ?? '-')) {
    throw startError('Cannot use GOOGLE_CLOUD_UNIVERSE_DOMAIN: it must be a domain such as googleapis.com')
  }
  return { ...place, endpoint, tokens: applicationDefault({ log, universe }) }
}

/** With or without a scheme and the path of the API: Google's clients differ in what they want. */
function emulatorOf(text: string): URL {
  const url = URL.parse(/^\w+:\/\//.test(text) ? text : `http://${text}`)
  const plain = url && /^https?:$/.test(url.protocol) && !url.username && !url.search && !url.hash
  if (plain && /^\/(storage\/v1\/?)?$/.test(url.pathname)) return new URL(url.origin)
  throw startError(
    'Cannot use STORAGE_EMULATOR_HOST: it must be a host and a port, such as http://127.0.0.1:4443',
  )
}

/** The rule of Google Cloud Storage. */
function bucketOf(name: string): string {
  if (/^[a-z\d][a-z\d._-]{1,220}[a-z\d]$/.test(name)) return name
  throw startError(
    `Cannot use ${JSON.stringify(name)} as the name of a bucket: at least 3 of a-z, 0-9, ".", "_" and "-"`,
  )
}

function startError(message: string): RegistryError {
  return new RegistryError('unavailable', 'storage', message)
}
