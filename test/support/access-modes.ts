import { exportSPKI, generateKeyPair, SignJWT, type CryptoKey } from 'jose'
import { join } from 'node:path'
import { basic } from './site.ts'

/** Ways to set up who may do what: every one that there is, and those that people put together. */
export const modes = [
  'open',
  'pair',
  'pair, anonymous get',
  'users',
  'users, anonymous get',
  'pair and users',
  'bearer',
  'bearer, anonymous get',
] as const
/** Those that the connection decides about too: every client needs a certificate. */
export const certificateModes = ['certificates', 'certificates and users'] as const
export type Mode = (typeof modes)[number] | (typeof certificateModes)[number]

/** Who asks, by what they bring along. */
export const everybody = [
  'nobody',
  'wrong password',
  'unknown user',
  'reader',
  'writer',
  'pair',
  'no token',
  'token to pull',
  'token to push',
  'token to pull and push',
  'token for everything',
  'token of another repository',
  'expired token',
  'token of a stranger',
  'no certificate',
] as const
export type Who = (typeof everybody)[number]

/** The repository that tokens are for. */
export const repository = 'org'

/** What the servers of all modes are started with, and what their callers send. */
export interface AccessParts {
  flags(mode: Mode): string[]
  /** The Authorization header of a caller; undefined: none. */
  authorization(who: Who): string | undefined
  /** A token that the servers believe, with these rights. */
  token(
    access: readonly Grant[],
    claims?: { readonly subject?: string; readonly expires?: string },
  ): Promise<string>
}

/** One entry of a token's access list. */
export interface Grant {
  readonly name: string
  readonly actions: readonly string[]
}

export const passwords = { reader: 'read:ing ü', writer: 'writing', pair: 'pair’s own' }
export const realm = 'https://auth.example.com/token'
export const service = 'charts.example.com'

/** Writes the files that the modes need into a folder: users with their hashes, the key that tokens are checked with. */
export async function accessParts(folder: string): Promise<AccessParts> {
  const users = join(folder, 'users')
  const key = join(folder, 'tokens.pem')
  const lines = (['reader', 'writer'] as const).map((name) => `${name}:${hashOf(passwords[name])}\n`)
  await Bun.write(users, lines.join(''))
  const issuer = await generateKeyPair('RS256')
  const stranger = await generateKeyPair('RS256')
  await Bun.write(key, await exportSPKI(issuer.publicKey))
  const token: AccessParts['token'] = (access, claims) => signed(issuer.privateKey, access, claims)
  const here = (...actions: string[]): Grant => ({ name: repository, actions })
  // Routes of no repository ask for the one called "repo", as ChartMuseum has it.
  const all = [here('pull', 'push'), { name: 'repo', actions: ['pull', 'push'] }]
  const bearer = async (made: Promise<string>) => `Bearer ${await made}`
  const headers: Record<Who, string | undefined> = {
    nobody: undefined,
    'wrong password': basic({ user: 'writer', password: 'guessed' }).authorization,
    'unknown user': basic({ user: 'stranger', password: passwords.writer }).authorization,
    reader: basic({ user: 'reader', password: passwords.reader }).authorization,
    writer: basic({ user: 'writer', password: passwords.writer }).authorization,
    pair: basic({ user: 'keeper', password: passwords.pair }).authorization,
    'no token': 'Bearer not.a.token',
    'token to pull': await bearer(token([here('pull')])),
    'token to push': await bearer(token([here('push')])),
    'token to pull and push': await bearer(token([here('pull', 'push')])),
    'token for everything': await bearer(token(all)),
    'token of another repository': await bearer(token([{ name: 'other', actions: ['pull', 'push'] }])),
    'expired token': await bearer(token(all, { expires: '-1m' })),
    'token of a stranger': await bearer(signed(stranger.privateKey, all)),
    // With all that would be needed otherwise.
    'no certificate': basic({ user: 'writer', password: passwords.writer }).authorization,
  }
  const pair = ['--basic-auth-user', 'keeper', '--basic-auth-pass', passwords.pair]
  const file = ['--basic-auth-htpasswd', users, '--read-only-users', 'reader']
  const bearerFlags = ['--bearer-auth', '--auth-realm', realm, '--auth-service', service]
  const anonymous = '--auth-anonymous-get'
  const tokens = [...bearerFlags, '--auth-cert-path', key]
  const flags: Record<Mode, string[]> = {
    open: [],
    pair,
    'pair, anonymous get': [...pair, anonymous],
    users: file,
    'users, anonymous get': [...file, anonymous],
    'pair and users': [...pair, ...file],
    bearer: tokens,
    'bearer, anonymous get': [...tokens, anonymous],
    certificates: [],
    'certificates and users': file,
  }
  return { flags: (mode) => flags[mode], authorization: (who) => headers[who], token }
}

/** As `htpasswd -B` writes it; the least cost keeps the tests quick. */
function hashOf(password: string): string {
  return Bun.password.hashSync(password, { algorithm: 'bcrypt', cost: 4 }).replace(/^\$2b\$/, '$2y$')
}

function signed(
  key: CryptoKey,
  access: readonly Grant[],
  { subject, expires = '1h' }: { readonly subject?: string; readonly expires?: string } = {},
): Promise<string> {
  const entries = access.map((grant) => ({ type: 'artifact-repository', ...grant }))
  return new SignJWT({ access: entries, ...(subject !== undefined && { sub: subject }) })
    .setProtectedHeader({ alg: 'RS256' })
    .setExpirationTime(expires)
    .sign(key)
}
