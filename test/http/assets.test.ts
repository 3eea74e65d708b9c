import { describe, expect, test } from 'bun:test'
import { gunzipSync } from 'node:zlib'
import { assetNames, assetUrl, assetUrls, type AssetName } from '../../src/http/web/assets.ts'
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

  test('a font is sent as it is, whatever encodings are accepted', async () => {
    await using server = serveWeb()
    for (const name of fontNames) {
      const response = await ask(server.url + (await assetUrl('', name)), {
        'accept-encoding': 'gzip, zstd',
      })
      expect(response.headers.get('content-encoding')).toBeNull()
      expect(new TextDecoder().decode((await response.bytes()).slice(0, 4))).toBe('wOF2')
    }
  })

  test('the stylesheet names each font at its own address', async () => {
    await using server = serveWeb({ contextPath: '/ctx' })
    const address = server.url + (await assetUrl('/ctx', 'chartroom.css'))
    const text = await (await ask(address)).text()
    const named = [...text.matchAll(/url\('([^']+)'\)/g)].map(
      ([, relative = '']) => new URL(relative, address).href,
    )
    const fonts = await Promise.all(fontNames.map((name) => assetUrl('/ctx', name)))
    expect(named.sort()).toEqual(fonts.map((path) => server.url + path).sort())
  })

  test('a stylesheet without fonts is another file at another address', async () => {
    await using server = serveWeb()
    const own = await assetUrl('', 'chartroom.css')
    const system = await assetUrl('', 'chartroom.css', { fonts: false })
    expect(system).not.toBe(own)
    const [withFonts, without] = await Promise.all(
      [own, system].map(async (path) => (await ask(server.url + path)).text()),
    )
    expect(without).not.toMatch(/font-face|url\(/)
    expect(withFonts).toEndWith(without as string)
  })

  test('the stylesheet is sent without the comments of its source', async () => {
    await using server = serveWeb()
    const text = await (await ask(server.url + (await assetUrl('', 'chartroom.css')))).text()
    expect(text).not.toMatch(/\/\*|\n /)
    expect(text).toStartWith('@font-face')
  })

  test('the addresses that pages need are made once', async () => {
    const urls = await assetUrls('/ctx')
    expect(await assetUrls('/ctx')).toBe(urls)
    expect(urls['icons.svg']).toBe(await assetUrl('/ctx', 'icons.svg'))
    const system = await assetUrls('/ctx', { fonts: false })
    expect(system['chartroom.css']).toBe(await assetUrl('/ctx', 'chartroom.css', { fonts: false }))
    expect(Object.keys(urls)).not.toContain('swagger-ui-bundle.js')
  })

  test('what a first visit loads stays small', async () => {
    await using server = serveWeb()
    const bytes = async (name: AssetName) => {
      const response = await ask(server.url + (await assetUrl('', name)), { 'accept-encoding': 'gzip' })
      return (await response.bytes()).byteLength
    }
    expect(await bytes('chartroom.css')).toBeLessThanOrEqual(10_000)
    expect(await bytes('icons.svg')).toBeLessThanOrEqual(4_000)
    const loaded = [
      'chartroom.css',
      'chartroom.js',
      'htmx.min.js',
      'icons.svg',
      'rose.svg',
      'source.js',
    ] as const
    const all = (await Promise.all(loaded.map(bytes))).reduce((sum, size) => sum + size, 0)
    // 120 KB with a page of 12 KB and 24 icons of charts of at most 1 KB each.
    expect(all).toBeLessThanOrEqual(120_000 - 12_000 - 24_000)
    const fonts = (await Promise.all(fontNames.map(bytes))).reduce((sum, size) => sum + size, 0)
    expect(fonts).toBeLessThanOrEqual(95_000)
  })

  test('every icon that a page can ask for is in the sprite', async () => {
    const sprite = await Bun.file(join(import.meta.dir, '../../public/icons.svg')).text()
    const drawn = new Set([...sprite.matchAll(/<symbol id="([\w-]+)"/g)].map(([, id]) => id))
    const views = new Bun.Glob('views/**/*.tsx').scan(join(import.meta.dir, '../..'))
    for await (const file of views) {
      const text = await Bun.file(join(import.meta.dir, '../..', file)).text()
      for (const [, name] of text.matchAll(/<Icon\b[^>]*\bname="([^"]+)"/g)) expect(drawn).toContain(name)
    }
    expect(drawn.size).toBeGreaterThan(30)
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

const fontNames = ['ibm-plex-mono.woff2', 'public-sans.woff2', 'source-serif.woff2'] as const

function typeOf(name: string): string {
  if (name.endsWith('.woff2')) return 'font/woff2'
  if (name.endsWith('.css')) return 'text/css; charset=utf-8'
  return name.endsWith('.js') ? 'text/javascript; charset=utf-8' : 'image/svg+xml'
}
