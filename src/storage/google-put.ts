import { multipartRelated } from '../multipart-related.ts'
import { fieldOf } from './google-errors.ts'
import type { GoogleCall } from './google-client.ts'
import { objectFields, readResource } from './google-list.ts'
import { afterwardsMs, checkBucket, isGeneration, readDetails, readInfo } from './google-read.ts'
import type { GooglePlace } from './google-read.ts'
import type { Body, ObjectInfo } from './storage.ts'
import { uploadSource, uploadStream } from './upload-source.ts'
import type { UploadSource, UploadWatcher } from './upload-source.ts'
import { StoreFailure } from './store-failure.ts'

/** On what condition an object is written: nothing has its key, or what has it still has this change tag. */
export type GoogleCondition = 'absent' | { readonly etag: string }

/** Metadata that names one put. */
const mark = 'chartroom-write'

/**
 * Writes an object in one call (a multipart upload), so that the store has all of it or nothing. Throws StoreFailure
 * `PreconditionFailed` when it had to be absent and is not, and `NotTheSame` when it had to have a change tag and has
 * not.
 */
export async function putObject(
  place: GooglePlace,
  body: Body,
  condition?: GoogleCondition,
): Promise<ObjectInfo> {
  const { client, root, key } = place
  if (typeof condition === 'object' && !isGeneration(condition.etag)) {
    // What is no generation is the tag of no object here, whether one is there or not.
    await readInfo(place)
    throw new StoreFailure('NotTheSame', 0)
  }
  const source = await uploadSource(body)
  const id = crypto.randomUUID()
  let broken: { reason: unknown } | undefined
  const failed = (reason: unknown) => void (broken = { reason })
  const call = uploadOf(root + key, source, { id, condition, failed })
  try {
    const written = await client.send(
      call,
      async (answer) => {
        const { info } = await readResource(answer)
        if (info.key !== root + key || info.size !== source.size) {
          throw new StoreFailure('BadAnswer', 0, 'another object than sent')
        }
        return info
      },
      async (failure) => {
        if (broken !== undefined) throw broken.reason
        return judged(place, failure, { id, condition })
      },
    )
    return { ...written, key }
  } catch (error) {
    throw broken === undefined ? error : broken.reason
  }
}

interface Upload {
  readonly id: string
  readonly condition: GoogleCondition | undefined
  readonly failed: UploadWatcher['failed']
}

function uploadOf(name: string, source: UploadSource, { id, condition, failed }: Upload): GoogleCall {
  const marked = condition !== undefined && { metadata: { [mark]: id } }
  // The boundary is not the mark: that is part of what stands between.
  const { head, tail, headers } = multipartRelated(
    { name, md5Hash: source.md5, ...marked },
    crypto.randomUUID(),
  )
  const framed: UploadSource = {
    ...source,
    size: head.byteLength + source.size + tail.byteLength,
    async *chunks() {
      yield head
      yield* source.chunks()
      yield tail
    },
  }
  const bytes = source.bytes()
  const whole = bytes && new Uint8Array(Buffer.concat([head, bytes, tail]))
  return {
    method: 'POST',
    about: 'upload',
    query: { uploadType: 'multipart', fields: objectFields, ...conditionQuery(condition) },
    headers: headers(source.size),
    body: (alive) => whole ?? uploadStream(framed, { alive, failed }),
  }
}

/** Generation 0 is that of no object. */
function conditionQuery(condition: GoogleCondition | undefined): Record<string, string> {
  if (condition === undefined) return {}
  return { ifGenerationMatch: condition === 'absent' ? '0' : condition.etag }
}

/**
 * What a failed try means: nothing yet, that an earlier try was written, or that the condition does not hold. An answer
 * that got lost may have been a success, and then the next try meets its own object: the mark tells. Bytes would not:
 * another writer may bring the same, and one of both has to lose. It is looked for after a first try too, because
 * `fetch` repeats a call by itself when a connection that was used before breaks.
 */
async function judged(
  place: GooglePlace,
  failure: StoreFailure,
  { id, condition }: Pick<Upload, 'id' | 'condition'>,
): Promise<ObjectInfo | undefined> {
  if (failure.status === 404) {
    // An upload has no object that could be missing, except one that had to be there.
    await checkBucket(place.client, place.root, afterwardsMs)
    if (typeof condition !== 'object') return undefined
  } else if (failure.code !== 'PreconditionFailed' || condition === undefined) {
    return undefined
  }
  const there = await readDetails(place, `${objectFields},metadata`, afterwardsMs)
  if (there !== undefined && fieldOf(fieldOf(there.resource, 'metadata'), mark) === id) return there.info
  if (typeof condition === 'object') throw new StoreFailure('NotTheSame', failure.status)
  return undefined
}
