import { appendFile, mkdir } from 'node:fs/promises'
import { join } from 'node:path'

/** Files of one certificate, as PEM. */
export interface PairFiles {
  /** The certificate, and behind it what its intermediate authorities are. */
  readonly cert: string
  readonly key: string
}

/** What a certificate is to be like, where it is not an ordinary one of a server on this computer. */
export interface Wanted {
  /** Without it: for servers. */
  readonly usage?: 'serverAuth' | 'clientAuth' | 'serverAuth,clientAuth'
  /** Days until it ends; below 0: it has ended. */
  readonly days?: number
}

/** A certificate authority made by the openssl program. */
export interface Authority {
  /** Its own certificate. */
  readonly file: string
  issue(name: string, wanted?: Wanted): Promise<PairFiles>
  /** An authority under this one, whose certificates carry its own behind them. */
  intermediate(name: string): Promise<Authority>
}

/** Makes an authority in a folder. */
export async function authority(openssl: string, folder: string, name: string): Promise<Authority> {
  const files = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}-key.pem`) }
  // The program's own configuration makes it an authority that may sign.
  await run(openssl, [
    'req',
    '-x509',
    ...newKey(files.key),
    '-out',
    files.cert,
    '-days',
    '30',
    '-subj',
    `/CN=${name}`,
  ])
  return issuing(openssl, folder, files, '')
}

function issuing(openssl: string, folder: string, own: PairFiles, behind: string): Authority {
  const sign = async (name: string, extensions: string, days: number): Promise<PairFiles> => {
    const files = { cert: join(folder, `${name}.pem`), key: join(folder, `${name}-key.pem`) }
    const [request, extension] = [join(folder, `${name}.csr`), join(folder, `${name}.ext`)]
    await Bun.write(extension, extensions)
    await run(openssl, ['req', ...newKey(files.key), '-out', request, '-subj', `/CN=${name}`])
    const by = ['-CA', own.cert, '-CAkey', own.key, '-CAcreateserial', '-extfile', extension]
    await run(openssl, ['x509', '-req', '-in', request, '-out', files.cert, '-days', String(days), ...by])
    return files
  }
  return {
    file: own.cert,
    async issue(name, { usage = 'serverAuth', days = 30 } = {}) {
      const names = 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1'
      const files = await sign(name, `${names}\nextendedKeyUsage=${usage}\n`, days)
      await appendFile(files.cert, behind)
      return files
    },
    async intermediate(name) {
      const files = await sign(name, 'basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n', 30)
      return issuing(openssl, folder, files, (await Bun.file(files.cert).text()) + behind)
    },
  }
}

function newKey(file: string): string[] {
  return ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-keyout', file]
}

/** Makes Chromium trust an authority, where its home is this folder. */
export async function trustIn(home: string, certutil: string, file: string): Promise<void> {
  const database = join(home, '.pki', 'nssdb')
  await mkdir(database, { recursive: true })
  await run(certutil, ['-d', `sql:${database}`, '-N', '--empty-password'])
  await run(certutil, ['-d', `sql:${database}`, '-A', '-t', 'C,,', '-n', 'authority', '-i', file])
}

async function run(program: string, args: readonly string[]): Promise<void> {
  const child = Bun.spawn([program, ...args], { stdout: 'ignore', stderr: 'pipe' })
  const said = await new Response(child.stderr).text()
  if ((await child.exited) !== 0) throw new Error(`${program} ${args.join(' ')}: ${said}`)
}
