import type { KeyObject } from 'node:crypto'
import type { JSONValue } from '@jmespath-community/jmespath'
import { errors, jwtVerify } from 'jose'
import type { Log } from '../../log.ts'
import type { Ready } from '../../ready.ts'
import type { Caller } from './access.ts'
import { keyedDigest } from './basic.ts'
import { networkOf } from './wrong-guesses.ts'
import { takeTurns } from './turns.ts'

/** What tokens are checked with, and what becomes of them. */
export interface TokenCheckParts {
  readonly key: KeyObject
  /** Whoever has no token that is genuine and current. */
  readonly anonymous: Caller
  readonly callerWith: (claims: JSONValue) => Caller
  readonly log: Log
  readonly now: () => number
}

/** Who comes with a header: at once when its token is known, else when the signature is checked. Never fails. */
export type TokenCheck = (authorization: string, address: () => string) => Ready<Caller>

/** What an RSA key can check. Not HS256: its key would be this public one. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']

/** A signature that was good is not checked again for this long, milliseconds. */
const keptMs = 5 * 60_000
const keptTokens = 1_000
/** A check takes 45 µs of CPU, 17 of them in the main thread (RSA, 2048 bits, measured): less than the request. */
const limits = { atOnce: 2, waiting: 1_000, waitingPerClient: 100 }

/** Seconds after which one may come again whose token there was no time to look at. */
const retryAfter = 1

/** A token whose signature was good. */
interface Known {
  readonly caller: Caller
  /** Milliseconds since 1970: from, and until just before. */
  readonly from: number
  readonly until: number
  readonly checkAgain: number
}

/** Checks tokens with one key, and remembers those that were good by a digest that tells nothing of them. */
export function tokenCheck(parts: TokenCheckParts): TokenCheck {
  const { anonymous, log, now } = parts
  const digest = keyedDigest()
  const known = new Map<string, Known>()
  const running = new Map<string, Promise<Caller>>()
  const turns = takeTurns(limits)
  const unchecked: Caller = { ...anonymous, retryAfter }

  return (authorization, address) => {
    if (authorization.length > longest) return anonymous
    const id = digest(authorization)
    const found = known.get(id)
    if (found !== undefined && now() < found.checkAgain) return current(found)
    const token = bearerToken(authorization)
    if (token === undefined) return anonymous
    const begun = running.get(id) ?? begin(id, token, networkOf(address()))
    if (begun !== undefined) return begun
    log.debug('Bearer token refused', { reason: 'too many others wait to be checked' })
    return unchecked
  }

  /** The times count on every request, however often the signature was checked. */
  function current({ caller, from, until }: Known): Caller {
    const time = now()
    return from <= time && time < until ? caller : anonymous
  }

  function begin(id: string, token: string, client: string): Promise<Caller> | undefined {
    const begun = turns.run(client, async () => {
      try {
        const good = await verified(token, parts)
        keep(id, good)
        if (good.from > now()) throw new Refused('made in the future')
        return current(good)
      } catch (error) {
        tell(error)
        return anonymous
      } finally {
        running.delete(id)
      }
    })
    if (begun !== undefined) running.set(id, begun)
    return begun
  }

  function keep(id: string, good: Known): void {
    known.delete(id)
    const oldest = known.size >= keptTokens ? known.keys().next().value : undefined
    if (oldest !== undefined) known.delete(oldest)
    known.set(id, good)
  }

  /** Only the kind of refusal: what a token says is its owner's. */
  function tell(error: unknown): void {
    if (error instanceof errors.JOSEError || error instanceof Refused) {
      log.debug('Bearer token refused', { reason: error instanceof Refused ? error.message : error.code })
    } else log.error('Cannot check a bearer token', { error: String(error) })
  }
}

/** Three parts of base64url without padding (RFC 7515, 7.1). */
const compact = /^[\w-]+\.[\w-]+\.[\w-]+$/
/** Characters of a header. The server takes no longer ones than that anyhow. */
const longest = 16 * 1024

/**
 * The token in an Authorization header, with or without the word `Bearer` in any case before it: ChartMuseum takes a bare
 * token too. Undefined for whatever cannot be a token.
 */
export function bearerToken(authorization: string): string | undefined {
  const token = authorization.replace(/^\s*(?:bearer\s+)?/i, '').trimEnd()
  return compact.test(token) ? token : undefined
}

/** A token that the library accepts and this server does not. */
class Refused extends Error {
  override readonly name = 'Refused'
}

/**
 * A token with a good signature, current or not. `iss`, `aud` and `sub` mean nothing, as for ChartMuseum; a token without
 * `exp` never ends.
 */
async function verified(token: string, { key, callerWith, now }: TokenCheckParts): Promise<Known> {
  const { payload } = await jwtVerify(token, key, { algorithms, currentDate: new Date(now()) })
  const from = Math.max(timeOf(payload.nbf, 0), timeOf(payload.iat, 0))
  const until = timeOf(payload.exp, Number.POSITIVE_INFINITY)
  // It was read from JSON.
  const claims = bare(payload as JSONValue)
  return { caller: callerWith(claims), from, until, checkAgain: Math.min(now() + keptMs, until) }
}

/** A claim in seconds as milliseconds. */
function timeOf(claim: unknown, otherwise: number): number {
  if (claim === undefined) return otherwise
  if (typeof claim !== 'number' || !Number.isFinite(claim)) throw new Refused('a time that is no number')
  return claim * 1000
}

/** Levels of lists and objects in a token. */
const deepest = 100

/** The same values in objects that inherit nothing: a repository may be called "constructor". */
function bare(value: JSONValue, depth = 0): JSONValue {
  if (value === null || typeof value !== 'object') return value
  if (depth > deepest) throw new Refused('nested too deep')
  if (Array.isArray(value)) return value.map((item) => bare(item, depth + 1))
  const copy: Record<string, JSONValue> = Object.create(null)
  for (const [key, field] of Object.entries(value)) copy[key] = bare(field, depth + 1)
  return copy
}
