import { RegistryError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Ready } from '../ready.ts'
import type { Scratch } from '../storage/scratch.ts'
import type { Storage } from '../storage/storage.ts'
import type { OpenedArchive } from './archive.ts'
import { openArchive } from './archive.ts'
import type { ChartVersion, RepositoryFacts } from './catalog.ts'
import { Catalog } from './catalog.ts'
import type { ToldChange } from './catch-up.ts'
import type { ChartFile } from './chart-files.ts'
import { keptChartFile, readChartFile } from './chart-files.ts'
import { chosenVersion } from './chosen-version.ts'
import type { Deletion } from './deletion.ts'
import type { Document } from './document.ts'
import { noOthers, type OtherServers } from './freshness.ts'
import { createCurrent, type Current } from './current.ts'
import { createTurns } from './in-turn.ts'
import type { DocumentKind } from './index-file.ts'
import { createIndexFiles, someCharts } from './index-file.ts'
import { inventoryOf, type RepositoryInventory } from './inventory.ts'
import { blobOf } from './judge.ts'
import { fileKey } from './keys.ts'
import { nearestNames } from './nearest.ts'
import { publish, type Delivery, type Published, type PublishParts } from './publish.ts'
import { addressPrefix, type RepositoryOptions } from './repository-options.ts'
import { createRemovals, type Removals, type VersionName } from './removals.ts'
import type { Removal } from './remove.ts'
import type { Restored } from './restore.ts'
import { createSaver } from './saver.ts'
import { createSearch, type Found, type SearchQuery } from './search.ts'
import { createSync } from './sync.ts'

/** Part of a list of charts: both in numbers of charts, in byte order of their names. */
export interface Page {
  readonly offset: number
  /** Undefined: to the end. */
  readonly limit: number | undefined
}

/**
 * One Helm repository: the charts behind one index.yaml. Every method waits until the catalog is filled and shows
 * everything that any server on the same store has answered for.
 */
export class Repository {
  private readonly catalog = new Catalog()
  private readonly search = createSearch(this.catalog)
  private readonly parts: PublishParts
  private readonly indexFiles
  private readonly saver
  private readonly sync
  private readonly removals: Removals
  private readonly current: Current

  constructor(
    readonly name: string,
    private readonly storage: Storage,
    options: RepositoryOptions,
    scratch: Scratch | undefined,
    private readonly log: Log,
    others: OtherServers = noOthers,
  ) {
    const { catalog } = this
    const turns = createTurns()
    const { announce } = others
    const { contextPath, statefile, adoptStatefile, limits, trashMs, refreshMs } = options
    const doubt = (changes: readonly ToldChange[]) => this.told(changes)
    const urlPrefix = addressPrefix(options, name)
    const shared = { storage, repo: name, urlPrefix, catalog, turns, limits, log, announce, doubt }
    this.parts = shared
    this.indexFiles = createIndexFiles(catalog, { contextPath, scratch, built: options.built })
    const changed = () => this.saver.changed()
    this.removals = createRemovals({ ...shared, trashMs, changed })
    this.sync = createSync({ ...shared, adoptStatefile, changed })
    const { indexFiles, sync } = this
    this.current = createCurrent({ catalog, sync, freshness: others.freshness, refreshMs })
    const current = () => this.current.reach()
    this.saver = createSaver({ ...shared, indexFiles, scratch, statefile, current })
  }

  /** Fills the catalog without anybody waiting for it. A failure is only logged: the next reader meets it again. */
  prepare(): void {
    this.facts().catch((error: unknown) => {
      this.log.warn('Could not read the repository yet', { repo: this.name, error: String(error) })
    })
  }

  /** The index file as helm reads it, in one of its two spellings, or the JSON list of all charts. */
  document(kind: DocumentKind): Ready<Document> {
    const made = this.current.canAnswer() ? this.indexFiles.made(kind) : undefined
    return made ?? this.current.use(() => this.indexFiles.get(kind))
  }

  /** The text of the index, for `--gen-index`. */
  async indexText(kind: 'yaml' | 'json'): Promise<string> {
    return this.current.use(async () => [...this.indexFiles.text(kind)].join(''))
  }

  /** The JSON list of some charts. */
  async page({ offset, limit }: Page): Promise<string> {
    return this.current.use(async () => {
      const names = this.catalog.names().slice(offset, limit === undefined ? undefined : offset + limit)
      return [...someCharts(names.flatMap((name) => this.catalog.chart(name) ?? []))].join('')
    })
  }

  /** The charts that words and filters ask for, as search.ts describes. */
  async find(query: SearchQuery): Promise<Found> {
    return this.current.use(() => this.search.find(query))
  }

  /** How many charts and versions there are, how large, how new. */
  async facts(): Promise<RepositoryFacts> {
    return this.current.use(async () => this.catalog.facts())
  }

  /** The names of charts that somebody may have meant by another, the nearest first. */
  async nearest(name: string, most: number): Promise<readonly string[]> {
    return this.current.use(async () => nearestNames(this.catalog.names(), name, most))
  }

