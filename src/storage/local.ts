import { constants, accessSync, mkdirSync, statSync } from 'node:fs'
import { access } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { RegistryError } from '../errors.ts'
import type { Log, LogFields } from '../log.ts'
import { fileInfo } from './change-tag.ts'
import type { FileCalls } from './file-calls.ts'
import { isMissing, isRemote, localCalls, remoteCalls, smallBytes, systemCode } from './file-calls.ts'
import { fileError } from './file-errors.ts'
import { FolderWatch } from './folder-watch.ts'
import { listFiles } from './local-list.ts'
import { localLog } from './local-log.ts'
import { LocalWriter } from './local-write.ts'
import type { ObjectInfo, Storage } from './storage.ts'
import { clearAbandoned, tempFolder } from './temp-files.ts'

/** A container that is started again looks like another host: what it left is cleared when it is old enough. */
const clearEveryMs = 60 * 60 * 1000

export interface LocalOptions {
  /** The folder that holds the objects; made when it is missing. */
  readonly root: string
  readonly log: Log
  /** Replaces single calls to the operating system, for a file system that a test cannot mount. */
  readonly calls?: Partial<FileCalls>
}

/**
 * One file per object below a folder, laid out as ChartMuseum lays it out. Several processes may share the folder.
 * A symbolic link that the operator put there is followed, out of the folder too; a write replaces the link itself.
 * Throws RegistryError `unavailable`, for the operator to read, when the folder cannot be made or read; one that
 * cannot be written is served read-only, with a warning, as ChartMuseum would.
 */
export async function localStorage({ root: folder, log, calls: replaced }: LocalOptions): Promise<Storage> {
  const root = resolve(folder)
  const warn = onceEach((message, fields) => log.warn(message, { folder: root, ...fields }))
  const writable = prepare(root, log)
  const clear = () => clearAbandoned(join(root, tempFolder), warn)
  if (writable) clear()
  const clearing = setInterval(clear, clearEveryMs).unref()
  const remote = isRemote(root)
  const calls = whileMounted(root, { ...(remote ? remoteCalls : localCalls), ...replaced })
  const writer = new LocalWriter(root, calls, warn)
  const watches = new Set<FolderWatch>()

  async function info(key: string): Promise<ObjectInfo | undefined> {
    try {
      const stats = await calls.stat(join(root, key))
      return stats?.isFile() ? fileInfo(key, stats) : undefined
    } catch (error) {
      throw fileError('read', key, error)
    }
  }

  return {
    driver: 'local',
    info,
    async get(key) {
      const found = await info(key)
      if (found === undefined) return undefined
      const path = join(root, key)
      const body = Bun.file(path)
      const { readNow } = calls
      if (readNow === undefined || found.size > smallBytes) return { ...found, body }
      return { ...found, body, bytesNow: () => readNowOf(readNow, key, path) }
    },
    put: (key, body, options) => writer.put(key, body, options?.when === 'absent'),
    delete: (key) => writer.delete(key),
    async *list(prefix, options) {
      try {
        yield* listFiles(root, calls, prefix, options?.shallow === true)
      } catch (error) {
        throw fileError('list', prefix || '/', error)
      }
    },
    watch(prefix, changed) {
      const watch = new FolderWatch({
        folder: join(root, prefix),
        remote,
        warn,
        changed: (name) => name !== '.chartroom' && changed(name && prefix + name),
      })
      watches.add(watch)
      return () => {
        watch.close()
        watches.delete(watch)
      }
    },
    log: (key) => localLog({ path: join(root, key), key, remote }),
    async check() {
      try {
        await access(`${root}/.`, constants.R_OK | constants.X_OK)
      } catch (error) {
        throw fileError('read', '/', error)
      }
    },
    async close() {
      clearInterval(clearing)
      for (const watch of watches) watch.close()
      watches.clear()
    },
  }
}

function readNowOf(
  readNow: (path: string) => Uint8Array<ArrayBuffer>,
  key: string,
  path: string,
): Uint8Array<ArrayBuffer> {
  try {
    return readNow(path)
  } catch (error) {
    throw fileError('read', key, error)
  }
}

/**
 * The same calls, but where a file is missing because the whole root is: that is a lost mount, not a deleted object,
 * and must never read as "no such chart".
 */
function whileMounted(root: string, calls: FileCalls): FileCalls {
  async function whenMissing(path: string): Promise<undefined> {
    if (path === root || (await calls.stat(root)) !== undefined) return undefined
    throw Object.assign(new Error(`the storage folder "${root}" is gone`), { code: 'ESTALE' })
  }
  return {
    ...calls,
    stat(path) {
      // Not async: on a local disk what is there is found at once, and a listing asks ten thousand times.
      const found = calls.stat(path)
      if (found instanceof Promise) return found.then((stats) => stats ?? whenMissing(path))
      return found ?? whenMissing(path)
    },
  }
}

/** Makes sure that the root is a folder that can be read. True when it can be written too. */
function prepare(root: string, log: Log): boolean {
  const user = `uid ${process.getuid?.() ?? 'of this user'}`
  const wish = `give it to ${user} (chown) or choose another with --storage-local-rootdir`
  try {
    mkdirSync(root, { recursive: true })
  } catch (error) {
    const code = systemCode(error)
    const isFile = code === 'EEXIST' || code === 'ENOTDIR'
    const why = isFile
      ? 'a file stands there; choose another with --storage-local-rootdir'
      : `${user} may not; ${wish}`
    throw startError(`Cannot make the storage folder "${root}": ${why}`, error)
  }
  try {
    accessSync(root, constants.R_OK | constants.X_OK)
  } catch (error) {
    throw startError(`Cannot read the storage folder "${root}" as ${user}: ${wish}`, error)
  }
  const own = ['.', dirname(tempFolder), tempFolder].map((path) => resolve(root, path))
  const locked = own.map(whyLocked).find((why) => why !== undefined)
  if (locked === undefined) return true
  log.warn(`Uploads and deletions will fail, ${user} cannot write the storage folder: ${locked}; ${wish}`)
  return false
}

/** Why a folder cannot be written, or undefined when it can be or is not there yet. */
function whyLocked(folder: string): string | undefined {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK)
    return undefined
  } catch (error) {
    if (isMissing(error)) return undefined
    const why =
      systemCode(error) === 'EROFS' ? 'is mounted read-only' : `belongs to uid ${statSync(folder).uid}`
    return `"${folder}" ${why}`
  }
}

function startError(message: string, cause: unknown): RegistryError {
  return new RegistryError('unavailable', 'storage', message, {}, { cause })
}

/** Says each sentence once, however often its reason comes up. */
function onceEach(say: (message: string, fields?: LogFields) => void): typeof say {
  const said = new Set<string>()
  return (message, fields) => {
    if (said.has(message)) return
    said.add(message)
    say(message, fields)
  }
}
