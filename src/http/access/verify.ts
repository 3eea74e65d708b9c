import { timingSafeEqual } from 'node:crypto'
import type { Log } from '../../log.ts'
import { whenReady, type Ready } from '../../ready.ts'
import type { Caller } from './access.ts'
import type { Clock } from './clock.ts'
import { basicCredentials, type BasicCredentials } from './credentials.ts'
import { networkOf } from './wrong-guesses.ts'
import { AcceptedCredentials, addPlace, RefusedCredentials, type Accepted } from './known-credentials.ts'
import { isPassword } from './password-hash.ts'
import { CheckThrottle, type Outcome } from './throttle.ts'
import type { FileUser, Users } from './users-file.ts'

/** Who comes with credentials: a user, nobody, or nobody knows, because there was no time to look. */
export type Verified = Caller | 'wrong' | 'unchecked'

/** What credentials are held against. */
export interface VerifyParts {
  /** A digest under a key of this process, in base64. */
  readonly digest: (text: string) => string
  /** The user of the settings, with the credentials as a header has them. */
  readonly pair: { readonly token: string; readonly caller: Caller } | undefined
  /** The users of a file as they are now; a file that is read again gives another object. */
  readonly users: (() => Users) | undefined
  readonly clock: Clock
  readonly log: Pick<Log, 'warn'>
}

/** A user whose credentials were accepted; without a hash the one of the settings. */
interface KnownUser {
  readonly caller: Caller
  readonly name: string
  readonly hash: string | undefined
}

/** One check that several requests wait for. */
interface Pending {
  readonly verified: Promise<Verified>
  readonly drop: () => void
  askers: number
}

/** Requests that may wait for the same check: after a restart all jobs of a company come at once, by way of its proxy. */
const mostAskers = 1_000
/** How often the log tells of an address with many wrong passwords, milliseconds. */
const warnEveryMs = 60_000

/**
 * Tells who comes with which credentials, at once for those that were accepted before.
 *
 * What has been accepted holds as long as the user has the same hash in the file. It is answered without a turn at places
 * it was accepted from, and at others unless they send many wrong passwords just now: otherwise whoever is held back could
 * go on to guess the passwords of those who are there. A name that nobody has is checked against the hash of somebody,
 * always the same, so that it takes as long as one that is there.
 */
export class Verifier {
  readonly #parts: VerifyParts
  readonly #accepted: AcceptedCredentials<KnownUser>
  readonly #refused: RefusedCredentials
  readonly #throttle: CheckThrottle
  readonly #pending = new Map<string, Pending>()
  readonly #expected: Uint8Array | undefined
  /** The users that the refused credentials were held against. */
  #refusedBy: Users | undefined
  #warnAgain = 0

  constructor(parts: VerifyParts) {
    this.#parts = parts
    this.#accepted = new AcceptedCredentials(parts.clock)
    this.#refused = new RefusedCredentials(parts.clock)
    this.#throttle = new CheckThrottle(parts.clock, parts.users !== undefined)
    this.#expected = parts.pair && Buffer.from(parts.digest(parts.pair.token))
  }

  /** `gone` tells when nobody waits for the answer any more. */
  verify(token: string, address: () => string, gone?: () => AbortSignal): Ready<Verified> {
    const digest = this.#parts.digest(token)
    const place = networkOf(address())
    const known = this.#accepted.find(digest)
    const caller = known && this.#current(known)
    if (known !== undefined && caller !== undefined) {
      if (known.places.has(place)) return caller
      if (!this.#throttle.holdsBack(place)) {
        addPlace(known, place)
        return caller
      }
    }
    const credentials = basicCredentials(token)
    if (credentials === undefined || this.#isRefused(digest)) return 'wrong'
    return this.#ask({ digest, place, credentials }, gone)
  }

  close(): void {
    this.#throttle.close()
    this.#accepted.close()
  }

  /** The caller, as long as the user has the same password as when it was accepted. */
  #current({ user }: Accepted<KnownUser>): Caller | undefined {
    if (user.hash === undefined) return user.caller
    const found = this.#parts.users?.().byName.get(user.name)
    return found?.hash.text === user.hash ? found.caller : undefined
  }

