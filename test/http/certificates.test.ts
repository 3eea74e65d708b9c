import { expect, test } from 'bun:test'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { copyFile, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { chooseKeyPair } from '../../src/http/certificates.ts'
import { StartError } from '../../src/start-error.ts'
import { checkCertificate, readKeyPair } from '../../src/http/key-pair.ts'
import { selfSigned, trustCommands } from '../../src/http/self-signed.ts'
import { createLog } from '../../src/log-writer.ts'
import { peerTest } from '../support/peers.ts'
import { tempFolder } from '../support/temp-folder.ts'

const dayMs = 24 * 60 * 60 * 1000
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/** A certificate with chosen faults, as PEM, and its key. */
async function certificate(fault: { san?: boolean; from?: number; until?: number; name?: string } = {}) {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const made = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: '01',
    name: fault.name ?? 'CN=charts.example.com',
    notBefore: new Date(Date.now() + (fault.from ?? -1) * dayMs),
    notAfter: new Date(Date.now() + (fault.until ?? 90) * dayMs),
    keys,
    signingAlgorithm: algorithm,
    extensions:
      fault.san === false
        ? []
        : [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'localhost' }])],
  })
  const key = x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', keys.privateKey), 'PRIVATE KEY')
  return { cert: made.toString('pem'), key }
}

const textOf = (file: string) => readFile(file, 'utf8')

test('selfSigned() makes a pair for this computer and the given names, readable only by its owner', async () => {
  await using folder = await tempFolder()
  const inside = join(folder.path, 'new', 'tls')
  const pair = await selfSigned({ folder: inside, names: ['Charts.example.com', '10.0.0.5', 'fd00:0::1'] })
  expect(pair).toMatchObject({ created: true, reason: 'there was none' })
  expect((await readdir(inside)).sort()).toEqual(['cert.pem', 'key.pem'])
  expect((await stat(inside)).mode & 0o777).toBe(0o700)
  expect((await stat(pair.keyFile)).mode & 0o777).toBe(0o600)

  const parsed = new X509Certificate(await textOf(pair.certFile))
  for (const name of ['localhost', 'charts.example.com']) expect(parsed.checkHost(name)).toBeDefined()
  for (const address of ['127.0.0.1', '::1', '10.0.0.5', 'fd00::1'])
    expect(parsed.checkIP(address)).toBeDefined()
  expect(parsed.ca).toBe(false)
  expect(parsed.keyUsage).toContain('1.3.6.1.5.5.7.3.1')
  expect(parsed.checkPrivateKey(createPrivateKey(await textOf(pair.keyFile)))).toBe(true)
  expect(Date.parse(parsed.validTo) - Date.parse(parsed.validFrom)).toBeLessThanOrEqual(825 * dayMs)
  expect(checkCertificate(await textOf(pair.certFile))).toEqual([])
})

test('selfSigned() keeps a pair that is still good, and this computer may be renamed', async () => {
  await using folder = await tempFolder()
  const first = await selfSigned({ folder: folder.path, names: ['a.example', 'fd00::1'] })
  const before = await textOf(first.certFile)
  const again = await selfSigned({ folder: folder.path, names: ['fd00:0:0::1', 'A.example'] })
  expect(again).toMatchObject({ created: false, reason: '' })
  expect(await textOf(first.certFile)).toBe(before)
})

test('selfSigned() makes the pair anew when a name is missing in it', async () => {
  await using folder = await tempFolder()
  await selfSigned({ folder: folder.path, names: [] })
  const again = await selfSigned({ folder: folder.path, names: ['b.example'] })
  expect(again).toMatchObject({ created: true, reason: 'the old one did not name b.example' })
})

test('selfSigned() makes the pair anew when it has expired', async () => {
  await using folder = await tempFolder()
  const old = await certificate({ name: 'CN=Chartroom self-signed', from: -10, until: -1 })
  await writeFile(join(folder.path, 'cert.pem'), old.cert)
  await writeFile(join(folder.path, 'key.pem'), old.key)
  const pair = await selfSigned({ folder: folder.path, names: [] })
  expect(pair.reason).toBe('the old one had expired')
  expect(checkCertificate(await textOf(pair.certFile))).toEqual([])
})

test('selfSigned() makes the pair anew when its parts do not belong together, as after a crash', async () => {
  await using one = await tempFolder()
  await using two = await tempFolder()
  const first = await selfSigned({ folder: one.path, names: [] })
  const second = await selfSigned({ folder: two.path, names: [] })
  await copyFile(second.keyFile, first.keyFile)
  expect((await selfSigned({ folder: one.path, names: [] })).created).toBe(true)
  expect((await readKeyPair(first.certFile, first.keyFile)).warnings).toEqual([])
})

test('selfSigned() does not replace a certificate that somebody else put there', async () => {
  await using folder = await tempFolder()
  const { cert } = await certificate()
  await writeFile(join(folder.path, 'cert.pem'), cert)
  await expect(selfSigned({ folder: folder.path, names: [] })).rejects.toThrow('was not made by Chartroom')
  expect(await textOf(join(folder.path, 'cert.pem'))).toBe(cert)
  expect(await folder.files()).toEqual(['cert.pem'])
})

test('selfSigned() says which folder it cannot use', async () => {
  await using folder = await tempFolder()
  await writeFile(join(folder.path, 'file'), '')
  const made = selfSigned({ folder: join(folder.path, 'file', 'tls'), names: [] })
  await expect(made).rejects.toThrow('--tls-self-signed-dir')
  expect(await folder.files()).toEqual(['file'])
})

