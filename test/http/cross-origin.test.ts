import { describe, expect, test } from 'bun:test'
import { crossOriginRefusal } from '../../src/http/cross-origin.ts'

const own = 'https://charts.example.com/ctx'
function refused(
  method: string,
  headers: Record<string, string>,
  publicUrl = own,
  trusted?: Set<string>,
): boolean {
  return crossOriginRefusal({ method, headers: new Headers(headers) }, publicUrl, trusted) !== undefined
}

describe('crossOriginRefusal()', () => {
  test('lets programs write, which send neither Origin nor Sec-Fetch-Site', () => {
    expect(refused('POST', {})).toBe(false)
    expect(refused('DELETE', { 'user-agent': 'Go-http-client/1.1' })).toBe(false)
  })

  test('lets everybody read', () => {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      expect(refused(method, { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' })).toBe(false)
    }
  })

  for (const method of ['POST', 'DELETE', 'PUT', 'PATCH', 'BREW', 'get']) {
    test(`goes by Sec-Fetch-Site where it is sent with ${method}, whatever Origin says`, () => {
      const origin = 'https://charts.example.com'
      expect(refused(method, { 'sec-fetch-site': 'same-origin' })).toBe(false)
      expect(refused(method, { 'sec-fetch-site': 'none' })).toBe(false)
      for (const site of ['cross-site', 'same-site', 'Same-Origin', 'x', 'same-origin, none']) {
        expect(refused(method, { 'sec-fetch-site': site, origin })).toBe(true)
      }
    })
  }

  test('goes by Origin against the public host without Sec-Fetch-Site', () => {
    expect(refused('POST', { origin: 'https://charts.example.com' })).toBe(false)
    for (const origin of [
      'https://evil.example',
      'https://charts.example.com.evil.example',
      'https://charts.example.com:8443',
      'null',
      'not a url',
    ]) {
      expect(refused('POST', { origin })).toBe(true)
    }
  })

  test('compares hosts as URLs do, default ports and capitals aside', () => {
    expect(refused('POST', { origin: 'http://localhost:8080' }, 'http://LocalHost:8080')).toBe(false)
    expect(refused('POST', { origin: 'http://charts.local' }, 'http://charts.local:80')).toBe(false)
    expect(refused('POST', { origin: 'http://[::1]:8080' }, 'http://[::1]:8080')).toBe(false)
  })

  test('lets a trusted origin write', () => {
    const trusted = new Set(['https://ui.example.com'])
    const headers = { origin: 'https://ui.example.com', 'sec-fetch-site': 'cross-site' }
    expect(refused('POST', headers, own, trusted)).toBe(false)
    expect(refused('POST', { ...headers, origin: 'https://ui.example.com.evil' }, own, trusted)).toBe(true)
  })

  test('refuses unsafe requests of htmx, whatever its headers say, also from a trusted origin', () => {
    const trusted = new Set(['https://ui.example.com'])
    for (const name of ['HX-Request', 'HX-Request-Type']) {
      for (const value of ['true', 'false', 'partial', '']) {
        expect(refused('POST', { [name]: value, 'sec-fetch-site': 'same-origin' })).toBe(true)
        expect(refused('DELETE', { [name]: value, origin: 'https://ui.example.com' }, own, trusted)).toBe(
          true,
        )
        expect(refused('GET', { [name]: value })).toBe(false)
      }
    }
  })

  test('says so as ChartMuseum-like JSON can show it', () => {
    const error = crossOriginRefusal({ method: 'POST', headers: new Headers({ origin: 'null' }) }, own)
    expect(error).toMatchObject({ code: 'forbidden', message: 'cross-origin request refused' })
  })
})
