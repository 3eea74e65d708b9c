import * as fs from 'node:fs'
import { dirname, join, relative, sep } from 'node:path'
import type { Finding } from './check-up.ts'
import { isMissing, isRemote, systemCode } from './file-calls.ts'

/** Less room than this is told, bytes. */
const littleRoomBytes = 1024 * 1024 * 1024
/** Files and folders that are looked at one by one. */
const mostLookedAt = 1000
const racers = 8
const ownFolder = '.chartroom'

/**
 * Tries everything that Chartroom needs of a folder, on files of its own below `.chartroom/`, and removes them again.
 * True when of several who write one name at once exactly one wins; undefined when that could not be tried.
 */
export function folderCheckUp(root: string, tell: (finding: Finding) => void): boolean | undefined {
  const made: string[] = []
  let exclusive: boolean | undefined
  const attempt = (what: string, fix: string, run: () => Partial<Finding> | undefined): boolean => {
    const begun = performance.now()
    try {
      const found = run()
      const ms = performance.now() - begun
      tell({ what, state: 'ok', ms, ...found })
      return found?.state !== 'fails'
    } catch (error) {
      if (systemCode(error) === undefined) throw error
      tell({ what, state: 'fails', told: whyNot(error), fix: fixOf(error, fix) })
      return false
    }
  }
  const grant = `give the folder to ${user()}: chown -R ${process.getuid?.() ?? 'USER'} "${root}"`
  try {
    if (!attempt('folder', grant, () => openFolder(root, made))) return undefined
    attempt('list', grant, () => quietly(() => fs.readdirSync(root)))
    attempt('read', grant, () => readSome(root))
    const own = join(root, ownFolder, `doctor-${crypto.randomUUID()}`)
    const writes = attempt('write', grant, () => {
      makeFolders(own, made)
      return writeWhole(join(own, 'written'))
    })
    if (writes) {
      attempt('write absent', 'use a file system with hard links', () => {
        exclusive = linkRaced(own)
        return exclusive ? undefined : { state: 'fails', told: 'two who write one name at once can both win' }
      })
      attempt('replace', grant, () => quietly(() => fs.renameSync(join(own, 'written'), join(own, 'raced'))))
      attempt('sync', 'use a file system that keeps what it was told to keep', () => syncFolder(own))
      attempt('delete', grant, () => quietly(() => fs.unlinkSync(join(own, 'raced'))))
      attempt('repositories', grant, () => writableFolders(root))
    }
    attempt('space', 'free some space', () => space(root))
    attempt('watch', 'changes by others show after --cache-interval', () => watching(root))
    return exclusive
  } finally {
    for (const folder of made.toReversed()) removeOwn(folder)
  }
}

/** Folders above the own one stay when somebody else uses them meanwhile. */
function removeOwn(folder: string): void {
  if (/\/doctor-[^/]*$/.test(folder)) return fs.rmSync(folder, { recursive: true, force: true })
  try {
    fs.rmdirSync(folder)
  } catch (error) {
    if (!['ENOTEMPTY', 'EEXIST'].includes(systemCode(error) ?? '')) throw error
  }
}

/** Nothing to tell of what went well. */
function quietly(run: () => unknown): undefined {
  run()
  return undefined
}

function user(): string {
  return `uid ${process.getuid?.() ?? 'of this user'}`
}

/** The folder as it is; one that is missing is made, as a start makes it, and removed again in the end. */
function openFolder(root: string, made: string[]): Partial<Finding> {
  const before = fs.statSync(root, { throwIfNoEntry: false })
  if (before === undefined) {
    makeFolders(root, made)
    return { told: 'it is not there yet; the server makes it when it starts' }
  }
  if (!before.isDirectory())
    return { state: 'fails', told: 'a file stands there', fix: 'choose another folder' }
  const mode = (before.mode & 0o7777).toString(8).padStart(4, '0')
  return { told: `belongs to uid ${before.uid}, gid ${before.gid}, mode ${mode}; this is ${user()}` }
}

/** Makes a folder and those above it, and notes which. */
function makeFolders(folder: string, made: string[]): void {
  if (fs.existsSync(folder)) return
  makeFolders(dirname(folder), made)
  fs.mkdirSync(folder)
  made.push(folder)
}

/** One file that cannot be read is a chart that nobody can install. */
function readSome(root: string): Partial<Finding> | undefined {
  let looked = 0
  for (const entry of fs.readdirSync(root, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || !/\.tgz(\.prov)?$/.test(entry.name)) continue
    // What was deleted and can be brought back is no chart file.
    if (relative(root, entry.parentPath).split(sep)[0] === '.chartroom') continue
    fs.accessSync(join(entry.parentPath, entry.name), fs.constants.R_OK)
    looked += 1
    if (looked === mostLookedAt) break
  }
  return looked === 0 ? undefined : { told: `${looked} chart files can be read` }
}

