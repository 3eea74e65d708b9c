import { generateKeyPairSync, sign } from 'node:crypto'
import { join } from 'node:path'

/** Flags that make a server ask for credentials, and the header that meets it. */
export interface Door {
  readonly flags: readonly string[]
  readonly authorization: string
}

/** The header of a user and a password. */
export function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`
}

/** One user and password in the settings. */
export function pairDoor(): Door {
  return {
    flags: ['--basic-auth-user=reader', '--basic-auth-pass=secret'],
    authorization: basic('reader', 'secret'),
  }
}

/** A file of users, whose passwords are hashed by bcrypt at the given cost: user-0 has the password pass-0, and so on. */
export async function usersDoor(folder: string, count: number, cost: number): Promise<Door> {
  const file = join(folder, `users-${count}-${cost}`)
  const lines: string[] = []
  for (let at = 0; at < count; at++) {
    const hash = await Bun.password.hash(`pass-${at}`, { algorithm: 'bcrypt', cost })
    lines.push(`user-${at}:${hash}`)
  }
  await Bun.write(file, `${lines.join('\n')}\n`)
  return { flags: [`--basic-auth-htpasswd=${file}`], authorization: basic('user-0', 'pass-0') }
}

/** Bearer tokens, and one that may pull everything for an hour (RS256, 2048 bits). */
export async function bearerDoor(folder: string): Promise<Door> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const file = join(folder, 'bearer.pem')
  await Bun.write(file, publicKey.export({ type: 'spki', format: 'pem' }))
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const access = [{ type: 'artifact-repository', name: 'repo', actions: ['pull'] }]
  const claims = { exp: Math.floor(Date.now() / 1000) + 3600, access }
  const signed = `${part({ alg: 'RS256', typ: 'JWT' })}.${part(claims)}`
  const signature = sign('sha256', Buffer.from(signed), privateKey).toString('base64url')
  const realm = ['--auth-realm=https://tokens.example.com', '--auth-service=charts']
  return {
    flags: ['--bearer-auth', ...realm, `--auth-cert-path=${file}`],
    authorization: `Bearer ${signed}.${signature}`,
  }
}