  /** The JSON list of one chart's versions, newest first. Throws RegistryError `not_found`. */
  chartDocument(chart: string): Ready<Document> {
    const filled = this.current.canAnswer() ? this.catalog.chart(chart) : undefined
    if (filled !== undefined) return this.indexFiles.ofChart(filled)
    return this.current.use(async () => {
      const known = this.catalog.chart(chart)
      if (known === undefined) throw new RegistryError('not_found', 'chart', 'chart not found')
      return this.indexFiles.ofChart(known)
    })
  }

  /** The versions of a chart, newest first; none when there is no such chart. */
  async versions(chart: string): Promise<readonly ChartVersion[]> {
    return this.current.use(async () => this.catalog.chart(chart)?.versions ?? this.current.denied([]))
  }

  /**
   * The version of a chart that a text names: a version, a range, or "latest" for the newest stable one.
   * Throws RegistryError `not_found` with ChartMuseum's texts.
   */
  async version(chart: string, wanted: string): Promise<ChartVersion> {
    return this.current.use(async () =>
      chosenVersion(chart, this.catalog.chart(chart)?.versions ?? [], wanted),
    )
  }

  /** An archive or a provenance file by its name. Throws RegistryError `not_found`, or `invalid` for another ending. */
  file(name: string): Ready<ChartFile> {
    const { catalog, current } = this
    const inMemory = keptChartFile(catalog, name)
    if (inMemory !== undefined && current.canAnswer()) return inMemory
    const read = () => readChartFile(this.storage, this.name, catalog, name)
    // What is known but not in memory is read from the store, than which nothing is newer.
    return current.isOpen && inMemory === undefined && catalog.file(name) !== undefined
      ? read()
      : current.use(read)
  }

  /** The archive of a version, opened, with the files that `keep` asks for. */
  async open(version: ChartVersion, keep: (name: string) => boolean): Promise<OpenedArchive> {
    return this.current.use(async () => {
      const object = await this.storage.get(fileKey(this.name, version.file))
      if (object === undefined) throw new RegistryError('not_found', 'file', 'object not found')
      return openArchive(await blobOf(object), { keep })
    })
  }

  /** Publishes archives and provenance files, all or none; see publish.ts. When it resolves every read shows them. */
  async publish(delivery: Delivery, options: { force: boolean }): Promise<Published> {
    return this.current.use(async () => {
      const published = await publish(this.parts, delivery, options)
      this.saver.changed()
      for (const { version, outcome } of published.charts) {
        if (outcome === 'added') await this.removals.evict(version)
      }
      return published
    })
  }

  /**
   * Removes one version and its provenance; it can be undone for a while (removals.ts). `by` is the user's name.
   * Throws RegistryError `not_found`.
   */
  async remove(chart: string, version: string, by?: string): Promise<Removal> {
    return this.current.use(() => this.removals.one({ chart, version }, by))
  }

  /** Removes many versions, which come back together too. Throws RegistryError `not_found`, or `full` (removals.ts). */
  async removeVersions(names: readonly VersionName[], by?: string): Promise<Removal> {
    return this.current.use(() => this.removals.many(names, by))
  }

  /** Removes a chart with all its versions. Throws RegistryError `not_found`. */
  async removeChart(chart: string, by?: string): Promise<Removal> {
    return this.current.use(() => this.removals.chart(chart, by))
  }

  /** The deletions that can be undone now, newest first. */
  async trash(): Promise<readonly Deletion[]> {
    return this.removals.trash.list()
  }

  /** One deletion while it can be undone. */
  async deletion(id: string): Promise<Deletion | undefined> {
    return this.removals.trash.find(id)
  }

  /** Brings a deletion back, all of it or nothing. Throws RegistryError `not_found`, `conflict` or `full`. */
  async restore(id: string): Promise<Restored> {
    return this.current.use(() => this.removals.restore(id))
  }

  /** Notes what other servers did: it is read before the next answer. */
  told(changes: readonly ToldChange[] | 'all'): void {
    this.sync.catchUp.note(changes)
  }

  /** What was known of it last, without a look at the store; undefined before the first read. */
  inventory(): RepositoryInventory | undefined {
    return this.current.isOpen ? inventoryOf(this.name, this.catalog, this.indexFiles) : undefined
  }

  /** True when nothing that other servers did waits to be read. */
  get caughtUp(): boolean {
    return this.sync.catchUp.isReady
  }

  /** True when nothing is known and nobody is at work: it may be forgotten. */
  get idle(): boolean {
    return this.current.isIdle && !this.filled
  }

  /** True when it is known to hold files; false before the first read, too. */
  get filled(): boolean {
    return this.catalog.fileCount > 0
  }

  /** Writes what is not saved yet. */
  async flush(): Promise<void> {
    await this.saver.flush()
  }

  close(): void {
    this.sync.close()
    this.indexFiles.close()
  }
}