function writeWhole(path: string): undefined {
  const file = fs.openSync(path, 'wx', 0o644)
  try {
    fs.writeSync(file, 'written by "chartroom doctor", which removes it again\n')
    fs.fdatasyncSync(file)
  } finally {
    fs.closeSync(file)
  }
}

/** Hard links decide who publishes a version first; where there are none, exclusive create does. */
function linkRaced(own: string): boolean {
  let wins = 0
  for (let i = 0; i < racers; i++) {
    try {
      fs.linkSync(join(own, 'written'), join(own, 'raced'))
      wins += 1
    } catch (error) {
      const code = systemCode(error) ?? ''
      if (['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS'].includes(code)) return createRaced(own)
      if (code !== 'EEXIST') throw error
    }
  }
  return wins === 1
}

function createRaced(own: string): boolean {
  let wins = 0
  for (let i = 0; i < racers; i++) {
    try {
      fs.closeSync(fs.openSync(join(own, 'raced'), 'wx'))
      wins += 1
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error
    }
  }
  return wins === 1
}

function syncFolder(folder: string): Partial<Finding> | undefined {
  const file = fs.openSync(folder, 'r')
  try {
    fs.fsyncSync(file)
    return undefined
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP', 'EOPNOTSUPP'].includes(systemCode(error) ?? '')) throw error
    return {
      state: 'warning',
      told: 'the names in a folder cannot be synced: a power cut may lose the last charts',
    }
  } finally {
    fs.closeSync(file)
  }
}

/** Folders of repositories that somebody else made may be closed to this user although the root is not. */
function writableFolders(root: string): Partial<Finding> | undefined {
  let looked = 0
  for (const entry of fs.readdirSync(root, { withFileTypes: true })) {
    if (!entry.isDirectory() || entry.name.startsWith('.') || entry.name === 'lost+found') continue
    fs.accessSync(join(root, entry.name), fs.constants.W_OK | fs.constants.X_OK)
    looked += 1
    if (looked === mostLookedAt) break
  }
  return looked === 0 ? undefined : { told: `${looked} folders can be written` }
}

function space(root: string): Partial<Finding> {
  const { bavail, bsize, ffree, files } = fs.statfsSync(root)
  const free = bavail * bsize
  const told = `${(free / 1e9).toFixed(1)} GB are free`
  if (free < littleRoomBytes)
    return { state: 'warning', told: `only ${told}`, fix: 'free some space before uploads fail' }
  if (files > 0 && ffree < 1000)
    return { state: 'warning', told: `only ${ffree} more files can be made`, fix: 'free some inodes' }
  return { told }
}

/** Whether changes by others show at once. */
function watching(root: string): Partial<Finding> {
  if (isRemote(root)) {
    const told = 'a network or FUSE mount: what other computers change shows after --cache-interval'
    return { state: 'warning', told, fix: 'none is needed; shorten --cache-interval if that is too late' }
  }
  fs.watch(root, () => undefined).close()
  const limit = (name: string) => {
    try {
      return fs.readFileSync(`/proc/sys/fs/inotify/${name}`, 'utf8').trim()
    } catch (error) {
      if (isMissing(error)) return undefined
      throw error
    }
  }
  const [watches, instances] = [limit('max_user_watches'), limit('max_user_instances')]
  return watches === undefined
    ? {}
    : { told: `the system allows ${watches} watches and ${instances} watchers` }
}

function whyNot(error: unknown): string {
  const code = systemCode(error) ?? ''
  const words: Readonly<Record<string, string>> = {
    EACCES: `${user()} may not`,
    EPERM: `${user()} may not`,
    EROFS: 'it is mounted read-only',
    ENOSPC: 'the disk is full',
    EDQUOT: 'the quota is used up',
    EMFILE: 'the system allows no more watchers for this user',
  }
  const path = error instanceof Error && 'path' in error ? `: ${String(error.path)}` : ''
  return `${words[code] ?? code}${path}`
}

function fixOf(error: unknown, fix: string): string {
  const fixes: Readonly<Record<string, string>> = {
    EROFS: 'mount it for writing',
    ENOSPC: 'free some space',
    EDQUOT: 'raise the quota or free some space',
    EMFILE: 'raise fs.inotify.max_user_instances (sysctl)',
  }
  return fixes[systemCode(error) ?? ''] ?? fix
}
