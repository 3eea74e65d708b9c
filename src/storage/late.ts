import { RegistryError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Storage } from './storage.ts'

/**
 * A driver throws this when its store did not answer at start and may answer later: refused connections, a name that
 * nobody knows yet, "starting". A mistake in the settings (no such bucket, wrong keys, a bad certificate) is a plain
 * RegistryError: waiting would not mend it.
 */
export class StoreAway extends RegistryError {
  constructor(
    /** For the operator: which store, at which address, with the store's own words. */
    message: string,
    /** For everybody, as the end of a sentence: no address, no text of the store. */
    readonly told: string,
    options?: { cause?: unknown },
  ) {
    super('unavailable', 'storage', message, {}, options)
  }
}

/** A store that is being opened. */
export interface Opening {
  /** The store, as soon as it could be opened. Rejects for what waiting does not mend. */
  readonly storage: Promise<Storage>
  /** Resolves as soon as a try found the store away. */
  readonly away: Promise<void>
  /** Why it is not there yet, as the end of a sentence for everybody. */
  reason(): string
  /** Ends the waiting: `storage` stays open for ever. */
  stop(): void
}

/** Pauses between two tries, milliseconds. A driver that waits itself has done so before. */
const defaultPauses = { firstMs: 500, longestMs: 5_000 }

/**
 * Opens a store and tries again, with growing pauses and for as long as it takes, while it is only away. The operator
 * reads each reason once, and when it is over.
 */
export function openLate(open: () => Promise<Storage>, log: Log, pauses = defaultPauses): Opening {
  let told = 'the store does not answer yet; try again later'
  let message: string | undefined
  let stopped = false
  const away = Promise.withResolvers<void>()

  async function tryUntilOpen(): Promise<Storage> {
    for (let pause = pauses.firstMs; ; pause = Math.min(pause * 2, pauses.longestMs)) {
      const storage = await tryOnce()
      if (storage !== undefined) {
        if (message !== undefined) log.info('The storage is open now')
        return storage
      }
      await Bun.sleep(pause)
      if (stopped) return new Promise<Storage>(() => undefined)
    }
  }

  async function tryOnce(): Promise<Storage | undefined> {
    try {
      return await open()
    } catch (error) {
      if (!(error instanceof StoreAway)) throw error
      if (error.message !== message) {
        log.warn(`${error.message}. Trying again until it is there; requests are answered with "unavailable"`)
      }
      ;({ told, message } = error)
      away.resolve()
      return undefined
    }
  }

  return {
    storage: tryUntilOpen(),
    away: away.promise,
    reason: () => told,
    stop() {
      stopped = true
    },
  }
}
