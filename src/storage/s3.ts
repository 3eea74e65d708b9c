import { RegistryError } from '../errors.ts'
import { createS3Client } from './s3-client.ts'
import { createWriteClock } from './s3-clock.ts'
import type { S3Client } from './s3-client.ts'
import { StoreAway } from './late.ts'
import { isPassingS3, reasonOf, s3Error } from './s3-errors.ts'
import { firstPage, listObjects, readPage } from './s3-list.ts'
import type { S3Options } from './s3-options.ts'
import { probeConditionalWrites } from './s3-probe.ts'
import type { ProbeResult } from './s3-probe.ts'
import { putObject } from './s3-put.ts'
import { readInfo, readObject, readUnless } from './s3-read.ts'
import type { Body, ObjectInfo, Storage } from './storage.ts'
import { isFailure, StoreFailure } from './store-failure.ts'
import type { StoreAction } from './store-failure.ts'

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
  const unknown: ProbeResult = { creates: true, replaces: true, encrypted: true }
  const found = options.probe === false ? unknown : await prepare(client, options)
  const { creates: conditionalWrites, replaces } = found
  const alone = createQueue()
  const place = { client, root, forbidHeader: options.forbidHeader, clock: createWriteClock() }

  async function told<T>(action: StoreAction, key: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      throw s3Error(action, key, error)
    }
  }

  const info = (key: string) => told('read', key, () => readInfo(client, root, key))

  /** Where the store does not refuse by itself, one writer of this process looks and writes at a time. */
  async function putWhenMissing(key: string, body: Body): Promise<ObjectInfo> {
    if ((await info(key)) !== undefined) throw new StoreFailure('PreconditionFailed', 0)
    return putObject({ ...place, key }, body)
  }

  return {
    driver,
    conditionalWrites,
    info,
    get: (key) => told('read', key, () => readObject(client, root, key)),
    getUnless: (key, etag) => told('read', key, () => readUnless(client, root, key, etag)),
    put: (key, body, when) =>
      told('store', key, () => {
        const absent = when?.when === 'absent'
        if (absent && !conditionalWrites) return alone(key, () => putWhenMissing(key, body))
        return putObject({ ...place, key, ...(absent && { condition: 'absent' }) }, body)
      }),
    ...(replaces && {
      replace: (key: string, body: Uint8Array, etag: string) =>
        told('store', key, () => putObject({ ...place, key, condition: { etag } }, body)),
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

/** Makes sure that the bucket is there and can be read. Tells which conditions can be left to the store. */
async function prepare(client: S3Client, options: S3Options): Promise<ProbeResult> {
  try {
    const probed = await whenThere(options, async () => {
      await openBucket(client, options)
      return await probeConditionalWrites(client, options)
    })
    tellLimits(probed, options)
    return probed
  } catch (error) {
    throw startError(error, options)
  }
}

/** Tells the operator what the store does not do. */
function tellLimits({ locked, creates, replaces, encrypted }: ProbeResult, options: S3Options): void {
  const { driver, bucket, encryption, log } = options
  if (locked !== undefined) {
    log.warn(
      `Uploads and deletions will fail: the store refuses to write into the bucket "${bucket}" (${locked.code})`,
    )
  } else if (!creates) {
    const remedy =
      options.forbidHeader === undefined
        ? 'use a store that obeys If-None-Match'
        : `use a bucket that keeps no versions, where the store obeys ${options.forbidHeader}`
    log.error(
      `The ${driver} store does not support conditional writes: two replicas that publish one version at once would ` +
        `overwrite each other. Run one replica only, or ${remedy}`,
      { bucket },
    )
  } else if (!replaces) {
    log.warn(
      `The ${driver} store does not obey If-Match: replicas find the changes of each other by listing, which costs more`,
      { bucket },
    )
  }
  if (Object.keys(encryption).length > 0 && !encrypted) {
    log.error(`The ${driver} store does not say that it encrypts what is written, as it was asked to`, {
      bucket,
    })
  }
}

/** True when the store may be there a moment later, and nobody has to correct anything. */
function isAway(error: unknown): boolean {
  return error instanceof StoreFailure && isPassingS3(error) && error.code !== 'BadAnswer'
}

/** Waits for a store that starts at the same time as this server, as it does when a whole machine starts. */
async function whenThere<T>({ endpoint, log, wait = true }: S3Options, open: () => Promise<T>): Promise<T> {
  const end = performance.now() + startMs
  for (let tries = 1; ; tries++) {
    try {
      return await open()
    } catch (error) {
      if (!isAway(error) || !wait || performance.now() > end) throw error
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
    if (!createBucket || !isFailure(error, 'NoSuchBucket')) throw error
    // Amazon's first region is the one that must not be named.
    const place = `<CreateBucketConfiguration><LocationConstraint>${region}</LocationConstraint></CreateBucketConfiguration>`
    const body = () => (region === 'us-east-1' ? '' : place)
    try {
      await client.send({ method: 'PUT', key: '', body }, (answer) => answer.bytes(65_536))
      log.info('Made the bucket', { bucket })
    } catch (reason) {
      // Another replica was faster.
      if (!isFailure(reason, 'BucketAlreadyOwnedByYou')) throw reason
    }
  }
}

function startError(error: unknown, options: S3Options): unknown {
  if (!(error instanceof StoreFailure)) return error
  if (error.code === 'NoKeys') return error.cause
  const { driver, bucket, endpoint, bucketHint } = options
  const [, told] = reasonOf(error)
  const why = error.code === 'NoSuchBucket' ? `there is no such bucket; ${bucketHint}` : told
  const where = `the bucket "${bucket}" of the ${driver} storage at ${endpoint.origin}`
  const message = `Cannot open ${where}: ${why} (${error.message})`
  if (isAway(error)) return new StoreAway(message, told, { cause: error })
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
