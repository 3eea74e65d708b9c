import type { LoggedChange } from './change-log.ts'

/** One append: its name, when it was made (milliseconds), and what changed; null: too much to tell. */
export type LogWrite = readonly [id: string, at: number, changes: readonly LoggedChange[] | null]

/** What the object of a change log holds, oldest first. */
export interface LogRecord {
  readonly writes: readonly LogWrite[]
  /** Older writes were dropped. */
  readonly trimmed: boolean
}

const format = 'chartroom changes 1'

/**
 * A write is kept this long, milliseconds: replicas look at least every five seconds, and a log that is only as long as
 * it must be is cheap to write.
 */
const keptMs = 60_000
/** So many writes are kept however old they are, and at most so many changes however new. */
const [fewest, mostChanges] = [10, 1000]
/** A single write with more changes than this only says that there were many. */
const mostPerWrite = 300

/** A log that nobody wrote to. */
export const emptyLog: LogRecord = { writes: [], trimmed: false }

/** The log with one more write, without those that are too old. */
export function withWrite(
  { writes, trimmed }: LogRecord,
  id: string,
  changes: readonly LoggedChange[],
): LogRecord {
  const now = Date.now()
  const all = [...writes, [id, now, changes.length > mostPerWrite ? null : changes] as const]
  let count = 0
  let from = all.length
  while (from > 0) {
    const [, at, listed] = all[from - 1] ?? []
    count += listed?.length ?? 1
    const old = at === undefined || now - at > keptMs
    if (count > mostChanges || (old && all.length - from >= fewest)) break
    from -= 1
  }
  return { writes: all.slice(Math.min(from, all.length - 1)), trimmed: trimmed || from > 0 }
}

/** The log as it is stored. */
export function logText({ writes, trimmed }: LogRecord): string {
  return JSON.stringify({ format, trimmed, writes })
}

/** Reads a stored log; undefined when it is not one. */
export function parseLog(text: string): LogRecord | undefined {
  const read = jsonOf(text)
  if (typeof read !== 'object' || read === null) return undefined
  const { format: named, trimmed, writes } = read as Record<string, unknown>
  if (named !== format || typeof trimmed !== 'boolean' || !Array.isArray(writes)) return undefined
  return writes.every(isWrite) ? { trimmed, writes } : undefined
}

function isWrite(write: unknown): write is LogWrite {
  if (!Array.isArray(write)) return false
  const [id, at, changes] = write as unknown[]
  return typeof id === 'string' && typeof at === 'number' && (changes === null || areChanges(changes))
}

/** True for a list of changes, as it may come from the outside. */
export function areChanges(changes: unknown): changes is LoggedChange[] {
  if (!Array.isArray(changes)) return false
  return changes.every(
    (change) =>
      Array.isArray(change) && change.length >= 2 && change.every((part) => typeof part === 'string'),
  )
}

/** What a JSON text says; undefined when it is none. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}
