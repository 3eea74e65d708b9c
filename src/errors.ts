/** What can go wrong, in words of the registry. Only `http/errors.ts` knows the status numbers. */
export type ErrorCode =
  | 'invalid'
  | 'unauthorized'
  | 'forbidden'
  | 'not_found'
  | 'conflict'
  | 'too_large'
  | 'too_slow'
  | 'full'
  | 'unavailable'

/** What the trouble is about; together with the code it decides how an answer is worded. */
export type ErrorAbout =
  'request' | 'archive' | 'provenance' | 'chart' | 'version' | 'file' | 'repository' | 'upload' | 'storage'

/** More for a program to read, sent beside the sentence: `{ identical: true, digest: "…" }`. Never a secret, never a path. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean>>

/**
 * The one domain error. Its message is a sentence for the person who caused it: what was tried, on what, why not,
 * what to do. It is shown outside, so it names no absolute path and no driver's text; those go into `cause`.
 */
export class RegistryError extends Error {
  override readonly name = 'RegistryError'

  constructor(
    readonly code: ErrorCode,
    readonly about: ErrorAbout,
    message: string,
    readonly details: ErrorDetails = {},
    options?: { cause?: unknown },
  ) {
    super(message, options)
  }
}

/** True for a RegistryError, of the given code when one is given. */
export function isRegistryError(error: unknown, code?: ErrorCode): error is RegistryError {
  return error instanceof RegistryError && (code === undefined || error.code === code)
}
