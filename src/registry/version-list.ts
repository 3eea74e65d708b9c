import type { ChartVersion } from './catalog.ts'
import { publishedAt, releaseOf } from './releases.ts'
import { ConstraintError, parseRange, satisfies } from './version-ranges.ts'
import type { VersionRange } from './version-ranges.ts'
import type { Version } from './versions.ts'

/** What a reader of a list of versions wants to see. */
export interface VersionQuery {
  /** As people write ranges for Helm: `^20 || >=21.1`; "" for all. */
  readonly range: string
  /** Pre-releases, too. */
  readonly prereleases: boolean
  readonly sort: VersionSort
  /** From 1. */
  readonly page: number
}

export type VersionSort = 'version' | 'published' | 'size'

export interface ListedVersion {
  readonly version: ChartVersion
  readonly prerelease: boolean
}

/** Versions of one major number, or, sorted by anything else, all of them. */
export interface VersionGroup {
  readonly major: string | undefined
  readonly versions: readonly ListedVersion[]
}

export interface VersionPage {
  readonly groups: readonly VersionGroup[]
  /** Versions of the chart. */
  readonly total: number
  /** Those that fit, on all pages. */
  readonly matching: number
  /** Pre-releases that fit and are not shown. */
  readonly hidden: number
  /** From 1 to `pages`, whatever was asked for. */
  readonly page: number
  readonly pages: number
  /** The range cannot be read, and is left out. */
  readonly badRange: boolean
}

/** Versions on one page. */
export const versionsPerPage = 50

/** One page of the versions of a chart, which stand newest first. A chart with pre-releases only shows them. */
export function listVersions(versions: readonly ChartVersion[], query: VersionQuery): VersionPage {
  const range = rangeOf(query.range)
  const all = versions.map(describe)
  const onlyPrereleases = all.every(({ prerelease }) => prerelease)
  const fitting = all.filter(({ parsed }) => range === undefined || fits(parsed, range.open))
  const shown = fitting.filter(
    ({ parsed, prerelease }) =>
      !prerelease ||
      query.prereleases ||
      onlyPrereleases ||
      (range !== undefined && named(parsed, range.strict)),
  )
  const sorted = sortedBy(query.sort, shown)
  const pages = Math.max(1, Math.ceil(sorted.length / versionsPerPage))
  const page = Math.min(Math.max(1, query.page), pages)
  return {
    groups: grouped(sorted.slice((page - 1) * versionsPerPage, page * versionsPerPage), query.sort),
    total: versions.length,
    matching: shown.length,
    hidden: fitting.length - shown.length,
    page,
    pages,
    badRange: range === undefined && query.range.trim() !== '',
  }
}

interface Described extends ListedVersion {
  readonly parsed: Version | undefined
}

function describe(version: ChartVersion): Described {
  return { version, ...releaseOf(version) }
}

/** The range as it is written, and with pre-releases of what it covers. Undefined for none and for a broken one. */
function rangeOf(text: string): { strict: VersionRange; open: VersionRange } | undefined {
  if (text.trim() === '') return undefined
  try {
    const strict = parseRange(text)
    return { strict, open: strict.map((alternative) => ({ ...alternative, prereleases: true })) }
  } catch (error) {
    if (error instanceof ConstraintError) return undefined
    throw error
  }
}

function fits(version: Version | undefined, range: VersionRange): boolean {
  return version !== undefined && satisfies(version, range)
}

/** Pre-releases that the range itself asks for, as `>=21.3.0-0` does. */
function named(version: Version | undefined, range: VersionRange): boolean {
  return version?.prerelease !== '' && fits(version, range)
}

function sortedBy(sort: VersionSort, listed: readonly Described[]): readonly Described[] {
  if (sort === 'version') return listed
  const weight = sort === 'size' ? ({ size }: ChartVersion) => size : publishedAt
  return listed.toSorted((a, b) => weight(b.version) - weight(a.version))
}

function grouped(listed: readonly Described[], sort: VersionSort): VersionGroup[] {
  const groups: { major: string | undefined; versions: ListedVersion[] }[] = []
  for (const { version, prerelease, parsed } of listed) {
    const major = sort === 'version' ? String(parsed?.major ?? '') : undefined
    const last = groups.at(-1)
    if (last === undefined || last.major !== major)
      groups.push({ major, versions: [{ version, prerelease }] })
    else last.versions.push({ version, prerelease })
  }
  return groups
}
