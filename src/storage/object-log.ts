import { isRegistryError, RegistryError } from '../errors.ts'
import type { ChangeLog, LoggedChange, LogNews } from './change-log.ts'
import { emptyLog, logText, parseLog, withWrite } from './log-record.ts'
import type { LogRecord } from './log-record.ts'
import type { Storage, StoredObject } from './storage.ts'

/** Tries of one append, before it gives up: each means that another process was faster. */
const maxTries = 100
/** Longest wait for an append, milliseconds, whatever is on its way before it: who publishes gets an answer within ten seconds. */
const patienceMs = 8_000
/** Longest pause between two tries, milliseconds, by how often it failed. */
const pauseMs = 4

const slow = 'the storage takes too long to write it down; try again later'

/** The log as it was read or written last. */
interface Seen {
  /** Its change tag; undefined: there was none. */
  readonly etag: string | undefined
  readonly record: LogRecord
}

/**
 * Where a process stands: at a write, at the start of a log that has none yet, or nowhere. From nowhere, and from a write
 * that the log has dropped, only a listing of the store leads on.
 */
type Position = { readonly id: string } | 'start' | 'nowhere'

/**
 * A change log in one small object. A look is one conditional GET, which brings nothing when nothing is new. An append
 * replaces the object on the condition that nobody else did since it was read; who loses reads it and tries again. A
 * process has one append on its way at a time, and what comes meanwhile goes into the next one together.
 *
 * On a store that cannot replace on a condition two writes may overwrite each other. There a write only says "something
 * changed": whoever finds another one than before is `lost`, the process that wrote it too.
 */
export function objectLog(storage: Storage, key: string): ChangeLog {
  let seen: Seen | undefined
  let position: Position = 'nowhere'
  let lost = true
  let news: LoggedChange[] = []
  const own = new Set<string>()
  let running: Promise<void> | undefined
  let waiting: { changes: LoggedChange[]; done: Promise<void> } | undefined

  async function read(): Promise<void> {
    if (seen?.etag === undefined) return take(await readSeen(await storage.get(key)))
    const answer = await getUnless(storage, key, seen.etag)
    if (answer !== 'same') take(await readSeen(answer))
  }

  /** Takes in what was read, unless something newer is known: answers may pass each other on their way. */
  function take(read: Seen): void {
    const { writes, trimmed } = read.record
    const last = writes.at(-1)?.[0]
    const known = seen?.record.writes ?? []
    if (known.some(([id], place) => id === last && place < known.length - 1)) return
    const place = placeOf(position, read.record)
    if (place === undefined) lost = true
    for (const [id, , changes] of writes.slice(place ?? writes.length)) {
      if (own.delete(id)) continue
      if (changes === null) lost = true
      else news.push(...changes)
    }
    seen = read
    position = last !== undefined ? { id: last } : trimmed ? 'nowhere' : 'start'
  }

  async function write(changes: readonly LoggedChange[]): Promise<void> {
    const id = crypto.randomUUID()
    own.add(id)
    try {
      for (let tries = 0; tries < maxTries; tries++) {
        if (await wrote(id, changes)) return
        await Bun.sleep(Math.random() * pauseMs * tries)
        await read()
        // The answer to the write before got lost.
        if (seen?.record.writes.some(([written]) => written === id)) return
      }
    } catch (error) {
      own.delete(id)
      throw error
    }
    throw new RegistryError(
      'unavailable',
      'storage',
      'Cannot tell other servers of a change: too many write at once',
    )
  }

  /** True when it is written; false when another process was faster. */
  async function wrote(id: string, changes: readonly LoggedChange[]): Promise<boolean> {
    if (storage.replace === undefined) {
      await storage.put(key, bytesOf({ writes: [[id, Date.now(), null]], trimmed: true }))
      lost = true
      return true
    }
    if (seen === undefined) await read()
    const { etag, record } = seen ?? { etag: undefined, record: emptyLog }
    const next = withWrite(record, id, changes)
    try {
      const put =
        etag === undefined
          ? storage.put(key, bytesOf(next), { when: 'absent' })
          : storage.replace(key, bytesOf(next), etag)
      take({ etag: (await put).etag, record: next })
      return true
    } catch (error) {
      if (!isRegistryError(error, 'conflict')) throw error
      return false
    }
  }

  function start(changes: readonly LoggedChange[]): Promise<void> {
    const mine = write(changes)
    running = mine
    const ended = () => {
      if (running === mine) running = undefined
    }
    mine.then(ended, ended)
    return mine
  }

  return {
    append(changes) {
      if (running === undefined) return inTime(start(changes))
      if (waiting === undefined) {
        const batch: LoggedChange[] = []
        const next = () => {
          waiting = undefined
          return start(batch)
        }
        waiting = { changes: batch, done: running.then(next, next) }
      }
      waiting.changes.push(...changes)
      return inTime(waiting.done)
    },
    async look(): Promise<LogNews> {
      await read()
      const found = { changes: news, lost }
      news = []
      lost = false
      return found
    },
  }
}

/** What takes longer goes on by itself, and nobody is told that it succeeded. */
async function inTime(appended: Promise<void>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>()
  const timer = setTimeout(() => {
    reject(new RegistryError('unavailable', 'storage', `Cannot tell other servers of a change: ${slow}`))
  }, patienceMs)
  try {
    await Promise.race([appended, late])
  } finally {
    clearTimeout(timer)
  }
}

/** Where in the log a process has to go on reading; undefined: what it has not read is gone. */
function placeOf(position: Position, { writes, trimmed }: LogRecord): number | undefined {
  if (position === 'nowhere') return undefined
  if (position === 'start') return trimmed ? undefined : 0
  const place = writes.findLastIndex(([id]) => id === position.id)
  return place < 0 ? undefined : place + 1
}

async function readSeen(object: StoredObject | undefined): Promise<Seen> {
  if (object === undefined) return { etag: undefined, record: emptyLog }
  const text =
    object.body instanceof Blob ? await object.body.text() : await Bun.readableStreamToText(object.body)
  // What is no log is written over by the next append.
  return { etag: object.etag, record: parseLog(text) ?? { writes: [], trimmed: true } }
}

async function getUnless(
  storage: Storage,
  key: string,
  etag: string,
): Promise<StoredObject | 'same' | undefined> {
  if (storage.getUnless !== undefined) return storage.getUnless(key, etag)
  return (await storage.info(key))?.etag === etag ? 'same' : storage.get(key)
}

function bytesOf(record: LogRecord): Uint8Array {
  return Buffer.from(logText(record))
}
