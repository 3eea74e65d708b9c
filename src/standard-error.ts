import { writeSync } from 'node:fs'

const encoder = new TextEncoder()

/** What a stuck reader may cost at most, in bytes: what was said first is kept, the rest dropped. */
const backlogLimit = 1024 * 1024
/** What could not be written is tried again after this long, in milliseconds. */
const retryMs = 50
/** How long the end of the process waits for a slow reader, in milliseconds. */
const patienceMs = 1000

/** Where the log goes by default. */
export interface Sink {
  write(lines: string): void
  /** Waits for a slow reader, but not for long: for the end of the process. */
  end(): void
}

/** A reader that is slow (a non-blocking pipe), and a file on a disk that is full: both may take the rest later. */
const passing: ReadonlySet<unknown> = new Set(['EAGAIN', 'ENOSPC', 'EDQUOT'])

/**
 * Writes to standard error at once, so that nothing is lost when the process ends. A reader that has gone away (EPIPE)
 * ends the logging and nothing else; one that cannot take more now gets the rest a little later.
 */
export function standardError(): Sink {
  let backlog: Uint8Array = new Uint8Array()
  let gone = false
  let timer: ReturnType<typeof setTimeout> | undefined

  const push = (): void => {
    try {
      while (backlog.length > 0 && !gone) backlog = backlog.subarray(writeSync(2, backlog))
    } catch (error) {
      gone = !(error instanceof Error && 'code' in error && passing.has(error.code))
    }
  }
  const retry = (): void => {
    timer = undefined
    push()
    if (backlog.length > 0 && !gone) timer = setTimeout(retry, retryMs).unref()
  }
  return {
    write: (lines) => {
      if (backlog.length === 0) backlog = encoder.encode(lines)
      else if (backlog.length < backlogLimit) backlog = Buffer.concat([backlog, encoder.encode(lines)])
      if (timer === undefined) retry()
    },
    end: () => {
      const until = Date.now() + patienceMs
      for (push(); backlog.length > 0 && !gone && Date.now() < until; push()) Bun.sleepSync(5)
    },
  }
}
