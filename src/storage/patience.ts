/** How long calls wait for a sign of life from a store, so that what is made of several calls waits in vain only once. */
export interface Patience {
  /** For a call that begins now, milliseconds. */
  now(): number
  /** A call waited in vain, as long as it was told to. */
  spent(): void
  /** The store gave a sign of life. */
  answered(): void
}

/** For so long after a call has waited in vain the next ones wait only a part of the time. */
const cautiousMs = 5_000
const cautiousShare = 0.1

/**
 * A deletion makes a dozen calls, one after the other, and when one of them fails others clear up behind it: with the
 * whole patience for each of them a request would wait for a store that is silent several times as long as promised.
 */
export function createPatience(wholeMs: number): Patience {
  let spentAt = Number.NEGATIVE_INFINITY
  return {
    now: () => (performance.now() - spentAt < cautiousMs ? wholeMs * cautiousShare : wholeMs),
    spent() {
      spentAt = performance.now()
    },
    answered() {
      spentAt = Number.NEGATIVE_INFINITY
    },
  }
}