  #isRefused(digest: string): boolean {
    const users = this.#parts.users?.()
    // What was wrong may be right since the file was read again.
    if (users !== this.#refusedBy) this.#refused.clear()
    this.#refusedBy = users
    return this.#refused.has(digest)
  }

  /** Lets one check run for all requests that bring the same from the same place. */
  #ask(shown: Shown, gone: (() => AbortSignal) | undefined): Ready<Verified> {
    const { digest, place } = shown
    const key = `${digest} ${place}`
    const found = this.#pending.get(key)
    if (found !== undefined) {
      if (found.askers >= mostAskers) return 'unchecked'
      found.askers += 1
      watch(found, gone)
      return found.verified
    }
    const { outcome, drop } = this.#throttle.check(place, () => this.#look(shown))
    const verified = whenReady(outcome, (told) => this.#verified(told, shown))
    if (!(verified instanceof Promise)) return verified
    const forget = () => {
      if (this.#pending.get(key) === pending) this.#pending.delete(key)
    }
    const pending: Pending = {
      verified: verified.finally(forget),
      askers: 1,
      drop() {
        forget()
        drop()
      },
    }
    this.#pending.set(key, pending)
    watch(pending, gone)
    return pending.verified
  }

  #verified(outcome: Outcome, { digest, place }: Shown): Verified {
    if (outcome === 'wrong') this.#warn(place)
    if (outcome !== 'right') return outcome
    const known = this.#accepted.find(digest)
    // Somebody whose password was changed while it was checked.
    return (known && this.#current(known)) ?? 'wrong'
  }

  #warn(place: string): void {
    const now = this.#parts.clock.now()
    if (now < this.#warnAgain || !this.#throttle.holdsBack(place)) return
    this.#warnAgain = now + warnEveryMs
    this.#parts.log.warn('Many wrong passwords from one address: further ones wait', { clientIP: place })
  }

  /** Whether the credentials are right. */
  #look({ digest, place, credentials }: Shown): Ready<boolean> {
    const { pair, users } = this.#parts
    const known = this.#accepted.find(digest)
    if (known !== undefined && this.#current(known) !== undefined) {
      addPlace(known, place)
      return true
    }
    if (pair !== undefined && this.#isPair(digest)) {
      const { caller } = pair
      const name = caller.name ?? ''
      this.#accepted.add(digest, name, { caller, name, hash: undefined }, place)
      return true
    }
    if (users !== undefined) return this.#lookInFile(users, digest, credentials, place)
    this.#refused.add(digest)
    return false
  }

  #isPair(digest: string): boolean {
    return this.#expected !== undefined && timingSafeEqual(Buffer.from(digest), this.#expected)
  }

  async #lookInFile(
    users: () => Users,
    digest: string,
    { name, password }: BasicCredentials,
    place: string,
  ): Promise<boolean> {
    for (;;) {
      const before = users()
      const user = before.byName.get(name)
      const hash = (user ?? this.#somebody(before, name))?.hash
      const right = hash !== undefined && (await isPassword(hash, password)) && user !== undefined
      // The file was read again meanwhile: what was found out about an old hash says nothing of the new one.
      const now = users().byName.get(name)
      if (now?.hash.text !== user?.hash.text) continue
      if (right) this.#accepted.add(digest, name, { caller: user.caller, name, hash: user.hash.text }, place)
      else if (!this.#isRefused(digest)) this.#refused.add(digest)
      return right
    }
  }

  /** Whose hash takes the time for a name that nobody has: chosen by the name, so that it is always the same. */
  #somebody({ all }: Users, name: string): FileUser | undefined {
    if (all.length === 0) return undefined
    const at = Buffer.from(this.#parts.digest(`nobody ${name}`), 'base64').readUInt32BE() % all.length
    return all[at]
  }
}

/** What a request brings. */
interface Shown {
  readonly digest: string
  readonly place: string
  readonly credentials: BasicCredentials
}

/** Drops the check when the last one who waits for it is gone. */
function watch(pending: Pending, gone: (() => AbortSignal) | undefined): void {
  const signal = gone?.()
  const leave = () => {
    pending.askers -= 1
    if (pending.askers === 0) pending.drop()
  }
  if (signal?.aborted === true) leave()
  else signal?.addEventListener('abort', leave, { once: true })
}
