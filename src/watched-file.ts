import { statSync, type BigIntStats } from 'node:fs'
import { stat } from 'node:fs/promises'

/** Files under watch. */
export interface FileWatch {
  /** Ends it: `onChange` is not called any more. */
  close(): void
}

/** How files are watched. */
export interface WatchOptions {
  /** Milliseconds between two looks. */
  readonly everyMs?: number
}

/** A file that changes is read when it has been still so long, milliseconds: it may be half written. */
const stillMs = 100
/** Looks until then at most: a file that never comes to rest is read all the same. */
const mostLooks = 5

/**
 * Calls `onChange` when any of the files has become another one, and at once on every SIGHUP, changed or not. It looks
 * again and again, because file events do not reach every mount, and through symbolic links: Kubernetes replaces a
 * mounted secret by turning a link. What changes together within a moment is one change; a file that comes, goes or may
 * be read no longer has changed too.
 *
 * Watch first and read then, so that no change falls between. `onChange` never runs twice at a time, and answers for its
 * own errors. Keeps no process alive.
 */
export function watchFiles(
  paths: readonly string[],
  onChange: () => void | Promise<void>,
  { everyMs = 1_000 }: WatchOptions = {},
): FileWatch {
  let seen = paths.map(stampNow).join('\n')
  const now = { looking: false, asked: false, closed: false }

  async function look(asked: boolean): Promise<void> {
    now.asked ||= asked
    if (now.looking) return
    now.looking = true
    try {
      do {
        const forced = now.asked
        now.asked = false
        const found = forced ? await stamps(paths) : await changed(paths, seen)
        if (found === undefined || now.closed) continue
        // Before it reads: what changes meanwhile is seen by the next look.
        seen = found
        await onChange()
      } while (now.asked && !now.closed)
    } finally {
      now.looking = false
    }
  }

  const timer = setInterval(() => void look(false), everyMs).unref()
  const hangup = () => void look(true)
  process.on('SIGHUP', hangup)
  return {
    close() {
      now.closed = true
      clearInterval(timer)
      process.off('SIGHUP', hangup)
    },
  }
}

/** The stamps of files that are not what they were, once they are still; undefined while nothing has changed. */
async function changed(paths: readonly string[], seen: string): Promise<string | undefined> {
  let found = await stamps(paths)
  if (found === seen) return undefined
  for (let looks = 0; looks < mostLooks; looks++) {
    await Bun.sleep(stillMs)
    const next = await stamps(paths)
    if (next === found) break
    found = next
  }
  return found
}

async function stamps(paths: readonly string[]): Promise<string> {
  return (await Promise.all(paths.map(stampOf))).join('\n')
}

async function stampOf(path: string): Promise<string> {
  try {
    return stampText(await stat(path, { bigint: true }))
  } catch (error) {
    return absent(error)
  }
}

function stampNow(path: string): string {
  try {
    return stampText(statSync(path, { bigint: true }))
  } catch (error) {
    return absent(error)
  }
}

/** The change time tells of new permissions, and of a file whose older time was kept when it was copied. */
function stampText({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  return `${dev} ${ino} ${size} ${mtimeNs} ${ctimeNs}`
}

function absent(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code)
  throw error
}
