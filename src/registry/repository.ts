import { RegistryError } from '../errors.ts'
import type { Log } from '../log.ts'
import type { Ready } from '../ready.ts'
import type { Scratch } from '../storage/scratch.ts'
import type { Storage } from '../storage/storage.ts'
import type { OpenedArchive } from './archive.ts'
import { openArchive } from './archive.ts'
import type { ChartVersion, RepositoryFacts } from './catalog.ts'
import { Catalog } from './catalog.ts'
import type { ChartFile } from './chart-files.ts'
import { keptChartFile, readChartFile } from './chart-files.ts'
import { chosenVersion } from './chosen-version.ts'
import type { Deletion } from './deletion.ts'
import type { Document } from './document.ts'
import { createTurns } from './in-turn.ts'
import type { DocumentKind } from './index-file.ts'
import { createIndexFiles, someCharts } from './index-file.ts'
import { blobOf } from './judge.ts'
import { fileKey } from './keys.ts'
import { nearestNames } from './nearest.ts'
import type { Delivery, Published } from './publish.ts'
import { publish } from './publish.ts'
import type { RepositoryOptions } from './repository-options.ts'
import type { Removals, VersionName } from './removals.ts'
import { createRemovals } from './removals.ts'
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

/** One Helm repository: the charts behind one index.yaml. Every method waits until the catalog is filled. */
export class Repository {
  private readonly catalog = new Catalog()
  private readonly search = createSearch(this.catalog)
  private readonly turns = createTurns()
  private readonly urlPrefix: string
  private readonly indexFiles
  private readonly saver
  private readonly sync
  private readonly removals: Removals
  private opened: Promise<void> | undefined
  private isOpen = false
  private busy = 0

  constructor(
    readonly name: string,
    private readonly storage: Storage,
    private readonly options: RepositoryOptions,
    scratch: Scratch | undefined,
    private readonly log: Log,
  ) {
    const { catalog, turns } = this
    const { contextPath, chartUrl, statefile, adoptStatefile } = options
    this.urlPrefix =
      chartUrl === undefined ? 'charts/' : `${chartUrl}${contextPath}${name === '' ? '' : `/${name}`}/charts/`
    const shared = { storage, repo: name, urlPrefix: this.urlPrefix, catalog, log }
    this.indexFiles = createIndexFiles(catalog, { contextPath, scratch })
    this.saver = createSaver({ ...shared, indexFiles: this.indexFiles, scratch, statefile })
    const { limits, trashMs } = options
    this.removals = createRemovals({ ...shared, turns, limits, trashMs, changed: () => this.saver.changed() })
    this.sync = createSync({ ...shared, turns, adoptStatefile, changed: () => this.saver.changed() })
  }

  /** Fills the catalog without anybody waiting for it. A failure is only logged: the next reader meets it again. */
  prepare(): void {
    this.facts().catch((error: unknown) => {
      this.log.warn('Could not read the repository yet', { repo: this.name, error: String(error) })
    })
  }

  /** The index file as helm reads it, in one of its two spellings, or the JSON list of all charts. */
  document(kind: DocumentKind): Ready<Document> {
    const made = this.isFilled ? this.indexFiles.made(kind) : undefined
    return made ?? this.whileOpen(() => this.indexFiles.get(kind))
  }

  /** The text of the index, for `--gen-index`. */
  async indexText(kind: 'yaml' | 'json'): Promise<string> {
    return this.whileOpen(async () => [...this.indexFiles.text(kind)].join(''))
  }

  /** The JSON list of some charts. */
  async page({ offset, limit }: Page): Promise<string> {
    return this.whileOpen(async () => {
      const names = this.catalog.names().slice(offset, limit === undefined ? undefined : offset + limit)
      return [...someCharts(names.flatMap((name) => this.catalog.chart(name) ?? []))].join('')
    })
  }

  /** The charts that words and filters ask for, as search.ts describes. */
  async find(query: SearchQuery): Promise<Found> {
    return this.whileOpen(() => this.search.find(query))
  }

  /** How many charts and versions there are, how large, how new. */
  async facts(): Promise<RepositoryFacts> {
    return this.whileOpen(async () => this.catalog.facts())
  }

  /** The names of charts that somebody may have meant by another, the nearest first. */
  async nearest(name: string, most: number): Promise<readonly string[]> {
    return this.whileOpen(async () => nearestNames(this.catalog.names(), name, most))
  }

