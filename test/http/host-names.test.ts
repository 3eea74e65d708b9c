import { describe, expect, test } from 'bun:test'
import { hostCheck } from '../../src/http/host-names.ts'

describe('hostCheck()', () => {
  const everywhere = hostCheck({ loopbackOnly: false })
  const loopback = hostCheck({ loopbackOnly: true, publicUrl: 'https://Charts.example.com:8443/ctx' })

  test('lets host names, IPv4 and IPv6 addresses pass, with and without port', () => {
    for (const host of [
      'a',
      'charts.example.com',
      'my_host',
      '10.0.0.1:8080',
      '[::1]',
      '[2001:db8::1]:443',
      'X.Y:1',
    ]) {
      expect(everywhere(host)).toBeUndefined()
    }
  })

  const malformed = [
    '',
    'a b',
    'x/../y',
    'a/b?c#d',
    'a:',
    'a:port',
    'a:123456',
    'user@host',
    'a, b',
    'ä',
    'a\u0000',
    '[::1',
    '[::1]x',
    '::1',
    '[gg::1]',
    '%41',
    'a\\b',
  ]
  for (const host of malformed) {
    test(`refuses ${JSON.stringify(host)} with 400`, () => {
      expect(everywhere(host)?.status).toBe(400)
      expect(loopback(host)?.status).toBe(400)
    })
  }

  test('lets a request without Host pass: HTTP/1.0 needs none, and no browser leaves it out', () => {
    expect(everywhere(null)).toBeUndefined()
    expect(loopback(null)).toBeUndefined()
  })

  test('serves only names of this machine and the public one on loopback without credentials', () => {
    const served = [
      'localhost',
      'LOCALHOST:8080',
      '127.0.0.1',
      '127.0.0.1:1',
      '[::1]:8080',
      'charts.example.com',
      'charts.example.com:8443',
    ]
    for (const host of served) expect(loopback(host)).toBeUndefined()
    const others = [
      'evil.example',
      'localhost.evil.example',
      '127.0.0.1.nip.io',
      '127.0.0.2',
      '0.0.0.0',
      '[::]',
      'xlocalhost',
      'a.charts.example.com',
    ]
    for (const host of others) expect(loopback(host)?.status).toBe(421)
  })

  test('names the host and the setting in its sentence, and still refuses after it served', () => {
    expect(loopback('localhost:8080')).toBeUndefined()
    expect(loopback('evil.example:8080')?.message).toContain('"evil.example"')
    expect(loopback('evil.example:8080')?.message).toContain('--public-url')
    expect(loopback('localhost:8080')).toBeUndefined()
  })
})
