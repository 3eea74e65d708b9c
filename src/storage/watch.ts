/** Ends a call when the store gives no sign of life while one is waited for. */
export interface Watch {
  readonly signal: AbortSignal
  /** From now on a sign is waited for. */
  arm(): void
  /** Nothing is waited for: the reader of the body takes its time. */
  rest(): void
  stop(): void
}

/** Watches one call, with this much patience in milliseconds; `spent` hears when it is at its end. */
export function createWatch(patienceMs: number, spent: () => void = () => undefined): Watch {
  const controller = new AbortController()
  let timer: Timer | undefined
  const wait = (ms: number) => {
    clearTimeout(timer)
    timer = setTimeout(() => {
      spent()
      controller.abort()
    }, ms)
  }
  return {
    signal: controller.signal,
    arm: () => wait(patienceMs),
    rest: () => clearTimeout(timer),
    stop() {
      clearTimeout(timer)
      controller.abort()
    },
  }
}
