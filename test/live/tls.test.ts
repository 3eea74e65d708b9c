import { afterAll, beforeAll, describe, expect } from 'bun:test'
import { X509Certificate } from 'node:crypto'
import { copyFile, mkdir, rename, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { authority, type PairFiles } from '../support/authority.ts'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import { peer, peerTest } from '../support/peers.ts'
import { exact, sha256, site } from '../support/site.ts'
import { runProgram, startServer, type RunningServer } from '../support/start-server.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

const openssl = peer('openssl')

/** Everything here is told to a server by files that stand as Kubernetes mounts them. */
let folder: TempFolder
let pairs: readonly PairFiles[]
let root: string
let server: RunningServer
let flags: string[]
let turns = 0

/** Turns the link, as Kubernetes does when a secret has changed. */
async function mount(pair: PairFiles): Promise<void> {
  const name = `..${(turns += 1)}`
  await mkdir(join(folder.path, name))
  await copyFile(pair.cert, join(folder.path, name, 'tls.crt'))
  await copyFile(pair.key, join(folder.path, name, 'tls.key'))
  await symlink(name, join(folder.path, '..data_tmp'))
  await rename(join(folder.path, '..data_tmp'), join(folder.path, '..data'))
}

/** A number that names the certificate a new connection gets. */
function served(port = server.port): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false }, () => {
    resolve(new X509Certificate(socket.getPeerCertificate().raw).serialNumber)
    socket.destroy()
  })
  socket.on('error', reject)
  return promise
}

const serial = async (pair: PairFiles) => new X509Certificate(await Bun.file(pair.cert).text()).serialNumber
const lines = (text: string) =>
  server
    .logs()
    .split('\n')
    .filter((line) => line.includes(text))

beforeAll(async () => {
  if (openssl === undefined) return
  folder = await tempFolder()
  const top = await authority(openssl, folder.path, 'root')
  const between = await top.intermediate('between')
  root = top.file
  pairs = [await between.issue('one'), await between.issue('two')]
  for (const file of ['tls.crt', 'tls.key']) await symlink(`..data/${file}`, join(folder.path, file))
  await mount(pairs[0] as PairFiles)
  flags = ['--tls-cert', join(folder.path, 'tls.crt'), '--tls-key', join(folder.path, 'tls.key')]
  server = await startServer({ flags })
}, 60_000)

