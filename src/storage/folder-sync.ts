import { dirname } from 'node:path'
import type { FileCalls } from './file-calls.ts'
import { systemCode } from './file-calls.ts'

/** What a file system answers that cannot sync a folder at all (SMB, some FUSE). A broken disk says EIO. */
const cannotSync = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EPERM', 'EBADF', 'EISDIR'])

interface Turn {
  running: Promise<void>
  waiting?: Promise<void>
}

/** Makes folders and brings their contents to the disk, shared between all writes that run at once. */
export class FolderSync {
  readonly #turns = new Map<string, Turn>()
  readonly #making = new Map<string, Promise<void>>()
  #supported = true

  constructor(
    private readonly root: string,
    private readonly calls: FileCalls,
    private readonly warn: (message: string) => void,
  ) {}

  /**
   * Resolves when every name placed in the folder before this call survives a power cut. At most one sync runs and
   * one waits per folder; a caller only ever joins one that starts after its call.
   */
  sync(folder: string): Promise<void> {
    const turn = this.#turns.get(folder)
    if (turn === undefined) return this.#start(folder)
    // The turn before may fail without harm to those who wait: theirs is another sync.
    turn.waiting ??= turn.running.then(noop, noop).then(() => this.#start(folder))
    return turn.waiting
  }

  /** Makes a folder below the root with its parents, durably. A missing root is an error: it may be a lost mount. */
  make(folder: string): Promise<void> {
    let making = this.#making.get(folder)
    if (making === undefined) {
      making = this.#make(folder).finally(() => this.#making.delete(folder))
      this.#making.set(folder, making)
    }
    return making
  }

  /** Resolves when a folder that is being made just now is durable. Undefined, at no cost, when there is none. */
  made(folder: string): Promise<void> | undefined {
    return this.#making.get(folder)
  }

  #start(folder: string): Promise<void> {
    const running = this.#syncNow(folder).finally(() => {
      if (this.#turns.get(folder)?.running === running && !this.#turns.get(folder)?.waiting)
        this.#turns.delete(folder)
    })
    this.#turns.set(folder, { running })
    return running
  }

  async #syncNow(folder: string): Promise<void> {
    if (!this.#supported) return
    try {
      await this.calls.syncFolder(folder)
    } catch (error) {
      if (!cannotSync.has(systemCode(error) ?? '')) throw error
      this.#supported = false
      this.warn('The storage folder cannot sync folders: a publish may be lost in a power cut')
    }
  }

  async #make(folder: string): Promise<void> {
    if (folder === this.root) return
    try {
      await this.calls.makeFolder(folder)
    } catch (error) {
      if (systemCode(error) === 'EEXIST') return await this.#mustBeFolder(folder, error)
      if (systemCode(error) !== 'ENOENT' || dirname(folder) === this.root) throw error
      await this.make(dirname(folder))
      return await this.#make(folder)
    }
    await this.sync(dirname(folder))
  }

  async #mustBeFolder(folder: string, error: unknown): Promise<void> {
    if ((await this.calls.stat(folder))?.isDirectory()) return
    throw Object.assign(new Error('a file stands where a folder is needed', { cause: error }), {
      code: 'ENOTDIR',
    })
  }
}

function noop(): void {}
