import { constants, createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { join } from 'node:path'
import { projectRoot } from './start-server.ts'

/** A token server as a process of its own: only it has the private key. Disposing ends it. */
export interface TokenServer extends AsyncDisposable {
  /** What `--auth-realm` gets. */
  readonly realm: string
  /** The public key (PEM, PKIX) that its tokens are checked with. */
  publicKey(): Promise<string>
  /** From now on it signs with another key. */
  rotate(): Promise<void>
  /** A token with these claims and nothing else but what `alg` and `header` say, for what it would never give. */
  odd(claims: object, how?: OddToken): Promise<string>
}

/** How a token is made that no client could ask for. */
export interface OddToken {
  readonly alg?: string
  readonly header?: object
}

/** Starts it on a free port of 127.0.0.1. */
export async function startTokenServer(): Promise<TokenServer> {
  const child = Bun.spawn([process.execPath, join(projectRoot, 'test', 'support', 'token-server.ts')], {
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'inherit',
  })
  const { value } = await child.stdout.getReader().read()
  const port = Number(new TextDecoder().decode(value))
  if (!(port > 0)) throw new Error('The token server did not start')
  const url = `http://127.0.0.1:${port}`
  const text = async (path: string) => (await fetch(url + path)).text()
  return {
    realm: `${url}/token`,
    publicKey: () => text('/key'),
    rotate: async () => void (await text('/rotate')),
    odd: (claims, how = {}) =>
      text(`/odd?${new URLSearchParams({ how: JSON.stringify({ claims, ...how }) })}`),
    [Symbol.asyncDispose]: async () => {
      child.kill('SIGKILL')
      await child.exited
    },
  }
}

/** What a client that reads a challenge gets for it: `{"token": …}` for somebody whom the token server knows. */
export async function tokenFor(challenge: string | null, user = 'robot'): Promise<string> {
  const said = Object.fromEntries(
    [...(challenge ?? '').matchAll(/(realm|service|scope)="([^"]*)"/g)].map(([, name = '', value = '']) => [
      name,
      value,
    ]),
  )
  const { realm = '', service = '', scope = '' } = said
  const response = await fetch(`${realm}?${new URLSearchParams({ service, scope })}`, {
    headers: { authorization: `Basic ${btoa(`${user}:secret`)}` },
  })
  if (!response.ok) throw new Error(`No token: ${response.status}`)
  return ((await response.json()) as { token: string }).token
}

if (import.meta.main) serveTokens()

/** Users and what they may do on any repository. */
const rights: Readonly<Record<string, readonly string[]>> = { robot: ['pull', 'push'], visitor: ['pull'] }

function serveTokens(): void {
  const pair = () => generateKeyPairSync('rsa', { modulusLength: 2048 })
  let keys = pair()
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch(request) {
      const { pathname, searchParams } = new URL(request.url)
      if (pathname === '/key') return new Response(keys.publicKey.export({ type: 'spki', format: 'pem' }))
      if (pathname === '/rotate') keys = pair()
      if (pathname === '/odd') {
        const { claims, alg = 'RS256', header = {} } = JSON.parse(searchParams.get('how') ?? '')
        return new Response(token(keys.privateKey, claims, alg, header))
      }
      if (pathname !== '/token') return new Response()
      const [user = '', password] = atob(request.headers.get('authorization')?.slice(6) ?? '').split(':')
      const may = password === 'secret' ? rights[user] : undefined
      if (may === undefined) return new Response('who are you?', { status: 401 })
      const [type = '', name = '', actions = ''] = (searchParams.get('scope') ?? '').split(':')
      const granted = actions.split(',').filter((action) => may.includes(action))
      const now = Math.floor(Date.now() / 1000)
      const claims = {
        iss: 'token server',
        sub: user,
        aud: searchParams.get('service'),
        iat: now,
        nbf: now,
        exp: now + 300,
        access: [{ type, name, actions: granted }],
      }
      return Response.json({ token: token(keys.privateKey, claims, 'RS256', {}), expires_in: 300 })
    },
  })
  process.stdout.write(String(server.port))
}

/** Signed by hand: not by the library that the server under test checks with. */
function token(key: KeyObject, claims: object, alg: string, header: object): string {
  const keyId = createHash('sha256').update('key').digest('hex').slice(0, 8)
  const content = [{ typ: 'JWT', alg, kid: keyId, ...header }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.')
  if (alg === 'none') return `${content}.`
  const hash = `sha${alg.slice(2)}`
  const padding = alg.startsWith('PS')
    ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : {}
  return `${content}.${sign(hash, Buffer.from(content), { key, ...padding }).toString('base64url')}`
}
