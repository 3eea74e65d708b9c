import * as fs from 'node:fs'
import type { BigIntStats, Dirent } from 'node:fs'
import { promisify } from 'node:util'

type Now<T> = T | Promise<T>

/**
 * Every call the local driver makes to the operating system. A value, so that a test can put in a file system without
 * hard links or folder syncs, and so that a network mount gets calls that never block the event loop.
 */
export interface FileCalls {
  /** Follows symbolic links; undefined when there is nothing (a dangling or looping link is nothing). */
  stat(path: string): Now<BigIntStats | undefined>
  /** Reads a small file; only there where it does not block for long. */
  readNow?(path: string): Uint8Array<ArrayBuffer>
  /** What stands in a folder, unsorted. Names that are not UTF-8 come out changed, so that stat() finds nothing. */
  entries(folder: string): Now<Dirent[]>
  /** Creates a file that must not exist and opens it for writing (0644 less the umask, as ChartMuseum has it). */
  create(path: string): Now<number>
  /** Writes all of the bytes at the end of what was written. */
  write(file: number, bytes: Uint8Array): Promise<void>
  /** Bytes and size reach the disk (fdatasync). */
  syncFile(file: number): Promise<void>
  /** The names in a folder reach the disk (fsync). */
  syncFolder(folder: string): Promise<void>
  statOpen(file: number): Now<BigIntStats>
  close(file: number): Now<void>
  link(from: string, to: string): Now<void>
  rename(from: string, to: string): Now<void>
  remove(path: string): Now<void>
  makeFolder(path: string): Now<void>
}

const mode = 0o644
/** Up to this many bytes a read or write of the page cache takes less time than a thread hop: 0.02 ms for 64 KiB. */
export const smallBytes = 64 * 1024

const later = {
  write: promisify(fs.write),
  fdatasync: promisify(fs.fdatasync),
  fsync: promisify(fs.fsync),
  open: promisify(fs.open),
  close: promisify(fs.close),
  fstat: promisify(fs.fstat) as (file: number, options: { bigint: true }) => Promise<BigIntStats>,
}

/**
 * Calls for a local disk. What only touches the kernel's caches is synchronous: a stat takes 4 µs, and through the
 * thread pool it costs twice the CPU (10,000 stats: 40 ms against 85 ms). What waits for the disk is not.
 */
export const localCalls: FileCalls = {
  stat: (path) => missingAsUndefined(() => fs.statSync(path, { bigint: true, throwIfNoEntry: false })),
  readNow: (path) => fs.readFileSync(path),
  entries: (folder) => fs.readdirSync(folder, { withFileTypes: true }),
  create: (path) => fs.openSync(path, 'wx', mode),
  async write(file, bytes) {
    if (bytes.byteLength > smallBytes) return await writeAll(file, bytes)
    for (let at = 0; at < bytes.byteLength;) at += fs.writeSync(file, bytes, at)
  },
  syncFile: (file) => later.fdatasync(file),
  async syncFolder(folder) {
    const file = fs.openSync(folder, 'r')
    try {
      await later.fsync(file)
    } finally {
      fs.closeSync(file)
    }
  },
  statOpen: (file) => fs.fstatSync(file, { bigint: true }),
  close: (file) => fs.closeSync(file),
  link: (from, to) => fs.linkSync(from, to),
  rename: (from, to) => fs.renameSync(from, to),
  remove: (path) => fs.unlinkSync(path),
  makeFolder: (path) => void fs.mkdirSync(path),
}

/** Calls for a network mount, where each may take seconds: all of them go through the thread pool. */
export const remoteCalls: FileCalls = {
  stat: (path) => fs.promises.stat(path, { bigint: true }).catch(undefinedWhenMissing),
  entries: (folder) => fs.promises.readdir(folder, { withFileTypes: true }),
  create: (path) => later.open(path, 'wx', mode),
  write: writeAll,
  syncFile: (file) => later.fdatasync(file),
  async syncFolder(folder) {
    const file = await later.open(folder, 'r')
    try {
      await later.fsync(file)
    } finally {
      await later.close(file)
    }
  },
  statOpen: (file) => later.fstat(file, { bigint: true }),
  close: (file) => later.close(file),
  link: (from, to) => fs.promises.link(from, to),
  rename: (from, to) => fs.promises.rename(from, to),
  remove: (path) => fs.promises.unlink(path),
  makeFolder: (path) => fs.promises.mkdir(path),
}

/**
 * Linux's numbers (statfs(2), linux/magic.h) of the file systems whose other writers inotify does not see, or whose
 * calls may hang: NFS, SMB in three spellings, FUSE (virtiofs and the mounts of desktop container engines too), 9p,
 * Ceph, AFS, Lustre.
 */
const remoteTypes = new Set([
  0x6969, 0x517b, 0xfe534d42, 0xff534d42, 0x65735546, 0x01021997, 0x00c36400, 0x5346414f, 0x0bd00bd0,
])

/** True for a folder on a network or FUSE mount. Only Linux can tell; elsewhere a folder counts as local. */
export function isRemote(folder: string): boolean {
  return process.platform === 'linux' && remoteTypes.has(Number(fs.statfsSync(folder).type) >>> 0)
}

/** The operating system's word for what went wrong ("ENOENT"), or undefined when the error is not of it. */
export function systemCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}

/** True when nothing stands at a path: no entry, a file where a folder is needed, links in a circle, a too long path. */
export function isMissing(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG'].includes(systemCode(error) ?? '')
}

async function writeAll(file: number, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) {
    at += (await later.write(file, bytes, at, bytes.byteLength - at, null)).bytesWritten
  }
}

function missingAsUndefined<T>(call: () => T): T | undefined {
  try {
    return call()
  } catch (error) {
    return undefinedWhenMissing(error)
  }
}

function undefinedWhenMissing(error: unknown): undefined {
  if (!isMissing(error)) throw error
}
