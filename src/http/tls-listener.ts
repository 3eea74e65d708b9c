import { drainAll, openServer, probePort } from './listener.ts'
import type { App, Listener, Listening, TlsTexts } from './listener.ts'
import { openAlone } from './port-lock.ts'
import { openedSocket, steerToSecond } from './port-steering.ts'

/** What a listener with certificates listens with. */
export interface TlsListening extends Listening {
  readonly tls: TlsTexts
}

/** A server whose certificate can be changed while it serves. */
export interface TlsListener extends Listener {
  /**
   * New connections get other certificates from now on; requests that run finish on their old connections. One call at
   * a time.
   *
   * @throws what Bun says about texts that it cannot use; the old ones stay then.
   */
  change(tls: TlsTexts): Promise<void>
}

/** One of the sockets that listen on the port. */
interface Open {
  readonly port: number
  readonly leaving: { now: boolean }
  stop(force?: boolean): Promise<void>
}

/** How long a connection without requests may stay where nothing else ends it, seconds. */
const mostIdleSeconds = 60
/** How long the old listener goes on where new connections still come to both, milliseconds. */
const sharedMs = 1_000

/**
 * Listens with certificates that change. Bun cannot change those of a server (`reload()` takes no notice of them), so a
 * second one is opened on the same port, and the first leaves: it tells its clients to come back on a new connection,
 * and closes when there is none left that does anything. `createApp` is called for each.
 *
 * @throws StartError when the port is taken, by another Chartroom too, or cannot be opened.
 */
export async function listenTls(
  createApp: (leaving: { readonly now: boolean }) => App,
  listening: TlsListening,
): Promise<TlsListener> {
  const open = (port: number, tls: TlsTexts): Open => {
    const leaving = { now: false }
    const server = openServer(createApp(leaving), { ...listening, port, tls }, { shared: true })
    let stopping: Promise<void> | undefined
    const stop = (force?: boolean) => (force ? server.stop(true) : (stopping ??= server.stop()))
    return { port: server.port ?? port, leaving, stop }
  }
  const running = new Set<Open>()
  let current = await openAlone(
    listening.port,
    () => probePort(listening),
    () => open(listening.port, listening.tls),
  )
  running.add(current)
  let previous: Open | undefined

  function leave(old: Open, afterMs: number): void {
    old.leaving.now = true
    previous = old
    setTimeout(() => void stop(old), afterMs).unref()
  }

  async function stop(old: Open): Promise<void> {
    if (previous === old) previous = undefined
    await old.stop()
    running.delete(old)
  }

  return {
    port: current.port,
    async change(tls) {
      // Two at a time: the second is the newest.
      if (previous !== undefined) void stop(previous)
      const { opened, socket } = openedSocket(() => open(current.port, tls))
      const steered = socket !== undefined && (await steerToSecond(socket))
      const idleSeconds = Math.min(listening.idleSeconds || mostIdleSeconds, mostIdleSeconds)
      leave(current, steered ? (idleSeconds + 1) * 1_000 : sharedMs)
      running.add(opened)
      current = opened
    },
    drain: () => drainAll([...running]),
  }
}
