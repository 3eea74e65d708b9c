import { isRegistryError, RegistryError } from '../errors.ts'
import type { Catalog } from './catalog.ts'
import type { Freshness } from './freshness.ts'
import type { Sync } from './sync.ts'

/** Keeps every use of a catalog behind what any server on the same store has answered for. */
export interface Current {
  /** Brings the catalog up to date, then uses it. */
  use<T>(work: () => Promise<T>): Promise<T>
  /** Brings the catalog up to date. Throws RegistryError `unavailable` when that cannot be done. */
  reach(): Promise<void>
  /** Nothing, as an answer that says "there is none". Throws RegistryError `unavailable` while nobody can tell that. */
  denied<T>(nothing: T): T
  /** True while a read needs nothing but the memory: then it is answered at once, without a promise. */
  canAnswer(): boolean
  /** True once the catalog was filled. */
  readonly isOpen: boolean
  /** True while nobody is at work. */
  readonly isIdle: boolean
}

export interface CurrentParts {
  readonly catalog: Catalog
  readonly sync: Sync
  readonly freshness: Freshness
  /** Milliseconds between full listings; 0: none after the first. */
  readonly refreshMs: number
}

export function createCurrent({ catalog, sync, freshness, refreshMs }: CurrentParts): Current {
  let opened: Promise<void> | undefined
  let isOpen = false
  let busy = 0

  async function use<T>(work: () => Promise<T>): Promise<T> {
    busy += 1
    sync.used()
    try {
      await reach()
      return await work()
    } catch (error) {
      throw orUnsure(error)
    } finally {
      busy -= 1
      if (catalog.fileCount > 0) sync.follow(refreshMs)
    }
  }

  /** It is filled once; an empty repository is compared with the store on every use, so probing leaves nothing behind. */
  async function reach(): Promise<void> {
    await freshness.check()
    if (!isOpen) await fill()
    if (catalog.fileCount === 0) return sync.refresh()
    // What was told is read when the store is back: nobody waits for that a second time.
    if (freshness.degraded !== undefined) return
    try {
      await sync.catchUp.ready()
    } catch (error) {
      freshness.failed(error)
    }
  }

  function fill(): Promise<void> {
    opened ??= sync.open().then(
      () => void (isOpen = true),
      (error: unknown) => {
        opened = undefined
        throw error
      },
    )
    return opened
  }

  /** Without the store nobody can tell that something does not exist: another server may have got it meanwhile. */
  function orUnsure(error: unknown): unknown {
    if (freshness.degraded === undefined || !isRegistryError(error, 'not_found')) return error
    const message = `${error.message}, as far as is known: the store cannot be asked now; try again later`
    return new RegistryError('unavailable', 'storage', message, {}, { cause: error })
  }

  return {
    use,
    reach,
    denied(nothing) {
      if (freshness.degraded === undefined) return nothing
      throw orUnsure(new RegistryError('not_found', 'chart', 'chart not found'))
    },
    canAnswer() {
      sync.used()
      return isOpen && catalog.fileCount > 0 && freshness.isSure && sync.catchUp.isReady
    },
    get isOpen() {
      return isOpen
    },
    get isIdle() {
      return busy === 0
    },
  }
}
