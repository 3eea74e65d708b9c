import { describe, expect, test } from 'bun:test'
import { finish, goJson, headersFor, json, requestIdOf } from '../../src/http/headers.ts'

const everywhere = [
  'x-content-type-options',
  'referrer-policy',
  'cross-origin-opener-policy',
  'cross-origin-resource-policy',
  'permissions-policy',
  'x-frame-options',
  'content-security-policy',
]

describe('goJson()', () => {
  test('prints as Go does: compact, without a newline, safe inside HTML', () => {
    expect(goJson({ a: '<&>', b: ['\u2028', '\u2029'], c: null })).toBe(
      '{"a":"\\u003c\\u0026\\u003e","b":["\\u2028","\\u2029"],"c":null}',
    )
    expect(goJson('海"\n')).toBe('"海\\"\\n"')
  })

  test('stays the same value for whoever parses it', () => {
    const value = { 'a<b': ['&', { '>': '\u2028 </script>' }] }
    expect(JSON.parse(goJson(value))).toEqual(value)
  })
})

describe('headersFor()', () => {
  for (const surface of ['protocol', 'page', 'explorer'] as const) {
    test(`has every security header for ${surface}`, () => {
      const headers = headersFor(surface, 'a/b')
      for (const name of everywhere) expect(headers.get(name)).toBeTruthy()
      expect(headers.get('content-type')).toBe('a/b')
    })
  }

  test('lets raw files do nothing, pages use only what is ours, and the explorer draw data: images', () => {
    const policy = (surface: 'protocol' | 'page' | 'explorer') =>
      headersFor(surface).get('content-security-policy')
    expect(policy('protocol')).toBe("default-src 'none'; frame-ancestors 'none'; sandbox")
    expect(policy('page')).toContain("script-src 'self'; script-src-attr 'none'; style-src 'self'")
    expect(policy('page')).not.toContain('data:')
    expect(policy('explorer')).toBe(policy('page')?.replace("img-src 'self'", "img-src 'self' data:") ?? '')
    for (const surface of ['page', 'explorer'] as const) expect(policy(surface)).not.toContain('unsafe')
  })

  test('gives each caller headers of its own', () => {
    headersFor('page').set('x-content-type-options', 'changed')
    expect(headersFor('page').get('x-content-type-options')).toBe('nosniff')
  })
})

describe('finish()', () => {
  test('adds the request id and what is missing, and leaves what is there', () => {
    const bare = finish(new Response('x', { headers: { 'x-frame-options': 'SAMEORIGIN' } }), 'id-1')
    expect(bare.headers.get('x-request-id')).toBe('id-1')
    expect(bare.headers.get('x-frame-options')).toBe('SAMEORIGIN')
    for (const name of everywhere) expect(bare.headers.has(name)).toBe(true)
    const page = finish(new Response('x', { headers: headersFor('page') }), 'id-2')
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'")
  })
})

describe('json()', () => {
  test('is ChartMuseum’s type and has the security headers', async () => {
    const response = json({ saved: true }, 201)
    expect(response.status).toBe(201)
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(response.headers.get('x-content-type-options')).toBe('nosniff')
    expect(await response.text()).toBe('{"saved":true}')
  })
})

describe('requestIdOf()', () => {
  test('echoes up to 128 visible characters', () => {
    for (const id of ['a', 'x'.repeat(128), 'trace:1/2;"~!']) expect(requestIdOf(id)).toBe(id)
  })

  test('makes a new UUID of everything else', () => {
    const made = [null, '', ' ', 'a b', 'a\tb', 'x'.repeat(129), 'é', 'a\u0000'].map(requestIdOf)
    for (const id of made)
      expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
    expect(new Set(made).size).toBe(made.length)
  })
})
