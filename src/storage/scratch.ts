import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder for files that need not outlive the process: an index ready to send, an upload that waits to be judged. */
export interface Scratch {
  readonly folder: string
  /** A path in it that nothing uses yet. */
  newPath(purpose: string): string
  /** Removes a file of it, later: an answer that was made from it may not have been opened yet. */
  retire(path: string): void
  close(): Promise<void>
}

/** How long a retired file stays, milliseconds: far longer than a response needs to open its body. */
const retireAfterMs = 30_000

const prefix = `chartroom-${hostname()}-`

/**
 * Makes the scratch folder below the system's temporary folder, or gives undefined where nothing there can be
 * written (a read-only root without /tmp): then everything stays in memory. Folders of processes that died without
 * removing theirs are removed here.
 */
export function openScratch(parent: string = tmpdir()): Scratch | undefined {
  const folder = makeFolder(parent)
  if (folder === undefined) return undefined
  removeAbandoned(parent, folder)
  let count = 0
  const timers = new Set<Timer>()
  return {
    folder,
    newPath(purpose) {
      count += 1
      return join(folder, `${purpose}-${count}`)
    },
    retire(path) {
      const timer = setTimeout(() => {
        timers.delete(timer)
        rmSync(path, { force: true })
      }, retireAfterMs)
      timer.unref()
      timers.add(timer)
    },
    async close() {
      for (const timer of timers) clearTimeout(timer)
      await rm(folder, { recursive: true, force: true })
    },
  }
}

function makeFolder(parent: string): string | undefined {
  try {
    return mkdtempSync(join(parent, `${prefix}${process.pid}-`))
  } catch {
    // Any reason is the same to us: this folder cannot be used, and memory is what remains.
    return undefined
  }
}

function removeAbandoned(parent: string, own: string): void {
  for (const name of readdirSync(parent)) {
    const folder = join(parent, name)
    if (!name.startsWith(prefix) || folder === own) continue
    const pid = Number(name.slice(prefix.length).split('-')[0])
    // In a container every start may have the same process number: another folder of ours is abandoned too.
    if (pid === process.pid || !isAlive(pid)) rmSync(folder, { recursive: true, force: true })
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
