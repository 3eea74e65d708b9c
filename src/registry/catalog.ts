import { byBytes, Chart, compareRanked, position, Ranked } from './catalog-chart.ts'
import type { CatalogFile, RejectedFile } from './catalog-file.ts'
import { isRejected } from './catalog-file.ts'

export { byBytes, Chart } from './catalog-chart.ts'
export { isRejected } from './catalog-file.ts'
export type { CatalogFile, ChartVersion, RejectedFile } from './catalog-file.ts'

/** How much a repository holds. */
export interface RepositoryFacts {
  readonly charts: number
  readonly versions: number
  /** Bytes of all archives. */
  readonly bytes: number
  /** When the newest archive was published, milliseconds since 1970; undefined while there is none. */
  readonly updated: number | undefined
  /** Files that end as archives do and are no charts, in no order. */
  readonly unreadable: readonly RejectedFile[]
}

/** Names of changed charts that are kept for somebody who may never ask for them. */
const maxChangedNames = 1000

/**
 * What a repository holds now. Adding or removing one version costs the same whatever else is there: one record, one
 * binary search among the versions of its chart. Readers get frozen values and may keep them.
 */
export class Catalog {
  private readonly files = new Map<string, CatalogFile>()
  private readonly charts = new Map<string, Chart>()
  private sortedNames: readonly string[] | undefined
  private changedNames: Set<string> | undefined
  private readonly rejected = new Map<string, RejectedFile>()
  private counted:
    { readonly revision: number; readonly facts: Omit<RepositoryFacts, 'unreadable'> } | undefined
  /** Grows with every change of what stands in the index. */
  generation = 0
  /** Grows with every change that a reader can see: those of the index, and what is known of a version beside it. */
  revision = 0
  /** When the last visible change was made; becomes `generated` in the index. */
  changed = new Date()

  /** The file as it was last judged. */
  file(name: string): CatalogFile | undefined {
    return this.files.get(name)
  }

  allFiles(): Iterable<CatalogFile> {
    return this.files.values()
  }

  get fileCount(): number {
    return this.files.size
  }

  chart(name: string): Chart | undefined {
    return this.charts.get(name)
  }

  /** Every chart, in no order. */
  allCharts(): Iterable<Chart> {
    return this.charts.values()
  }

  /**
   * The names of the charts that were added, changed or removed since the last call, for the one reader that keeps
   * something about each (the search). Undefined on the first call and after very many changes, when all of them have to be looked at.
   */
  takeChanges(): ReadonlySet<string> | undefined {
    const taken = this.changedNames
    this.changedNames = new Set()
    return taken
  }

  /** Counted at most once per change, chart by chart: 10,000 charts of which one changed take 0.3 ms (measured). */
  facts(): RepositoryFacts {
    return { ...this.counts(), unreadable: [...this.rejected.values()] }
  }

  private counts(): Omit<RepositoryFacts, 'unreadable'> {
    if (this.counted?.revision === this.revision) return this.counted.facts
    let versions = 0
    let bytes = 0
    let updated: number | undefined
    for (const { totals } of this.charts.values()) {
      versions += totals.versions
      bytes += totals.bytes
      if (updated === undefined || totals.updated > updated) updated = totals.updated
    }
    const facts = { charts: this.charts.size, versions, bytes, updated }
    this.counted = { revision: this.revision, facts }
    return facts
  }

  /** Chart names in byte order, as ChartMuseum pages them. */
  names(): readonly string[] {
    this.sortedNames ??= [...this.charts.keys()].sort(byBytes)
    return this.sortedNames
  }

  /** Every file that holds this version: one, unless somebody copied the same chart in under another name. */
  filesOf(name: string, version: string): string[] {
    const ranked = this.charts.get(name)?.ranked ?? []
    return ranked.filter((one) => one.version.version === version).map((one) => one.version.file)
  }

  /** Takes in a file as it was judged; replaces what was known of a file of that name. */
  put(file: CatalogFile): void {
    const visible = this.forget(file.file)
    this.files.set(file.file, file)
    if (isRejected(file)) this.rejected.set(file.file, file)
    else {
      const one = new Ranked(file)
      const ranked = this.charts.get(file.name)?.ranked ?? []
      this.setChart(file.name, ranked.toSpliced(position(ranked, one), 0, one))
    }
    if (visible || !isRejected(file)) this.touch()
  }

  /** Takes in many files at once. In saved order (see inOrder) nothing is sorted, and no version number is parsed. */
  putAll(files: readonly CatalogFile[], order: 'saved' | 'any'): void {
    const added = new Map<string, Ranked[]>()
    for (const file of files) {
      this.forget(file.file)
      this.files.set(file.file, file)
      if (isRejected(file)) {
        this.rejected.set(file.file, file)
        continue
      }
      const list = added.get(file.name)
      if (list === undefined) added.set(file.name, [new Ranked(file)])
      else list.push(new Ranked(file))
    }
    for (const [name, list] of added) {
      const before = this.charts.get(name)?.ranked ?? []
      const sorted = order === 'saved' && before.length === 0
      this.setChart(name, sorted ? list : [...before, ...list].sort(compareRanked))
    }
    this.touch()
  }

  /** Every file, charts by name and each chart's in the order of its versions: how a saved catalog is written. */
  inOrder(): CatalogFile[] {
    const shown = this.names().flatMap(
      (name) => this.charts.get(name)?.ranked.map((one) => one.version) ?? [],
    )
    return [...shown, ...[...this.files.values()].filter(isRejected)]
  }

  /** Forgets a file. True when a reader could see it. */
  drop(name: string): boolean {
    const visible = this.forget(name)
    if (visible) this.touch()
    return visible
  }

  /** Notes whether a provenance lies beside an archive, which the index does not tell. True when that is news. */
  sign(file: string, signed: boolean): boolean {
    const known = this.files.get(file)
    if (known === undefined || isRejected(known) || known.signed === signed) return false
    const changed = { ...known, signed }
    const ranked = this.charts.get(known.name)?.ranked ?? []
    this.files.set(file, changed)
    this.setChart(
      known.name,
      ranked.map((one) => (one.version === known ? new Ranked(changed) : one)),
    )
    this.revision += 1
    return true
  }

  private forget(name: string): boolean {
    const file = this.files.get(name)
    if (file === undefined) return false
    this.files.delete(name)
    this.rejected.delete(name)
    if (isRejected(file)) return false
    const ranked = this.charts.get(file.name)?.ranked ?? []
    this.setChart(
      file.name,
      ranked.filter((one) => one.version !== file),
    )
    return true
  }

  private setChart(name: string, ranked: readonly Ranked[]): void {
    this.changedNames?.add(name)
    if (this.changedNames !== undefined && this.changedNames.size > maxChangedNames)
      this.changedNames = undefined
    if (!this.charts.has(name) || ranked.length === 0) this.sortedNames = undefined
    if (ranked.length === 0) this.charts.delete(name)
    else this.charts.set(name, new Chart(name, ranked))
  }

  private touch(): void {
    this.generation += 1
    this.revision += 1
    this.changed = new Date()
  }
}
