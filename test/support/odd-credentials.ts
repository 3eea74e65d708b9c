/** Authorization headers as they go over the wire, each of which is no credential anywhere. Empty lists: no header. */
export interface OddCredentials {
  readonly name: string
  /** The values of the header, one for each time it is sent; bytes as they stand (latin1). */
  readonly values: readonly string[]
  /** HTTP itself forbids it (RFC 9110, 5.5): the parser may refuse it before anybody looks at it. */
  readonly isNoHttp?: boolean
}

const base64 = (bytes: string | Uint8Array) => Buffer.from(bytes).toString('base64')
const utf8 = (text: string) => Buffer.from(text).toString('latin1')

/** `right`: a header that is one, so that what is around it is all that is wrong. */
export function oddCredentials(right: string): OddCredentials[] {
  const [scheme = '', token = ''] = right.split(' ')
  const one = (name: string, value: string, isNoHttp = false): OddCredentials => ({
    name,
    values: [value],
    isNoHttp,
  })
  return [
    { name: 'none', values: [] },
    one('an empty one', ''),
    one('only spaces', '   '),
    one('the scheme only', 'Basic'),
    one('the scheme and a space', 'Basic '),
    one('the scheme of tokens only', 'Bearer'),
    one('a scheme that there is not', `Digest username="writer", realm="ChartMuseum"`),
    one('Negotiate', 'Negotiate YIIB'),
    one('a scheme glued to the token', `${scheme}${token}`),
    one('a tab behind the scheme', `Digest\t${token}`),
    one('the right one twice in one', `${right}, ${right}`),
    { name: 'the right one and another', values: [`Digest ${token}`, right] },
    { name: 'another and the right one', values: [right, 'Basic bm9ib2R5Og=='] },
    one('no colon', `Basic ${base64('writer')}`),
    one('an empty user', `Basic ${base64(':writing')}`),
    one('an empty password', `Basic ${base64('writer:')}`),
    one('only a colon', `Basic ${base64(':')}`),
    one('10 kB of password', `Basic ${base64(`writer:${'x'.repeat(10_000)}`)}`),
    one('a very long user', `Basic ${base64(`${'writer'.repeat(1_500)}:writing`)}`),
    one('broken base64', 'Basic !!!not*base64!!!'),
    one('base64 cut off', `Basic ${base64('writer:writing').slice(0, 7)}`),
    one('text in place of base64', 'Basic writer:writing'),
    one('bytes that are no UTF-8', `Basic ${base64(Uint8Array.of(0x77, 0xff, 0xfe, 0x3a, 0xc3, 0x28))}`),
    one('a NUL in the user', `Basic ${base64('writer\0:writing')}`),
    one('a NUL in the password', `Basic ${base64('writer:writing\0')}`),
    one('control bytes', `Basic ${base64('writer\r\nX: y:\u001b[31m')}`),
    one('a user of another normal form', `Basic ${base64('writer\u0301:writing')}`),
    one('characters above ASCII in the header', utf8('Basic wrïter:wrîting')),
    one('bytes above ASCII in the header', 'Basic \xff\xfe\xfd'),
    one('names of objects', `Basic ${base64('__proto__:constructor')}`),
    one('a token without a signature', 'Bearer eyJhbGciOiJub25lIn0.eyJhY2Nlc3MiOltdfQ.'),
    one('a token of 10 kB', `Bearer ${'a'.repeat(5_000)}.${'b'.repeat(5_000)}.c`),
    one('a token that is not JSON', 'Bearer bm8.bm8.bm8'),
    one('dots', 'Bearer ...'),
    one('a NUL in the header', 'Basic a\0b', true),
    one('an escape in the header', 'Basic a\u001bb', true),
    one('DEL in the header', 'Basic a\u007fb', true),
  ]
}
