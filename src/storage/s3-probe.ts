import { conditionHeaders, isRefusal } from './s3-condition.ts'
import type { Condition } from './s3-condition.ts'
import type { S3Client } from './s3-client.ts'
import { tagOf } from './s3-list.ts'
import type { S3Options } from './s3-options.ts'
import { StoreFailure } from './store-failure.ts'

/** What the probe found out: whether objects can be written, and which conditions are obeyed. */
export interface ProbeResult {
  /** Why nothing can be written; undefined: it can. */
  readonly locked?: StoreFailure
  /** "Only when absent" is obeyed. */
  readonly creates: boolean
  /** "Only when it still has this tag" is obeyed. */
  readonly replaces: boolean
  /** The store said that it encrypted what was written. */
  readonly encrypted: boolean
}

/** What a write of the probe got: nothing when the store refused it. */
type Got = { readonly etag: string; readonly encrypted: boolean } | undefined

type Write = (key: string, condition: Condition) => Promise<Got>

const [creators, replacers] = [8, 2]

/**
 * Asks the store whether it obeys the condition "only when absent" and `If-Match`. One key is made; then, all at once,
 * it is made again, replaced with a wrong tag and by two writers with the right one, and eight writers make a fresh key:
 * of those who race, exactly one may win. Older MinIO servers (before May 2024) ignore `If-None-Match: *`, others obey
 * it only when nobody races; Alibaba and Tencent obey their own header only in a bucket without versions. What it wrote
 * is removed. Throws StoreFailure when the store did not answer one of the calls.
 */
export async function probeConditionalWrites(
  client: S3Client,
  { prefix, forbidHeader }: Pick<S3Options, 'prefix' | 'forbidHeader'>,
): Promise<ProbeResult> {
  const start = `${prefix}.chartroom/probe/${crypto.randomUUID()}`
  const [twice, raced] = [`${start}-twice`, `${start}-raced`]
  const write: Write = (key, condition) => tryWrite(client, key, condition, forbidHeader)
  try {
    const first = await write(twice, 'absent')
    if (first === undefined) return { creates: false, replaces: false, encrypted: true }
    const { etag, encrypted } = first
    const [again, fresh, wrong, right] = await winners(write, [
      { key: twice, condition: 'absent', writers: 1 },
      { key: raced, condition: 'absent', writers: creators },
      { key: twice, condition: { etag: wrongTag }, writers: 1 },
      { key: twice, condition: { etag }, writers: replacers },
    ])
    const creates = again === 0 && fresh === 1
    return { creates, replaces: creates && wrong === 0 && right === 1, encrypted }
  } catch (error) {
    if (!(error instanceof StoreFailure) || error.status !== 403) throw error
    return { locked: error, creates: true, replaces: true, encrypted: true }
  } finally {
    await Promise.all([twice, raced].map((key) => remove(client, key)))
  }
}

/** An MD5 of nothing that anybody writes. */
const wrongTag = '0'.repeat(32)

interface Race {
  readonly key: string
  readonly condition: Condition
  readonly writers: number
}

/** How many writers of each race wrote. All have ended when it resolves or throws. */
async function winners(write: Write, races: readonly Race[]): Promise<number[]> {
  const results = await Promise.all(
    races.map(({ key, condition, writers }) =>
      Promise.allSettled(Array.from({ length: writers }, () => write(key, condition))),
    ),
  )
  return results.map((race) => {
    const failed = race.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    return race.filter((result) => result.status === 'fulfilled' && result.value !== undefined).length
  })
}

/** A refusal because others write right now, or because the store does not know the condition, counts as one. */
async function tryWrite(
  client: S3Client,
  key: string,
  condition: Condition,
  forbidHeader: string | undefined,
): Promise<Got> {
  const asked = conditionHeaders(condition, forbidHeader)
  const call = { method: 'PUT', key, ...asked, body: () => crypto.randomUUID(), fresh: true } as const
  try {
    return await client.once(call, async (answer) => {
      await answer.bytes(1024)
      const encrypted = encryptionNames.some((name) => answer.header(name) !== null)
      return { etag: tagOf(answer.header('etag') ?? ''), encrypted }
    })
  } catch (error) {
    if (!(error instanceof StoreFailure)) throw error
    const unable = error.status === 501 || error.code === 'NotImplemented'
    const refused = error.code === 'ConditionalRequestConflict' || isRefusal(error, condition, forbidHeader)
    if (unable || refused) return undefined
    throw error
  }
}

const encryptionNames = ['x-amz-server-side-encryption', 'x-oss-server-side-encryption']

async function remove(client: S3Client, key: string): Promise<void> {
  try {
    await client.once({ method: 'DELETE', key }, (answer) => answer.bytes(1024))
  } catch (error) {
    // Litter of the probe harms nobody, and a store that lets objects be written but not deleted can be served.
    if (!(error instanceof StoreFailure)) throw error
  }
}
