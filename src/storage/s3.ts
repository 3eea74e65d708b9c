import { RegistryError } from '../errors.ts'
import { createS3Client } from './s3-client.ts'
import type { S3Client } from './s3-client.ts'
import { isPassing, isS3, reasonOf, s3Error, S3Failure } from './s3-errors.ts'
import type { S3Action } from './s3-errors.ts'
import { firstPage, listObjects, readPage } from './s3-list.ts'
import type { S3Options } from './s3-options.ts'
import { probeConditionalWrites } from './s3-probe.ts'
import { putObject } from './s3-put.ts'
import { readInfo, readObject } from './s3-read.ts'
import type { Body, ObjectInfo, Storage } from './storage.ts'

/** How long `/readyz` waits for the store, milliseconds. */
const checkMs = 3_000
/** How long a start waits for a store that is not there yet, milliseconds, and how long between two tries. */
const [startMs, startPauseMs] = [30_000, 500]

/**
 * Objects in a bucket of MinIO, Amazon S3 or whoever speaks like them, laid out as ChartMuseum lays them out. Throws
 * RegistryError `unavailable`, for the operator to read, when the bucket cannot be read at start; one that cannot be
 * written is served read-only, with a warning.
 */
export async function s3Storage(options: S3Options): Promise<Storage> {
  const { driver, prefix: root } = options
  const client = await createS3Client(options)
  const conditionalWrites = await prepare(client, options)
  const alone = createQueue()

  async function told<T>(action: S3Action, key: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      throw s3Error(action, key, error)
    }
  }

  const info = (key: string) => told('read', key, () => readInfo(client, root, key))

  /** Where the store does not refuse by itself, one writer of this process looks and writes at a time. */
  async function putWhenMissing(key: string, body: Body): Promise<ObjectInfo> {
    if ((await info(key)) !== undefined) throw new S3Failure('PreconditionFailed', 0)
    return putObject({ client, root, key, absent: false }, body)
  }

  return {
    driver,
    conditionalWrites,
    info,
    get: (key) => told('read', key, () => readObject(client, root, key)),
    put: (key, body, when) =>
      told('store', key, () => {
        const absent = when?.when === 'absent'
        if (absent && !conditionalWrites) return alone(key, () => putWhenMissing(key, body))
        return putObject({ client, root, key, absent }, body)
      }),
    async *list(prefix, how) {
      try {
        yield* listObjects(client, root, prefix, how?.shallow === true)
      } catch (error) {
        throw s3Error('list', prefix || '/', error)
      }
    },
    // S3 says the same whether something was there or not.
    delete: (key) =>
      told('delete', key, async () => {
        if ((await readInfo(client, root, key)) === undefined) return false
        await client.send({ method: 'DELETE', key: root + key }, (answer) => answer.bytes(1024))
        return true
      }),
    check: () =>
      told('read', '/', async () => {
        await client.once(firstPage(root), readPage, checkMs)
      }),
    close: async () => undefined,
  }
}

/** Makes sure that the bucket is there and can be read. True when create-if-absent can be left to the store. */
async function prepare(client: S3Client, options: S3Options): Promise<boolean> {
  const { driver, bucket, prefix, log } = options
  try {
    const { conditional, locked } = await whenThere(options, async () => {
      await openBucket(client, options)
      return await probeConditionalWrites(client, prefix)
    })
    if (locked !== undefined) {
      log.warn(
        `Uploads and deletions will fail: the store refuses to write into the bucket "${bucket}" (${locked.code})`,
      )
    } else if (!conditional) {
      log.error(
        `The ${driver} store does not support conditional writes: two replicas that publish one version at once would ` +
          'overwrite each other. Run one replica only, or use a store that obeys If-None-Match',
        { bucket },
      )
    }
    return conditional
  } catch (error) {
    throw startError(error, options)
  }
}

/** Waits for a store that starts at the same time as this server, as it does when a whole machine starts. */
async function whenThere<T>({ endpoint, log }: S3Options, open: () => Promise<T>): Promise<T> {
  const end = Date.now() + startMs
  for (let tries = 1; ; tries++) {
    try {
      return await open()
    } catch (error) {
      const later = error instanceof S3Failure && isPassing(error) && error.code !== 'BadAnswer'
      if (!later || Date.now() > end) throw error
      if (tries === 1)
        log.warn('The store does not answer yet; waiting for it', { endpoint: endpoint.origin })
      await Bun.sleep(startPauseMs)
    }
  }
}

async function openBucket(
  client: S3Client,
  { bucket, prefix, region, createBucket, log }: S3Options,
): Promise<void> {
  try {
    await client.send(firstPage(prefix), readPage)
  } catch (error) {
    if (!createBucket || !isS3(error, 'NoSuchBucket')) throw error
    // Amazon's first region is the one that must not be named.
    const place = `<CreateBucketConfiguration><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`
    const body = () => (region === 'us-east-1' ? '' : place)
    try {
      await client.send({ method: 'PUT', key: '', body }, (answer) => answer.bytes(65_536))
      log.info('Made the bucket', { bucket })
    } catch (reason) {
      // Another replica was faster.
      if (!isS3(reason, 'BucketAlreadyOwnedByYou')) throw reason
    }
  }
}

function startError(error: unknown, options: S3Options): unknown {
  if (!(error instanceof S3Failure)) return error
  if (error.code === 'NoKeys') return error.cause
  const { driver, bucket, endpoint, bucketHint } = options
  const why = error.code === 'NoSuchBucket' ? `there is no such bucket; ${bucketHint}` : reasonOf(error)[1]
  const where = `the bucket "${bucket}" of the ${driver} storage at ${endpoint.origin}`
  const message = `Cannot open ${where}: ${why} (${error.message})`
  return new RegistryError('unavailable', 'storage', message, {}, { cause: error })
}

/** Runs what is given under a key one after the other. */
function createQueue(): <T>(key: string, run: () => Promise<T>) => Promise<T> {
  const last = new Map<string, Promise<unknown>>()
  return (key, run) => {
    const mine = (last.get(key) ?? Promise.resolve()).then(run, run)
    const done = mine
      .then(
        () => undefined,
        () => undefined,
      )
      .finally(() => {
        if (last.get(key) === done) last.delete(key)
      })
    last.set(key, done)
    return mine
  }
}
