import { Worker } from 'node:worker_threads'
import { RegistryError } from '../errors.ts'
import type { JobKind, Jobs } from './jobs.ts'

/** Reads what may take long, or may have been written to take long, away from the thread that answers. */
export interface Readings {
  /**
   * The outcome of a job; undefined when it took too long and was stopped. Jobs wait for each other in order.
   * Throws RegistryError `unavailable` when too many wait, and Error when the job itself broke.
   */
  run<K extends JobKind>(kind: K, input: Jobs[K]['input']): Promise<Jobs[K]['output'] | undefined>
  close(): void
}

export interface ReadingOptions {
  /** Milliseconds that one job may take, the start of the worker included. */
  readonly deadlineMs: number
  /** Milliseconds without a job after which the worker ends and its memory is free. */
  readonly idleMs: number
  /** Jobs that may wait. */
  readonly mostWaiting: number
}

type Answer = { readonly output: unknown } | { readonly failure: string }

export function createReadings({ deadlineMs, idleMs, mostWaiting }: ReadingOptions): Readings {
  let worker: Worker | undefined
  let idle: ReturnType<typeof setTimeout> | undefined
  let last: Promise<unknown> = Promise.resolve()
  let waiting = 0

  function stop(): void {
    clearTimeout(idle)
    void worker?.terminate()
    worker = undefined
  }

  async function runNow(kind: JobKind, input: unknown): Promise<unknown> {
    clearTimeout(idle)
    worker ??= startWorker()
    const answer = await ask(worker, { kind, input }, deadlineMs)
    if (answer === undefined || 'failure' in answer) stop()
    else {
      idle = setTimeout(stop, idleMs)
      idle.unref()
    }
    if (answer === undefined) return undefined
    if ('failure' in answer) throw new Error(`Reading the ${kind} failed`, { cause: answer.failure })
    return answer.output
  }

  return {
    async run<K extends JobKind>(kind: K, input: Jobs[K]['input']) {
      if (waiting >= mostWaiting) throw busy()
      waiting++
      const before = last
      const own = before.then(() => runNow(kind, input))
      last = own.catch(() => undefined)
      try {
        return (await own) as Jobs[K]['output'] | undefined
      } finally {
        waiting--
      }
    },
    close: stop,
  }
}

/**
 * Inside the executable the worker is a second entry, found by its path below `src`; in the source it lies beside this
 * file. (There `import.meta.url` is the path on the machine that built it.)
 */
function startWorker(): Worker {
  const inside = Bun.main.startsWith('/$bunfs/')
  const worker = new Worker(inside ? './reader/worker.ts' : new URL('./worker.ts', import.meta.url))
  worker.unref()
  return worker
}

function ask(worker: Worker, question: unknown, deadlineMs: number): Promise<Answer | undefined> {
  return new Promise((resolve) => {
    const finish = (answer: Answer | undefined) => {
      clearTimeout(timer)
      worker.removeAllListeners()
      resolve(answer)
    }
    const timer = setTimeout(() => finish(undefined), deadlineMs)
    worker.once('message', (answer: Answer) => finish(answer))
    worker.once('error', (error: unknown) => finish({ failure: String(error) }))
    worker.postMessage(question)
  })
}

function busy(): RegistryError {
  return new RegistryError('unavailable', 'archive', 'Cannot read the chart now: many others wait; try again')
}
