import { randomBytes, type X509Certificate } from 'node:crypto'
import { mkdir, open, readFile, rename, rm } from 'node:fs/promises'
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { StartError } from '../start-error.ts'
import { checkKey, parseCertificate } from './key-pair.ts'

/** The pair that Chartroom made, and what happened to it. */
export interface SelfSigned {
  readonly certFile: string
  readonly keyFile: string
  readonly created: boolean
  /** Why a pair was made, for the log; "" when the one in the folder is still good. */
  readonly reason: string
}

const subject = 'CN=Chartroom self-signed'
const dayMs = 24 * 60 * 60 * 1000
/** Apple's clients refuse more than 825 days (https://support.apple.com/en-us/103769); one of them lies in the past. */
const validDays = 824
/** Names that every such certificate carries. */
const ownNames = ['localhost', '127.0.0.1', '::1']

/**
 * A key pair for localhost, this computer's name and the given names, made at the first start and kept in the folder.
 * It is made anew when it has expired or when a given name is missing in it; this computer's own name alone is no
 * reason, because containers get another one at every start and the trust of the clients would be lost.
 *
 * @throws StartError when the folder cannot be written or holds somebody else's certificate.
 */
export async function selfSigned({
  folder,
  names,
}: {
  folder: string
  names: readonly string[]
}): Promise<SelfSigned> {
  const { certFile, keyFile } = selfSignedFiles(folder)
  const wanted = [...new Set([...ownNames, ...names.map((name) => name.toLowerCase())])]
  try {
    const reason = await whyNew(certFile, keyFile, wanted)
    if (reason !== '') {
      const own = hostname().toLowerCase()
      const all = /^[a-z0-9_.-]{1,253}$/.test(own) ? [...new Set([...wanted, own])] : wanted
      const pair = await makePair(all)
      await mkdir(folder, { recursive: true, mode: 0o700 })
      await writeWhole(keyFile, pair.key, 0o600)
      await writeWhole(certFile, pair.cert, 0o644)
    }
    return { certFile, keyFile, created: reason !== '', reason }
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    throw new StartError(
      `Cannot keep a certificate in "${folder}" (${String(error.code)}): make the folder writable or name another one by --tls-self-signed-dir`,
      { cause: error },
    )
  }
}

/** Where the pair of a folder stands. */
export function selfSignedFiles(folder: string): { readonly certFile: string; readonly keyFile: string } {
  return { certFile: join(folder, 'cert.pem'), keyFile: join(folder, 'key.pem') }
}

/** How a person makes clients trust the certificate. */
export function trustCommands(certFile: string, url: string): readonly string[] {
  const file = shellWord(certFile)
  return [`helm repo add chartroom ${url} --ca-file ${file}`, `curl --cacert ${file} ${url}/index.yaml`]
}

/** Why the pair in the folder cannot be used; "" when it can. */
async function whyNew(certFile: string, keyFile: string, wanted: readonly string[]): Promise<string> {
  const cert = await textOrNothing(certFile)
  const key = await textOrNothing(keyFile)
  if (cert === undefined && key === undefined) return 'there was none'
  const parsed = cert === undefined ? undefined : parseCertificate(cert)
  if (cert !== undefined && parsed?.subject !== subject) {
    throw new StartError(
      `"${certFile}" was not made by Chartroom and is not replaced: move it away, or use it by --tls-cert and --tls-key`,
    )
  }
  if (!parsed || key === undefined || checkKey(parsed, key) !== '') return 'a part of the old one was missing'
  if (Date.parse(parsed.validTo) <= Date.now()) return 'the old one had expired'
  const names = namesOf(parsed)
  const missing = wanted.filter((name) => !names.has(canonical(name)))
  return missing.length === 0 ? '' : `the old one did not name ${missing.join(', ')}`
}

/**
 * A certificate of its own authority. It is no CA, so that nothing can be signed with its key, and it says nothing of
 * key usage: OpenSSL takes a self-signed certificate as trusted only if its key may sign certificates or says nothing.
 */
async function makePair(names: readonly string[]): Promise<{ cert: string; key: string }> {
  await import('reflect-metadata')
  const x509 = await import('@peculiar/x509')
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  // Positive and 127 bits long, as RFC 5280 4.1.2.2 asks for.
  const serial = randomBytes(16)
  serial[0] = ((serial[0] ?? 0) & 0x7f) | 0x40
  const certificate = await x509.X509CertificateGenerator.createSelfSigned(
    {
      serialNumber: serial.toString('hex'),
      name: subject,
      notBefore: new Date(Date.now() - dayMs),
      notAfter: new Date(Date.now() + validDays * dayMs),
      keys,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(
          names.map((name) => ({ type: isIP(name) === 0 ? ('dns' as const) : ('ip' as const), value: name })),
        ),
        await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ],
    },
    crypto,
  )
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  return {
    cert: `${certificate.toString('pem')}\n`,
    key: `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`,
  }
}

/** Writes beside the file and renames, so that a reader never sees half of it. */
async function writeWhole(file: string, text: string, mode: number): Promise<void> {
  const beside = `${file}.${randomBytes(6).toString('hex')}.tmp`
  try {
    const handle = await open(beside, 'wx', mode)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(beside, file)
  } catch (error) {
    await rm(beside, { force: true })
    throw error
  }
}

async function textOrNothing(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

/** The names and addresses of a certificate, written so that they can be compared. */
function namesOf(certificate: X509Certificate): Set<string> {
  const entries = (certificate.subjectAltName ?? '').split(/,\s*/)
  return new Set(entries.map((entry) => canonical(entry.replace(/^(DNS|IP Address):/, ''))))
}

/** IPv6 has many spellings of one address; the URL parser knows the canonical one. */
function canonical(name: string): string {
  return isIP(name) === 6 ? new URL(`http://[${name}]`).hostname : name.toLowerCase()
}

/** A text as one word of a shell. */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
