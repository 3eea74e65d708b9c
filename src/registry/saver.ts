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
  /** Says that the catalog changed. */
  changed(): void
  /** Writes what is not written yet: while draining. */
  flush(): Promise<void>
}

/** The first change is written within this time … */
const firstDelayMs = 900
/** … the next ones at most this often … */
const pauseMs = 5000
/** … and never so often that writing takes more than a twentieth of the time. */
const shareOfTime = 20

export interface SaverParts {
  readonly storage: Storage
  readonly repo: string
  readonly urlPrefix: string
  readonly catalog: Catalog
  readonly indexFiles: IndexFiles
  readonly scratch: Scratch | undefined
  readonly log: Log
  /** In which form ChartMuseum's statefile is written; undefined: not at all. */
  readonly statefile: 'yaml' | 'json' | undefined
}

export function createSaver(parts: SaverParts): Saver {
  const { storage, repo, catalog, log } = parts
  let timer: Timer | undefined
  let running: Promise<void> | undefined
  let notBefore = 0
  let dirty = false

  function changed(): void {
    dirty = true
    if (timer !== undefined || running !== undefined) return
    timer = setTimeout(() => void save(), Math.max(firstDelayMs, notBefore - Date.now()))
    timer.unref()
  }

  function save(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    dirty = false
    const started = Date.now()
    running = write()
      .catch((error: unknown) => log.warn('Could not save the catalog', { repo, error: String(error) }))
      .then(() => {
        const ended = Date.now()
        running = undefined
        notBefore = ended + Math.max(pauseMs, (ended - started) * shareOfTime)
        if (dirty) changed()
      })
    return running
  }

  async function write(): Promise<void> {
    const [catalogSaved, statefileSaved] = await Promise.allSettled([writeCatalog(), writeStatefile()])
    if (catalogSaved.status === 'rejected') throw catalogSaved.reason
    if (statefileSaved.status === 'rejected') throw statefileSaved.reason
  }

  async function writeStatefile(): Promise<void> {
    if (parts.statefile === undefined || !(await wantsStatefile())) return
    const index = await parts.indexFiles.get(parts.statefile)
    await storage.put(fileKey(repo, statefile), index.body)
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
      if (dirty) await save()
    },
  }
}
