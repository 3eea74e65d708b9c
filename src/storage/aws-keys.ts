import { isRegistryError } from '../errors.ts'
import type { Log } from '../log.ts'
import { StoreFailure } from './store-failure.ts'

/** What signs a call to a store. */
export interface Keys {
  readonly accessKey: string
  readonly secretKey: string
  readonly sessionToken?: string | undefined
  /** Milliseconds since 1970; undefined: they never end. */
  readonly expires?: number | undefined
}

/** Where the keys of the next call come from: of AWS, or of another kind that ends. */
export interface KeySource<Kind = Keys> {
  /** Keys that are valid now. Throws RegistryError `unavailable` or StoreFailure when there are none. */
  keys(): Promise<Kind>
  /** The store says that these are no longer valid, whatever their own date says. */
  forget(refused: Kind): void
}

/** What ends: milliseconds since 1970, or undefined for never. */
type Ending = Pick<Keys, 'expires'>

/** Keys are renewed this long before their end, milliseconds, as AWS's own libraries do. */
const renewBeforeMs = 5 * 60_000
/** Keys with less left than this are not used for another call: it would end on the way. */
const leastLeftMs = 10_000
/** After a renewal that failed, the next is tried after this long, while the old keys still hold. */
const tryAgainMs = 30_000

/** Keys that stay. */
export function fixedKeys(keys: Keys): KeySource {
  return { keys: async () => keys, forget: () => undefined }
}

/**
 * Keeps the keys that `read` gives and renews them before they end, once for all who ask. While the old ones hold, a
 * renewal runs beside the calls and its failure is a warning only.
 */
export function renewedKeys<Kind extends Ending>(
  read: () => Promise<Kind>,
  log: Log,
  now: () => number = Date.now,
): KeySource<Kind> {
  let kept: Kind | undefined
  let renewAt = 0
  let running: Promise<Kind> | undefined

  function renew(): Promise<Kind> {
    running ??= read()
      .then((keys) => {
        kept = keys
        renewAt = renewalOf(keys, now())
        return keys
      })
      .finally(() => (running = undefined))
    return running
  }

  return {
    async keys() {
      if (kept === undefined) return renew()
      const time = now()
      if (time < renewAt) return kept
      if (kept.expires !== undefined && time > kept.expires - leastLeftMs) return renew()
      renewAt = time + tryAgainMs
      renew().catch((error: unknown) => log.warn(renewalFailed(error)))
      return kept
    },
    forget(refused) {
      if (kept === refused) kept = undefined
    },
  }
}

/** Keys that live shorter than ten minutes are renewed at half their time. */
function renewalOf({ expires }: Ending, time: number): number {
  if (expires === undefined) return Infinity
  return expires - Math.min(renewBeforeMs, (expires - time) / 2)
}

function renewalFailed(error: unknown): string {
  const cause = error instanceof StoreFailure ? error.cause : undefined
  const known = [error, cause].find((one) => isRegistryError(one)) ?? error
  const reason =
    known instanceof StoreFailure || isRegistryError(known) ? known.message : 'an unexpected error'
  return `Cannot renew the keys of the storage; the old ones still hold, and it is tried again: ${reason}`
}
