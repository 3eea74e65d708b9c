import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { createHmac, generateKeyPairSync } from 'node:crypto'
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { chart } from '../support/chart-builder.ts'
import { cmPush } from '../support/cm-push.ts'
import { eventually } from '../support/eventually.ts'
import { rawRequest } from '../support/raw-http.ts'
import { site } from '../support/site.ts'
import { runProgram, startServer, type RunningServer } from '../support/start-server.ts'
import { tempFolder, type TempFolder } from '../support/temp-folder.ts'
import { startTokenServer, tokenFor, type TokenServer } from '../support/token-server.ts'

// Real processes on a machine that may be busy.
setDefaultTimeout(30_000)

const archive = await chart('mychart', '1.0.0').tgz()
const second = await chart('mychart', '1.0.1').tgz()
let folder: TempFolder
let issuer: TokenServer
let keyFile: string
let flags: string[]
/** By depth. */
const servers: Partial<Record<Depth, RunningServer>> = {}
type Depth = '0' | '1' | '2' | 'dynamic'

beforeAll(async () => {
  folder = await tempFolder()
  issuer = await startTokenServer()
  keyFile = join(folder.path, 'key.pem')
  await Bun.write(keyFile, await issuer.publicKey())
  flags = [
    '--bearer-auth',
    '--auth-realm',
    issuer.realm,
    '--auth-service',
    'charts',
    '--auth-cert-path',
    keyFile,
  ]
  const started: [Depth, string[]][] = [
    ['0', ['--debug']],
    ['1', ['--depth', '1', '--auth-anonymous-get']],
    ['2', ['--depth', '2', '--auth-actions-search-path', 'grants."$NAMESPACE" || access[].actions[]']],
    ['dynamic', ['--depth-dynamic', '--context-path', '/ctx']],
  ]
  const starting = started.map(async ([depth, more]) => {
    servers[depth] = await startServer({ flags: [...flags, ...more] })
  })
  // Those that start must be ended, also when another does not.
  await Promise.allSettled(starting)
  await Promise.all(starting)
})
afterAll(async () => {
  await Promise.all(Object.values(servers).map((server) => server[Symbol.asyncDispose]()))
  await issuer?.[Symbol.asyncDispose]()
  await folder?.[Symbol.asyncDispose]()
})

