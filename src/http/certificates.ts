import type { Log } from '../log.ts'
import { readAuthorities, readKeyPair } from './key-pair.ts'
import type { TlsTexts } from './listener.ts'
import { selfSigned, trustCommands } from './self-signed.ts'

/** The settings that decide about HTTPS. */
export interface CertificateSettings {
  readonly tlsCert: string
  readonly tlsKey: string
  readonly tlsCaCert: string
  readonly tlsSelfSigned: boolean
  readonly tlsSelfSignedNames: readonly string[]
  readonly tlsSelfSignedDir: string
  readonly listenHost: string
  readonly port: number
  readonly contextPath: string
  readonly publicUrl: string
}

/** Where the server's certificates stand. */
export interface TlsFiles {
  /** Absolute or as configured: where a person finds the certificate, to make clients trust it. */
  readonly certFile: string
  readonly keyFile: string
  /** The authorities of client certificates; "" where clients need none. */
  readonly caFile: string
}

/** What the server shows to its clients, and where it comes from. */
export interface Certificate extends TlsTexts, TlsFiles {
  readonly selfSigned: boolean
}

/**
 * The certificate to serve with, or undefined for plain HTTP: the configured pair, or the one that Chartroom makes.
 *
 * @throws StartError when it, or the authority of client certificates, cannot be read, made or used.
 */
export async function chooseKeyPair(
  settings: CertificateSettings,
  log: Log,
): Promise<Certificate | undefined> {
  const { tlsCert, tlsKey, tlsCaCert: caFile, tlsSelfSigned } = settings
  const configured = tlsCert !== '' && tlsKey !== ''
  if (!configured && !tlsSelfSigned) return undefined
  const { certFile, keyFile } = configured
    ? { certFile: tlsCert, keyFile: tlsKey }
    : await made(settings, log)
  const files = { certFile, keyFile, caFile }
  const { texts, warnings } = await readTls(files)
  for (const { file, warning } of warnings) log.warn(warning, { file })
  return { ...texts, ...files, selfSigned: !configured }
}

/** What stands in the files, and what clients will not like about it. */
export interface ReadTls {
  readonly texts: TlsTexts
  readonly warnings: readonly { readonly file: string; readonly warning: string }[]
}

/**
 * Reads and checks all files of one server.
 *
 * @throws StartError naming the file and what was expected in it.
 */
export async function readTls({ certFile, keyFile, caFile }: TlsFiles): Promise<ReadTls> {
  const { cert, key, warnings } = await readKeyPair(certFile, keyFile)
  const authorities = caFile === '' ? undefined : await readAuthorities(caFile)
  return {
    texts: { cert, key, ca: authorities?.ca },
    warnings: [
      ...warnings.map((warning) => ({ file: certFile, warning })),
      ...(authorities?.warnings ?? []).map((warning) => ({ file: caFile, warning })),
    ],
  }
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
