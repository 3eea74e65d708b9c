import type { Log } from '../log.ts'
import type { ObjectInfo, Storage } from '../storage/storage.ts'
import type { OpenedArchive } from './archive.ts'
import { openArchive } from './archive.ts'
import { checkPublishable } from './archive-names.ts'
import type { Catalog, ChartVersion } from './catalog.ts'
import { isRejected } from './catalog.ts'
import type { ToldChange } from './catch-up.ts'
import type { Turns } from './in-turn.ts'
import { hasProvenance } from './examine.ts'
import { describe, goTime } from './judge.ts'
import { archiveFile, fileKey, provenanceFile } from './keys.ts'
import type { Limits } from './limits.ts'
import { checkRoom, mayReplace } from './limits.ts'
import { readProvenance } from './provenance.ts'
import type { Item } from './publish-store.ts'
import { archiveOf, conflict, isSame, storeAll } from './publish-store.ts'
import type { Upload } from './upload.ts'

/** What came in one request: archives and provenance files, all of which are published or none. */
export interface Delivery {
  /**
   * With `opened` where somebody has judged the very same bytes already: they are not read again. With `created` (RFC
   * 3339) where they were published before, elsewhere.
   */
  readonly archives: readonly (Upload & { readonly opened?: OpenedArchive; readonly created?: string })[]
  readonly provenances: readonly Upload[]
}

/** How one file of a delivery ended. */
export type Outcome = 'added' | 'replaced' | 'unchanged'

export interface Published {
  readonly charts: readonly { version: ChartVersion; outcome: Outcome }[]
}

export interface PublishParts {
  readonly storage: Storage
  readonly repo: string
  readonly urlPrefix: string
  readonly catalog: Catalog
  readonly turns: Turns
  readonly limits: Limits
  readonly log: Log
  /** Tells other servers of files. */
  announce(changes: readonly ToldChange[]): Promise<void>
  /** Notes that files may not be as the catalog has them. */
  doubt(changes: readonly ToldChange[]): void
}

/**
 * Publishes a delivery: judges every file, takes the turns of their names, refuses what is there already, stores,
 * then shows. Throws RegistryError `invalid` (a file is no chart or no provenance), `conflict` (it is there) or
 * `full`; then the store is as it was before.
 */
export async function publish(
  parts: PublishParts,
  delivery: Delivery,
  options: { force: boolean },
): Promise<Published> {
  const items = withoutRepeats([
    ...(await openAll(delivery.archives)),
    ...(await readAll(delivery.provenances)),
  ])
  return parts.turns.run(
    items.map((item) => archiveOf(item)),
    async () => {
      const replace = mayReplace(parts.limits, options.force)
      const wanted = await refuseConflicts(parts, items, replace)
      await checkRoom(parts.storage, parts.repo, parts.limits, await countNew(parts, wanted))
      const signed = signedBefore(parts, items)
      try {
        const stored = await storeAll(parts, wanted, replace)
        return await show(parts, items, stored, await signed)
      } catch (error) {
        parts.doubt(items.map((item) => ({ file: archiveOf(item), digest: undefined })))
        throw error
      }
    },
  )
}

async function openAll(archives: Delivery['archives']): Promise<Item[]> {
  const items: Item[] = []
  for (const { body, opened: before, created } of archives) {
    const opened = before ?? (await openArchive(body))
    checkPublishable(opened.metadata)
    items.push({ file: archiveFile(opened.metadata.name, opened.metadata.version), body, opened, created })
  }
  return items
}

async function readAll(provenances: readonly Upload[]): Promise<Item[]> {
  const items: Item[] = []
  for (const { body } of provenances) {
    const bytes = body instanceof Blob ? await body.bytes() : body
    items.push({ file: readProvenance(bytes).file, body: bytes })
  }
  return items
}

/** ChartMuseum: of two files of one request with the same name the first counts. */
function withoutRepeats(items: readonly Item[]): Item[] {
  const byFile = new Map<string, Item>()
  for (const item of items) if (!byFile.has(item.file)) byFile.set(item.file, item)
  return [...byFile.values()]
}

/** The items that have to be written. Throws `conflict` for one that is there and may not be replaced. */
async function refuseConflicts(
  parts: PublishParts,
  items: readonly Item[],
  replace: boolean,
): Promise<Item[]> {
  const wanted: Item[] = []
  for (const item of items) {
    if (await isThereAlready(parts, item, replace)) continue
    wanted.push(item)
  }
  return wanted
}

/** True for identical bytes where that is a success; throws `conflict` where it is not. */
async function isThereAlready(parts: PublishParts, item: Item, replace: boolean): Promise<boolean> {
  const { catalog, limits, storage, repo } = parts
  if (item.opened === undefined) {
    const same = !replace && limits.idempotent && (await isSame(storage, fileKey(repo, item.file), item.body))
    return same
  }
  const { metadata, digest } = item.opened
  const others = catalog.filesOf(metadata.name, metadata.version).map((file) => catalog.file(file))
  const same = others.some((other) => other !== undefined && !isRejected(other) && other.digest === digest)
  if (same && limits.idempotent) return true
  // A file that the catalog does not show as this version is met by the store itself, which refuses to replace it.
  if (replace || others.length === 0) return false
  throw conflict(same, digest)
}

async function countNew(parts: PublishParts, items: readonly Item[]): Promise<number> {
  if (parts.limits.maxObjects === 0) return 0
  const there = await Promise.all(items.map((item) => parts.storage.info(fileKey(parts.repo, item.file))))
  return there.filter((info) => info === undefined).length
}

/** The archives that a provenance lies beside already; asked while they are stored. */
function signedBefore(parts: PublishParts, items: readonly Item[]): Promise<ReadonlySet<string>> {
  const archives = items.filter(({ opened }) => opened !== undefined)
  const asked = Promise.all(
    archives.map(async ({ file }) => ((await hasProvenance(parts, file)) ? [file] : [])),
  ).then((found) => new Set(found.flat()))
  // Where storing fails too, that failure is the one that counts.
  asked.catch(() => undefined)
  return asked
}

/** Takes the stored archives into the catalog. A provenance of bytes that were replaced no longer signs anything. */
async function show(
  parts: PublishParts,
  items: readonly Item[],
  stored: ReadonlyMap<string, ObjectInfo>,
  signedBefore: ReadonlySet<string>,
): Promise<Published> {
  const { catalog, storage, repo, urlPrefix } = parts
  const charts: { version: ChartVersion; outcome: Outcome }[] = []
  for (const { file, opened, created: given } of items) {
    if (opened === undefined) continue
    const before = catalog.file(file)
    const info = stored.get(file)
    if (info === undefined) {
      if (before !== undefined && !isRejected(before)) charts.push({ version: before, outcome: 'unchanged' })
      continue
    }
    const provenance = provenanceFile(file)
    const changed = before !== undefined && (isRejected(before) || before.digest !== opened.digest)
    const signed = (!changed && signedBefore.has(file)) || stored.has(provenance)
    // The store's time, which every server on it can read.
    const created = given ?? goTime(info.modified)
    const version = describe(opened, { ...info, file }, { urlPrefix, signed, created })
    catalog.put(version)
    charts.push({ version, outcome: before === undefined ? 'added' : 'replaced' })
    if (changed && !stored.has(provenance) && signedBefore.has(file)) {
      await storage.delete(fileKey(repo, provenance))
      await parts.announce([{ file, digest: undefined }])
    }
  }
  for (const item of items) if (item.opened === undefined) catalog.sign(archiveOf(item), true)
  return { charts }
}
