import type { ErrorCode, Verdict } from '../errors.ts'

/** Why an upload was refused: the code of its error, or more exactly what is wrong with the archive. */
export type RejectionReason = ErrorCode | Verdict['reason'] | 'internal'

const noted = new WeakMap<Request, readonly RejectionReason[]>()

/** Notes why files of a request were refused whose answer is that of no error, because it tells of several files. */
export function noteRejections(request: Request, reasons: readonly RejectionReason[]): void {
  if (reasons.length > 0) noted.set(request, reasons)
}

/** What was noted of a request. */
export function rejectionsOf(request: Request): readonly RejectionReason[] {
  return noted.get(request) ?? []
}
