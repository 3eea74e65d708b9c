import { afterEach, describe, expect, test } from 'bun:test'
import { createHmac, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { SignJWT, type JWTPayload } from 'jose'
import { defaultAccessQuery, parseAccessQuery } from '../../src/access-query.ts'
import type { Caller } from '../../src/http/access/access.ts'
import { bearerAccess, type BearerOptions } from '../../src/http/access/bearer.ts'
import { bearerToken } from '../../src/http/access/tokens.ts'
import type { LogFields } from '../../src/log.ts'

const pair = generateKeyPairSync('rsa', { modulusLength: 2048 })
const other = generateKeyPairSync('rsa', { modulusLength: 2048 })
/** Milliseconds; the tests turn this clock. */
const start = 1_800_000_000_000
let time = start
const seconds = start / 1000

const said: [level: string, message: string, fields: LogFields | undefined][] = []
const say = (level: string) => (message: string, fields?: LogFields) =>
  void said.push([level, message, fields])
const log = { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }

afterEach(() => {
  time = start
  // What is wrong with a token is never an error of the server.
  expect(said.filter(([level]) => level !== 'debug')).toEqual([])
  said.length = 0
})

const options: BearerOptions = {
  realm: 'https://auth.example.com/token',
  service: 'charts',
  key: pair.publicKey,
  query: parseAccessQuery(defaultAccessQuery),
  anonymousGet: false,
  log,
  now: () => time,
}
const access = bearerAccess(options)

const entry = (name: string, ...actions: string[]) => ({ type: 'artifact-repository', name, actions })
const readOrg = { access: [entry('org1', 'pull')] }

function signed(claims: object, alg = 'RS256', key: KeyObject = pair.privateKey): Promise<string> {
  return new SignJWT(claims as JWTPayload).setProtectedHeader({ alg }).sign(key)
}

async function callerOf(header: string | null, by = access, address = '192.0.2.1'): Promise<Caller> {
  return by.callerOf(header, () => address)
}

/** "pull", "push", "pull push" or "": what a header allows on org1. */
async function allowed(header: string | null, by = access, repository = 'org1'): Promise<string> {
  const caller = await callerOf(header, by)
  expect(caller.name).toBeUndefined()
  return (['pull', 'push'] as const).filter((action) => caller.may(action, repository)).join(' ')
}

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')

describe('a signature', () => {
  test.each(['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'])('of %s counts', async (alg) => {
    expect(await allowed(`Bearer ${await signed(readOrg, alg)}`)).toBe('pull')
  })

  test.each(['RS256', 'PS512'])('of %s by another key does not', async (alg) => {
    expect(await allowed(`Bearer ${await signed(readOrg, alg, other.privateKey)}`)).toBe('')
  })

  test('of no or another algorithm does not, whatever key it was made with', async () => {
    const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }) as string
    const der = pair.publicKey.export({ type: 'spki', format: 'der' })
    const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' })
    const body = (alg: unknown) => `${part({ alg })}.${part(readOrg)}`
    const [head = '', claims = '', signature = ''] = (await signed(readOrg)).split('.')
    const forged = {
      'HS256 with the public key in PEM': `${body('HS256')}.${createHmac('sha256', pem).update(body('HS256')).digest('base64url')}`,
      'HS256 with the public key without its line end': `${body('HS256')}.${createHmac('sha256', pem.trim()).update(body('HS256')).digest('base64url')}`,
      'HS256 with the public key in DER': `${body('HS256')}.${createHmac('sha256', der).update(body('HS256')).digest('base64url')}`,
      'HS512 with an empty key': `${body('HS512')}.${createHmac('sha512', '').update(body('HS512')).digest('base64url')}`,
      none: `${body('none')}.`,
      'none with the signature of another token': `${body('none')}.${signature}`,
      None: `${body('None')}.x`,
      'no algorithm': `${part({})}.${claims}.${signature}`,
      'a list of algorithms': `${part({ alg: ['RS256'] })}.${claims}.${signature}`,
      ES256: await signed(readOrg, 'ES256', curve.privateKey),
      'another algorithm than it was made with': `${part({ alg: 'PS256' })}.${claims}.${signature}`,
      'a key in the header': await new SignJWT(readOrg)
        .setProtectedHeader({ alg: 'RS256', jwk: other.publicKey.export({ format: 'jwk' }) })
        .sign(other.privateKey),
      'a demand that nobody knows': await withHeader({ alg: 'RS256', crit: ['x'], x: 1 }, readOrg),
      'other claims': `${head}.${part({ access: [entry('org1', 'push')] })}.${signature}`,
      'another header': `${part({ alg: 'RS256', typ: 'at+jwt' })}.${claims}.${signature}`,
      'no signature': `${head}.${claims}.`,
      'half a signature': `${head}.${claims}.${signature.slice(0, 100)}`,
      'two parts': `${head}.${claims}`,
      'five parts': `${head}.${claims}.${signature}.x.x`,
      'claims that are no object': await withClaims('["access"]'),
      'claims that are no JSON': await withClaims('{"access":'),
      'claims that are no text': await withClaims(Buffer.from([0x7b, 0xff, 0xfe, 0x7d])),
    }
    for (const [what, token] of Object.entries(forged)) {
      expect(`${what}: ${await allowed(`Bearer ${token}`)}`).toBe(`${what}: `)
    }
  })
})

