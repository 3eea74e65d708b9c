import { RegistryError } from '../errors.ts'
import { createGoogleClient } from './google-client.ts'
import type { GoogleClient } from './google-client.ts'
import { googleError, isPassingGoogle, reasonOf } from './google-errors.ts'
import { listObjects } from './google-list.ts'
import type { GoogleOptions } from './google-options.ts'
import { putObject } from './google-put.ts'
import { checkBucket, readInfo, readObject, readUnless } from './google-read.ts'
import type { GooglePlace } from './google-read.ts'
import { StoreAway } from './late.ts'
import type { Answer } from './store-answer.ts'
import type { Storage } from './storage.ts'
import { isFailure, StoreFailure } from './store-failure.ts'
import type { StoreAction } from './store-failure.ts'

/** Longest name of an object, in bytes of UTF-8. */
const longestName = 1024
/** How long `/readyz` waits for the store, milliseconds. */
const checkMs = 3_000

/**
 * Objects in a bucket of Google Cloud Storage, laid out as ChartMuseum lays them out. The change tag is the generation.
 * Throws RegistryError `unavailable`, for the operator to read, when the bucket cannot be read at start: StoreAway when
 * that may be over in a moment.
 */
export async function googleStorage(options: GoogleOptions): Promise<Storage> {
  const root = options.prefix
  const client = createGoogleClient(options)
  if (options.probe !== false) await open(client, options)

  function place(key: string): GooglePlace {
    if (Buffer.byteLength(root + key) > longestName) throw new StoreFailure('NameTooLong', 0)
    return { client, root, key }
  }

  async function told<T>(action: StoreAction, key: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      throw googleError(action, key, error)
    }
  }

  return {
    driver: 'google',
    conditionalWrites: true,
    info: (key) => told('read', key, () => readInfo(place(key))),
    get: (key) => told('read', key, () => readObject(place(key))),
    getUnless: (key, etag) => told('read', key, () => readUnless(place(key), etag)),
    put: (key, body, how) => told('store', key, () => putObject(place(key), body, how?.when)),
    replace: (key, body, etag) => told('store', key, () => putObject(place(key), body, { etag })),
    async *list(prefix, how) {
      try {
        yield* listObjects(client, root, prefix, how?.shallow === true)
      } catch (error) {
        throw googleError('list', prefix || '/', error)
      }
    },
    // The answer to a deletion may get lost, and then the next try finds nothing: what was there is asked before.
    delete: (key) =>
      told('delete', key, async () => {
        if ((await readInfo(place(key))) === undefined) return false
        const gone = async ({ status }: StoreFailure) => (status === 404 ? true : undefined)
        const read = async (answer: Answer) => (await answer.bytes(1024), true)
        return client.send({ method: 'DELETE', key: root + key }, read, gone)
      }),
    check: () => told('read', '/', () => checkBucket(client, root, checkMs)),
    close: async () => undefined,
  }
}

/** Makes sure that the bucket is there and can be read; one that cannot be written is served, with a warning. */
async function open(client: GoogleClient, options: GoogleOptions): Promise<void> {
  const { bucket, prefix: root, log } = options
  try {
    await checkBucket(client, root)
    const refusal = await tryToWrite(client, root)
    if (refusal !== undefined) {
      const why = `the store refuses to write into the bucket "${bucket}" (${refusal.message})`
      log.warn(`Uploads and deletions will fail: ${why}`)
    }
  } catch (error) {
    throw startError(error, options)
  }
}

/** Replaces what has never been there: the store says no without writing, and why. Gives its refusal to write at all. */
async function tryToWrite(client: GoogleClient, root: string): Promise<StoreFailure | undefined> {
  const key = `.chartroom/probe/${crypto.randomUUID()}`
  try {
    await putObject({ client, root, key }, new Uint8Array(), { etag: '1' })
  } catch (error) {
    if (isFailure(error, 'NotTheSame')) return undefined
    if (error instanceof StoreFailure && error.status === 403) return error
    throw error
  }
  throw new StoreFailure('Unconditional', 0, 'ifGenerationMatch had no effect')
}

function startError(error: unknown, { bucket, endpoint }: GoogleOptions): unknown {
  if (!(error instanceof StoreFailure)) return error
  if (error.code === 'NoCredentials') return error.cause
  const where = `the bucket "${bucket}" of the google storage at ${endpoint.origin}`
  const message = (why: string) => `Cannot open ${where}: ${why} (${error.message})`
  if (isPassingGoogle(error) && error.code !== 'BadAnswer') {
    const [, why] = reasonOf(error)
    return new StoreAway(message(why), why, { cause: error })
  }
  return new RegistryError('unavailable', 'storage', message(startReason(error)), {}, { cause: error })
}

function startReason(failure: StoreFailure): string {
  if (failure.code === 'NoSuchBucket') {
    return 'there is no such bucket; make it, or correct --storage-google-bucket'
  }
  if (failure.status === 401 || failure.status === 403) {
    return 'the service account may not list its objects; give it the role "Storage Object User" on the bucket'
  }
  return reasonOf(failure)[1]
}
