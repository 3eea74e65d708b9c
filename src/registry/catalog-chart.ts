import type { ChartVersion } from './catalog-file.ts'
import { compareVersions, parseVersion, type Version } from './versions.ts'

/** How many of the newest versions are asked when a chart was last published. */
const mostTimes = 100

/** What is counted of a chart: of its distinct versions their number, of its archives the bytes of all. */
export interface ChartTotals {
  readonly versions: number
  readonly bytes: number
  /** When its newest archive was published, milliseconds since 1970. */
  readonly updated: number
}

/** One chart. Never changed in place: a change makes a new one, so what a reader holds stays as it was. */
export class Chart {
  private shown: readonly ChartVersion[] | undefined
  private counted: ChartTotals | undefined

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

  /** Counted on the first read. */
  get totals(): ChartTotals {
    this.counted ??= totalsOf(this.ranked)
    return this.counted
  }
}

/** A version with its parsed number: parsed when it is first compared, because a start compares next to nothing. */
export class Ranked {
  private parsed: Version | undefined | null = null

  constructor(readonly version: ChartVersion) {}

  get rank(): Version | undefined {
    if (this.parsed === null) this.parsed = parseVersion(this.version.version)
    return this.parsed
  }
}

function totalsOf(ranked: readonly Ranked[]): ChartTotals {
  let versions = 0
  let bytes = 0
  let updated = 0
  let before: string | undefined
  for (const [at, { version }] of ranked.entries()) {
    if (version.version !== before) versions += 1
    before = version.version
    bytes += version.size
    // An older line may have been patched later than the newest number.
    if (at < mostTimes) updated = Math.max(updated, Date.parse(version.created) || version.modified)
  }
  return { versions, bytes, updated }
}

/** The place of one among list: newest first; of files with one version the one named as we would name it is first. */
export function position(list: readonly Ranked[], one: Ranked): number {
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

/** Newest first; numbers that are none come behind all others. */
export function compareRanked(a: Ranked, b: Ranked): number {
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
