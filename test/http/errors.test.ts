import { describe, expect, test } from 'bun:test'
import { RegistryError, type ErrorCode } from '../../src/errors.ts'
import { errorForm, errorResponse, statusOf, statusResponse } from '../../src/http/errors.ts'

describe('statusOf()', () => {
  const statuses: [ErrorCode, number][] = [
    ['invalid', 400],
    ['unauthorized', 401],
    ['forbidden', 403],
    ['not_found', 404],
    ['too_slow', 408],
    ['conflict', 409],
    ['too_large', 413],
    ['unavailable', 503],
    ['full', 507],
  ]
  for (const [code, status] of statuses) {
    test(`is ${status} for ${code}`, () =>
      expect(statusOf(new RegistryError(code, 'chart', 'x'))).toBe(status))
  }

  test('is 500 for everything else', () => {
    for (const thrown of [new Error('x'), 'x', undefined, null, { code: 'invalid' }])
      expect(statusOf(thrown)).toBe(500)
  })

  // ChartMuseum answers 500 to both.
  test('is 400 for an unsupported extension and for an invalid provenance file', () => {
    expect(statusOf(new RegistryError('invalid', 'file', 'unsupported file extension'))).toBe(400)
    expect(statusOf(new RegistryError('invalid', 'provenance', 'invalid provenance file'))).toBe(400)
  })
})

describe('errorResponse()', () => {
  test('is ChartMuseum’s JSON for the API, with the details behind the sentence', async () => {
    const error = new RegistryError('conflict', 'file', 'file already exists', {
      identical: true,
      digest: 'ab',
    })
    const response = errorResponse(error)
    expect(response.status).toBe(409)
    expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8')
    expect(await response.text()).toBe('{"error":"file already exists","identical":true,"digest":"ab"}')
  })

  test('escapes what Go escapes', async () => {
    const response = errorResponse(new RegistryError('not_found', 'chart', 'no <b>&\u2028"x"'))
    expect(await response.text()).toBe('{"error":"no \\u003cb\\u003e\\u0026\\u2028\\"x\\""}')
  })

  test('is the error list of OCI for /v2', async () => {
    const response = errorResponse(new RegistryError('not_found', 'repository', 'gone', { a: 1 }), {
      form: 'oci',
    })
    expect(await response.json()).toEqual({
      errors: [{ code: 'NAME_UNKNOWN', message: 'gone', detail: { a: 1 } }],
    })
    expect(response.status).toBe(404)
  })

  test('is an escaped sentence in HTML for a browser', async () => {
    const response = errorResponse(new RegistryError('not_found', 'chart', '<script>&'), { form: 'page' })
    const text = await response.text()
    expect(response.headers.get('content-type')).toBe('text/html; charset=utf-8')
    expect(response.headers.get('content-security-policy')).toContain("script-src 'self'")
    expect(text).toContain('&lt;script&gt;&amp;')
    expect(text).not.toContain('<script')
    expect(text).toMatch(/^<!doctype html><html lang="en">.*<body>.*<\/body><\/html>$/)
  })

  test('shows nothing of an error nobody foresaw but the request id', async () => {
    const response = errorResponse(new Error('ENOENT /data/secret/path'), { requestId: 'r-1' })
    expect(response.status).toBe(500)
    expect(await response.text()).toBe('{"error":"internal server error","requestId":"r-1"}')
    expect(await errorResponse('x').text()).toBe('{"error":"internal server error"}')
  })

  test('challenges with a 401, and only with that', () => {
    const challenge = 'Basic realm="ChartMuseum"'
    const asked = errorResponse(new RegistryError('unauthorized', 'request', 'unauthorized'), { challenge })
    expect(asked.headers.get('www-authenticate')).toBe(challenge)
    expect(
      errorResponse(new RegistryError('forbidden', 'request', 'x'), { challenge }).headers.has(
        'www-authenticate',
      ),
    ).toBe(false)
  })

  test('closes the connection after 408 only, so that clients who still send can read a 413', () => {
    const connection = (code: ErrorCode) =>
      errorResponse(new RegistryError(code, 'upload', 'x')).headers.get('connection')
    expect(connection('too_slow')).toBe('close')
    expect(connection('too_large')).toBeNull()
    expect(connection('invalid')).toBeNull()
  })

  test('says when to come back with a 503', () => {
    const told = (details = {}) =>
      errorResponse(new RegistryError('unavailable', 'storage', 'x', details)).headers.get('retry-after')
    expect(told()).toBe('5')
    expect(told({ retryAfter: 30 })).toBe('30')
    expect(told({ retryAfter: -1 })).toBe('5')
  })

  test('keeps texts within 4 KiB of whole characters and free of control characters', async () => {
    const text = async (message: string) =>
      ((await errorResponse(new RegistryError('invalid', 'chart', message)).json()) as { error: string })
        .error
    expect(await text('a\r\n\u001b[31mb\u0000\u009bc')).toBe('a [31mb c')
    for (const long of ['x'.repeat(10_000), '海'.repeat(5000), '😀'.repeat(3000)]) {
      const cut = await text(long)
      expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(4096)
      expect(Buffer.byteLength(cut)).toBeGreaterThan(4080)
      expect(cut.isWellFormed()).toBe(true)
      expect(cut).toEndWith('…')
    }
    expect(await text('海'.repeat(1300))).toBe('海'.repeat(1300))
  })

  test('carries the security headers in every form', () => {
    for (const form of ['api', 'oci', 'page'] as const) {
      const { headers } = errorResponse(new RegistryError('not_found', 'chart', 'x'), { form })
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('content-security-policy')).toContain("default-src 'none'")
    }
  })
})

describe('statusResponse()', () => {
  test('answers what no registry error has a word for', async () => {
    const response = statusResponse(421, 'not\nthis name')
    expect(response.status).toBe(421)
    expect(await response.text()).toBe('{"error":"not this name"}')
  })
})

describe('errorForm()', () => {
  const form = (path: string, accept?: string) =>
    errorForm(
      new Request(`http://localhost${path}`, accept === undefined ? {} : { headers: { accept } }),
      path,
    )

  test('goes by the path first, then by what a browser accepts', () => {
    const browser = 'text/html,application/xhtml+xml;q=0.9,*/*;q=0.8'
    expect(form('/v2/', browser)).toBe('oci')
    expect(form('/v2', browser)).toBe('oci')
    expect(form('/v2x', browser)).toBe('page')
    expect(form('/api/charts', browser)).toBe('api')
    expect(form('/nothing', browser)).toBe('page')
    expect(form('/nothing', '*/*')).toBe('api')
    expect(form('/index.yaml')).toBe('api')
    expect(form('/charts/a-1.tgz', 'application/gzip,application/octet-stream')).toBe('api')
  })
})
