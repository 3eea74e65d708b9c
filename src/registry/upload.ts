/**
 * Bytes that arrived from outside and wait to be judged: in memory when small, else a file of the spool folder.
 * Whoever received it calls discard() in a `finally`, whatever came of it.
 */
export interface Upload {
  readonly body: Uint8Array | Blob
  /** Bytes. */
  readonly size: number
  discard(): Promise<void>
}
