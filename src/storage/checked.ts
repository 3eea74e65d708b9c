import { RegistryError } from '../errors.ts'
import type { Storage } from './storage.ts'

const maxSegmentBytes = 255
const maxKeyBytes = 1024

/**
 * Wraps any driver with the rules that hold for all: a key is relative and clean, whatever a URL brought, and every
 * error is a RegistryError. What is not one already becomes `unavailable`, names the driver and keeps its cause.
 */
export function checked(storage: Storage): Storage {
  async function call<T>(action: string, key: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      throw named(error, storage.driver, action, key)
    }
  }
  const { driver, conditionalWrites } = storage
  const watch = storage.watch?.bind(storage)
  const { getUnless, replace, log } = bound(storage)
  return {
    driver,
    ...(conditionalWrites !== undefined && { conditionalWrites }),
    get: async (key) => call('read', checkKey(key), () => storage.get(key)),
    info: async (key) => call('read', checkKey(key), () => storage.info(key)),
    put: async (key, body, options) => call('store', checkKey(key), () => storage.put(key, body, options)),
    ...(getUnless && {
      getUnless: async (key: string, etag: string) => call('read', checkKey(key), () => getUnless(key, etag)),
    }),
    ...(replace && {
      replace: async (key: string, body: Uint8Array, etag: string) =>
        call('store', checkKey(key), () => replace(key, body, etag)),
    }),
    ...(log && { log: (key: string) => log(checkKey(key)) }),
    delete: async (key) => call('delete', checkKey(key), () => storage.delete(key)),
    async *list(prefix, options) {
      checkPrefix(prefix, options?.shallow === true)
      try {
        yield* storage.list(prefix, options)
      } catch (error) {
        throw named(error, driver, 'list', prefix)
      }
    },
    ...(watch && {
      watch(prefix: string, changed: (key?: string) => void) {
        checkPrefix(prefix, true)
        return watch(prefix, changed)
      },
    }),
    check: () => call('read', '/', () => storage.check()),
    close: () => storage.close(),
  }
}

function bound(storage: Storage): Pick<Storage, 'getUnless' | 'replace' | 'log'> {
  return {
    ...(storage.getUnless && { getUnless: storage.getUnless.bind(storage) }),
    ...(storage.replace && { replace: storage.replace.bind(storage) }),
    ...(storage.log && { log: storage.log.bind(storage) }),
  }
}

/** Returns the key. Throws RegistryError `invalid` when no driver could store it under exactly this name. */
function checkKey(key: string): string {
  if (key === '') throw refused(key, 'it is empty')
  checkText(key)
  for (const segment of key.split('/')) checkSegment(key, segment)
  return key
}

/** A prefix may be empty or stop inside a name; what stands before its last "/" follows the rules of keys. */
function checkPrefix(prefix: string, whole: boolean): void {
  if (whole && prefix !== '' && !prefix.endsWith('/')) throw refused(prefix, 'it names no folder')
  checkText(prefix)
  for (const segment of prefix.split('/').slice(0, -1)) checkSegment(prefix, segment)
}

function checkText(key: string): void {
  if (Buffer.byteLength(key) > maxKeyBytes) throw refused(key, `it is longer than ${maxKeyBytes} bytes`)
  // A lone surrogate has no UTF-8: two different keys would meet in one file.
  if (!key.isWellFormed()) throw refused(key, 'it is not valid Unicode')
  if (/[\p{Cc}\\]/u.test(key)) throw refused(key, 'it has a control character or a backslash')
}

function checkSegment(key: string, segment: string): void {
  if (segment === '') throw refused(key, 'it has an empty part or begins or ends with "/"')
  if (segment === '.' || segment === '..') throw refused(key, `it has the part "${segment}"`)
  if (Buffer.byteLength(segment) > maxSegmentBytes) {
    throw refused(key, `a part is longer than ${maxSegmentBytes} bytes`)
  }
}

function refused(key: string, why: string): RegistryError {
  const shown = JSON.stringify(key.toWellFormed().slice(0, 100))
  return new RegistryError('invalid', 'file', `Cannot use ${shown} as a name in storage: ${why}`)
}

function named(error: unknown, driver: string, action: string, key: string): RegistryError {
  if (error instanceof RegistryError) return error
  const message = `Cannot ${action} "${key}": the ${driver} storage failed; try again later`
  return new RegistryError('unavailable', 'storage', message, {}, { cause: error })
}
