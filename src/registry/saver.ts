import { isRegistryError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Scratch } from '../storage/scratch.ts'
import type { Storage } from '../storage/storage.ts'
import type { Catalog } from './catalog.ts'
import { makeDocument } from './document.ts'
import type { IndexFiles } from './index-file.ts'
import { catalogKey, fileKey, statefile } from './keys.ts'
import { savedCatalogText } from './saved-catalog.ts'

/** Writes the saved catalog and ChartMuseum's statefile in the background, seldom enough not to be felt. */
export interface Saver {
  /** Says that some files of the catalog changed. */
  changed(files?: number): void
  /** Writes what is not written yet: while draining. */
  flush(): Promise<void>
}

/** The first change is written within this time … */
const firstDelayMs = 900
/** … the next ones at most this often … */
const pauseMs = 5000
/** … and never so often that writing takes more than a twentieth of the time. */
const shareOfTime = 20
/**
 * A large repository of which next to nothing changed is written this often: with 100,000 versions that is 250 MB, and
 * the next start reads so few archives again in no time.
 */
const large = { files: 10_000, fewShare: 100, pauseMs: 5 * 60_000 }

export interface SaverParts {
  readonly storage: Storage
  readonly repo: string
  readonly urlPrefix: string
  readonly catalog: Catalog
  readonly indexFiles: IndexFiles
  readonly scratch: Scratch | undefined
  readonly log: Log
  /** Brings the catalog to what other servers did: what is saved by one must not lack what another published before. */
  current(): Promise<void>
  /** In which form ChartMuseum's statefile is written; undefined: not at all. */
  readonly statefile: 'yaml' | 'json' | undefined
}

export function createSaver(parts: SaverParts): Saver {
  const { storage, repo, catalog, log } = parts
  let timer: Timer | undefined
  let due = 0
  let running: Promise<void> | undefined
  let notBefore = 0
  let wroteAt = performance.now()
  let changes = 0
  let statefileIsTooLarge = false

  function changed(files = 1): void {
    changes += files
    if (running === undefined) schedule()
  }

  function schedule(): void {
    const isFew = catalog.fileCount >= large.files && changes * large.fewShare < catalog.fileCount
    const wanted = Math.max(performance.now() + firstDelayMs, notBefore, isFew ? wroteAt + large.pauseMs : 0)
    if (timer !== undefined && due <= wanted) return
    clearTimeout(timer)
    due = wanted
    timer = setTimeout(() => void save(), due - performance.now())
    timer.unref()
  }

  function save(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    changes = 0
    const started = performance.now()
    running = write()
      .catch((error: unknown) => log.warn('Could not save the catalog', { repo, error: String(error) }))
      .then(() => {
        wroteAt = performance.now()
        running = undefined
        notBefore = wroteAt + Math.max(pauseMs, (wroteAt - started) * shareOfTime)
        if (changes > 0) schedule()
      })
    return running
  }

  async function write(): Promise<void> {
    await parts.current()
    // The catalog first: of a large repository the other one takes longer, and the process may be ended meanwhile.
    const [catalogSaved] = await Promise.allSettled([writeCatalog()])
    await writeStatefile()
    if (catalogSaved.status === 'rejected') throw catalogSaved.reason
  }

  async function writeStatefile(): Promise<void> {
    if (parts.statefile === undefined || statefileIsTooLarge || !(await wantsStatefile())) return
    const index = await parts.indexFiles.get(parts.statefile)
    try {
      await storage.put(fileKey(repo, statefile), index.body)
    } catch (error) {
      if (!isRegistryError(error, 'too_large')) throw error
      // It will not become smaller, and nobody but ChartMuseum needs it.
      statefileIsTooLarge = true
      return log.warn(`${statefile} is not written any more`, { repo, error: error.message })
    }
    log.debug(`${statefile} saved in storage`, { repo })
  }

  /** An empty repository gets no statefile (its folder may just have been removed), but an old one is brought up to date. */
  async function wantsStatefile(): Promise<boolean> {
    return catalog.fileCount > 0 || (await storage.info(fileKey(repo, statefile))) !== undefined
  }

  async function writeCatalog(): Promise<void> {
    // Copied first: a change in the middle of writing belongs to the next one.
    const text = savedCatalogText(catalog.inOrder(), parts.urlPrefix)
    const document = await makeDocument(text, new Date(), parts.scratch)
    await storage.put(catalogKey(repo), document.body)
    document.retire()
  }

  return {
    changed,
    async flush() {
      await running
      if (changes > 0) await save()
    },
  }
}
