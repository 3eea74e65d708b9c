import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { openArchive } from '../../../src/registry/archive.ts'
import { chart } from '../../support/chart-builder.ts'
import { chartSite, type ChartSite } from './chart-site.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(30_000)

const bytes = (length: number) => Uint8Array.from({ length }, (_, at) => (at * 7) % 256)
const built = chart('redis', '1.0.0+build.5')
  .with('logo.png', new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, ...bytes(2000)]))
  .with('photo.jpg', new Uint8Array([0xff, 0xd8, 0xff, 0xe0, ...bytes(100)]))
  .with('a.gif', new TextEncoder().encode('GIF89a\0\0'))
  .with('a.webp', new TextEncoder().encode('RIFFxxxxWEBPVP8 \0'))
  .with('evil.svg', '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>')
  .with('evil.js', 'alert(1)')
  .with('page.html', '<script>alert(1)</script>')
  .with('latin.txt', new Uint8Array([0x61, 0xe4, 0x62]))
  .with('data.bin', bytes(5000))
  .with('empty', '')
  .with('deep/er/ä b&c?.txt', 'text\r\n')

let site: ChartSite
beforeAll(async () => {
  site = await chartSite()
  await site.publish(built)
}, 60_000)
afterAll(() => site[Symbol.asyncDispose]())

const address = (name: string) =>
  `${site.server.url}/-/chart/redis/1.0.0%2Bbuild.5/raw/${name.split('/').map(encodeURIComponent).join('/')}`

describe('a raw file', () => {
  test('is, byte for byte, what stands in the archive', async () => {
    const { files } = await openArchive(await built.tgz(), { keep: () => true })
    expect(files.length).toBeGreaterThan(10)
    for (const { name, data } of files) {
      const response = await fetch(address(name))
      expect([name, response.status]).toEqual([name, 200])
      expect([name, Buffer.from(await response.arrayBuffer()).equals(Buffer.from(data))]).toEqual([
        name,
        true,
      ])
    }
  })

  test.each([
    ['Chart.yaml', 'text/plain; charset=utf-8', 'inline'],
    ['evil.svg', 'image/svg+xml', 'inline'],
    ['evil.js', 'text/plain; charset=utf-8', 'inline'],
    ['page.html', 'text/plain; charset=utf-8', 'inline'],
    ['logo.png', 'image/png', 'inline'],
    ['photo.jpg', 'image/jpeg', 'inline'],
    ['a.gif', 'image/gif', 'inline'],
    ['a.webp', 'image/webp', 'inline'],
    ['data.bin', 'application/octet-stream', 'attachment'],
    ['latin.txt', 'application/octet-stream', 'attachment'],
  ])('%s is sent as %s, %s, and can run nothing', async (name, type, disposition) => {
    const { headers } = await fetch(address(name))
    expect(headers.get('content-type')).toBe(type)
    expect(headers.get('content-disposition')).toBe(`${disposition}; filename*=UTF-8''${name}`)
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; frame-ancestors 'none'; sandbox")
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  })

  test('has a name that no header can be broken with', async () => {
    const { headers } = await fetch(address('deep/er/ä b&c?.txt'))
    expect(headers.get('content-disposition')).toBe("inline; filename*=UTF-8''%C3%A4%20b%26c%3F.txt")
  })

  test('is asked for by HEAD, by part, and only once', async () => {
    const whole = await fetch(address('data.bin'))
    const etag = whole.headers.get('etag') ?? ''
    expect(etag).toMatch(/^"[0-9a-f]{64}-[\x21\x23-\x7e]+"$/)
    const head = await fetch(address('data.bin'), { method: 'HEAD' })
    expect([head.headers.get('content-length'), head.headers.get('etag')]).toEqual(['5000', etag])
    const part = await fetch(address('data.bin'), { headers: { range: 'bytes=10-19' } })
    expect([part.status, [...new Uint8Array(await part.arrayBuffer())]]).toEqual([
      206,
      Array.from(bytes(20).subarray(10)),
    ])
    const again = await fetch(address('data.bin'), { headers: { 'if-none-match': etag } })
    expect(again.status).toBe(304)
  })

  test('that is not there is a 404', async () => {
    for (const name of ['nothing', 'templates', 'deep', 'Chart.yaml/x'])
      expect([name, (await fetch(address(name))).status]).toEqual([name, 404])
  })
})
