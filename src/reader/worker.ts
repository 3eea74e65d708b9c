import { parentPort } from 'node:worker_threads'
import { runJob } from './jobs.ts'
import type { JobKind, Jobs } from './jobs.ts'

/** Runs in a thread of its own (see readings.ts): one job at a time, until it is stopped. */
parentPort?.on('message', ({ kind, input }: { kind: JobKind; input: Jobs[JobKind]['input'] }) => {
  try {
    parentPort?.postMessage({ output: runJob(kind, input) })
  } catch (error) {
    parentPort?.postMessage({
      failure: error instanceof Error ? (error.stack ?? error.message) : String(error),
    })
  }
})
