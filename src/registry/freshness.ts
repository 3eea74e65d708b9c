import { RegistryError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Ready } from '../ready.ts'
import type { ChangeLog, LoggedChange, LogNews } from '../storage/change-log.ts'
import { objectLog } from '../storage/object-log.ts'
import type { Storage } from '../storage/storage.ts'
import type { ToldChange } from './catch-up.ts'
import { changesKey } from './keys.ts'

/** Longest wait for one look into the log, milliseconds: two of them, and an answer, stay under ten seconds. */
const lookMs = 2000
/** Longest wait for a sign of life of a store that did not answer before, milliseconds, while readers wait for it. */
const backMs = 500
/** A store that did not answer is asked again this often, and one that does is looked at this often without readers. */
const [retryMs, idleMs] = [1000, 5000]

/** How this process knows what others changed. */
export interface Freshness {
  /**
   * Resolves when everything that any process answered for before this call is known to the receiver. Throws RegistryError
   * `unavailable` when the store has not answered for longer than it may be stale.
   */
  check(): Ready<void>
  /** True when check() would have nothing to wait for. */
  readonly isSure: boolean
  /** Tells other processes; when it resolves each of their reads shows it. Throws RegistryError `unavailable`. */
  announce(changes: readonly LoggedChange[]): Promise<void>
  /** Takes note that the store failed while news were read. Throws as check() does when nothing may be answered now. */
  failed(error: unknown): void
  /** Since when the store does not answer; undefined: it does. */
  readonly degraded: Degraded | undefined
  /** Milliseconds since the moment of which everything is known that was answered for; undefined: there is none yet. */
  readonly ageMs: number | undefined
  close(): void
}

/** What a repository shares with other servers on its store. */
export interface OtherServers {
  readonly freshness: Freshness
  /** Tells them of files of this repository. Throws RegistryError `unavailable`. */
  announce(changes: readonly ToldChange[]): Promise<void>
}

/** Reads are answered from what was last known. */
export interface Degraded {
  readonly since: Date
  readonly reason: string
}

export interface FreshnessOptions {
  /** This process is the only one that changes the store through a server: nothing has to be asked or told. */
  readonly single: boolean
  /** How long reads go on without the store, milliseconds; 0: not at all. */
  readonly maxStaleMs: number
}

/** Who is told of news. Only notes them: what changed is read when somebody asks for it. */
export type Receiver = (news: LogNews) => void

export function createFreshness(
  storage: Storage,
  options: FreshnessOptions,
  receive: Receiver,
  log: Log,
): Freshness {
  return options.single ? aloneInStore : shared(storage, options, receive, log)
}

/** Of a process that has its store for itself: what it knows is all there is. */
export const aloneInStore: Freshness = {
  check: () => undefined,
  isSure: true,
  announce: async () => undefined,
  failed(error) {
    throw error
  },
  degraded: undefined,
  ageMs: 0,
  close: () => undefined,
}

/** What a repository without a registry around it shares with others. */
export const noOthers: OtherServers = { freshness: aloneInStore, announce: async () => undefined }

function shared(storage: Storage, { maxStaleMs }: FreshnessOptions, receive: Receiver, log: Log): Freshness {
  const changes: ChangeLog = storage.log?.(changesKey) ?? objectLog(storage, changesKey)
  let running: Promise<void> | undefined
  let waiting: Promise<void> | undefined
  let sureAt: number | undefined
  let degraded: Degraded | undefined
  let lookedAt = 0
  let looking = 0

  /** One look. What a look brings that took too long is received all the same. */
  async function look(waitMs: number): Promise<void> {
    const started = performance.now()
    lookedAt = started
    if (degraded !== undefined && !(await isBack(waitMs))) return
    try {
      await within(lookMs, lookAndReceive())
      sureAt = started
      if (degraded !== undefined) log.info('The store answers again', { since: degraded.since.toISOString() })
      degraded = undefined
    } catch (error) {
      failed(error)
    }
  }

  /** While news is on its way from the log to the receiver, the log has nothing new and the receiver does not know it yet. */
  async function lookAndReceive(): Promise<void> {
    looking += 1
    try {
      receive(await changes.look())
    } finally {
      looking -= 1
    }
  }

  const isUnchanged = () => degraded === undefined && looking === 0 && changes.unchangedNow?.() === true

  /** A store that was away is asked shortly before anybody waits for it again. */
  async function isBack(waitMs: number): Promise<boolean> {
    try {
      await within(waitMs, storage.check())
      return true
    } catch {
      return false // Its reason is known already.
    }
  }

  function failed(error: unknown): void {
    if (degraded !== undefined) return
    const reason = error instanceof RegistryError ? error.message : String(error)
    log.warn('The store does not answer; reads go on from what is known', { error: reason })
    const sureBeforeMs = sureAt === undefined ? 0 : performance.now() - sureAt
    degraded = { since: new Date(Date.now() - sureBeforeMs), reason }
  }

  function start(waitMs = backMs): Promise<void> {
    const mine = look(waitMs).finally(() => {
      if (running === mine) running = undefined
    })
    running = mine
    return mine
  }

  /** Joins a look that starts after this call: the running one may have passed what the caller wants to see. */
  function lookFromNow(): Promise<void> {
    if (running === undefined) return start()
    waiting ??= running.then(() => {
      waiting = undefined
      return start()
    })
    return waiting
  }

  function refuseStale(): void {
    if (degraded === undefined) return
    const staleMs = sureAt === undefined ? Number.POSITIVE_INFINITY : performance.now() - sureAt
    if (maxStaleMs > 0 && staleMs <= maxStaleMs) return
    const message = 'Cannot tell what is in the store now: it does not answer; try again later'
    throw new RegistryError('unavailable', 'storage', message)
  }

  const timer = setInterval(() => {
    if (running !== undefined) return
    if (performance.now() - lookedAt >= (degraded === undefined ? idleMs : retryMs)) void start(lookMs)
  }, retryMs)
  timer.unref()

  return {
    check() {
      if (isUnchanged()) {
        sureAt = performance.now()
        return undefined
      }
      return lookFromNow().then(refuseStale)
    },
    get isSure() {
      return isUnchanged()
    },
    announce: (told) => changes.append(told),
    failed(error) {
      failed(error)
      refuseStale()
    },
    get degraded() {
      return degraded
    },
    get ageMs() {
      if (isUnchanged()) return 0
      return sureAt === undefined ? undefined : performance.now() - sureAt
    },
    close: () => clearInterval(timer),
  }
}

/** What comes within the time, or RegistryError `unavailable`. */
async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: Timer | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(
        new RegistryError('unavailable', 'storage', `Cannot read the log of changes: no answer in ${ms} ms`),
      )
    }, ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}
