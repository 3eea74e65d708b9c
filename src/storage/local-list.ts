import type { Dirent } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { fileInfo } from './change-tag.ts'
import type { FileCalls } from './file-calls.ts'
import { isMissing } from './file-calls.ts'
import type { ObjectInfo } from './storage.ts'

/** Entries looked at in one go: about 1 ms on a local disk, so that answers to other requests never wait longer. */
const chunkSize = 256

/** What belongs to Chartroom itself, wherever a disk begins; listed only when asked for by name. */
const reserved = '.chartroom/'
/** The folder that ext4 makes at the top of a disk. Nobody but root can read it, and it never holds objects. */
const lostAndFound = 'lost+found/'

/**
 * The files below root whose key starts with prefix, in key order. Links to files count as files, dangling ones as
 * nothing. Links to folders are not entered, so that a link to a parent cannot make the listing endless; a prefix
 * that names one is. Names that are not UTF-8 have no key and are skipped. `sincePause` counts the entries of all folders
 * since others had their turn.
 */
export async function* listFiles(
  root: string,
  calls: FileCalls,
  prefix: string,
  shallow: boolean,
  sincePause = { entries: 0 },
): AsyncGenerator<ObjectInfo> {
  const base = prefix.slice(0, prefix.lastIndexOf('/') + 1)
  const names = await namesIn(root, calls, base, (name) => (base + name).startsWith(prefix))
  for (let at = 0; at < names.length; at += chunkSize) {
    const chunk = names.slice(at, at + chunkSize)
    sincePause.entries += chunk.length
    if (sincePause.entries > chunkSize) {
      await setImmediate()
      sincePause.entries = chunk.length
    }
    const stats = await Promise.all(
      chunk.map((name) => (isFolderName(name) ? undefined : calls.stat(`${root}/${base}${name}`))),
    )
    for (const [index, name] of chunk.entries()) {
      const found = stats[index]
      if (found?.isFile()) yield fileInfo(base + name, found)
      else if (isFolderName(name) && !shallow) yield* listFiles(root, calls, base + name, false, sincePause)
    }
  }
}

/** The names in one folder, in key order: folders end in "/", because keys are compared, and "a.b" is before "a/b". */
async function namesIn(
  root: string,
  calls: FileCalls,
  base: string,
  wanted: (name: string) => boolean,
): Promise<string[]> {
  const names: string[] = []
  for (const entry of await readFolder(root, calls, base)) {
    const folder =
      entry.isDirectory() || (isUntyped(entry) && (await isFolder(join(root, base, entry.name), calls)))
    const name = folder ? `${entry.name}/` : entry.name
    const hidden = !base.startsWith(reserved) && (name === reserved || base + name === lostAndFound)
    if (wanted(name) && !hidden) names.push(name)
  }
  return names.sort()
}

function isFolderName(name: string): boolean {
  return name.endsWith('/')
}

async function readFolder(root: string, calls: FileCalls, base: string) {
  try {
    return await calls.entries(join(root, base))
  } catch (error) {
    // A missing folder is an empty prefix. A missing root is a lost mount: to list it as empty would hide every chart.
    if (isMissing(error) && base !== '' && (await isFolder(root, calls))) return []
    throw error
  }
}

/** Some file systems name their entries without saying what they are. */
function isUntyped(entry: Dirent): boolean {
  return !entry.isFile() && !entry.isDirectory() && !entry.isSymbolicLink()
}

async function isFolder(path: string, calls: FileCalls): Promise<boolean> {
  return (await calls.stat(path))?.isDirectory() === true
}
