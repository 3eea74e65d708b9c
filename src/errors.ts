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
 * What is wrong with a file that somebody wants to publish, for a page that says it in its own words and language. An
 * addition to the sentence, which tells the same: programs do not get it.
 */
export interface Verdict {
  readonly reason:
    | 'not_gzip'
    | 'damaged'
    | 'no_chart_yaml'
    | 'bad_yaml'
    | 'bad_name'
    | 'bad_version'
    | 'bad_chart'
    | 'unsafe_path'
    | 'bomb'
  /** The file inside the archive that is wrong. */
  readonly file?: string | undefined
  /** The line of that file, from 1, where it is known. */
  readonly line?: number | undefined
  /** The key of Chart.yaml that is wrong. */
  readonly key?: string | undefined
  /** What the parser said, or the text that is wrong. */
  readonly text?: string | undefined
}

/**
 * The one domain error. Its message is a sentence for the person who caused it: what was tried, on what, why not,
 * what to do. It is shown outside, so it names no absolute path and no driver's text; those go into `cause`.
 */
export class RegistryError extends Error {
  override readonly name = 'RegistryError'
  /** Of an archive that cannot be published, where the reason is one of the known ones. */
  readonly verdict: Verdict | undefined

  constructor(
    readonly code: ErrorCode,
    readonly about: ErrorAbout,
    message: string,
    readonly details: ErrorDetails = {},
    options?: { cause?: unknown; verdict?: Verdict | undefined },
  ) {
    super(message, options)
    this.verdict = options?.verdict
  }
}

/** True for a RegistryError, of the given code when one is given. */
export function isRegistryError(error: unknown, code?: ErrorCode): error is RegistryError {
  return error instanceof RegistryError && (code === undefined || error.code === code)
}
