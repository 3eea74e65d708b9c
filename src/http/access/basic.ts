import { randomBytes } from 'node:crypto'
import type { Log } from '../../log.ts'
import { whenReady } from '../../ready.ts'
import { anonymousCaller, type Access, type Caller } from './access.ts'
import { realClock, type Clock } from './clock.ts'
import type { UsersFile } from './users-file.ts'
import { Verifier, type Verified } from './verify.ts'

export interface BasicOptions {
  /** The user of the settings, who may do everything; both empty where only a file has users. */
  readonly user: string
  readonly password: string
  /** Whoever has no or wrong credentials may still pull. */
  readonly anonymousGet: boolean
  /** `basicRealm` where none is given. */
  readonly realm?: string
  /** Users besides. */
  readonly file?: UsersFile
  readonly clock?: Clock
  readonly log?: Pick<Log, 'warn'>
}

/** ChartMuseum: one realm on every route; scripts compare the challenge. */
export const basicRealm = 'ChartMuseum'

/** What a server with basic auth answers in `WWW-Authenticate`. */
export function basicChallenge(realm = basicRealm): string {
  return `Basic realm="${realm.replace(/["\\]/g, '\\$&')}"`
}

/** For credentials that there was no time to look at: whoever comes again so many seconds later may have a turn. */
const retryAfter = 10

/**
 * Users with passwords (RFC 7617): one of the settings, those of a file, or both. Broken base64, other charsets, two
 * headers joined by a comma are simply nobody's credentials. Throws when there is neither a file nor a user and a password:
 * that would be a server which looks protected and is not.
 */
export function basicAccess(options: BasicOptions): Access {
  const { user, password, anonymousGet, realm, file, clock = realClock, log = { warn() {} } } = options
  const hasPair = user !== '' && password !== ''
  if (!hasPair && (file === undefined || user !== password)) {
    throw new Error('Basic access needs a user and a password.')
  }
  const token = Buffer.from(`${user}:${password}`).toString('base64')
  const pair = hasPair ? { token, caller: { name: user, may: () => true } } : undefined
  const verifier = new Verifier({ digest: keyedDigest(), pair, users: file?.users, clock, log })
  const anonymous = anonymousCaller(anonymousGet)
  const unchecked: Caller = { ...anonymous, retryAfter }
  const header = basicChallenge(realm)
  const callerFor = (verified: Verified): Caller =>
    verified === 'wrong' ? anonymous : verified === 'unchecked' ? unchecked : verified
  return {
    open: false,
    callerOf(authorization, address, gone) {
      const token = basicToken(authorization)
      if (token === undefined) return anonymous
      return whenReady(verifier.verify(token, address, gone), callerFor)
    },
    challenge: () => header,
    close() {
      verifier.close()
      file?.close()
    },
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
 * A digest (base64) under a random key of this process: both sides of a comparison become 32 bytes that say nothing
 * about the length or the beginning of what was sent. SHA-512/256 behind a key prefix costs a third of an
 * HMAC here and cannot be extended.
 */
export function keyedDigest(): (text: string) => string {
  const key = randomBytes(32).toString('hex')
  return (text) => Bun.SHA512_256.hash(key + text, 'base64')
}
