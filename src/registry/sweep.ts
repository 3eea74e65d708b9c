import type { Log } from '../log.ts'
import type { ObjectInfo, Storage } from '../storage/storage.ts'
import { forEachOf } from './at-once.ts'
import { endOf, isDeletionId } from './deletion.ts'
import { parseTrashKey, trashPrefix } from './keys.ts'

/** Copies without a record are of a deletion that is on its way; older than this it has failed, milliseconds. */
const abandonedAfterMs = 60 * 60_000

/** The first look comes this long after the start, which has more urgent things to do; the next ones at most this often. */
const firstAfterMs = 1000
const mostEveryMs = 60_000

const parallel = 4

/** One deletion as it lies in the store. */
interface Entry {
  readonly id: string
  readonly objects: ObjectInfo[]
  record: string | undefined
}

/**
 * Removes for good what can no longer be restored, of all repositories. Several processes may do it at the same time:
 * what another has removed is no error. Gives the number of deletions removed. Throws what the store throws.
 */
export async function sweepTrash(storage: Storage, now = Date.now()): Promise<number> {
  const over = [...(await entriesOf(storage)).values()].filter((entry) => isOver(entry, now))
  for (const { record, objects } of over) {
    // Without its record nobody begins to restore it.
    if (record !== undefined) await storage.delete(record)
    await forEachOf(objects, parallel, ({ key }) => storage.delete(key))
  }
  return over.length
}

async function entriesOf(storage: Storage): Promise<ReadonlyMap<string, Entry>> {
  const entries = new Map<string, Entry>()
  for await (const info of storage.list(trashPrefix)) {
    const parsed = parseTrashKey(info.key)
    // Something that a person put there stays.
    if (parsed === undefined || !isDeletionId(parsed.id)) continue
    const entry = entries.get(parsed.id) ?? { id: parsed.id, objects: [], record: undefined }
    entries.set(parsed.id, entry)
    if (parsed.part === 'json') entry.record = info.key
    else entry.objects.push(info)
  }
  return entries
}

function isOver({ id, objects, record }: Entry, now: number): boolean {
  if (now < endOf(id).getTime()) return false
  if (record !== undefined) return true
  return objects.every(({ modified }) => now - modified.getTime() > abandonedAfterMs)
}

/**
 * Sweeps from time to time until it is stopped: often enough that nothing stays much longer than it should, seldom
 * enough that a store which lists slowly does not notice.
 */
export function startSweeping(storage: Storage, { trashMs, log }: { trashMs: number; log: Log }): () => void {
  const everyMs = trashMs === 0 ? mostEveryMs : Math.min(Math.max(trashMs, firstAfterMs), mostEveryMs)
  let timer = setTimeout(sweep, firstAfterMs)
  timer.unref()
  let stopped = false

  function sweep(): void {
    sweepTrash(storage)
      .catch((error: unknown) => log.warn('Could not clear the trash', { error: String(error) }))
      .then(() => {
        if (stopped) return
        timer = setTimeout(sweep, everyMs)
        timer.unref()
      })
  }

  return () => {
    stopped = true
    clearTimeout(timer)
  }
}
