import { isatty } from 'node:tty'

/** A stop that takes longer than this ends the process all the same, milliseconds. Kubernetes kills after 30 s. */
const giveUpAfterMs = 9_000

/** On SIGTERM or SIGINT: runs the given steps and exits with 0; a second signal, or too long a wait, exits at once. */
export function drainOnSignal(drain: () => Promise<void>): void {
  let stopping = false

  function stop(): void {
    if (stopping) process.exit(1)
    stopping = true
    setTimeout(() => process.exit(0), giveUpAfterMs).unref()
    drain().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error)
        process.exit(1)
      },
    )
  }

  process.on('SIGTERM', stop)
  process.on('SIGINT', stop)
}

/**
 * Lets SIGHUP end nobody who runs as a service: `systemctl reload` sends it to servers without a file to read again, too.
 * On a terminal it goes on to mean that the terminal is gone.
 */
export function outliveHangup(): void {
  if (!isatty(0)) process.on('SIGHUP', () => undefined)
}
