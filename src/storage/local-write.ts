import { dirname, join } from 'node:path'
import type { FileCalls } from './file-calls.ts'
import { isMissing, systemCode } from './file-calls.ts'
import { RegistryError } from '../errors.ts'
import type { LogFields } from '../log.ts'
import { fileInfo } from './change-tag.ts'
import { fileError } from './file-errors.ts'
import { FolderSync } from './folder-sync.ts'
import type { Body, ObjectInfo } from './storage.ts'
import { clearAbandoned, tempFolder, tempName } from './temp-files.ts'

/** What a file system answers that has no hard links (SMB, exFAT, some FUSE); EMLINK cannot happen to a new file. */
const noLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'])

/** An unfinished write: its bytes are in a file of their own, open, not yet under the object's key. */
interface Unfinished {
  readonly path: string
  readonly file: number
}

/**
 * Writes and deletes objects as files, whole or not at all:
 *
 *   .chartroom/tmp/<name>  create, write, fdatasync
 *   <key>                  link (`when: 'absent'`: one of many racing writers wins, in whatever process) or rename
 *   folder of <key>        fsync, one for all writes that wait for it
 */
export class LocalWriter {
  readonly #folders: FolderSync
  /** Folders that lie on another disk than the root, by a mount or a link: they get a folder for temporary files. */
  readonly #otherDisks = new Set<string>()
  #links = true

  constructor(
    private readonly root: string,
    private readonly calls: FileCalls,
    private readonly warn: (message: string, fields?: LogFields) => void,
  ) {
    this.#folders = new FolderSync(root, calls, warn)
  }

  async put(key: string, body: Body, absent: boolean): Promise<ObjectInfo> {
    const folder = dirname(join(this.root, key))
    try {
      return await this.#put(key, body, absent)
    } catch (error) {
      if (systemCode(error) !== 'EXDEV' || this.#otherDisks.has(folder)) throw fileError('store', key, error)
      this.#otherDisks.add(folder)
      clearAbandoned(join(folder, tempFolder), this.warn)
      return await this.put(key, body, absent)
    }
  }

  async delete(key: string): Promise<boolean> {
    const path = join(this.root, key)
    let removed = false
    try {
      if (!(await this.calls.stat(path))?.isFile()) return false
      await this.calls.remove(path)
      removed = true
      await this.#folders.sync(dirname(path))
      return removed
    } catch (error) {
      if (isMissing(error)) return removed // Somebody else deleted it, or its folder, between two of the lines above.
      throw fileError('delete', key, error)
    }
  }

  async #put(key: string, body: Body, absent: boolean): Promise<ObjectInfo> {
    const target = join(this.root, key)
    const unfinished = await this.#create(dirname(target))
    let placed = false
    try {
      await fill(unfinished.file, body, this.calls)
      await this.calls.syncFile(unfinished.file)
      await this.#inFolder(dirname(target), () => this.#place(unfinished.path, target, absent))
      placed = true
      // The open file, not its path: link and unlink move ctime, and another writer may replace the path at once.
      const info = fileInfo(key, await this.calls.statOpen(unfinished.file))
      await this.#folders.sync(dirname(target))
      return info
    } catch (error) {
      await this.#undo(unfinished, placed && absent ? target : undefined)
      throw error
    } finally {
      await this.calls.close(unfinished.file)
    }
  }

  async #create(destination: string): Promise<Unfinished> {
    const folder = join(this.#otherDisks.has(destination) ? destination : this.root, tempFolder)
    const path = join(folder, tempName())
    try {
      return { path, file: await this.#inFolder(folder, () => this.calls.create(path)) }
    } catch (error) {
      // A file where our own folder should be is not the visitor's conflict.
      if (!['ENOTDIR', 'EEXIST', 'EISDIR'].includes(systemCode(error) ?? '')) throw error
      const message =
        'Cannot store anything: ".chartroom" in the storage folder is no folder; tell the operator'
      throw new RegistryError('unavailable', 'storage', message, {}, { cause: error })
    }
  }

  /** Places a whole file under its key. The unfinished name is gone afterwards. */
  async #place(from: string, to: string, absent: boolean): Promise<void> {
    if (!absent) return await this.calls.rename(from, to)
    if (!this.#links) return await this.#placeWithoutLinks(from, to)
    try {
      await this.calls.link(from, to)
    } catch (error) {
      if (!noLinks.has(systemCode(error) ?? '')) throw error
      await this.#placeWithoutLinks(from, to)
      this.#links = false // Only now: EPERM is also said of a folder that takes no writes at all.
      this.warn(
        'The storage folder has no hard links: exclusive create decides who publishes a version first',
      )
      return
    }
    await this.calls.remove(from)
  }

  /**
   * Reserves the name by exclusive create, then moves the whole file over it. Until the rename a reader meets an
   * empty file, never half of one; a process killed between the two leaves it.
   */
  async #placeWithoutLinks(from: string, to: string): Promise<void> {
    await this.calls.close(await this.calls.create(to))
    try {
      await this.calls.rename(from, to)
    } catch (error) {
      await this.#removeLeftover(to)
      throw error
    }
  }

  /** Runs a step; makes the folder and runs it again when the folder is missing. */
  async #inFolder<T>(folder: string, step: () => T | Promise<T>): Promise<T> {
    await this.#folders.made(folder)
    try {
      return await step()
    } catch (error) {
      if (systemCode(error) !== 'ENOENT') throw error
      await this.#folders.make(folder)
      return await step()
    }
  }

  /** A placed file is taken back only while it is still the one this write placed. */
  async #undo({ path, file }: Unfinished, target: string | undefined): Promise<void> {
    await this.#removeLeftover(path)
    if (target === undefined) return
    const [own, there] = [await this.calls.statOpen(file), await this.calls.stat(target)]
    if (there?.ino === own.ino) await this.#removeLeftover(target)
  }

  async #removeLeftover(path: string): Promise<void> {
    try {
      await this.calls.remove(path)
    } catch (error) {
      if (!isMissing(error)) this.warn('Cannot remove an unfinished file', { file: path })
    }
  }
}

async function fill(file: number, body: Body, calls: FileCalls): Promise<void> {
  if (body instanceof Uint8Array) return await calls.write(file, body)
  for await (const chunk of body.stream()) await calls.write(file, chunk)
}
