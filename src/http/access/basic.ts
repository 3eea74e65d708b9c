import { randomBytes, timingSafeEqual } from 'node:crypto'
import { anonymousCaller, type Access, type Caller } from './access.ts'

export interface BasicOptions {
  readonly user: string
  readonly password: string
  /** Whoever has no or wrong credentials may still pull. */
  readonly anonymousGet: boolean
  /** `basicRealm` where none is given. */
  readonly realm?: string
}

/** ChartMuseum: one realm on every route; scripts compare the challenge. */
export const basicRealm = 'ChartMuseum'

/** What a server with basic auth answers in `WWW-Authenticate`. */
export function basicChallenge(realm = basicRealm): string {
  return `Basic realm="${realm.replace(/["\\]/g, '\\$&')}"`
}

/**
 * One user with one password, who may do everything (RFC 7617). What the header must hold is known
 * beforehand, so nothing is decoded: broken base64, other charsets, two headers joined by a comma are simply
 * something else. Throws when user or password is empty: that would be a server which looks protected and is
 * not.
 */
export function basicAccess(options: BasicOptions): Access {
  const { user, password, anonymousGet, realm } = options
  if (user === '' || password === '') throw new Error('Basic access needs a user and a password.')
  const known: Caller = { name: user, may: () => true }
  const anonymous = anonymousCaller(anonymousGet)
  const digest = keyedDigest()
  const expected = digest(Buffer.from(`${user}:${password}`).toString('base64'))
  const header = basicChallenge(realm)
  return {
    open: false,
    callerOf(authorization) {
      const token = basicToken(authorization)
      return token !== undefined && timingSafeEqual(digest(token), expected) ? known : anonymous
    },
    challenge: () => header,
  }
}

const scheme = 'basic '

/**
 * The credentials of a Basic header; the scheme counts in any case (RFC 9110, 11.1), other than in
 * ChartMuseum.
 */
export function basicToken(authorization: string | null): string | undefined {
  if (authorization === null) return undefined
  if (authorization.slice(0, scheme.length).toLowerCase() !== scheme) return undefined
  return authorization.slice(scheme.length).trim()
}

/**
 * A digest under a random key of this process: both sides of a comparison become 32 bytes that say nothing
 * about the length or the beginning of what was sent. SHA-512/256 behind a key prefix costs a third of an
 * HMAC here and cannot be extended.
 */
export function keyedDigest(): (text: string) => Uint8Array {
  const key = randomBytes(32).toString('hex')
  return (text) => Bun.SHA512_256.hash(key + text) as Uint8Array
}
