import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { copyFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { checkHealth } from '../../src/commands/health.ts'
import { authority, type Authority, type PairFiles } from '../support/authority.ts'
import { startBrowser, visit } from '../support/browser.ts'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import { helmHome } from '../support/helm-home.ts'
import { peer, peerTest } from '../support/peers.ts'
import { freePort, runProgram, startServer, type RunningServer } from '../support/start-server.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

const openssl = peer('openssl')

let folder: TempFolder
let known: Authority
let server: RunningServer
let flags: string[]
let caFile: string
const clients: Record<'right' | 'viaIntermediate' | 'expired' | 'foreign' | 'forServers', PairFiles> =
  {} as never

beforeAll(async () => {
  if (openssl === undefined) return
  folder = await tempFolder()
  const [ours, other, theirs] = [
    await authority(openssl, folder.path, 'ours'),
    await authority(openssl, folder.path, 'other'),
    await authority(openssl, folder.path, 'theirs'),
  ]
  known = ours
  const usage = 'clientAuth'
  clients.right = await ours.issue('right', { usage })
  clients.viaIntermediate = await (await other.intermediate('department')).issue('below', { usage })
  clients.expired = await ours.issue('expired', { usage, days: -1 })
  clients.foreign = await theirs.issue('foreign', { usage })
  clients.forServers = await ours.issue('server')
  caFile = join(folder.path, 'clients.pem')
  await writeFile(caFile, (await Bun.file(ours.file).text()) + (await Bun.file(other.file).text()))
  const own = clients.forServers
  flags = ['--tls-cert', own.cert, '--tls-key', own.key, '--tls-ca-cert', caFile]
  server = await startServer({ flags, certificate: await texts(clients.right) })
}, 60_000)

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
})

async function texts({ cert, key }: PairFiles): Promise<{ cert: string; key: string }> {
  return { cert: await Bun.file(cert).text(), key: await Bun.file(key).text() }
}

/** What curl gets at a path: exit code and body. */
async function curl(path: string, pair: PairFiles | undefined, ...more: string[]): Promise<string> {
  const certificate = pair === undefined ? [] : ['--cert', pair.cert, '--key', pair.key]
  const address = `https://localhost:${server.port}${path}`
  const command = [
    peer('curl') ?? 'curl',
    '-sS',
    '-m',
    '10',
    '--cacert',
    known.file,
    ...certificate,
    ...more,
    address,
  ]
  const child = Bun.spawn(command, { stdout: 'pipe', stderr: 'ignore' })
  const body = await new Response(child.stdout).text()
  return `${await child.exited} ${body}`
}

