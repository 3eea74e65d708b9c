import type { BlobRequestConditions, BlockBlobClient } from '@azure/storage-blob'
import type { AzureClient } from './azure-client.ts'
import { tagOf } from './azure-list.ts'
import { infoOf } from './azure-read.ts'
import { md5Of, piecesOf, sourceOf, streamOf } from './azure-source.ts'
import type { Source } from './azure-source.ts'
import type { Body, ObjectInfo } from './storage.ts'
import { isFailure, StoreFailure } from './store-failure.ts'
import type { Watch } from './watch.ts'

/** On what condition an object is written: nothing has its key, or what has it still has this change tag. */
export type Condition = 'absent' | { readonly etag: string }

/** Where an object goes and on what condition. */
export interface Place {
  readonly client: AzureClient
  readonly root: string
  readonly key: string
  readonly condition?: Condition | undefined
  /** Up to this size an object is sent in one piece, bytes. */
  readonly onePieceBytes?: number | undefined
}

/** One object on its way. */
interface Writing extends Place {
  readonly blob: BlockBlobClient
  readonly source: Source
  /** Names this put in the metadata of the object; none without a condition, for then it does not matter whose it is. */
  readonly id: string | undefined
  readonly conditions: BlobRequestConditions
}

/** Every version of the service takes so much in one piece; some take more (4000 MiB from 2019-12-12 on). */
const defaultOnePiece = 256 * 1024 * 1024
/** Every version takes blocks of this size, 50,000 of them: 195 GiB. */
const blockBytes = 4 * 1024 * 1024
/** Metadata that names one put; Azure wants a C# identifier. */
const mark = 'chartroom_write'
/** Longest wait for what is asked after a put, milliseconds: together they stay within the time of one call. */
const afterwardsMs = 2_000

/**
 * Writes an object as a block blob: in one call, or in blocks that become the object together, so that the store has
 * all of it or nothing. Throws StoreFailure `BlobAlreadyExists` when it had to be absent and is not, and `NotTheSame`
 * when it had to have a change tag and has not.
 */
export async function putObject(place: Place, body: Body): Promise<ObjectInfo> {
  const { client, root, key, condition, onePieceBytes = defaultOnePiece } = place
  const source = await sourceOf(body)
  const writing: Writing = {
    ...place,
    source,
    blob: client.container.getBlockBlobClient(root + key),
    id: condition === undefined ? undefined : crypto.randomUUID(),
    conditions: conditionsOf(condition),
  }
  const write = source.size > onePieceBytes ? writeBlocks : writeWhole
  try {
    return await write(writing)
  } catch (error) {
    if (!isFailure(error, 'InvalidBlobType')) throw error
    if (condition === 'absent') throw new StoreFailure('BlobAlreadyExists', error.status)
    return await write(await withoutOtherKind(writing, error))
  }
}

function conditionsOf(condition: Condition | undefined): BlobRequestConditions {
  if (condition === undefined) return {}
  return condition === 'absent' ? { ifNoneMatch: '*' } : { ifMatch: `"${condition.etag}"` }
}

async function writeWhole(writing: Writing): Promise<ObjectInfo> {
  const { source, blob, conditions } = writing
  const { size, bytes } = source
  const md5 = await md5Of(source)
  let broken: { reason: unknown } | undefined
  const write = async (watch: Watch) => {
    const body = () => streamOf(source, watch.arm, (reason) => (broken = { reason }))
    const how = { abortSignal: watch.signal, conditions, transactionalContentMD5: md5, ...marked(writing) }
    return writtenAs(writing, await blob.upload(bytes ?? body, size, how))
  }
  try {
    return await writing.client.send(write, (failure) => {
      if (broken !== undefined) throw broken.reason
      return judged(writing, failure)
    })
  } catch (error) {
    throw broken === undefined ? error : broken.reason
  }
}