/** A token with a good signature over whatever is given. */
async function withClaims(text: string | Uint8Array, header: object = { alg: 'RS256' }): Promise<string> {
  const content = `${part(header)}.${Buffer.from(text).toString('base64url')}`
  return `${content}.${sign('sha256', Buffer.from(content), pair.privateKey).toString('base64url')}`
}

function withHeader(header: object, claims: object): Promise<string> {
  return withClaims(JSON.stringify(claims), header)
}

describe('times in a token', () => {
  test.each([
    ['no times', {}, 0, true],
    ['before its end', { exp: seconds + 1 }, 999, true],
    ['at its end', { exp: seconds + 1 }, 1000, false],
    ['after its end', { exp: seconds }, 0, false],
    ['from its beginning', { nbf: seconds }, 0, true],
    ['before its beginning', { nbf: seconds + 1 }, 999, false],
    ['at its beginning', { nbf: seconds + 1 }, 1000, true],
    ['made now', { iat: seconds }, 0, true],
    ['made in the future', { iat: seconds + 1 }, 999, false],
    ['with an end that is text', { exp: String(seconds + 60) }, 0, false],
    ['with an end that is null', { exp: null }, 0, false],
    ['with a beginning that is a list', { nbf: [0] }, 0, false],
    ['made at a time that is text', { iat: 'now' }, 0, false],
    ['made at a time that is null', { iat: null }, 0, false],
  ])('%s: %j after %d ms', async (_, times, after, good) => {
    time = start + after
    expect(await allowed(await withHeader({ alg: 'RS256' }, { ...readOrg, ...times }))).toBe(
      good ? 'pull' : '',
    )
  })

  test('an end beyond all numbers is refused', async () => {
    const token = await withClaims(`{"exp": 1e400, "access": ${JSON.stringify(readOrg.access)}}`)
    expect(await allowed(token)).toBe('')
  })

  test('count for a token that is known, too', async () => {
    const token = await signed({ ...readOrg, nbf: seconds, exp: seconds + 60 })
    expect(await allowed(token)).toBe('pull')
    const known = access.callerOf(token, () => '')
    expect(known).not.toBeInstanceOf(Promise)
    time = start + 59_999
    expect(await allowed(token)).toBe('pull')
    time = start + 60_000
    expect(await allowed(token)).toBe('')
    time = start - 1
    expect(await allowed(token)).toBe('')
    time = start + 1
    expect(await allowed(token)).toBe('pull')
  })

  test('a signature is checked again after some minutes', async () => {
    const token = await signed(readOrg)
    expect(await allowed(token)).toBe('pull')
    expect(access.callerOf(token, () => '')).not.toBeInstanceOf(Promise)
    time = start + 10 * 60_000
    expect(access.callerOf(token, () => '')).toBeInstanceOf(Promise)
    expect(await allowed(token)).toBe('pull')
  })
})

