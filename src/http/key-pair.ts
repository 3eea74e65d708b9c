import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { StartError } from '../start-error.ts'
import { unreadableBecause } from '../unreadable.ts'

/** A certificate that ends so soon, in days, is worth a line at every start. */
const warnDays = 14

/** A key pair as `Bun.serve` takes it, and what clients will not like about it. */
export interface KeyPair {
  readonly cert: string
  readonly key: string
  readonly warnings: readonly string[]
}

/**
 * Reads a key pair and makes sure that its parts belong together, so that a mix-up shows at start and not in every
 * handshake.
 *
 * @throws StartError naming the file and what was expected in it.
 */
export async function readKeyPair(certFile: string, keyFile: string, now = new Date()): Promise<KeyPair> {
  const cert = await readPem(certFile, '--tls-cert')
  const key = await readPem(keyFile, '--tls-key')
  const chain = parseChain(cert)
  if (typeof chain === 'string') throw new StartError(`--tls-cert "${certFile}" ${chain}`)
  const mismatch = checkKey(chain[0], key)
  if (mismatch !== '') throw new StartError(`--tls-key "${keyFile}" ${mismatch}`)
  return { cert, key, warnings: [...checkCertificate(cert, now), ...checkOrder(chain)] }
}

/** The authorities that client certificates must come from, and what will keep clients out. */
export interface Authorities {
  readonly ca: string
  readonly warnings: readonly string[]
}

/**
 * Reads the authorities of client certificates.
 *
 * @throws StartError naming the file and what was expected in it: with none, or half of one, nobody would get in.
 */
export async function readAuthorities(file: string, now = new Date()): Promise<Authorities> {
  const ca = await readPem(file, '--tls-ca-cert')
  const found = parseChain(ca)
  if (typeof found === 'string') throw new StartError(`--tls-ca-cert "${file}" ${found}`)
  const expired = found.filter(({ validTo }) => Date.parse(validTo) <= now.getTime())
  const warnings = expired.map(
    ({ subject }) =>
      `The authority "${oneLine(subject)}" has expired: client certificates from it are refused`,
  )
  return { ca, warnings }
}

/** Every certificate of a PEM text, in its order; else, as the end of a sentence, why there is none or not all. */
function parseChain(pem: string): [X509Certificate, ...X509Certificate[]] | string {
  const begins = pem.match(/^-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/gm) ?? []
  const blocks = pem.match(pemCertificate) ?? []
  const first = parseCertificate(pem)
  if (begins.length === 0 || first === undefined) {
    return 'is not a certificate: expected -----BEGIN CERTIFICATE-----'
  }
  const others = blocks.slice(1).map(parseCertificate)
  const whole = others.filter((other) => other !== undefined)
  if (blocks.length < begins.length || whole.length < others.length) {
    return `holds a certificate that cannot be read, number ${brokenOne(others, blocks.length)}: expected whole ones, from BEGIN to END`
  }
  return [first, ...whole]
}

const pemCertificate = /^-----BEGIN ((?:X509 |TRUSTED )?CERTIFICATE)-----[^-]*-----END \1-----/gm

function brokenOne(others: readonly (X509Certificate | undefined)[], blocks: number): number {
  const broken = others.indexOf(undefined)
  return broken < 0 ? blocks + 1 : broken + 2
}

/** A server shows its own certificate, then the one that issued it, and so on: many clients need that order. */
function checkOrder(chain: readonly X509Certificate[]): string[] {
  const wrong = chain.findIndex(
    (one, at) => chain[at + 1] !== undefined && !one.checkIssued(chain[at + 1] ?? one),
  )
  if (wrong < 0) return []
  return [
    `Certificate ${wrong + 2} in the chain did not issue the one before it: clients may not find the way to their authority`,
  ]
}

/** node:crypto writes one part of a name per line. */
function oneLine(name: string): string {
  return name.replaceAll('\n', ', ')
}

/** Sentences about what clients will not accept in a certificate (PEM, the server's own first); none when it is fine. */
export function checkCertificate(certPem: string, now = new Date()): string[] {
  const parsed = parseCertificate(certPem)
  if (!parsed) return ['The certificate cannot be read: expected PEM, -----BEGIN CERTIFICATE-----']
  const found: string[] = []
  const from = Date.parse(parsed.validFrom)
  const until = Date.parse(parsed.validTo)
  const day = (time: number): string => new Date(time).toISOString().slice(0, 10)
  if (!parsed.subjectAltName) {
    found.push('The certificate has no subject alternative name: helm and other Go programs refuse it')
  }
  if (from > now.getTime()) found.push(`The certificate is not valid before ${day(from)}: clients refuse it`)
  if (until <= now.getTime()) found.push(`The certificate expired on ${day(until)}: clients refuse it`)
  else if (until - now.getTime() < warnDays * 24 * 60 * 60 * 1000)
    found.push(`The certificate expires on ${day(until)}`)
  return found
}

/** Why the key cannot serve for the certificate, as the end of a sentence; "" when it can. */
export function checkKey(certificate: X509Certificate, keyPem: string): string {
  try {
    return certificate.checkPrivateKey(createPrivateKey(keyPem))
      ? ''
      : 'does not belong to the certificate: expected the key it was made with'
  } catch (error) {
    if (!(error instanceof Error)) throw error
    const locked = /ENCRYPTED/.test(keyPem)
    return locked
      ? 'is protected by a passphrase: expected a key without one'
      : 'is not a private key: expected -----BEGIN PRIVATE KEY-----'
  }
}

async function readPem(file: string, flag: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new StartError(`${flag} "${file}": ${unreadableBecause(error)}`, { cause: error })
  }
}

/** The first certificate of a PEM text, or undefined when there is none that can be read. */
export function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem)
  } catch (error) {
    if (error instanceof Error) return undefined
    throw error
  }
}
