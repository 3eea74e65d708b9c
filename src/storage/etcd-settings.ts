import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { RegistryError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { EtcdTls } from './etcd-call.ts'
import { systemCode } from './file-calls.ts'

/** etcd, with ChartMuseum's settings. */
export interface EtcdSettings {
  readonly backend: 'etcd'
  /** Separated by commas; without a scheme it is https when a file of certificates is named, as etcd's client has it. */
  readonly endpoint: string
  /** Certificate authorities (PEM); "" is the system's. */
  readonly cafile: string
  /** A client certificate and its key (PEM); "" shows none. */
  readonly certfile: string
  readonly keyfile: string
  /** Start of every key. */
  readonly prefix: string
}

/** What the driver has to be told. */
export interface EtcdOptions {
  /** Origins: "https://etcd-0:2379". */
  readonly endpoints: readonly string[]
  readonly tls: EtcdTls
  /** Start of every key: begins with "/" and does not end with one. */
  readonly base: string
  readonly log: Log
  /** Longest wait of one call, milliseconds; a test makes it short. */
  readonly patienceMs?: number
  /** False: nothing is written but what somebody asks for. */
  readonly probe?: boolean
}

/** Settings as options of the driver. Throws RegistryError `unavailable`, for the operator to read. */
export function etcdOptions(settings: EtcdSettings, log: Log): EtcdOptions {
  const { cafile, certfile, keyfile } = settings
  const files = [cafile, certfile, keyfile].some((file) => file !== '')
  const endpoints = [...new Set(settings.endpoint.split(',').map((text) => originOf(text.trim(), files)))]
  if (files && endpoints.some((endpoint) => endpoint.startsWith('http://'))) {
    log.warn(
      'An etcd endpoint begins with http://: what is said to it is not encrypted, whatever certificates are named',
    )
  }
  return { endpoints, tls: tlsOf(cafile, certfile, keyfile), base: baseOf(settings.prefix), log }
}

function originOf(text: string, secure: boolean): string {
  const url = URL.parse(/^\w+:\/\//.test(text) ? text : `${secure ? 'https' : 'http'}://${text}`)
  const plain = url && /^https?:$/.test(url.protocol) && !url.username && !url.search && !url.hash
  if (plain && url.pathname === '/') return url.origin
  throw refused(
    'Cannot use "--storage-etcd-endpoint": each of its endpoints must be http:// or https:// with a host and perhaps a port',
  )
}

function tlsOf(cafile: string, certfile: string, keyfile: string): EtcdTls {
  if ((certfile === '') !== (keyfile === '')) {
    throw refused('Cannot use one of --storage-etcd-certfile and --storage-etcd-keyfile without the other')
  }
  const ca = cafile === '' ? undefined : textOf(cafile, '--storage-etcd-cafile')
  if (ca !== undefined) checkCertificate(ca, cafile, '--storage-etcd-cafile')
  if (certfile === '') return { ...(ca !== undefined && { ca }) }
  const cert = textOf(certfile, '--storage-etcd-certfile')
  const key = textOf(keyfile, '--storage-etcd-keyfile')
  const certificate = checkCertificate(cert, certfile, '--storage-etcd-certfile')
  checkKey(certificate, key, keyfile)
  return { ...(ca !== undefined && { ca }), cert, key }
}

function textOf(path: string, flag: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    throw refused(`Cannot read "${path}" (${flag}): ${systemCode(error) ?? 'unknown reason'}`, error)
  }
}

function checkCertificate(text: string, path: string, flag: string): X509Certificate {
  try {
    return new X509Certificate(text)
  } catch (error) {
    throw refused(`Cannot use "${path}" (${flag}): it holds no certificate in PEM`, error)
  }
}

function checkKey(certificate: X509Certificate, text: string, path: string): void {
  const cannot = `Cannot use "${path}" (--storage-etcd-keyfile)`
  let fits: boolean
  try {
    fits = certificate.checkPrivateKey(createPrivateKey(text))
  } catch (error) {
    throw refused(`${cannot}: it holds no private key in PEM that can be read without a password`, error)
  }
  if (!fits) throw refused(`${cannot}: it is not the key of the certificate in --storage-etcd-certfile`)
}

/** ChartMuseum's own prefix, for whom it has none. */
const defaultBase = '/chart_backend_bucket'

/** A prefix as ChartMuseum takes it: one "/" in front, none behind, cleaned as a path is. */
function baseOf(prefix: string): string {
  if (prefix === '') return defaultBase
  const base = posix.normalize(`/${prefix}`).replace(/\/$/, '')
  if (/\p{Cc}/u.test(base) || !base.isWellFormed()) {
    throw refused('Cannot use "--storage-etcd-prefix": it has a control character')
  }
  // ChartMuseum does not start with such a prefix either: etcd has no empty key for it to write.
  if (base === '') throw refused('Cannot use "--storage-etcd-prefix": it must be more than "/"')
  return base
}

function refused(message: string, cause?: unknown): RegistryError {
  return new RegistryError('unavailable', 'storage', message, {}, { cause })
}
