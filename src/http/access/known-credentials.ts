import type { Clock } from './clock.ts'
import { RecentMap } from './recent-map.ts'

/** Digests of credentials under a key of this process: what was accepted, and what was refused just now. */

/** Whose credentials were accepted, and where they came from. */
export interface Accepted<User> {
  readonly user: User
  /** The networks they came from: others may have to wait like strangers while they send wrong passwords. */
  readonly places: Set<string>
  /** Used since the last sweep. */
  used: boolean
}

/** Networks remembered for each credential; the oldest goes first. */
const mostPlaces = 32
/** Credentials that nobody used for one to two of these are forgotten, milliseconds. */
const sweepMs = 5 * 60_000

/**
 * Credentials that were accepted, one for each user: as many as there are users. Whether a user still has the password is
 * for the caller to say.
 */
export class AcceptedCredentials<User> {
  readonly #byDigest = new Map<string, Accepted<User>>()
  readonly #digests = new Map<string, string>()
  readonly #clock: Clock
  #stopSweep: (() => void) | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  find(digest: string): Accepted<User> | undefined {
    const found = this.#byDigest.get(digest)
    if (found !== undefined) found.used = true
    return found
  }

  /** Remembers them in place of what the same user had before. */
  add(digest: string, name: string, user: User, place: string): void {
    const before = this.#digests.get(name)
    const places = this.#byDigest.get(digest)?.places ?? new Set()
    if (before !== undefined) this.#byDigest.delete(before)
    const accepted = { user, places, used: true }
    addPlace(accepted, place)
    this.#digests.set(name, digest)
    this.#byDigest.set(digest, accepted)
    this.#stopSweep ??= this.#clock.after(sweepMs, () => this.#sweep())
  }

  close(): void {
    this.#stopSweep?.()
  }

  #sweep(): void {
    for (const [name, digest] of this.#digests) {
      const found = this.#byDigest.get(digest)
      if (found?.used === true) found.used = false
      else {
        this.#byDigest.delete(digest)
        this.#digests.delete(name)
      }
    }
    this.#stopSweep = this.#byDigest.size === 0 ? undefined : this.#clock.after(sweepMs, () => this.#sweep())
  }
}

/** Adds a network to those that accepted credentials came from. */
export function addPlace({ places }: Accepted<unknown>, place: string): void {
  const [oldest] = places
  if (places.size >= mostPlaces && oldest !== undefined) places.delete(oldest)
  places.add(place)
}

/** Wrong credentials are not checked again for so long, milliseconds: a job with an old password asks every few seconds. */
const refusedMs = 60_000
const mostRefused = 10_000

/** Credentials that were refused a moment ago. */
export class RefusedCredentials {
  readonly #until = new RecentMap<number>(mostRefused)
  readonly #clock: Clock

  constructor(clock: Clock) {
    this.#clock = clock
  }

  has(digest: string): boolean {
    return this.#clock.now() < (this.#until.get(digest) ?? 0)
  }

  add(digest: string): void {
    this.#until.set(digest, this.#clock.now() + refusedMs)
  }

  clear(): void {
    this.#until.clear()
  }
}
