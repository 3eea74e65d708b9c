import type { BigIntStats } from 'node:fs'
import type { ObjectInfo } from './storage.ts'

/** What is known of a file, from its stat. */
export function fileInfo(key: string, stats: BigIntStats): ObjectInfo {
  return { key, size: Number(stats.size), modified: new Date(Number(stats.mtimeMs)), etag: changeTag(stats) }
}

/**
 * The change tag of a file. A replacement may keep size and mtime (`cp -p`, `touch -d`): ctime, which nobody can set,
 * or the inode then tells. Nanoseconds, because two writes in one millisecond happen.
 */
export function changeTag({ ino, size, mtimeNs, ctimeNs }: BigIntStats): string {
  // mtime and ctime are mostly equal: their distance is short, and a listing of 10,000 files makes 10,000 tags.
  return `${ino.toString(36)}-${size.toString(36)}-${mtimeNs.toString(36)}-${(ctimeNs - mtimeNs).toString(36)}`
}
