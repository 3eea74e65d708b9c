import { statSync } from 'node:fs'
import { mkdir, open, rename } from 'node:fs/promises'
import type { FileHandle } from 'node:fs/promises'
import { dirname } from 'node:path'
import type { ChangeLog, LoggedChange, LogNews } from './change-log.ts'
import { isMissing } from './file-calls.ts'
import { fileError } from './file-errors.ts'
import { areChanges, jsonOf } from './log-record.ts'

/** A file that is larger is begun anew by the next append; whoever has not read it to its end is `lost` then. */
const mostBytes = 1024 * 1024
/** First line of a file that is not the first one. */
const continued = '{"continued":true}'

/** How far which file is read; "start": there was none yet; "nowhere": nobody looked. */
type Position = { readonly inode: bigint; readonly offset: number } | 'start' | 'nowhere'

export interface LocalLogOptions {
  readonly path: string
  /** Its name in messages. */
  readonly key: string
  /** It lies on another machine, and a look must neither block nor believe what the kernel remembers of it. */
  readonly remote: boolean
}

/**
 * A change log in a file that every process appends to, a line per append: the kernel keeps the lines of several
 * processes apart. Nothing new costs one system call. It need not survive a power cut: then every process starts anew
 * and lists.
 */
export function localLog({ path, key, remote }: LocalLogOptions): ChangeLog {
  const writer = crypto.randomUUID()
  let position: Position = 'nowhere'

  async function append(changes: readonly LoggedChange[]): Promise<void> {
    const line = `${JSON.stringify({ writer, changes })}\n`
    // Where another process begins the file anew at this very moment, the line may be in the old one.
    while (!(await appended(line)));
  }

  async function appended(line: string): Promise<boolean> {
    const file = await openForAppending(path)
    try {
      const { ino, size } = await file.stat({ bigint: true })
      if (size > mostBytes) await beginAnew(path)
      else await file.writeFile(line)
      return (await inodeOf(path)) === ino
    } finally {
      await file.close()
    }
  }

  async function look(): Promise<LogNews> {
    const file = await openIfThere(path)
    if (file === undefined) {
      const lost = position !== 'start'
      position = 'start'
      return { changes: [], lost }
    }
    try {
      return await readOn(file)
    } finally {
      await file.close()
    }
  }

  async function readOn(file: FileHandle): Promise<LogNews> {
    const { ino: inode, size } = await file.stat({ bigint: true })
    const from = offsetIn(inode, Number(size))
    if (from === undefined) {
      position = { inode, offset: Number(size) }
      return { changes: [], lost: true }
    }
    const bytes = Buffer.alloc(Number(size) - from)
    const { bytesRead } = await file.read(bytes, 0, bytes.length, from)
    const whole = bytes.subarray(0, bytes.lastIndexOf(10, bytesRead - 1) + 1)
    position = { inode, offset: from + whole.length }
    return newsIn(whole.toString(), writer)
  }

  function offsetIn(inode: bigint, size: number): number | undefined {
    if (position === 'nowhere') return undefined
    if (position === 'start') return 0
    return position.inode === inode && position.offset <= size ? position.offset : undefined
  }

  function unchangedNow(): boolean | undefined {
    if (remote || position === 'nowhere') return undefined
    try {
      const stats = statSync(path, { bigint: true, throwIfNoEntry: false })
      if (stats === undefined || position === 'start') return stats === undefined && position === 'start'
      return stats.ino === position.inode && Number(stats.size) === position.offset
    } catch {
      return undefined // look() says what is wrong.
    }
  }

  return {
    append: (changes) => worded('store', key, () => append(changes)),
    look: () => worded('read', key, look),
    unchangedNow,
  }
}

async function worded<T>(action: 'store' | 'read', key: string, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    throw fileError(action, key, error)
  }
}

/** What the lines say that others wrote. A line that is none was cut by a full disk, or hides what was in it. */
function newsIn(text: string, reader: string): LogNews {
  const changes: LoggedChange[] = []
  let lost = false
  for (const line of text.split('\n').slice(0, -1)) {
    const read = line === continued ? undefined : jsonOf(line)
    const { writer, changes: told } = (read ?? {}) as { writer?: unknown; changes?: unknown }
    if (typeof writer !== 'string' || !areChanges(told)) lost = true
    else if (writer !== reader) changes.push(...told)
  }
  return { changes, lost }
}

async function openForAppending(path: string): Promise<FileHandle> {
  // Other processes may run as other users of one group.
  const mode = 0o664
  try {
    return await open(path, 'a', mode)
  } catch (error) {
    if (!isMissing(error)) throw error
    await mkdir(dirname(path), { recursive: true })
    return open(path, 'a', mode)
  }
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
}

async function inodeOf(path: string): Promise<bigint | undefined> {
  const file = await openIfThere(path)
  try {
    return (await file?.stat({ bigint: true }))?.ino
  } finally {
    await file?.close()
  }
}

async function beginAnew(path: string): Promise<void> {
  const fresh = `${path}.${crypto.randomUUID()}`
  const file = await open(fresh, 'wx', 0o664)
  try {
    await file.writeFile(`${continued}\n`)
  } finally {
    await file.close()
  }
  await rename(fresh, path)
}