function serverOf(depth: Depth): RunningServer {
  const server = servers[depth]
  if (server === undefined) throw new Error(`no server for depth ${depth}`)
  return server
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe.each([
  ['0', '', '', 'repo'],
  ['1', 'org1', '', 'org1'],
  ['2', 'org1/repo1', '', 'org1/repo1'],
  ['dynamic', 'a/b/c', '/ctx', 'a/b/c'],
] as const)('at depth %s', (depth, repo, context, namespace) => {
  test('a client that reads the challenge gets a token, and with it what it asked for', async () => {
    const server = serverOf(depth)
    const place = site(server, { repo, context })
    const refused = await place.publish(archive)
    expect(refused.status).toBe(401)
    expect(await refused.text()).toBe('{"error":"unauthorized"}')
    const challenge = refused.headers.get('www-authenticate')
    expect(challenge).toBe(
      `Bearer realm="${issuer.realm}",service="charts",scope="artifact-repository:${namespace}:push"`,
    )
    const token = await tokenFor(challenge)
    const published = await place.call('POST', '/charts', {
      body: new Uint8Array(archive),
      headers: bearer(token),
    })
    expect(published.status).toBe(201)

    const asked = await place.get('/index.yaml')
    expect(asked.status).toBe(depth === '1' ? 200 : 401)
    if (depth === '1') return
    expect(asked.headers.get('www-authenticate')).toEndWith(`"artifact-repository:${namespace}:pull"`)
    const toRead = await tokenFor(asked.headers.get('www-authenticate'))
    const index = await place.get('/index.yaml', { headers: bearer(toRead) })
    expect(await index.text()).toContain('mychart')
    // The other action is another token.
    expect((await place.get('/index.yaml', { headers: bearer(token) })).status).toBe(401)
    expect((await place.call('DELETE', '/charts/mychart/1.0.0', { headers: bearer(toRead) })).status).toBe(
      401,
    )
  })

  test('helm cm-push gets in with --access-token and with a header of its own', async () => {
    const server = serverOf(depth)
    const repository = `${server.url}${context}${repo === '' ? '' : `/${repo}`}`
    const access = [{ type: 'artifact-repository', name: namespace, actions: ['pull', 'push'] }]
    const token = await issuer.odd({ access })
    expect((await cmPush(repository, second, { token, force: true })).printed).toBe('Done.')
    const bare = { token, authHeader: 'Authorization', force: true }
    expect((await cmPush(repository, second, bare)).printed).toBe('Done.')
    const none = { contextPath: context, token: `${token}x`, force: true }
    expect((await cmPush(repository, second, none)).printed).toBe('Error: 401: unauthorized')
  })
})

test('a visitor of the token server may read and not write', async () => {
  const place = site(serverOf('0'))
  const challenge = (scope: string) => `Bearer realm="${issuer.realm}",service="charts",scope="${scope}"`
  const pull = await tokenFor(challenge('artifact-repository:repo:pull'), 'visitor')
  const push = await tokenFor(challenge('artifact-repository:repo:push'), 'visitor')
  expect((await place.get('/api/charts', { headers: bearer(pull) })).status).toBe(200)
  for (const token of [pull, push]) {
    expect((await place.call('DELETE', '/charts/mychart/1.0.0', { headers: bearer(token) })).status).toBe(401)
  }
})

test('a token for one repository opens no other', async () => {
  const server = serverOf('dynamic')
  const token = await issuer.odd({
    access: [{ type: 'artifact-repository', name: 'a/b', actions: ['pull', 'push'] }],
  })
  const status = async (repo: string) =>
    (await site(server, { repo, context: '/ctx' }).get('/index.yaml', { headers: bearer(token) })).status
  expect(await Promise.all(['a/b', 'a', 'a/b/c', 'A/b', 'b', ''].map(status))).toEqual([
    200, 401, 401, 401, 401, 401,
  ])
  for (const target of ['/ctx/a/b/../../x/index.yaml', '/ctx/a%2Fb/index.yaml', '/ctx/a/b//index.yaml']) {
    const { status: odd } = await rawRequest(server.port, {
      target,
      headers: { Authorization: `Bearer ${token}` },
    })
    expect([401, 404]).toContain(odd)
  }
})

test('another query finds the rights elsewhere', async () => {
  const place = site(serverOf('2'), { repo: 'org/team' })
  const status = async (claims: object) =>
    (await place.get('/index.yaml', { headers: bearer(await issuer.odd(claims)) })).status
  expect(await status({ grants: { 'org/team': ['pull'] } })).toBe(200)
  expect(await status({ grants: { 'org/other': ['pull'] } })).toBe(401)
  expect(await status({ grants: { 'org/team': 'pull' } })).toBe(401)
})

test('every other token is answered with 401 and the challenge, and nothing of it is logged', async () => {
  const server = serverOf('0')
  const access = [{ type: 'artifact-repository', name: 'repo', actions: ['pull', 'push'] }]
  const now = Math.floor(Date.now() / 1000)
  const good = await issuer.odd({ access })
  const [head = '', claims = '', signature = ''] = good.split('.')
  const forged = `${Buffer.from('{"alg":"HS256"}').toString('base64url')}.${claims}`
  const mac = createHmac('sha256', await issuer.publicKey())
    .update(forged)
    .digest('base64url')
  const tokens: Record<string, string | undefined> = {
    nothing: undefined,
    'no token': 'Bearer',
    'a word': 'Bearer x',
    'basic auth': `Basic ${btoa('robot:secret')}`,
    'two tokens': `Bearer ${good}, Bearer ${good}`,
    'no signature': `Bearer ${head}.${claims}.`,
    'another signature': `Bearer ${head}.${claims}.${signature.slice(0, -8)}AAAAAAAA`,
    'HMAC with the public key': `Bearer ${forged}.${mac}`,
    'no algorithm': `Bearer ${await issuer.odd({ access }, { alg: 'none' })}`,
    'a name of an algorithm that it is not': `Bearer ${await issuer.odd({ access }, { header: { alg: 'PS256' } })}`,
    'an end that is over': `Bearer ${await issuer.odd({ access, exp: now - 5 })}`,
    'a beginning to come': `Bearer ${await issuer.odd({ access, nbf: now + 600 })}`,
    'made in the future': `Bearer ${await issuer.odd({ access, iat: now + 600 })}`,
    'no list': `Bearer ${await issuer.odd({})}`,
    'an empty list': `Bearer ${await issuer.odd({ access: [] })}`,
    'a list that is null': `Bearer ${await issuer.odd({ access: null })}`,
    'a list that is text': `Bearer ${await issuer.odd({ access: 'pull push' })}`,
    'another type': `Bearer ${await issuer.odd({ access: [{ ...access[0], type: 'repository' }] })}`,
    'another repository': `Bearer ${await issuer.odd({ access: [{ ...access[0], name: 'other' }] })}`,
    'a star': `Bearer ${await issuer.odd({ access: [{ ...access[0], actions: ['*'] }] })}`,
  }
  for (const [what, authorization] of Object.entries(tokens)) {
    for (const [method, target, action] of [
      ['GET', '/index.yaml', 'pull'],
      ['HEAD', '/index.yaml', 'pull'],
      ['GET', '/charts/mychart-1.0.0.tgz', 'pull'],
      ['POST', '/api/charts', 'push'],
      ['DELETE', '/api/charts/mychart/1.0.0', 'push'],
    ] as const) {
      const headers: Record<string, string> =
        authorization === undefined ? {} : { Authorization: authorization }
      const response = await rawRequest(server.port, { method, target, headers })
      expect(`${what} ${method} ${target} ${response.status}`).toBe(`${what} ${method} ${target} 401`)
      expect(response.headers.get('www-authenticate')).toEndWith(`scope="artifact-repository:repo:${action}"`)
      if (method !== 'HEAD') expect(response.text()).toBe('{"error":"unauthorized"}')
    }
  }
  for (const alg of ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']) {
    const token = await issuer.odd({ access, exp: now + 60, nbf: now, iat: now }, { alg })
    expect((await site(server).get('/index.yaml', { headers: bearer(token) })).status).toBe(200)
  }
  // A broken token in front of what needs none.
  expect((await site(server).get('/health', { headers: bearer('x') })).status).toBe(200)
  await eventually(() => server.logs().includes('ERR_JWS_SIGNATURE_VERIFICATION_FAILED'), true)
  for (const secret of [signature, claims, mac]) expect(server.logs()).not.toContain(secret)
  expect(server.logs()).not.toContain('ERROR')
})

test('with --auth-anonymous-get reading needs no token, a bad one does no harm, and writing needs one', async () => {
  const place = site(serverOf('1'), { repo: 'org1' })
  for (const headers of [{}, bearer('x'), bearer(await issuer.odd({}))]) {
    expect((await place.get('/index.yaml', { headers })).status).toBe(200)
    expect((await place.call('HEAD', '/charts/mychart', { headers })).status).toBe(200)
    const refused = await place.call('DELETE', '/charts/mychart/1.0.0', { headers })
    expect(refused.status).toBe(401)
    expect(refused.headers.get('www-authenticate')).toEndWith('"artifact-repository:org1:push"')
  }
})

test('the key may change while the server runs; a bad one is told and keeps the old one', async () => {
  const server = serverOf('dynamic')
  const access = [{ type: 'artifact-repository', name: 'repo', actions: ['pull'] }]
  const status = async (token: string) =>
    (await site(server, { context: '/ctx' }).get('/index.yaml', { headers: bearer(token) })).status
  const replace = async (text: string) => {
    await Bun.write(`${keyFile}.new`, text)
    await rename(`${keyFile}.new`, keyFile)
  }
  const old = await issuer.odd({ access })
  expect(await status(old)).toBe(200)
  await replace('-----BEGIN PUBLIC KEY-----\nhalf')
  await eventually(() => server.logs().includes('cannot be used, the old one stays'), true, 10_000)
  expect(await status(old)).toBe(200)

  await issuer.rotate()
  const young = await issuer.odd({ access })
  expect(await status(young)).toBe(401)
  await replace(await issuer.publicKey())
  await eventually(() => status(young), 200, 10_000)
  expect(await status(old)).toBe(401)
  const told = () =>
    server
      .logs()
      .split('\n')
      .filter((line) => line.includes(keyFile))
      .map((line) => line.split('\t')[1])
  await eventually(told, ['ERROR', 'INFO'])
  expect(server.logs()).not.toContain('BEGIN PUBLIC KEY-----\\n')
})

test('what cannot work is told at start', async () => {
  const small = generateKeyPairSync('rsa', { modulusLength: 1024 })
  const curve = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const mine = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const pem = { type: 'spki', format: 'pem' } as const
  const files: Record<string, string> = {
    '1024 bits': small.publicKey.export(pem) as string,
    'type ec': curve.publicKey.export(pem) as string,
    'private key': mine.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string,
    'cannot be read': '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n',
    'no PEM file': 'ssh-rsa AAAA',
    'there is no such file': '',
  }
  const start = (...more: string[]) =>
    runProgram(['--storage', 'local', '--storage-local-rootdir', folder.path, '--port', '0', ...more])
  const told = Object.entries(files).map(async ([sentence, text], number) => {
    const file = join(folder.path, `bad-${number}.pem`)
    if (text !== '') await Bun.write(file, text)
    const { code, stderr } = await start(...flags.slice(0, -1), file)
    expect(code).toBe(2)
    expect(stderr).toContain(`--auth-cert-path (AUTH_CERT_PATH, file key authcertpath) "${file}"`)
    expect(stderr).toContain(sentence)
    expect(stderr).toStartWith('Chartroom cannot start: a mistake in the settings\n')
  })
  const mistaken = await start(
    '--bearer-auth',
    '--auth-service',
    'ä',
    '--auth-actions-search-path',
    'access[',
  )
  expect(mistaken.code).toBe(2)
  for (const flag of ['auth-realm', 'auth-service', 'auth-cert-path', 'auth-actions-search-path']) {
    expect(mistaken.stderr).toContain(`--${flag}`)
  }
  await Promise.all(told)
})