test.each([
  [{ san: false }, 'has no subject alternative name'],
  [{ from: -9, until: -2 }, 'expired on'],
  [{ from: 2 }, 'is not valid before'],
  [{ until: 3 }, 'expires on'],
])('checkCertificate() warns about %j', async (fault, words) => {
  const warnings = checkCertificate((await certificate(fault)).cert)
  expect(warnings).toHaveLength(1)
  expect(warnings[0]).toContain(words)
})

test('readKeyPair() tells what is wrong with a file, and never shows what is in it', async () => {
  await using folder = await tempFolder()
  const [a, b] = [await certificate(), await certificate()]
  const files = {
    'a.pem': a.cert,
    'a.key': a.key,
    'b.key': b.key,
    'text.pem': 'no certificate',
    'locked.key': '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n',
  }
  const at = (name: string) => join(folder.path, name)
  for (const [name, text] of Object.entries(files)) await writeFile(at(name), text)
  const wrong: [string, string, string][] = [
    ['none.pem', 'a.key', 'there is no such file'],
    ['a.pem', 'none.key', 'there is no such file'],
    ['a.pem', '.', 'that is a folder, not a file'],
    ['text.pem', 'a.key', 'is not a certificate'],
    ['a.pem', 'b.key', 'does not belong to the certificate'],
    ['a.pem', 'text.pem', 'is not a private key'],
    ['a.pem', 'locked.key', 'is protected by a passphrase'],
  ]
  for (const [cert, key, words] of wrong) {
    const error = await readKeyPair(at(cert), at(key)).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(StartError)
    expect(String(error)).toContain(words)
  }
  expect(await readKeyPair(at('a.pem'), at('a.key'))).toEqual({ ...a, warnings: [] })
})

const settings = {
  tlsCert: '',
  tlsKey: '',
  tlsCaCert: '',
  tlsSelfSigned: false,
  tlsSelfSignedNames: [],
  listenHost: '0.0.0.0',
  port: 8443,
  contextPath: '',
  publicUrl: 'https://charts.example.com/x',
}

test('chooseKeyPair() takes the configured pair, makes one, or leaves it at HTTP', async () => {
  await using folder = await tempFolder()
  let lines = ''
  const log = createLog({ json: false, debug: false, write: (text) => (lines += text) })
  const tlsSelfSignedDir = join(folder.path, 'tls')
  expect(await chooseKeyPair({ ...settings, tlsSelfSignedDir }, log)).toBeUndefined()

  const made = await chooseKeyPair({ ...settings, tlsSelfSignedDir, tlsSelfSigned: true }, log)
  expect(new X509Certificate(made?.cert ?? '').checkHost('charts.example.com')).toBeDefined()
  log.flush()
  expect(lines).toContain(`helm repo add chartroom https://charts.example.com/x --ca-file ${made?.certFile}`)

  const { cert, key } = await certificate({ san: false })
  await mkdir(join(folder.path, 'own'))
  const [tlsCert, tlsKey] = [join(folder.path, 'own/c.pem'), join(folder.path, 'own/k.pem')]
  await writeFile(tlsCert, cert)
  await writeFile(tlsKey, key)
  const own = await chooseKeyPair({ ...settings, tlsSelfSignedDir, tlsCert, tlsKey }, log)
  expect(own).toMatchObject({ cert, key, selfSigned: false })
  expect(lines).toContain('\tWARN\tThe certificate has no subject alternative name')
})

test('trustCommands() can be pasted into a shell, whatever the folder is called', () => {
  const [helm = ''] = trustCommands("/o'neill's charts/cert.pem", 'https://localhost:1')
  const words = Bun.spawnSync(['sh', '-c', `printf '%s\\n' ${helm}`])
    .stdout.toString()
    .trim()
    .split('\n')
  expect(words.at(-1)).toBe("/o'neill's charts/cert.pem")
})

/** Serves an empty index with a pair that was just made, and hands over its address and the certificate's file. */
async function serving(
  folder: string,
  use: (port: number, certFile: string) => Promise<void>,
): Promise<void> {
  const { certFile, keyFile } = await selfSigned({ folder, names: [] })
  const { cert, key } = await readKeyPair(certFile, keyFile)
  const index = 'apiVersion: v1\nentries: {}\ngenerated: "2026-01-01T00:00:00Z"\n'
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    tls: { cert, key },
    fetch: () => new Response(index),
  })
  try {
    await use(server.port ?? 0, certFile)
  } finally {
    await server.stop(true)
  }
}

async function exitOf(command: string[], env: Record<string, string> = {}): Promise<number> {
  const run = Bun.spawn(command, { env: { ...process.env, ...env }, stdout: 'ignore', stderr: 'ignore' })
  return run.exited
}

peerTest(
  ['curl'],
  'curl trusts the made certificate once told, by name and by address, and not before',
  async ({ curl }) => {
    await using folder = await tempFolder()
    await serving(join(folder.path, 'tls'), async (port, certFile) => {
      for (const host of ['localhost', '127.0.0.1']) {
        expect(await exitOf([curl, '-sf', '--cacert', certFile, `https://${host}:${port}/`])).toBe(0)
      }
      expect(await exitOf([curl, '-sf', `https://localhost:${port}/`])).toBe(60)
    })
  },
)

for (const name of ['helm3', 'helm4'] as const) {
  peerTest([name], `${name} trusts the made certificate with --ca-file, and not without`, async (paths) => {
    await using folder = await tempFolder()
    const home = { HELM_CONFIG_HOME: folder.path, HELM_CACHE_HOME: folder.path, HELM_DATA_HOME: folder.path }
    const add = [paths[name], 'repo', 'add']
    await serving(join(folder.path, 'tls'), async (port, certFile) => {
      const url = `https://localhost:${port}`
      expect(await exitOf([...add, 'trusted', url, '--ca-file', certFile], home)).toBe(0)
      expect(await exitOf([...add, 'other', url], home)).toBe(1)
    })
  })
}
