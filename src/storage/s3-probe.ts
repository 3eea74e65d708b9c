import type { S3Client } from './s3-client.ts'
import { isS3, S3Failure } from './s3-errors.ts'

/** What the probe found out: whether objects can be written, and whether "only when absent" is obeyed. */
export interface ProbeResult {
  /** Why nothing can be written; undefined: it can. */
  readonly locked?: S3Failure
  readonly conditional: boolean
}

const writers = 8

/**
 * Asks the store whether it obeys `If-None-Match: *`: first one key twice, then a fresh key by eight writers at once, of
 * whom exactly one may win. Older MinIO servers (before May 2024) ignore the header, others obey it only when nobody
 * races. What it wrote is removed. Throws S3Failure when the store did not answer one of the calls.
 */
export async function probeConditionalWrites(client: S3Client, root: string): Promise<ProbeResult> {
  const start = `${root}.chartroom/probe/${crypto.randomUUID()}`
  const [twice, raced] = [`${start}-twice`, `${start}-raced`]
  try {
    if (!(await create(client, twice)) || (await create(client, twice))) return { conditional: false }
    const results = await Promise.allSettled(Array.from({ length: writers }, () => create(client, raced)))
    const failed = results.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    return {
      conditional: results.filter((result) => result.status === 'fulfilled' && result.value).length === 1,
    }
  } catch (error) {
    if (error instanceof S3Failure && error.status === 403) return { locked: error, conditional: true }
    if (error instanceof S3Failure && error.status === 501) return { conditional: false }
    throw error
  } finally {
    await Promise.all([twice, raced].map((key) => remove(client, key)))
  }
}

/** True when this call created the object. A refusal because others are writing it right now counts as one. */
async function create(client: S3Client, key: string): Promise<boolean> {
  const call = {
    method: 'PUT',
    key,
    headers: { 'if-none-match': '*' },
    body: () => crypto.randomUUID(),
    fresh: true,
  } as const
  try {
    await client.once(call, (answer) => answer.bytes(1024))
    return true
  } catch (error) {
    if (isS3(error, 'PreconditionFailed', 'ConditionalRequestConflict')) return false
    throw error
  }
}

async function remove(client: S3Client, key: string): Promise<void> {
  try {
    await client.once({ method: 'DELETE', key }, (answer) => answer.bytes(1024))
  } catch (error) {
    // Litter of the probe harms nobody, and a store that lets objects be written but not deleted can be served.
    if (!(error instanceof S3Failure)) throw error
  }
}
