import type { FSWatcher } from 'node:fs'
import { statSync, watch } from 'node:fs'
import { basename } from 'node:path'
import { systemCode } from './file-calls.ts'

const lookEveryMs = 1000
const pollEveryMs = 2000
/** The kernel drops events silently when 16,384 are waiting; from here on a list is asked for to be sure. */
const manyEvents = 1000

export interface FolderWatchOptions {
  readonly folder: string
  /** Nobody tells of other machines' writes there: say "something changed" every two seconds instead. */
  readonly remote: boolean
  /** A direct child may have changed (its name), or anything (undefined). */
  readonly changed: (name?: string) => void
  readonly warn: (message: string) => void
  /** Replaces `fs.watch`, for a limit or a fault that a test cannot cause. */
  readonly watch?: typeof watch
}

interface Seen {
  readonly dev: bigint
  readonly ino: bigint
  readonly mtimeNs: bigint
}

/**
 * Watches the direct children of one folder, which may come, go and be replaced meanwhile. The kernel tells of
 * changes (inotify); once a second the folder's own inode and mtime are compared, for what it did not tell.
 * What is written into the target of a symbolic link elsewhere is seen by neither.
 */
export class FolderWatch {
  #watcher: FSWatcher | undefined
  #seen: Seen | undefined
  #events = 0
  #timer: NodeJS.Timeout | undefined

  constructor(private readonly options: FolderWatchOptions) {
    if (options.remote) this.#poll()
    else this.#start()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#detach()
  }

  #start(): void {
    this.#timer = setInterval(() => this.#look(), lookEveryMs).unref()
    this.#seen = this.#stat()
    if (this.#seen) this.#attach()
  }

  #look(): void {
    const before = this.#seen
    const now = this.#stat()
    const events = this.#events
    this.#events = 0
    this.#seen = now
    if (now?.ino !== before?.ino || now?.dev !== before?.dev) {
      this.#detach()
      if (now) this.#attach()
      return this.options.changed()
    }
    const untold = now?.mtimeNs !== before?.mtimeNs && events === 0
    if (untold || events > manyEvents) this.options.changed()
  }

  #attach(): void {
    const { folder, changed, watch: start = watch } = this.options
    try {
      this.#watcher = start(folder, { persistent: false }, (_, name) => {
        this.#events++
        if (name === null) return changed()
        changed(name)
        if (name === basename(folder)) this.#look() // Said of a folder that is itself moved or removed.
      })
      this.#watcher.on('error', (error) => this.#failed(error))
    } catch (error) {
      this.#failed(error)
    }
  }

  #failed(error: unknown): void {
    this.#detach()
    if (systemCode(error) === 'ENOENT') return // Gone between two lines; the next look sees it.
    const limit = ['ENOSPC', 'EMFILE'].includes(systemCode(error) ?? '')
    const why = limit ? 'the limit for watched folders is reached (fs.inotify.max_user_watches)' : 'it failed'
    this.options.warn(`Cannot watch the storage folder, ${why}: it is listed every two seconds instead`)
    clearInterval(this.#timer)
    this.#poll()
  }

  #poll(): void {
    this.#timer = setInterval(() => this.options.changed(), pollEveryMs).unref()
  }

  #detach(): void {
    this.#watcher?.close()
    this.#watcher = undefined
  }

  #stat(): Seen | undefined {
    try {
      return statSync(this.options.folder, { bigint: true, throwIfNoEntry: false })
    } catch {
      return undefined // A file in the place of a parent, or no permission: nothing to watch until that changes.
    }
  }
}
