import type { Clock } from '../../src/http/access/clock.ts'

/** Time that stands still until a test moves it. */
export interface ManualClock extends Clock {
  /** Lets so many milliseconds pass, runs what is due in between, and lets promises go on after each of it. */
  pass(ms: number): Promise<void>
  /** How much is waiting to be run. */
  readonly waiting: number
}

/** `settle` lets go on what time does not wait for. */
export function manualClock(settle: () => Promise<unknown> = settled): ManualClock {
  let time = 1_000
  const timers = new Set<{ readonly at: number; readonly run: () => void }>()
  return {
    now: () => time,
    after(ms, run) {
      const timer = { at: time + ms, run }
      timers.add(timer)
      return () => void timers.delete(timer)
    },
    async pass(ms) {
      const end = time + ms
      for (;;) {
        const due = [...timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0]
        if (due === undefined) break
        time = due.at
        timers.delete(due)
        due.run()
        await settle()
      }
      time = end
      await settle()
    },
    get waiting() {
      return timers.size
    },
  }
}

/** Lets everything go on that waits for promises only. */
export async function settled(): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve))
}