afterAll(async () => {
  await server?.[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
})

describe('HTTPS', () => {
  peerTest(['openssl'], 'shows the whole chain, to TLS 1.2 and 1.3 and to nothing older', async () => {
    const ask = async (...version: string[]) => {
      const child = Bun.spawn(
        [
          openssl ?? '',
          's_client',
          '-connect',
          `127.0.0.1:${server.port}`,
          '-CAfile',
          root,
          '-showcerts',
          ...version,
        ],
        { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
      )
      const text = await new Response(child.stdout).text()
      return { code: await child.exited, text, certificates: text.split('BEGIN CERTIFICATE').length - 1 }
    }
    for (const version of ['-tls1_2', '-tls1_3']) {
      const { text, certificates } = await ask(version)
      expect(text).toContain('Verify return code: 0 (ok)')
      expect(certificates).toBe(2)
    }
    // The client's own policy would refuse them first.
    const old = ['-cipher', 'ALL:@SECLEVEL=0']
    expect((await ask('-tls1_2', ...old)).certificates).toBe(2)
    for (const version of ['-tls1', '-tls1_1']) {
      expect(await ask(version, ...old)).toMatchObject({ certificates: 0, code: 1 })
    }
  })

  peerTest(
    ['openssl'],
    'takes over a new pair when a mounted secret changes, without a restart',
    async () => {
      const [one, two] = pairs as [PairFiles, PairFiles]
      expect(await served()).toBe(await serial(one))
      await mount(two)
      await eventually(served, await serial(two), 10_000)
      await eventually(() => lines('New connections get the certificate').length, 1)
      expect(lines('ERROR')).toEqual([])
    },
  )

  peerTest(['openssl'], 'keeps what it has while certificate and key do not belong together', async () => {
    const [one, two] = pairs as [PairFiles, PairFiles]
    await mount({ cert: one.cert, key: two.key })
    process.kill(server.pid, 'SIGHUP')
    await Bun.sleep(400)
    expect(await served()).toBe(await serial(two))
    await mount(one)
    await eventually(served, await serial(one), 10_000)
    expect(lines('ERROR')).toEqual([])
  })

  peerTest(
    ['openssl'],
    'is refused to a second Chartroom on the same port, with the usual sentence',
    async () => {
      const again = [
        '--storage',
        'local',
        '--storage-local-rootdir',
        folder.path,
        '--listen-host',
        '127.0.0.1',
      ]
      const { code, stderr } = await runProgram([...again, '--port', String(server.port), ...flags])
      expect(code).toBe(1)
      expect(stderr).toContain(`Cannot listen on port ${server.port}: another program uses it`)
    },
  )
})

/** How many times the certificate changes under load. */
const changes = 6

describe('a change of the certificate', () => {
  peerTest(
    ['openssl'],
    'loses no request that runs, and at most one new connection, under six busy clients',
    async () => {
      const place = site(server)
      // More than the buffers of a connection hold, so that its download waits for who reads it.
      const archive = await chart('big', '1.0.0').sized(14_000_000).tgz()
      expect((await place.publish(await chart('small', '1.0.0').tgz())).status).toBe(201)

      const count = { answered: 0, lost: [] as string[], stop: false }
      const client = async (keepalive: boolean) => {
        while (!count.stop) {
          const answer = await fetch(`${server.url}/index.yaml`, {
            keepalive,
            tls: { rejectUnauthorized: false },
          })
            .then(async (response) => `${response.status} ${(await response.text()).includes('small')}`)
            .catch((error: unknown) => String(error))
          if (answer === '200 true') count.answered++
          else count.lost.push(answer)
        }
      }
      const clients = [false, false, false, true, true, true].map(client)
      const upload = place.call('POST', '/charts', { body: slowly(archive, changes * 350) })
      for (let change = 0; change < changes; change++) {
        await mount(pairs[change % 2] as PairFiles)
        process.kill(server.pid, 'SIGHUP')
        await eventually(served, await serial(pairs[change % 2] as PairFiles), 10_000)
        await Bun.sleep(150)
      }
      count.stop = true
      await Promise.all(clients)
      const uploaded = await upload
      expect(`${uploaded.status} ${await uploaded.text()}`).toBe('201 {"saved":true}')
      expect(count.answered).toBeGreaterThan(changes)
      expect(count.lost.length, count.lost.join('\n')).toBeLessThanOrEqual(changes)
      const stored = await place.get('/charts/big-1.0.0.tgz')
      expect(sha256(await stored.bytes())).toBe(sha256(archive))
    },
  )

  peerTest(['openssl'], 'lets a slow download finish, and SIGTERM waits for it too', async () => {
    const size = (await (await site(server).get('/charts/big-1.0.0.tgz')).bytes()).byteLength
    const { promise: ended, resolve: end } = Promise.withResolvers<void>()
    let received = 0
    const socket = connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false })
    socket.on('close', () => end())
    socket.on('error', () => end())
    socket.once('data', (first: Uint8Array) => {
      received += first.byteLength
      socket.pause()
      socket.on('data', (more: Uint8Array) => void (received += more.byteLength))
    })
    socket.write('GET /charts/big-1.0.0.tgz HTTP/1.1\r\nHost: localhost\r\n\r\n')
    await eventually(() => received > 0, true)
    // The second change stops the listener that the first one left.
    for (const pair of [pairs[0], pairs[1]] as PairFiles[]) {
      await mount(pair)
      process.kill(server.pid, 'SIGHUP')
      await eventually(served, await serial(pair), 10_000)
    }
    const stopped = server.stop()
    await Bun.sleep(300)
    socket.resume()
    await ended
    expect(received).toBeGreaterThan(size)
    expect(await stopped).toBe(0)
  })
})

/** The bytes in twenty pieces, over so many milliseconds. */
function slowly(bytes: Uint8Array, ms: number): ReadableStream<Uint8Array> {
  const piece = Math.ceil(bytes.byteLength / 20)
  return new ReadableStream({
    async start(controller) {
      for (let at = 0; at < bytes.byteLength; at += piece) {
        controller.enqueue(exact(bytes.slice(at, at + piece)))
        await Bun.sleep(ms / 20)
      }
      controller.close()
    },
  })
}
