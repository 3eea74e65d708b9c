import { isPassingS3 } from './s3-errors.ts'
import type { StoreFailure } from './store-failure.ts'

/** On what condition an object is written: nothing has its key, or what has it still has this change tag. */
export type Condition = 'absent' | { readonly etag: string }

/** The headers that ask a store for a condition, and those of them that belong to the signature. */
export interface ConditionHeaders {
  readonly headers: Readonly<Record<string, string>>
  readonly signed: Readonly<Record<string, string>>
}

/**
 * The headers of a condition. `forbidHeader` is the name of the one that some clouds have in place of
 * `If-None-Match: *`.
 */
export function conditionHeaders(
  condition: Condition | undefined,
  forbidHeader: string | undefined,
): ConditionHeaders {
  if (condition === undefined) return { headers: {}, signed: {} }
  if (condition !== 'absent') return { headers: { 'if-match': `"${condition.etag}"` }, signed: {} }
  if (forbidHeader === undefined) return { headers: { 'if-none-match': '*' }, signed: {} }
  return { headers: {}, signed: { [forbidHeader]: 'true' } }
}

/** True when the store refused because the condition does not hold. */
export function isRefusal(
  failure: StoreFailure,
  condition: Condition | undefined,
  forbidHeader: string | undefined,
): boolean {
  if (condition === undefined) return false
  if (failure.code === 'PreconditionFailed') return true
  // A store that is asked to replace what is gone says 404, or 412 as for any other that is not the same.
  if (condition !== 'absent') return failure.code === 'NoSuchKey'
  // Alibaba says FileAlreadyExists; the word of the others is not documented.
  return forbidHeader !== undefined && failure.status === 409 && !isPassingS3(failure)
}
