import type { Ready } from '../ready.ts'
import type { Catalog } from './catalog.ts'
import { isRejected } from './catalog.ts'

/** A file that another process changed. */
export interface ToldChange {
  readonly file: string
  /** SHA-256 of the archive as it was written, where one was. */
  readonly digest: string | undefined
  /** The time it has in the index, where that is another one than the store's. */
  readonly created?: string | undefined
}

/**
 * A change is told while it is written, and two writers of one file may write in another order than they tell. What was
 * told is looked for this long, milliseconds, whenever the catalog shows something else: no write takes longer.
 */
const settledMs = 30_000

interface Recent {
  readonly file: string
  readonly digest: string
  /** When it is given up, by `performance.now()`. */
  readonly until: number
}

export interface CatchUpParts {
  readonly catalog: Catalog
  /** Takes in these files as the store has them now, with the times that were told, by digest. */
  examine(files: readonly string[], created: ReadonlyMap<string, string>): Promise<void>
  /** Compares everything with a listing. */
  refresh(): Promise<void>
}

/** Keeps what other processes told of until somebody wants to read, and reads it then. */
export interface CatchUp {
  /** Notes changes; "all": more happened than anybody remembers. */
  note(changes: readonly ToldChange[] | 'all'): void
  /** Drops what was noted: everything is about to be listed. */
  forget(): void
  /**
   * Resolves when the catalog shows everything that was noted before this call, at once when that is nothing. Throws what
   * the store throws; then nothing noted is forgotten.
   */
  ready(): Ready<void>
  /** True when ready() has nothing to wait for. */
  readonly isReady: boolean
}

export function createCatchUp({ catalog, examine, refresh }: CatchUpParts): CatchUp {
  let all = false
  /** Told, and not looked at yet. */
  let noted: ToldChange[] = []
  /** Told lately: as long as the catalog shows something else than was told, the store is asked on every read. */
  let recent: Recent[] = []
  /** Whether it did when the catalog was as it is now. */
  let judged: { revision: number; differs: boolean } | undefined
  let running: Promise<void> | undefined
  let waiting: Promise<void> | undefined

  function isIdle(): boolean {
    if (all || noted.length > 0) return false
    if (recent.length === 0) return true
    if (judged?.revision !== catalog.revision || judged.differs) {
      recent = recent.filter(({ until }) => until > performance.now())
      judged = { revision: catalog.revision, differs: recent.some(differs) }
    }
    return !judged.differs
  }

  function differs({ file, digest }: Recent): boolean {
    const known = catalog.file(file)
    return known === undefined || isRejected(known) || known.digest !== digest
  }

  async function run(): Promise<void> {
    const [everything, changes] = [all, noted]
    all = false
    noted = []
    const until = performance.now() + settledMs
    recent.push(
      ...changes.flatMap(({ file, digest }) => (digest === undefined ? [] : [{ file, digest, until }])),
    )
    judged = undefined
    try {
      const files = new Set([...changes, ...recent.filter(differs)].map(({ file }) => file))
      if (everything) await refresh()
      else await examine([...files], timesIn(changes))
    } catch (error) {
      all ||= everything
      noted = [...changes, ...noted]
      throw error
    }
  }

  function start(): Promise<void> {
    const mine = run().finally(() => {
      if (running === mine) running = undefined
    })
    running = mine
    return mine
  }

  /** A run that is on its way may have passed what the caller was told: it joins one that starts after it came. */
  function ready(): Ready<void> {
    if (running === undefined) return isIdle() ? undefined : start()
    const next = () => {
      waiting = undefined
      return isIdle() ? undefined : start()
    }
    waiting ??= running.then(next, next)
    return waiting
  }

  return {
    note(changes) {
      if (changes === 'all') all = true
      else noted.push(...changes)
    },
    forget() {
      all = false
      noted = []
    },
    ready,
    get isReady() {
      return running === undefined && isIdle()
    },
  }
}

function timesIn(changes: readonly ToldChange[]): ReadonlyMap<string, string> {
  return new Map(
    changes.flatMap(({ digest, created }) =>
      digest === undefined || created === undefined ? [] : [[digest, created]],
    ),
  )
}