test('issuer, audience, subject and names of keys give no rights', async () => {
  const claims = { ...readOrg, iss: 'x', aud: ['y'], sub: 'z', jti: '1' }
  const token = await withHeader({ alg: 'RS256', kid: 'nobody', typ: 'at+jwt' }, claims)
  expect(await allowed(token)).toBe('pull')
  expect((await callerOf(token)).subject).toBe('z')
  for (const sub of [undefined, '', 7, ['z'], null, 'z'.repeat(300)]) {
    const caller = await callerOf(await withHeader({ alg: 'RS256' }, { ...readOrg, sub }))
    expect([caller.subject, caller.may('pull', 'org1')]).toEqual([undefined, true])
  }
})

describe('a header', () => {
  const token = 'aaa.bbb.ccc'
  test.each([
    [`Bearer ${token}`, token],
    [`bearer ${token}`, token],
    [`BEARER   ${token} `, token],
    [token, token],
    ['', undefined],
    ['Bearer', undefined],
    ['Bearer ', undefined],
    [`Basic ${token}`, undefined],
    ['Basic YTpi', undefined],
    [`Bearer Bearer ${token}`, undefined],
    [`Bearer ${token}, Bearer ${token}`, undefined],
    [`Bearer ${token}=`, undefined],
    [`Bearer a.b+/.c`, undefined],
    ['Bearer .b.c', undefined],
    ['Bearer a..c', undefined],
    ['Bearer a.b.c.d', undefined],
  ])('%j holds the token %j', (header, wanted) => expect(bearerToken(header)).toBe(wanted))
})

test('a token in a header of 16 KiB counts, in a longer one it does not', async () => {
  const token = await signed({ ...readOrg, x: 'x'.repeat(11_700) })
  expect(token.length).toBeWithin(15_000, 16_384 - 7)
  expect(await allowed(`Bearer ${token}`)).toBe('pull')
  expect(await allowed(await signed({ ...readOrg, x: 'x'.repeat(12_500) }))).toBe('')
  expect(await allowed(null)).toBe('')
})

