import { compareVersions, parseVersion, type Version } from './versions.ts'

/** One published version, as the catalog keeps it: a small record and its ready-made piece of the index. */
export interface ChartVersion {
  readonly name: string
  readonly version: string
  /** The archive's file name. Published by us it is `<name>-<version>.tgz`; copied in by hand it may be any `*.tgz`. */
  readonly file: string
  /** Bytes of the archive. */
  readonly size: number
  /** When the object was last written, milliseconds since 1970. */
  readonly modified: number
  /** Change tag of the object when it was judged (see ObjectInfo.etag). */
  readonly etag: string
  /** SHA-256 of the archive, hex. */
  readonly digest: string
  /** RFC 3339. */
  readonly created: string
  /** The JSON text of its entry in the index, shared by the index file and the list API. */
  readonly entry: string
}

/** A file that ends in .tgz but is no chart, remembered so that it is neither read nor told again until it changes. */
export interface RejectedFile {
  readonly file: string
  readonly size: number
  readonly etag: string
  readonly reason: string
}

export type CatalogFile = ChartVersion | RejectedFile

export function isRejected(file: CatalogFile): file is RejectedFile {
  return 'reason' in file
}

/** One chart. Never changed in place: a change makes a new one, so what a reader holds stays as it was. */
export class Chart {
  private shown: readonly ChartVersion[] | undefined

  constructor(
    readonly name: string,
    readonly ranked: readonly Ranked[],
  ) {}

  /** Its versions, newest first, each once. Made on the first read, not on every publish. */
  get versions(): readonly ChartVersion[] {
    this.shown ??= this.ranked
      .filter((one, at) => at === 0 || this.ranked[at - 1]?.version.version !== one.version.version)
      .map((one) => one.version)
    return this.shown
  }
}

/** A version with its parsed number: parsed when it is first compared, because a start compares next to nothing. */
class Ranked {
  private parsed: Version | undefined | null = null

  constructor(readonly version: ChartVersion) {}

  get rank(): Version | undefined {
    if (this.parsed === null) this.parsed = parseVersion(this.version.version)
    return this.parsed
  }
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
  /** Grows with every change that a reader can see. */
  generation = 0
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
    if (!isRejected(file)) {
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
      if (isRejected(file)) continue
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

  private forget(name: string): boolean {
    const file = this.files.get(name)
    if (file === undefined) return false
    this.files.delete(name)
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
    this.changed = new Date()
  }
}

/** The place of one among list: newest first; of files with one version the one named as we would name it is first. */
function position(list: readonly Ranked[], one: Ranked): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    const other = list[middle]
    if (other !== undefined && compareRanked(other, one) <= 0) low = middle + 1
    else high = middle
  }
  return low
}

function compareRanked(a: Ranked, b: Ranked): number {
  if (a.rank !== undefined && b.rank !== undefined) {
    const order = compareVersions(b.rank, a.rank)
    if (order !== 0) return order
  } else if (a.rank !== undefined || b.rank !== undefined) {
    return a.rank === undefined ? 1 : -1
  }
  return byBytes(b.version.version, a.version.version) || ownNameFirst(a.version, b.version)
}

function ownNameFirst(a: ChartVersion, b: ChartVersion): number {
  const own = `${a.name}-${a.version}.tgz`
  if (a.file === own || b.file === own) return a.file === own ? -1 : 1
  return byBytes(a.file, b.file)
}

/** Order by UTF-16 code units, which for the characters a name may have is byte order. */
export function byBytes(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
