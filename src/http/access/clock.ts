/** Time, so that tests can move it. */
export interface Clock {
  /** Milliseconds that only grow. */
  now(): number
  /** Runs something later, once; gives what calls it off. Keeps no process alive. */
  after(ms: number, run: () => void): () => void
}

/** The time of this process. */
export const realClock: Clock = {
  now: () => performance.now(),
  after(ms, run) {
    const timer = setTimeout(run, ms).unref()
    return () => clearTimeout(timer)
  },
}
