import { afterAll, beforeAll, expect, test } from 'bun:test'
import { connect } from 'node:tls'
import { createApp } from '../../src/http/app.ts'
import { readKeyPair } from '../../src/http/key-pair.ts'
import type { TlsTexts } from '../../src/http/listener.ts'
import { openAlone } from '../../src/http/port-lock.ts'
import { selfSigned } from '../../src/http/self-signed.ts'
import { listenTls } from '../../src/http/tls-listener.ts'
import { StartError } from '../../src/start-error.ts'
import { freePort } from '../support/start-server.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'

let folder: TempFolder
let texts: TlsTexts
beforeAll(async () => {
  folder = await tempFolder()
  const { certFile, keyFile } = await selfSigned({ folder: folder.path, names: [] })
  const { cert, key } = await readKeyPair(certFile, keyFile)
  texts = { cert, key, ca: undefined }
})
afterAll(() => folder[Symbol.asyncDispose]())

/** A listener whose answers take so long, milliseconds. */
function listener(port: number, ms = 0) {
  const front = {
    serve: () => (ms === 0 ? new Response('ok') : Bun.sleep(ms).then(() => new Response('ok'))),
  }
  const parts = { front, rootRows: [], fixedRows: [], contextPath: '', idleSeconds: 10 }
  return listenTls((leaving) => createApp({ ...parts, leaving }), {
    hostname: '127.0.0.1',
    port,
    tls: texts,
    idleSeconds: 10,
  })
}

const ask = (port: number) =>
  fetch(`https://127.0.0.1:${port}/`, { keepalive: false, tls: { rejectUnauthorized: false } })

test('of several that want one port at once, exactly one gets it, and the others say why not', async () => {
  const port = freePort()
  const all = await Promise.allSettled(Array.from({ length: 6 }, () => listener(port)))
  const winners = all.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const reasons = all.flatMap((one): unknown[] => (one.status === 'rejected' ? [one.reason] : []))
  for (const reason of reasons) {
    expect(reason).toBeInstanceOf(StartError)
    expect(String(reason)).toContain(`Cannot listen on port ${port}: another program uses it`)
  }
  for (const winner of winners) await winner.drain()
  expect(winners).toHaveLength(1)
})

test('a free port stays the same when the certificate changes, and nobody may share it', async () => {
  const server = await listener(0)
  expect(server.port).toBeGreaterThan(0)
  await server.change(texts)
  expect(await (await ask(server.port)).text()).toBe('ok')
  await expect(listener(server.port)).rejects.toThrow('another program uses it')
  await server.drain()
  await expect(ask(server.port)).rejects.toThrow()
})

test('who opens a port waits for another program that is about to', async () => {
  const port = freePort()
  const other = Bun.listen({ unix: `\0chartroom-port-${port}`, socket: { data: () => undefined } })
  let opened = false
  const opening = openAlone(
    port,
    () => undefined,
    () => void (opened = true),
  )
  await Bun.sleep(200)
  expect(opened).toBe(false)
  other.stop(true)
  await opening
  expect(opened).toBe(true)
})

test.skipIf(process.platform !== 'linux')(
  'after a change the new listener gets every new connection',
  async () => {
    let listeners = 0
    const appOf = () => {
      const name = String((listeners += 1))
      const front = { serve: () => new Response(name) }
      return createApp({ front, rootRows: [], fixedRows: [], contextPath: '', idleSeconds: 10 })
    }
    const server = await listenTls(appOf, { hostname: '127.0.0.1', port: 0, tls: texts, idleSeconds: 10 })
    // By chance each of them gets half.
    for (const wanted of ['2', '3']) {
      await server.change(texts)
      const answers = await Promise.all(
        Array.from({ length: 24 }, async () => (await ask(server.port)).text()),
      )
      expect(new Set(answers)).toEqual(new Set([wanted]))
    }
    await server.drain()
  },
)

test('texts that cannot be used leave what is served', async () => {
  const server = await listener(0)
  await expect(server.change({ ...texts, key: 'no key' })).rejects.toThrow()
  expect((await ask(server.port)).status).toBe(200)
  await server.drain()
})

test('the end waits for requests that began before the certificate changed, however often it did', async () => {
  const server = await listener(0, 700)
  const early = ask(server.port)
  await Bun.sleep(100)
  await server.change(texts)
  const later = ask(server.port)
  await Bun.sleep(100)
  await server.change(texts)
  await server.drain()
  expect(await Promise.all([early, later].map(async (answer) => (await answer).status))).toEqual([200, 200])
})

test('a connection from before the change is answered once more, and told to come back on another', async () => {
  const server = await listener(0)
  const socket = connect({ port: server.port, host: '127.0.0.1', rejectUnauthorized: false })
  let received = ''
  socket.on('data', (bytes: Buffer) => void (received += bytes.toString()))
  const request = 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'
  socket.write(request)
  while (!received.endsWith('ok')) await Bun.sleep(5)
  expect(received.toLowerCase()).not.toContain('connection: close')
  await server.change(texts)
  received = ''
  const ended = new Promise((resolve) => socket.on('close', resolve))
  socket.write(request)
  await ended
  expect(received.toLowerCase()).toContain('connection: close')
  expect(received).toEndWith('ok')
  await server.drain()
})
