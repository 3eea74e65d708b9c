import { join } from 'node:path'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import type { EtcdCertificates } from './etcd.ts'

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
const dayMs = 24 * 60 * 60 * 1000
const { serverAuth, clientAuth } = x509.ExtendedKeyUsage

/** Key pairs (PEM files in the folder) of one authority: of an etcd, of a client; and of a client that nobody knows. */
export async function etcdCertificates(folder: string): Promise<{
  readonly server: EtcdCertificates
  readonly client: EtcdCertificates
  /** An etcd whose certificate may not be shown by a client, as its gateway shows it. */
  readonly serverOnly: EtcdCertificates
  readonly stranger: EtcdCertificates
}> {
  const [known, unknown] = [await authority(), await authority()]
  const ca = join(folder, 'ca.pem')
  await Bun.write(ca, known.certificate.toString('pem'))
  const pair = async (name: string, by: Authority, usages: readonly x509.ExtendedKeyUsage[]) => {
    const files = { ca, cert: join(folder, `${name}.pem`), key: join(folder, `${name}-key.pem`) }
    const made = await issue(name, by, usages)
    await Bun.write(files.cert, made.cert)
    await Bun.write(files.key, made.key)
    return files
  }
  return {
    server: await pair('server', known, [serverAuth, clientAuth]),
    client: await pair('client', known, [clientAuth]),
    serverOnly: await pair('server-only', known, [serverAuth]),
    stranger: await pair('stranger', unknown, [clientAuth]),
  }
}

type Authority = Awaited<ReturnType<typeof authority>>

async function authority() {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    ...validity(),
    name: 'CN=etcd authority',
    keys,
    signingAlgorithm: algorithm,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  })
  return { keys, certificate }
}

async function issue(name: string, by: Authority, usages: readonly x509.ExtendedKeyUsage[]) {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const certificate = await x509.X509CertificateGenerator.create({
    ...validity(),
    subject: `CN=${name}`,
    issuer: by.certificate.subject,
    publicKey: keys.publicKey,
    signingKey: by.keys.privateKey,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.ExtendedKeyUsageExtension([...usages]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'ip', value: '127.0.0.1' },
        { type: 'dns', value: 'localhost' },
      ]),
    ],
  })
  const key = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  return { cert: certificate.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') }
}

let serial = 1

function validity() {
  serial += 1
  return {
    serialNumber: serial.toString(16).padStart(4, '0'),
    notBefore: new Date(Date.now() - dayMs),
    notAfter: new Date(Date.now() + dayMs),
  }
}
