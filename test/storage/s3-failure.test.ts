import { describe, expect, test } from 'bun:test'
import { failureFrom } from '../../src/storage/store-answer.ts'
import { isPassingS3 } from '../../src/storage/s3-errors.ts'
import { StoreFailure } from '../../src/storage/store-failure.ts'

const address = 'http://127.0.0.1:1/charts/a?X-Amz-Credential=key&X-Amz-Signature=hush'

function fetchError(code: string | undefined, message: string): TypeError {
  return Object.assign(new TypeError(message), code === undefined ? {} : { code, path: address, errno: 0 })
}

describe('an error of fetch', () => {
  test.each([
    ['ECONNREFUSED', 'Unreachable', true],
    ['ENOTFOUND', 'Unreachable', true],
    ['ECONNRESET', 'Cut', true],
    ['Malformed_HTTP_Response', 'BadAnswer', true],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'BadCertificate', false],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'BadCertificate', false],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'BadCertificate', false],
    [undefined, 'Cut', true],
  ])('%s becomes %s and loses its address', (code, expected, passing) => {
    const failure = failureFrom(fetchError(code, `something fetching "${address}"`), false)
    expect(failure).toBeInstanceOf(StoreFailure)
    expect(failure).toMatchObject({ code: expected, status: 0 })
    expect(isPassingS3(failure as StoreFailure)).toBe(passing)
    expect(Bun.inspect(failure)).not.toContain('hush')
  })

  test('after the watch ended it is a stall, whatever it says', () => {
    expect(failureFrom(new DOMException('aborted', 'AbortError'), true)).toMatchObject({ code: 'Stalled' })
  })

  test('and one of somebody else stays as it is', () => {
    const own = Object.assign(new Error('no such file'), { code: 'ENOENT', path: '/tmp/upload' })
    expect(failureFrom(own, false)).toBe(own)
    const mistake = new TypeError('x is not a function')
    expect(failureFrom(mistake, false)).toBe(mistake)
  })
})

test.each([
  [500, true],
  [503, true],
  [429, true],
  [408, true],
  [501, false],
  [507, false],
  [400, false],
  [403, false],
  [412, false],
])('an answer %d that says no more is passing: %s', (status, passing) => {
  expect(isPassingS3(new StoreFailure(`HTTP ${status}`, status))).toBe(passing)
})