describe('an access list', () => {
  const whole = { type: 'artifact-repository', name: 'org1' }
  test.each([
    ['one action', readOrg, 'pull'],
    ['both', { access: [entry('org1', 'push', 'pull')] }, 'pull push'],
    ['an action as text', { access: [{ ...whole, actions: 'pull' }] }, 'pull'],
    ['two entries', { access: [entry('org1', 'pull'), entry('org1', 'push')] }, 'pull push'],
    ['an entry between strange ones', { access: [null, 7, 'x', [], entry('org1', 'pull')] }, 'pull'],
    ['a star', { access: [entry('org1', '*')] }, ''],
    ['another case', { access: [entry('org1', 'Pull')] }, ''],
    ['another repository', { access: [entry('org', 'pull'), entry('org1/x', 'pull')] }, ''],
    ['another type', { access: [{ type: 'repository', name: 'org1', actions: ['pull'] }] }, ''],
    ['actions that are an object', { access: [{ ...whole, actions: { pull: true } }] }, ''],
    ['actions that are a number', { access: [{ ...whole, actions: 1 }] }, ''],
    ['no actions', { access: [whole] }, ''],
    ['actions two lists deep', { access: [{ ...whole, actions: [['pull']] }] }, ''],
    ['nothing', {}, ''],
    ['null', { access: null }, ''],
    ['an object', { access: entry('org1', 'pull') }, ''],
    ['text', { access: 'pull' }, ''],
    ['a long list', { access: Array.from({ length: 150 }, (_, i) => entry(`o${i}`, 'pull')) }, ''],
  ])('of %s', async (_, claims, wanted) => expect(await allowed(await signed(claims))).toBe(wanted))

  test('is looked at for the repository that is asked for', async () => {
    const token = await signed({ access: [entry('repo', 'pull'), entry('org1/team', 'push')] })
    expect(await allowed(token, access, '')).toBe('pull')
    expect(await allowed(token, access, 'repo')).toBe('pull')
    expect(await allowed(token, access, 'org1/team')).toBe('push')
    const caller = await callerOf(token)
    for (let i = 0; i < 1000; i++) expect(caller.may('pull', `org${i}`)).toBe(false)
    expect(caller.may('push', 'org1/team')).toBe(true)
  })

  test('of claims made to harm allows nothing and breaks nothing', async () => {
    const hostile = [
      '{"__proto__": {"access": [{"type":"artifact-repository","name":"org1","actions":["pull"]}]}}',
      '{"access": {"__proto__": [{"type":"artifact-repository","name":"org1","actions":["pull"]}]}}',
      '{"access": [{"__proto__": {"type":"artifact-repository","name":"org1","actions":["pull"]}}]}',
      '{"access": {"length": 1, "0": {"type":"artifact-repository","name":"org1","actions":["pull"]}}}',
      `{"access": ${'['.repeat(5000)}${']'.repeat(5000)}}`,
      `{"access": ${'{"a":'.repeat(1800)}1${'}'.repeat(1800)}}`,
      `{"access": [${'[],'.repeat(3500)}1]}`,
      `{"access": [{"name":"org1","type":"artifact-repository","actions":[${'1,'.repeat(5000)}1]}]}`,
    ]
    for (const text of hostile) expect(`${text} ${await allowed(await withClaims(text))}`).toBe(`${text} `)
    expect(({} as Record<string, unknown>)['access']).toBeUndefined()
  })

  test('counts only in a token that nests no deeper than anybody needs', async () => {
    const nested = (depth: number) =>
      withClaims(
        `{"x": ${'['.repeat(depth)}${']'.repeat(depth)}, "access": ${JSON.stringify(readOrg.access)}}`,
      )
    expect(await allowed(await nested(50))).toBe('pull')
    expect(await allowed(await nested(150))).toBe('')
  })

  test('is asked once for a repository, until there were many others', async () => {
    let asked = 0
    const query = (...given: Parameters<typeof options.query>) => {
      asked += 1
      return options.query(...given)
    }
    const caller = await callerOf(await signed(readOrg), bearerAccess({ ...options, query }))
    for (let i = 0; i < 10; i++) expect(caller.may('pull', 'org1')).toBe(true)
    expect(asked).toBe(1)
    for (let i = 0; i < 1000; i++) caller.may('push', `other${i}`)
    expect([caller.may('pull', 'org1'), asked]).toEqual([true, 1002])
  })

  test('is not what objects inherit, for repositories with the names of it', async () => {
    const byName = bearerAccess({
      ...options,
      query: parseAccessQuery('[access."$NAMESPACE", $NAMESPACE][]'),
    })
    const token = await signed({ access: { org1: ['pull'] } })
    expect(await allowed(token, byName)).toBe('pull')
    for (const name of ['constructor', '__proto__', 'toString', 'hasOwnProperty', 'length']) {
      expect(await allowed(token, byName, name)).toBe('')
    }
  })

  test.each([
    ['grants', { grants: ['pull'] }, 'pull'],
    ['grant', { grant: 'pull' }, ''],
    ["contains(access, 'pull')", { access: ['pull'] }, ''],
    ['length(access)', { access: 7 }, ''],
    ['join(`","`, access)', { access: [1] }, ''],
    ['`["pull"]`', {}, 'pull'],
  ])('is what another query finds, when that is a list: %s', async (query, claims, wanted) => {
    const own = bearerAccess({ ...options, query: parseAccessQuery(query) })
    expect(await allowed(await signed(claims), own)).toBe(wanted)
  })
})

