import { describe, expect, test } from 'bun:test'
import { gunzipSync } from 'node:zlib'
import { assetNames, assetUrl } from '../../src/http/web/assets.ts'
import { tempFolder } from '../support/temp-folder.ts'
import { join } from 'node:path'
import { serveWeb } from './web-fixture.ts'

/** What a browser or curl would see: no transparent decompression. */
function ask(url: string, headers: Record<string, string> = {}, method = 'GET') {
  return fetch(url, { method, headers: { 'accept-encoding': 'identity', ...headers }, decompress: false })
}

describe('assets', () => {
  test.each([...assetNames])(
    '%s is answered at its address, with its type, to be kept for good',
    async (name) => {
      await using server = serveWeb()
      const response = await ask(server.url + (await assetUrl('', name)))
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toBe(typeOf(name))
      expect(response.headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
      expect(response.headers.get('x-content-type-options')).toBe('nosniff')
      expect(response.headers.get('vary')).toBe('Accept-Encoding')
      expect((await response.bytes()).byteLength).toBeGreaterThan(100)
    },
  )

  test('an address holds the digest of the bytes that it answers', async () => {
    await using server = serveWeb()
    const path = await assetUrl('', 'chartroom.css')
    const bytes = await (await ask(server.url + path)).bytes()
    const digest = new Bun.CryptoHasher('sha256').update(bytes).digest('hex')
    expect(path).toBe(`/-/assets/${digest.slice(0, 16)}/chartroom.css`)
  })

  test('an address lies below the context path', async () => {
    await using server = serveWeb({ contextPath: '/ctx' })
    const path = await assetUrl('/ctx', 'rose.svg')
    expect(path).toStartWith('/ctx/-/assets/')
    expect((await ask(server.url + path)).status).toBe(200)
  })

  test('a file is compressed when asked, smaller, and the same inside', async () => {
    await using server = serveWeb()
    const url = server.url + (await assetUrl('', 'swagger-ui-bundle.js'))
    const plain = await (await ask(url)).bytes()
    for (const [encoding, unpack] of [
      ['gzip', gunzipSync],
      ['zstd', Bun.zstdDecompressSync],
    ] as const) {
      const response = await ask(url, { 'accept-encoding': encoding })
      expect(response.headers.get('content-encoding')).toBe(encoding)
      const packed = await response.bytes()
      expect(packed.byteLength).toBeLessThan(520 * 1024)
      expect(Bun.hash(unpack(packed))).toBe(Bun.hash(plain))
    }
  })

  test('a file is compressed once, whoever asks again', async () => {
    await using server = serveWeb()
    const url = server.url + (await assetUrl('', 'swagger-ui.css'))
    const bodies = await Promise.all(
      [1, 2, 3].map(async () => (await ask(url, { 'accept-encoding': 'gzip' })).bytes()),
    )
    const started = Bun.nanoseconds()
    await (await ask(url, { 'accept-encoding': 'gzip' })).bytes()
    expect(Bun.nanoseconds() - started).toBeLessThan(100e6)
    expect(new Set(bodies.map((body) => Bun.hash(body))).size).toBe(1)
  })

  test('what the client has is not sent again', async () => {
    await using server = serveWeb()
    const url = server.url + (await assetUrl('', 'chartroom.css'))
    for (const encoding of ['identity', 'gzip']) {
      const first = await ask(url, { 'accept-encoding': encoding })
      const etag = first.headers.get('etag') ?? ''
      expect(etag).toMatch(/^"[0-9a-f]{16}(-gzip)?"$/)
      const second = await ask(url, { 'accept-encoding': encoding, 'if-none-match': etag })
      expect(second.status).toBe(304)
      expect(second.headers.get('etag')).toBe(etag)
      expect(await second.text()).toBe('')
    }
  })

  test('HEAD has the length and type of the file and no body', async () => {
    await using server = serveWeb()
    const url = server.url + (await assetUrl('', 'chartroom.css'))
    const { byteLength } = await (await ask(url)).bytes()
    const head = await ask(url, {}, 'HEAD')
    expect(head.headers.get('content-length')).toBe(String(byteLength))
    expect(head.headers.get('content-type')).toBe('text/css; charset=utf-8')
    expect(await head.text()).toBe('')
  })

  test.each(['chartroom.css', 'swagger-ui.js', '__proto__', 'toString', 'package.json', '..%2fpackage.json'])(
    'another hash or name is 404: %s',
    async (name) => {
      await using server = serveWeb()
      const response = await ask(`${server.url}/-/assets/0123456789abcdef/${name}`)
      expect(response.status).toBe(404)
      expect(await response.json()).toEqual({ error: 'not found' })
    },
  )

  test('the mark answers at /favicon.ico, and robots are kept out', async () => {
    await using server = serveWeb()
    const icon = await ask(`${server.url}/favicon.ico`)
    expect(icon.headers.get('content-type')).toBe('image/svg+xml')
    expect(await icon.text()).toStartWith('<svg')
    const robots = await ask(`${server.url}/robots.txt`)
    expect(await robots.text()).toBe('User-agent: *\nDisallow: /\n')
  })

  test('files are inside a compiled executable', async () => {
    await using folder = await tempFolder()
    const program = join(folder.path, 'program')
    const source = join(import.meta.dir, 'asset-program.ts')
    const build = await Bun.build({ entrypoints: [source], compile: { outfile: program }, minify: true })
    expect(build.success).toBe(true)
    await using empty = await tempFolder()
    const run = Bun.spawn([program], { cwd: empty.path, stdout: 'pipe', stderr: 'inherit' })
    const lines = (await new Response(run.stdout).text()).trim().split('\n')
    expect(await run.exited).toBe(0)
    const expected = await Promise.all(assetNames.map((name) => assetUrl('', name)))
    expect(lines.slice(0, -1)).toEqual(expected)
    expect(lines.at(-1)).toBe('openapi 3.0.3')
  }, 60_000)
})

function typeOf(name: string): string {
  if (name.endsWith('.css')) return 'text/css; charset=utf-8'
  return name.endsWith('.js') ? 'text/javascript; charset=utf-8' : 'image/svg+xml'
}