  /** The JSON list of one chart's versions, newest first. Throws RegistryError `not_found`. */
  chartDocument(chart: string): Ready<Document> {
    const filled = this.isFilled ? this.catalog.chart(chart) : undefined
    if (filled !== undefined) return this.indexFiles.ofChart(filled)
    return this.whileOpen(async () => {
      const known = this.catalog.chart(chart)
      if (known === undefined) throw new RegistryError('not_found', 'chart', 'chart not found')
      return this.indexFiles.ofChart(known)
    })
  }

  /** The versions of a chart, newest first; none when there is no such chart. */
  async versions(chart: string): Promise<readonly ChartVersion[]> {
    return this.whileOpen(async () => this.catalog.chart(chart)?.versions ?? [])
  }

  /**
   * The version of a chart that a text names: a version, a range, or "latest" for the newest stable one.
   * Throws RegistryError `not_found` with ChartMuseum's texts.
   */
  async version(chart: string, wanted: string): Promise<ChartVersion> {
    return chosenVersion(chart, await this.versions(chart), wanted)
  }

  /** An archive or a provenance file by its name. Throws RegistryError `not_found`, or `invalid` for another ending. */
  file(name: string): Ready<ChartFile> {
    const inMemory = this.isFilled ? keptChartFile(this.catalog, name) : undefined
    return inMemory ?? this.whileOpen(() => readChartFile(this.storage, this.name, this.catalog, name))
  }

  /** The archive of a version, opened, with the files that `keep` asks for. */
  async open(version: ChartVersion, keep: (name: string) => boolean): Promise<OpenedArchive> {
    return this.whileOpen(async () => {
      const object = await this.storage.get(fileKey(this.name, version.file))
      if (object === undefined) throw new RegistryError('not_found', 'file', 'object not found')
      return openArchive(await blobOf(object), { keep })
    })
  }

  /** Publishes archives and provenance files, all or none; see publish.ts. When it resolves every read shows them. */
  async publish(delivery: Delivery, options: { force: boolean }): Promise<Published> {
    return this.whileOpen(async () => {
      const { storage, name, urlPrefix, catalog, turns, log } = this
      const { limits } = this.options
      const published = await publish(
        { storage, repo: name, urlPrefix, catalog, turns, limits, log },
        delivery,
        options,
      )
      this.saver.changed()
      for (const { version } of published.charts) await this.removals.evict(version)
      return published
    })
  }

  /**
   * Removes one version and its provenance; it can be undone for a while (removals.ts). `by` is the user's name.
   * Throws RegistryError `not_found`.
   */
  async remove(chart: string, version: string, by?: string): Promise<Removal> {
    return this.whileOpen(() => this.removals.one({ chart, version }, by))
  }

  /** Removes many versions, which come back together too. Throws RegistryError `not_found`, or `full` (removals.ts). */
  async removeVersions(names: readonly VersionName[], by?: string): Promise<Removal> {
    return this.whileOpen(() => this.removals.many(names, by))
  }

  /** Removes a chart with all its versions. Throws RegistryError `not_found`. */
  async removeChart(chart: string, by?: string): Promise<Removal> {
    return this.whileOpen(() => this.removals.chart(chart, by))
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
    return this.whileOpen(() => this.removals.restore(id))
  }

  /** Fills the catalog once; an empty repository is compared with the store on every use, so probing leaves nothing behind. */
  private async whileOpen<T>(use: () => Promise<T>): Promise<T> {
    this.busy += 1
    try {
      if (!this.isOpen) await this.fill()
      if (this.catalog.fileCount === 0) await this.sync.refresh()
      return await use()
    } finally {
      this.busy -= 1
      if (this.catalog.fileCount > 0) this.sync.follow(this.options.refreshMs)
    }
  }

  private fill(): Promise<void> {
    this.opened ??= this.sync.open().then(
      () => void (this.isOpen = true),
      (error: unknown) => {
        this.opened = undefined
        throw error
      },
    )
    return this.opened
  }

  /** True while a read needs nothing but the memory: then it is answered at once, without a promise. */
  private get isFilled(): boolean {
    return this.isOpen && this.catalog.fileCount > 0
  }

  /** True when nothing is known and nobody is at work: it may be forgotten. */
  get idle(): boolean {
    return this.busy === 0 && !this.filled
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
