/** How much may run and wait. */
export interface TurnLimits {
  /** Tasks that run at the same time. */
  readonly atOnce: number
  /** Tasks that may wait for their turn: all together, and those of one client. */
  readonly waiting: number
  readonly waitingPerClient: number
}

/** Runs tasks for clients in turn. */
export interface Turns {
  /** What the task gives, or undefined when too many wait already. */
  run<T>(client: string, task: () => Promise<T>): Promise<T> | undefined
}

/**
 * Few tasks at a time, the others wait. A client that sends many fills its own places in the queue and no others, so that
 * somebody else waits for a few of them at most.
 */
export function takeTurns({ atOnce, waiting: most, waitingPerClient }: TurnLimits): Turns {
  const queues = new Map<string, (() => void)[]>()
  let running = 0
  let waiting = 0

  /** Lets the first of the next client go, and moves that client to the end. */
  function next(): void {
    running -= 1
    for (const [client, [first, ...rest]] of queues) {
      queues.delete(client)
      if (rest.length > 0) queues.set(client, rest)
      if (first === undefined) continue
      waiting -= 1
      running += 1
      first()
      return
    }
  }

  function turn(client: string): Promise<void> | undefined {
    if (running < atOnce) {
      running += 1
      return Promise.resolve()
    }
    const queue = queues.get(client) ?? []
    if (waiting >= most || queue.length >= waitingPerClient) return undefined
    waiting += 1
    return new Promise((go) => queues.set(client, [...queue, go]))
  }

  return {
    run(client, task) {
      return turn(client)?.then(task).finally(next)
    },
  }
}
