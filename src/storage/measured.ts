import { isRegistryError, type ErrorCode } from '../errors.ts'
import type { ChangeLog } from './change-log.ts'
import type { ObjectInfo, Storage } from './storage.ts'

/** What a store is asked to do. `look` and `append` are those of a log of changes that the driver keeps itself. */
export type StorageOperation =
  'get' | 'info' | 'put' | 'replace' | 'list' | 'delete' | 'check' | 'look' | 'append'

/** How it ended; `failed` is what no RegistryError tells. An object that is missing is an answer, so it is `ok`. */
export type StorageOutcome = 'ok' | ErrorCode | 'failed'

/** Told of every operation that ended; must be quick and must not throw. */
export type StorageObserver = (
  operation: StorageOperation,
  outcome: StorageOutcome,
  nanoseconds: number,
) => void

/**
 * Wraps any Storage and tells how long each operation took. Of `get` that is the time until the object was found: its
 * bytes may be read later. Of `list` it is the time that the caller waited for the store, not what it did in between.
 */
export function measured(storage: Storage, observe: StorageObserver): Storage {
  async function timed<T>(operation: StorageOperation, work: Promise<T>): Promise<T> {
    const started = Bun.nanoseconds()
    try {
      const result = await work
      observe(operation, 'ok', Bun.nanoseconds() - started)
      return result
    } catch (error) {
      observe(operation, outcomeOf(error), Bun.nanoseconds() - started)
      throw error
    }
  }
  const { getUnless, replace, log, watch } = optional(storage)
  return {
    driver: storage.driver,
    ...(storage.conditionalWrites !== undefined && { conditionalWrites: storage.conditionalWrites }),
    get: (key) => timed('get', storage.get(key)),
    info: (key) => timed('info', storage.info(key)),
    put: (key, body, options) => timed('put', storage.put(key, body, options)),
    list: (prefix, options) => timedList(storage.list(prefix, options), observe),
    ...(getUnless && { getUnless: (key: string, etag: string) => timed('get', getUnless(key, etag)) }),
    ...(replace && {
      replace: (key: string, body: Uint8Array, etag: string) => timed('replace', replace(key, body, etag)),
    }),
    ...(log && { log: (key: string) => timedLog(log(key), timed) }),
    delete: (key) => timed('delete', storage.delete(key)),
    ...(watch && { watch }),
    check: () => timed('check', storage.check()),
    close: () => storage.close(),
  }
}

function optional(storage: Storage): Pick<Storage, 'getUnless' | 'replace' | 'log' | 'watch'> {
  return {
    ...(storage.getUnless && { getUnless: storage.getUnless.bind(storage) }),
    ...(storage.replace && { replace: storage.replace.bind(storage) }),
    ...(storage.log && { log: storage.log.bind(storage) }),
    ...(storage.watch && { watch: storage.watch.bind(storage) }),
  }
}

async function* timedList(
  objects: AsyncIterable<ObjectInfo>,
  observe: StorageObserver,
): AsyncIterable<ObjectInfo> {
  let waited = 0
  let asked = Bun.nanoseconds()
  let outcome: StorageOutcome = 'ok'
  try {
    for await (const object of objects) {
      waited += Bun.nanoseconds() - asked
      yield object
      asked = Bun.nanoseconds()
    }
    waited += Bun.nanoseconds() - asked
  } catch (error) {
    outcome = outcomeOf(error)
    waited += Bun.nanoseconds() - asked
    throw error
  } finally {
    observe('list', outcome, waited)
  }
}

type Timed = <T>(operation: StorageOperation, work: Promise<T>) => Promise<T>

/** `unchangedNow` is asked with every read and is no more than a system call: it is not measured. */
function timedLog(log: ChangeLog, timed: Timed): ChangeLog {
  const unchangedNow = log.unchangedNow?.bind(log)
  return {
    append: (changes) => timed('append', log.append(changes)),
    look: () => timed('look', log.look()),
    ...(unchangedNow && { unchangedNow }),
  }
}

function outcomeOf(error: unknown): StorageOutcome {
  return isRegistryError(error) ? error.code : 'failed'
}