/** Nothing of it can be seen before the last call; blocks that never become an object go by themselves after a week. */
async function writeBlocks(writing: Writing): Promise<ObjectInfo> {
  const { client, source, blob, conditions } = writing
  const start = crypto.randomUUID()
  const ids: string[] = []
  for await (const piece of piecesOf(source, blockBytes)) {
    const id = Buffer.from(`${start}-${String(ids.length).padStart(6, '0')}`).toString('base64')
    const transactionalContentMD5 = new Bun.CryptoHasher('md5').update(piece).digest()
    await client.send(({ signal, arm }) =>
      blob.stageBlock(id, piece, piece.byteLength, {
        abortSignal: signal,
        transactionalContentMD5,
        onProgress: arm,
      }),
    )
    ids.push(id)
  }
  const commit = async ({ signal }: Watch) => {
    const how = { abortSignal: signal, conditions, ...marked(writing) }
    return writtenAs(writing, await blob.commitBlockList(ids, how))
  }
  return client.send(commit, (failure) => judged(writing, failure))
}

function marked({ id }: Writing): { metadata?: Record<string, string> } {
  return id === undefined ? {} : { metadata: { [mark]: id } }
}

function writtenAs(
  { key, source: { size } }: Writing,
  { etag, lastModified }: { etag?: string; lastModified?: Date },
): ObjectInfo {
  if (!etag || !(lastModified instanceof Date)) throw new StoreFailure('BadAnswer', 0, 'stored without a tag')
  return { key, size, modified: lastModified, etag: tagOf(etag) }
}

/** What a failed try means: nothing yet, that an earlier try was written, or that the condition does not hold. */
async function judged(writing: Writing, failure: StoreFailure): Promise<ObjectInfo | undefined> {
  const { condition } = writing
  if (condition === undefined) return undefined
  // Azure says 404 or 412 of what shall be replaced and is gone. An earlier commit took the blocks of a later one.
  const missing = condition !== 'absent' && isFailure(failure, 'BlobNotFound')
  const refused = isFailure(
    failure,
    'BlobAlreadyExists',
    'ConditionNotMet',
    'InvalidBlockList',
    'UnauthorizedBlobOverwrite',
  )
  if (!missing && !refused) return undefined
  const written = await ownBefore(writing)
  if (written !== undefined) return written
  throw new StoreFailure(condition === 'absent' ? 'BlobAlreadyExists' : 'NotTheSame', failure.status)
}

/**
 * An answer that got lost may have been a success, and then the next try meets its own object: the mark tells. Bytes
 * would not: another writer may bring the same, and one of both has to lose. It is looked for after a first try too,
 * because the runtime repeats a call by itself when a connection that was used before breaks.
 */
async function ownBefore({ client, key, blob, id }: Writing): Promise<ObjectInfo | undefined> {
  try {
    const look = async ({ signal }: Watch) => {
      const found = await blob.getProperties({ abortSignal: signal })
      return found.metadata?.[mark] === id ? infoOf(key, found) : undefined
    }
    return await client.once(look, afterwardsMs)
  } catch (error) {
    // Deleted since then by somebody: it was there all the same.
    if (isFailure(error, 'BlobNotFound')) return undefined
    throw error
  }
}

/**
 * ChartMuseum wrote append blobs. Where the store does not let another kind of blob take the place of one, that one is
 * deleted first, if it is still the one that was to be replaced; what is written then has to be the first.
 */
async function withoutOtherKind(writing: Writing, refusal: StoreFailure): Promise<Writing> {
  const { client, blob, condition } = writing
  await client.send(async ({ signal }) => {
    const { etag, blobType } = await blob.getProperties({ abortSignal: signal })
    if (blobType === 'BlockBlob') throw refusal
    const ifMatch = typeof condition === 'object' ? `"${condition.etag}"` : etag
    await blob.delete({
      abortSignal: signal,
      conditions: ifMatch === undefined ? {} : { ifMatch },
      deleteSnapshots: 'include',
    })
  })
  return { ...writing, conditions: condition === undefined ? {} : { ifNoneMatch: '*' } }
}
