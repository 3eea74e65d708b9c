/** One change that others have to hear of. What it means is the registry's matter; it must be small. */
export type LoggedChange = readonly [repo: string, file: string, digest?: string, created?: string]

/** What a look into the log found. */
export interface LogNews {
  /** What was appended since the last look, by whomever, oldest first. */
  readonly changes: readonly LoggedChange[]
  /** More happened than the log remembers: only listing the store tells what. */
  readonly lost: boolean
}

/**
 * A short log of the latest changes in a store. Every process that serves the store appends what it changed before it
 * answers for it, and looks before it answers a read: so nobody is told less than somebody was told before.
 *
 * It holds the position of this process: what `look` gave once it does not give again.
 */
export interface ChangeLog {
  /**
   * Appends changes; when it resolves every later look of every process gives them. Calls at the same time share one
   * write. Throws RegistryError `unavailable` when the store does not take it.
   */
  append(changes: readonly LoggedChange[]): Promise<void>
  /** What is new since the last look; the first look only finds the position, and is `lost`. */
  look(): Promise<LogNews>
  /**
   * True when nothing is new, told at once: where that costs no more than a system call (a folder). Undefined: only
   * `look` can tell.
   */
  unchangedNow?(): boolean | undefined
}
