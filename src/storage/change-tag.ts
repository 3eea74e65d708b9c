import type { BigIntStats } from 'node:fs'
import type { ObjectInfo } from './storage.ts'

/** What is known of a file, from its stat. */
export function fileInfo(key: string, stats: BigIntStats): ObjectInfo {
  return { key, size: Number(stats.size), modified: dateOf(stats.mtimeMs), etag: changeTag(stats) }
}

const lastDate = Date.UTC(9999, 11, 31)

/** The time of a file, within what RFC 3339 can say: some file systems keep years that no client can read. */
function dateOf(mtimeMs: bigint): Date {
  return new Date(Math.min(Math.max(Number(mtimeMs), 0), lastDate))
}

/**
 * The change tag of a file. A replacement may keep size and mtime (`cp -p`, `touch -d`): ctime, which nobody can set,
 * or the inode then tells. Nanoseconds, because two writes in one millisecond happen.
 */
export function changeTag({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  // mtime and ctime are mostly equal: their distance is short, and a listing of 10,000 files makes 10,000 tags.
  return `${ino.toString(36)}-${size.toString(36)}-${mtimeNs.toString(36)}-${(ctimeNs - mtimeNs).toString(36)}`
}
