import type { Log } from '../log.ts'
import { readKeyPair } from './key-pair.ts'
import { selfSigned, trustCommands } from './self-signed.ts'

/** The settings that decide about HTTPS. */
export interface CertificateSettings {
  readonly tlsCert: string
  readonly tlsKey: string
  readonly tlsSelfSigned: boolean
  readonly tlsSelfSignedNames: readonly string[]
  readonly tlsSelfSignedDir: string
  readonly listenHost: string
  readonly port: number
  readonly contextPath: string
  readonly publicUrl: string
}

/** What the server shows to its clients. */
export interface Certificate {
  readonly cert: string
  readonly key: string
  /** Absolute or as configured: where a person finds the certificate, to make clients trust it. */
  readonly certFile: string
  readonly selfSigned: boolean
}

/**
 * The certificate to serve with, or undefined for plain HTTP: the configured pair, or the one that Chartroom makes.
 *
 * @throws StartError when it cannot be read, made or used.
 */
export async function chooseKeyPair(
  settings: CertificateSettings,
  log: Log,
): Promise<Certificate | undefined> {
  const { tlsCert, tlsKey, tlsSelfSigned } = settings
  const configured = tlsCert !== '' && tlsKey !== ''
  if (!configured && !tlsSelfSigned) return undefined
  const { certFile, keyFile } = configured
    ? { certFile: tlsCert, keyFile: tlsKey }
    : await made(settings, log)
  const { cert, key, warnings } = await readKeyPair(certFile, keyFile)
  for (const warning of warnings) log.warn(warning, { file: certFile })
  return { cert, key, certFile, selfSigned: !configured }
}

async function made(settings: CertificateSettings, log: Log): Promise<{ certFile: string; keyFile: string }> {
  const { tlsSelfSignedDir: folder, tlsSelfSignedNames, publicUrl, listenHost, port, contextPath } = settings
  const publicName = publicUrl === '' ? [] : [new URL(publicUrl).hostname.replace(/^\[|\]$/g, '')]
  const listening = ['0.0.0.0', '::'].includes(listenHost) ? [] : [listenHost]
  const pair = await selfSigned({ folder, names: [...tlsSelfSignedNames, ...publicName, ...listening] })
  if (pair.created) log.info('Made a self-signed certificate', { file: pair.certFile, because: pair.reason })
  const url = publicUrl || `https://localhost:${port}${contextPath}`
  const [helm, curl] = trustCommands(pair.certFile, url)
  log.info('Clients must be told to trust the self-signed certificate', { helm, curl })
  return pair
}
