import { createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Caller } from '../access/access.ts'
import type { WebParts } from './parts.ts'

/** What a ticket is good for. Every part counts, none can stand for another. */
export interface Errand {
  /** Who asked for it; undefined where nobody signs in. */
  readonly user: string | undefined
  /** What only this user and the servers know; undefined: the servers' own secret will do. */
  readonly key?: string | undefined
  readonly verb: 'delete' | 'delete-chart' | 'delete-many' | 'replace' | 'restore'
  /** What it is done to: repository, chart, version … */
  readonly target: readonly string[]
}

/**
 * Tickets for actions that cannot be taken back lightly: the page that asks "are you sure" has one, the form behind it
 * brings it along. So a form that somebody planted elsewhere does nothing, and neither does a page left open for long.
 */
export interface Tickets {
  issue(errand: Errand, now?: number): string
  accepts(ticket: string | null | undefined, errand: Errand, now?: number): boolean
}

/** Long enough to read what is asked, milliseconds. */
const validMs = 10 * 60_000

/** An expiry of eight bytes, then an HMAC-SHA-256 of 32, in base64url. */
const form = /^[\w-]{54}$/
const expiryBytes = 8

/** The part of an errand that says whose it is. */
export function errandFor({ name, subject, ticketKey }: Caller): Pick<Errand, 'user' | 'key'> {
  return { user: name ?? subject, key: ticketKey }
}

/**
 * Replicas with the same secret accept each other's tickets. With "" the key is random and ends with the process, but for
 * users who have a key of their own: that one is the same on every server that has these users.
 */
export function createTickets(secret: string): Tickets {
  const own = secret === '' ? randomBytes(32) : derived(secret, 'chartroom')

  function sign(expiry: Buffer, { user, key: usersKey, verb, target }: Errand): Buffer {
    const key = usersKey === undefined ? own : derived(usersKey, secret)
    // As JSON, in which no two lists of texts look the same.
    const errand = JSON.stringify([user ?? null, verb, ...target])
    return createHmac('sha256', key).update(expiry).update(errand).digest()
  }

  return {
    issue(errand, now = Date.now()) {
      const expiry = Buffer.alloc(expiryBytes)
      expiry.writeBigUInt64BE(BigInt(now + validMs))
      return Buffer.concat([expiry, sign(expiry, errand)]).toString('base64url')
    },
    accepts(ticket, errand, now = Date.now()) {
      if (ticket == null || !form.test(ticket)) return false
      const bytes = Buffer.from(ticket, 'base64url')
      const expiry = bytes.subarray(0, expiryBytes)
      const isOurs = timingSafeEqual(bytes.subarray(expiryBytes), sign(expiry, errand))
      return isOurs && expiry.readBigUInt64BE() > BigInt(now)
    },
  }
}

function derived(secret: string, salt: string): Buffer {
  return Buffer.from(hkdfSync('sha256', secret, salt, 'action tickets', 32))
}

const made = new WeakMap<object, Tickets>()

/** The tickets of a server: one key for all of its pages. */
export function ticketsOf(parts: Pick<WebParts, 'ticketSecret'>): Tickets {
  const known = made.get(parts)
  if (known !== undefined) return known
  const tickets = createTickets(parts.ticketSecret)
  made.set(parts, tickets)
  return tickets
}