test('with anonymousGet everybody may pull, and only a token pushes', async () => {
  const open = bearerAccess({ ...options, anonymousGet: true })
  for (const header of [
    null,
    'Basic YTpi',
    await signed({}),
    await signed(readOrg, 'RS256', other.privateKey),
  ]) {
    expect(await allowed(header, open)).toBe('pull')
  }
  expect(await allowed(await signed({ access: [entry('org1', 'push')] }), open)).toBe('pull push')
})

describe('the challenge', () => {
  test('is what ChartMuseum says', () => {
    const start = 'Bearer realm="https://auth.example.com/token",service="charts"'
    expect(access.challenge('push', 'org1/team')).toBe(`${start},scope="artifact-repository:org1/team:push"`)
    expect(access.challenge('pull', '')).toBe(`${start},scope="artifact-repository:repo:pull"`)
  })

  test('stays one header, whatever is in it', () => {
    const odd = bearerAccess({ ...options, realm: 'a"b\\c\r\nd', service: 'ü"' })
    const header = odd.challenge('pull', 'x"\r\n')
    expect(header).toBe('Bearer realm="a\\"b\\\\c??d",service="?\\"",scope="artifact-repository:x\\"??:pull"')
    expect(() => new Headers({ 'www-authenticate': header ?? '' })).not.toThrow()
  })
})

describe('a new key', () => {
  test('ends what the old one signed, also what is known', async () => {
    const turned = bearerAccess(options)
    const old = await signed(readOrg)
    const young = await signed(readOrg, 'RS256', other.privateKey)
    expect([await allowed(old, turned), await allowed(young, turned)]).toEqual(['pull', ''])
    turned.useKey(other.publicKey)
    expect([await allowed(old, turned), await allowed(young, turned)]).toEqual(['', 'pull'])
  })

  test('is not undone by a check that was still under way', async () => {
    const turned = bearerAccess(options)
    const old = await signed(readOrg)
    const underWay = turned.callerOf(old, () => '')
    turned.useKey(other.publicKey)
    await underWay
    expect(await allowed(old, turned)).toBe('')
  })
})

test('a token that many requests bring at once is checked once; other clients wait for none of a flood', async () => {
  const busy = bearerAccess(options)
  const token = await signed(readOrg)
  const both = [busy.callerOf(token, () => 'a'), busy.callerOf(token, () => 'b')]
  expect(both[0]).toBe(both[1] as Promise<Caller>)
  expect((await both[0])?.may('pull', 'org1')).toBe(true)

  const [head = '', claims = ''] = token.split('.')
  const flood = Array.from({ length: 5000 }, (_, i) => `${head}.${claims}.${part(`bad ${i}`)}`)
  const order: string[] = []
  const bad = flood.map(async (each, i) => {
    // One network, whatever addresses it uses.
    const caller = await callerOf(each, busy, `2001:db8::${(i % 500).toString(16)}`)
    order.push(caller.retryAfter === undefined ? 'bad' : 'turned away')
    return caller.may('pull', 'org1')
  })
  const fresh = await signed({ ...readOrg, jti: 'fresh' })
  const good = callerOf(fresh, busy, '192.0.2.9').then((caller) => {
    order.push('good')
    return caller.may('pull', 'org1')
  })
  expect(await good).toBe(true)
  expect(new Set(await Promise.all(bad))).toEqual(new Set([false]))
  expect(order.filter((what) => what !== 'turned away').indexOf('good')).toBeLessThan(10)
  expect(order.filter((what) => what === 'bad').length).toBeWithin(90, 110)
})
