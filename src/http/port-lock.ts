import type { UnixSocketListener } from 'bun'

/** How long one waits for another program that opens the same port, milliseconds; that takes it less than one. */
const patienceMs = 5_000

/**
 * Opens a port that may be opened twice, and makes sure that nobody else does: `probe` opens it for itself alone and
 * lets go of it, `open` takes it. What happens between them, on this port, happens in one program at a time.
 *
 * The lock is a socket of Linux's abstract namespace: it needs no file, goes with its process, and is known exactly as
 * far as the port itself, which is one network namespace. Where there is no such thing, it is done without a lock.
 */
export async function openAlone<T>(port: number, probe: () => void, open: () => T): Promise<T> {
  // The system chooses a port that nobody has.
  if (port === 0) return open()
  const lock = await takeLock(`\0chartroom-port-${port}`)
  try {
    probe()
    return open()
  } finally {
    lock?.stop(true)
  }
}

async function takeLock(name: string): Promise<UnixSocketListener<undefined> | undefined> {
  const until = performance.now() + patienceMs
  while (performance.now() < until) {
    try {
      return Bun.listen({ unix: name, socket: { data: () => undefined } })
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EADDRINUSE')) return undefined
      await Bun.sleep(20)
    }
  }
  // Somebody sits on the name to keep others from starting. The probe finds nearly everything alone.
  return undefined
}
