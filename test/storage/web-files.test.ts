import { afterAll, expect, test } from 'bun:test'
import { createServer } from 'node:net'
import { webFiles } from '../../src/storage/web-files.ts'
import type { WebOptions } from '../../src/storage/web-files.ts'
import { selfSigned } from '../../src/http/self-signed.ts'
import { readKeyPair } from '../../src/http/key-pair.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { tempFolder } from '../support/temp-folder.ts'

const asked: { path: string; authorization: string | null; encoding: string | null }[] = []
const counts = new Map<string, number>()

function answer(request: Request): Response {
  const { pathname } = new URL(request.url)
  const { headers } = request
  asked.push({
    path: pathname,
    authorization: headers.get('authorization'),
    encoding: headers.get('accept-encoding'),
  })
  const count = (counts.get(pathname) ?? 0) + 1
  counts.set(pathname, count)
  switch (pathname) {
    case '/file':
      return new Response('the bytes')
    case '/packed':
      return new Response(Bun.gzipSync('unpacked'), { headers: { 'content-encoding': 'gzip' } })
    case '/busy':
      return count < 3 ? new Response('', { status: 503 }) : new Response('at last')
    case '/broken':
      return new Response('', { status: 500 })
    case '/later':
      return new Response('', { status: 429, headers: { 'retry-after': '3600' } })
    case '/closed':
      return new Response('', { status: 403 })
    case '/odd':
      return new Response('', { status: 418 })
    case '/loop':
      return Response.redirect('/loop', 302)
    case '/ftp':
      return new Response('', { status: 302, headers: { location: 'ftp://127.0.0.1/file' } })
    case '/moved':
      return new Response('', { status: 301, headers: { location: '/file' } })
    case '/elsewhere':
      return new Response('', { status: 302, headers: { location: `http://127.0.0.1:${second.port}/file` } })
    default:
      return new Response('', { status: 404 })
  }
}
const first = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: answer })
const second = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: answer })
afterAll(() => Promise.all([first.stop(true), second.stop(true)]))

const at = (path: string, server = first) => new URL(`http://127.0.0.1:${server.port}${path}`)
const files = (changes: Partial<WebOptions> = {}) =>
  webFiles({ origin: at('/').origin, signal: new AbortController().signal, pauseMs: 1, ...changes })
