import type { Ready } from '../../ready.ts'
import type { Clock } from './clock.ts'
import { countGuesses, type Standing } from './wrong-guesses.ts'

/** How a check ended; 'unchecked' when nobody looked: too many wait, it waited too long, or nobody waits for the answer. */
export type Outcome = 'right' | 'wrong' | 'unchecked'

/** Checks of passwords in turn. */
export interface Throttle {
  /** True when the address has sent so many wrong passwords that its checks wait. */
  holdsBack(address: string): boolean
  /** Runs the check, now or when it is its turn. */
  check(address: string, run: () => Ready<boolean>): Check
  close(): void
}

/** A check that runs or waits. */
export interface Check {
  /** At once when it needed no waiting and no work. */
  readonly outcome: Ready<Outcome>
  /** Nobody waits for the outcome any more: it is 'unchecked', unless it runs already. */
  drop(): void
}

export const throttleLimits = {
  /** Hashes at the same time. */
  running: 2,
  /** Checks that wait: an address of this standing has room while all together are fewer; and those of one address. */
  waiting: { trusted: 1_800, unknown: 1_500, failing: 1_200 },
  waitingPerAddress: 600,
  /** How long one may wait, milliseconds: with the check itself no request takes more than ten seconds. */
  waitMs: 6_000,
  /**
   * Time that hashes of wrong passwords may take, milliseconds: so many at once, then this part of the time that goes by.
   * Hashing for strangers takes a tenth of one core at most, whatever their number.
   */
  wrongMs: 2_000,
  wrongShare: 0.1,
}

/** While some wait it is looked so often, milliseconds, whose turn it is. */
const tickMs = 50

interface Waiting {
  readonly until: number
  readonly run: () => Ready<boolean>
  readonly settle: (outcome: Ready<Outcome>) => void
}

/**
 * Lets the checks of passwords run: at most two at a time, those of each address in turn, of addresses that signed in
 * lately before others. An address with many wrong passwords waits; when all of them together have taken too much time,
 * everybody waits but the addresses that signed in lately.
 *
 * `hashes` tells whether checks cost something, so that they need a turn besides.
 */
export class CheckThrottle implements Throttle {
  readonly #clock: Clock
  readonly #hashes: boolean
  readonly #guesses
  /** Round robin: an address whose check begins moves to the end. */
  readonly #queues = new Map<string, Waiting[]>()
  #waiting = 0
  #running = 0
  #wrongMs = throttleLimits.wrongMs
  #countedAt: number
  #stopTick: (() => void) | undefined

  constructor(clock: Clock, hashes: boolean) {
    this.#clock = clock
    this.#hashes = hashes
    this.#guesses = countGuesses(() => clock.now())
    this.#countedAt = clock.now()
  }

  holdsBack(address: string): boolean {
    return this.#queues.has(address) || !this.#guesses.mayTry(address)
  }

  check(address: string, run: () => Ready<boolean>): Check {
    const standing = this.#guesses.standing(address)
    if (this.#mayPass(address, standing)) return { outcome: this.#begin(address, run), drop: () => {} }
    const queue = this.#queues.get(address) ?? []
    const { waiting, waitingPerAddress, waitMs } = throttleLimits
    if (this.#waiting >= waiting[standing] || queue.length >= waitingPerAddress) {
      return { outcome: 'unchecked', drop: () => {} }
    }
    const { promise, resolve: settle } = Promise.withResolvers<Outcome>()
    const entry = { until: this.#clock.now() + waitMs, run, settle }
    queue.push(entry)
    this.#queues.set(address, queue)
    this.#waiting += 1
    this.#tick()
    return { outcome: promise, drop: () => this.#drop(address, entry) }
  }

  close(): void {
    this.#stopTick?.()
    this.#stopTick = undefined
    for (const queue of this.#queues.values()) for (const { settle } of queue) settle('unchecked')
    this.#queues.clear()
    this.#waiting = 0
  }

  /** Nobody passes those who wait, but an address that signed in lately: who comes often would always be first. */
  #mayPass(address: string, standing: Standing): boolean {
    const isFirst = this.#waiting === 0 || !this.#hashes || standing === 'trusted'
    return isFirst && !this.#queues.has(address) && this.#mayBegin(address, standing)
  }

  #mayBegin(address: string, standing: Standing): boolean {
    if (!this.#guesses.mayTry(address)) return false
    if (!this.#hashes) return true
    return this.#running < throttleLimits.running && (standing === 'trusted' || this.#timeLeft() > 0)
  }

  #begin(address: string, run: () => Ready<boolean>): Ready<Outcome> {
    const began = this.#clock.now()
    this.#guesses.begin(address)
    const right = run()
    if (right instanceof Promise) return this.#finish(address, right, began)
    this.#guesses.end(address, right)
    return right ? 'right' : 'wrong'
  }

  async #finish(address: string, right: Promise<boolean>, began: number): Promise<Outcome> {
    let found = false
    this.#running += 1
    try {
      found = await right
      return found ? 'right' : 'wrong'
    } finally {
      this.#running -= 1
      if (!found) this.#wrongMs = this.#timeLeft() - (this.#clock.now() - began)
      this.#guesses.end(address, found)
      this.#next()
    }
  }

  /** What is left of the time for wrong passwords, milliseconds. */
  #timeLeft(): number {
    const now = this.#clock.now()
    const { wrongMs, wrongShare } = throttleLimits
    this.#wrongMs = Math.min(wrongMs, this.#wrongMs + (now - this.#countedAt) * wrongShare)
    this.#countedAt = now
    return this.#wrongMs
  }

  /** Begins what may begin, the best addresses first, and gives up what has waited too long. */
  #next(): void {
    this.#giveUp()
    for (const wanted of ['trusted', 'unknown', 'failing'] as const) {
      for (const [address, queue] of this.#queues) {
        if (this.#hashes && this.#running >= throttleLimits.running) return
        const standing = this.#guesses.standing(address)
        if (standing !== wanted || !this.#mayBegin(address, standing)) continue
        const first = queue.shift()
        if (first === undefined) continue
        this.#waiting -= 1
        this.#queues.delete(address)
        if (queue.length > 0) this.#queues.set(address, queue)
        first.settle(this.#begin(address, first.run))
      }
    }
  }

  #giveUp(): void {
    const now = this.#clock.now()
    for (const [address, queue] of this.#queues) {
      // They came in this order, and each may wait as long as the others.
      while (queue[0] !== undefined && queue[0].until <= now) this.#drop(address, queue[0])
    }
  }

  #drop(address: string, entry: Waiting): void {
    const queue = this.#queues.get(address)
    const at = queue?.indexOf(entry) ?? -1
    if (queue === undefined || at < 0) return
    queue.splice(at, 1)
    this.#waiting -= 1
    if (queue.length === 0) this.#queues.delete(address)
    entry.settle('unchecked')
  }

  #tick(): void {
    if (this.#stopTick !== undefined || this.#waiting === 0) return
    this.#stopTick = this.#clock.after(tickMs, () => {
      this.#stopTick = undefined
      this.#next()
      this.#tick()
    })
  }
}
