import { createPatience } from './patience.ts'
import type { Patience } from './patience.ts'
import { isPassing, StoreFailure } from './store-failure.ts'
import { createWatch } from './watch.ts'
import type { Watch } from './watch.ts'

/** One try of a call, under a watch that ends it when the store is silent. */
export type Try<T> = (watch: Watch) => Promise<T>

/** How calls of one store are tried. What they throw is a StoreFailure, or an error of the body or of the credentials. */
export interface Tries {
  /** To be told when the store gives a sign of life. */
  readonly patience: Patience
  /** One try, with this much patience at most, milliseconds. */
  once<T>(run: Try<T>, mostMs?: number): Promise<T>
  /**
   * The same, tried again while the failure is a passing one. `failed` hears of each failed try; what it gives ends the
   * matter, and what it throws too.
   */
  send<T>(run: Try<T>, failed?: (failure: StoreFailure) => Promise<T | undefined>): Promise<T>
}

/** What differs from store to store. */
export interface TriesOptions {
  /** How long the store may be silent, milliseconds. */
  readonly patienceMs: number
  /** True when the same call may succeed a moment later; `isPassing` where none is given. */
  readonly isPassing?: (failure: StoreFailure) => boolean
  /** True for refusals because of credentials that have ended: the call is made again at once with new ones, once. */
  readonly isExpired?: (failure: StoreFailure) => boolean
  /** True for refusals because of too many calls, which come at once, so that there is time for more tries. */
  readonly isBusy?: (failure: StoreFailure) => boolean
}

/** How much of the patience may pass before another try is begun. A MinIO that restarts is back after 1.2 s. */
const retryShare = 0.45
const busyShare = 0.8
const [firstPauseMs, longestPauseMs] = [50, 800]

/** Makes the way in which calls of one store are tried: bounded by its patience, with growing pauses between them. */
export function createTries(options: TriesOptions): Tries {
  const { isExpired = () => false, isBusy = () => false } = options
  const mayPass = options.isPassing ?? isPassing
  const patience = createPatience(options.patienceMs)

  return {
    patience,
    once(run, mostMs) {
      const ms = Math.min(mostMs ?? Number.POSITIVE_INFINITY, patience.now())
      // Who waits shorter by himself has not waited in vain yet.
      return run(createWatch(ms, mostMs === undefined ? patience.spent : undefined))
    },
    async send(run, failed) {
      const started = performance.now()
      const wholeMs = patience.now()
      let renewed = false
      for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
        const leftMs = wholeMs - (performance.now() - started)
        try {
          return await run(createWatch(Math.max(leftMs, wholeMs / 10), patience.spent))
        } catch (error) {
          if (!(error instanceof StoreFailure)) throw error
          const settled = await failed?.(error)
          if (settled !== undefined) return settled
          const share = isBusy(error) ? busyShare : retryShare
          const expired = !renewed && isExpired(error)
          if (expired) renewed = true
          else if (!mayPass(error) || performance.now() - started > wholeMs * share) throw error
          else await Bun.sleep(pause * (0.5 + Math.random()))
        }
      }
    },
  }
}