describe('a server with --tls-ca-cert', () => {
  peerTest(
    ['openssl', 'curl'],
    'answers nobody without a certificate of its authorities, on no path',
    async () => {
      const { right, viaIntermediate, expired, foreign, forServers } = clients
      for (const version of [['--tls-max', '1.2'], ['--tlsv1.3']]) {
        for (const pair of [right, viaIntermediate]) {
          expect(await curl('/livez', pair, ...version)).toBe('0 {"healthy":true}')
        }
        for (const pair of [undefined, expired, foreign, forServers]) {
          for (const path of ['/livez', '/index.yaml']) {
            const answer = await curl(path, pair, ...version)
            expect(answer, `${pair?.cert} ${path}`).toMatch(/^[1-9]\d* $/)
          }
        }
      }
      // A key that is not the certificate's proves nothing.
      expect(await curl('/livez', { cert: right.cert, key: foreign.key })).toMatch(/^[1-9]\d* $/)
    },
  )

  peerTest(['openssl'], 'does not take back a connection of somebody it refused', async () => {
    for (const version of ['-tls1_2', '-tls1_3']) {
      const answers: string[] = []
      for (const name of ['right', 'foreign'] as const) {
        const session = join(folder.path, `${name}${version}.session`)
        const pair = clients[name]
        await talk(version, '-cert', pair.cert, '-key', pair.key, '-sess_out', session)
        answers.push(await talk(version, '-sess_in', session))
      }
      expect(answers[0]).toContain('HTTP/1.1 200')
      expect(answers[1]).not.toContain('HTTP/1.1')
    }
  })

  for (const name of ['helm3', 'helm4'] as const) {
    peerTest(
      ['openssl', 'curl', name],
      `lets ${name} in with --ca-file, --cert-file and --key-file`,
      async (paths) => {
        const { right, foreign } = clients
        const archive = join(folder.path, `${name}.tgz`)
        await writeFile(archive, await chart(name, '1.0.0').tgz())
        const published = await curl('/api/charts', right, '--data-binary', `@${archive}`)
        expect(published).toBe('0 {"saved":true}')
        const home = await helmHome(paths[name], join(folder.path, `${name}-home`))
        const url = `https://localhost:${server.port}`
        const as = (pair: PairFiles) => [
          '--ca-file',
          known.file,
          '--cert-file',
          pair.cert,
          '--key-file',
          pair.key,
        ]
        await home.ok('repo', 'add', 'ours', url, ...as(right))
        await home.ok('pull', `ours/${name}`)
        await home.ok('pull', name, '--repo', url, ...as(right), '--untar')
        await home.refused('repo', 'add', 'theirs', url, ...as(foreign))
        await home.refused('repo', 'add', 'nobody', url, '--ca-file', known.file)
      },
    )
  }

  peerTest(['openssl', 'chromium'], 'lets a browser in with its certificate, and none without', async () => {
    await using browser = await startBrowser()
    const origin = `https://localhost:${server.port}`
    const { cert, key } = await texts(clients.right)
    const certificate = { origin, cert: Buffer.from(cert), key: Buffer.from(key) }
    // Playwright brings the certificate by a proxy of its own, which takes its time for a page with all its files.
    await using opened = await visit(browser, { url: origin }, '/livez', {
      clientCertificates: [certificate],
    })
    expect(await opened.page.locator('body').textContent()).toContain('"healthy":true')
    await expect(visit(browser, { url: origin }, '/livez')).rejects.toThrow('net::ERR_')
  })

  peerTest(
    ['openssl'],
    'is healthy for its own health command, which says what it could not check',
    async () => {
      const { forServers, right } = clients
      const place = ['--listen-host', '127.0.0.1', '--port', String(server.port)]
      const { code, stdout } = await runProgram(['health', ...flags, ...place])
      expect({ code, checked: !stdout.includes('What it answers was not checked') }).toEqual({
        code: 0,
        checked: false,
      })
      const own = { listenHost: '127.0.0.1', contextPath: '', tlsSelfSigned: false, tlsSelfSignedDir: '' }
      const asked = ({ cert, key }: PairFiles, port = server.port) =>
        checkHealth({ ...own, port, tlsCert: cert, tlsKey: key, tlsCaCert: caFile })
      const message = `https://127.0.0.1:${server.port}/livez is well`
      expect(await asked(right)).toEqual({ healthy: true, message })
      expect(await asked(forServers, freePort())).toMatchObject({ healthy: false })
    },
  )

  peerTest(['openssl', 'curl'], 'takes over another authority when its file changes', async () => {
    const { right, viaIntermediate } = clients
    await copyFile(known.file, `${caFile}.new`)
    await rename(`${caFile}.new`, caFile)
    await eventually(async () => (await curl('/livez', viaIntermediate)).startsWith('0'), false, 10_000)
    expect(await curl('/livez', right)).toBe('0 {"healthy":true}')
  })
})

test('an authority that cannot be used, or without HTTPS, is a mistake at start', async () => {
  await using own = await tempFolder()
  const storage = ['--storage', 'local', '--storage-local-rootdir', own.path, '--port', String(freePort())]
  const bad = join(own.path, 'bad.pem')
  await writeFile(bad, '-----BEGIN CERTIFICATE-----\nAAAA\n')
  const tls = ['--tls-self-signed', '--tls-self-signed-dir', join(own.path, 'tls')]
  const [cut, absent, plain] = await Promise.all([
    runProgram([...storage, ...tls, '--tls-ca-cert', bad]),
    runProgram([...storage, ...tls, '--tls-ca-cert', join(own.path, 'none.pem')]),
    runProgram([...storage, '--tls-ca-cert', bad]),
  ])
  expect(cut.code).not.toBe(0)
  expect(cut.stderr).toContain(`"${bad}" is not a certificate`)
  expect(absent.code).not.toBe(0)
  expect(absent.stderr).toContain('there is no such file')
  expect(plain.code).toBe(2)
  expect(plain.stderr).toContain('--tls-ca-cert (TLS_CA_CERT')
})

/** What the server says to one request over a connection of openssl's own. */
async function talk(...args: string[]): Promise<string> {
  const address = ['-connect', `127.0.0.1:${server.port}`, '-ign_eof', '-quiet']
  const child = Bun.spawn([openssl ?? '', 's_client', ...address, ...args], {
    stdin: new Blob(['GET /livez HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n']),
    stdout: 'pipe',
    stderr: 'ignore',
    timeout: 5_000,
  })
  return new Response(child.stdout).text()
}