const text = async (bytes: AsyncIterable<Uint8Array>) => {
  const chunks: Uint8Array[] = []
  for await (const chunk of bytes) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

test('bytes arrive as they are stored, and unpacked only when that is wanted', async () => {
  expect(await files().read(at('/file'), text)).toBe('the bytes')
  expect(await files().read(at('/packed'), text, { unpack: true })).toBe('unpacked')
  const packed = (await files().read(at('/packed'), rawBytes)) ?? new Uint8Array()
  expect(new TextDecoder().decode(Bun.gunzipSync(packed))).toBe('unpacked')
  expect(asked.at(-1)?.encoding).toBe('identity')
})
const rawBytes = async (bytes: AsyncIterable<Uint8Array>) => {
  const chunks: Uint8Array[] = []
  for await (const chunk of bytes) chunks.push(chunk)
  return new Uint8Array(Buffer.concat(chunks))
}

test('what is missing is nothing, what is refused is an error unless it counts as nothing', async () => {
  expect(await files().read(at('/missing'), text)).toBeUndefined()
  await expect(files().read(at('/closed'), text)).rejects.toMatchObject({ code: 'forbidden' })
  expect(await files().read(at('/closed'), text, { refusedIsNothing: true })).toBeUndefined()
})

test('passing troubles are tried again, others are not', async () => {
  expect(await files().read(at('/busy'), text)).toBe('at last')
  await expect(files().read(at('/broken'), text)).rejects.toThrow('the server answered 500')
  expect(counts.get('/broken')).toBe(4)
  await expect(files().read(at('/odd'), text)).rejects.toThrow('the server answered 418')
  expect(counts.get('/odd')).toBe(1)
  await expect(files().read(at('/later'), text)).rejects.toThrow('429')
  expect(counts.get('/later')).toBe(1)
})

test('redirects are followed, but not for ever and not to other schemes', async () => {
  expect(await files().read(at('/moved'), text)).toBe('the bytes')
  await expect(files().read(at('/loop'), text)).rejects.toThrow('redirects more than 5 times')
  await expect(files().read(at('/ftp'), text)).rejects.toThrow('redirects from http:// to ftp://')
})

test('credentials go to their own server only', async () => {
  const signedIn = files({ credentials: { user: 'u', password: 'p:w' } })
  await signedIn.read(at('/file'), text)
  expect(asked.at(-1)?.authorization).toBe(`Basic ${btoa('u:p:w')}`)
  await signedIn.read(at('/file', second), text)
  expect(asked.at(-1)?.authorization).toBeNull()
  await signedIn.read(at('/elsewhere'), text)
  expect(asked.slice(-2).map(({ authorization }) => authorization !== null)).toEqual([true, false])
})

test('what the taker throws ends it, without another try', async () => {
  const before = counts.get('/file') ?? 0
  const refuse = () => Promise.reject(new RangeError('too much'))
  await expect(files().read(at('/file'), refuse)).rejects.toThrow('too much')
  expect(counts.get('/file')).toBe(before + 1)
})

test('a silent server, a cut connection and nobody at all are told in words, without a secret of the address', async () => {
  await using proxy = await startFaultProxy(at('/').origin)
  const read = (path: string) =>
    files({ idleMs: 150 }).read(new URL(`${proxy.url}${path}?X-Signature=secret`), text)
  proxy.set('stall')
  await expect(read('/file')).rejects.toThrow(
    /Cannot read http:\/\/127\.0\.0\.1:\d+\/file: nothing came for 1 s/,
  )
  proxy.set({ cut: 40 })
  await expect(read('/file')).rejects.toThrow('the connection broke')
  proxy.set('none')
  expect(await read('/file')).toBe('the bytes')
  const nobody = createServer().listen(0, '127.0.0.1')
  const address = nobody.address()
  nobody.close()
  const port = typeof address === 'object' ? address?.port : 0
  await expect(files().read(new URL(`http://127.0.0.1:${port}/x`), text)).rejects.toThrow(
    'nobody listens there',
  )
})

test('a body shorter than announced is a failure', async () => {
  const raw = createServer((socket) => {
    socket.on('error', () => socket.destroy())
    socket.end('HTTP/1.1 200 OK\r\ncontent-length: 100\r\nconnection: close\r\n\r\nshort')
  }).listen(0, '127.0.0.1')
  const address = raw.address()
  const port = typeof address === 'object' ? address?.port : 0
  await expect(files().read(new URL(`http://127.0.0.1:${port}/x`), text)).rejects.toThrow(
    'the connection broke',
  )
  raw.close()
})

test('a certificate nobody vouches for is refused at once, and taken with its authority', async () => {
  await using folder = await tempFolder()
  const { certFile, keyFile } = await selfSigned({ folder: folder.path, names: [] })
  const tls = await readKeyPair(certFile, keyFile)
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', tls, fetch: () => new Response('private') })
  const url = new URL(`https://localhost:${server.port}/file`)
  await expect(files().read(url, text)).rejects.toThrow('its certificate is not trusted')
  expect(await files({ ca: await Bun.file(certFile).text() }).read(url, text)).toBe('private')
  await server.stop(true)
})

test('an interrupt ends what is being read', async () => {
  await using proxy = await startFaultProxy(at('/').origin)
  proxy.set('stall')
  const controller = new AbortController()
  const reading = files({ signal: controller.signal }).read(new URL(`${proxy.url}/file`), text)
  controller.abort()
  await expect(reading).rejects.toMatchObject({ code: 'unavailable' })
})
