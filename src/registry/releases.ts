import type { ChartVersion } from './catalog.ts'
import { parseVersion } from './versions.ts'
import type { Version } from './versions.ts'

/** Annotated as a pre-release, whatever its number says (Artifact Hub's annotation). */
export function isMarkedPrerelease({ entry }: ChartVersion): boolean {
  return entry.includes('"artifacthub.io/prerelease":"true"')
}

/** Its authors want nobody to use it any more. In the index only this field can be written so: quotes in texts are escaped. */
export function isDeprecated({ entry }: ChartVersion): boolean {
  return entry.includes('"deprecated":true')
}

/** A version's number, read, and whether it is for everyday use. */
export interface Release {
  readonly parsed: Version | undefined
  /** Not for everyday use, by its number or by its annotation. */
  readonly prerelease: boolean
}

/** Kept with the record: a list of 2,000 versions reads each of them at every request. */
const releases = new WeakMap<ChartVersion, Release>()

export function releaseOf(version: ChartVersion): Release {
  const known = releases.get(version)
  if (known !== undefined) return known
  const parsed = parseVersion(version.version)
  const release = { parsed, prerelease: parsed?.prerelease !== '' || isMarkedPrerelease(version) }
  releases.set(version, release)
  return release
}

/** Not for everyday use, by its number or by its annotation. */
export function isPrerelease(version: ChartVersion): boolean {
  return releaseOf(version).prerelease
}

/** The version that people should take: the newest stable one, or the newest. `versions` stand newest first. */
export function newestRelease(versions: readonly ChartVersion[]): ChartVersion | undefined {
  return versions.find((version) => !isPrerelease(version)) ?? versions[0]
}

/** When it was published, milliseconds since 1970: the date in the index, or that of the file. */
export function publishedAt({ created, modified }: ChartVersion): number {
  return Date.parse(created) || modified
}

/** What is worth saying about the other versions of a chart to somebody who looks at one of them. */
export interface Standing {
  readonly prerelease: boolean
  /** The newest stable version, when this one is older than it. */
  readonly newer: ChartVersion | undefined
  /** A pre-release that is newer than every stable version, when this one is the newest stable. */
  readonly upcoming: ChartVersion | undefined
  /** At most six: this one, up to two newer ones, the rest older. Newest first. */
  readonly track: readonly ChartVersion[]
}

const trackLength = 6
const newerOnTrack = 2

/** Where a version stands among all versions of its chart, which stand newest first. */
export function standingOf(version: ChartVersion, versions: readonly ChartVersion[]): Standing {
  const at = versions.indexOf(version)
  const newest = versions.findIndex((one) => !isPrerelease(one))
  const from = Math.max(0, Math.min(at - newerOnTrack, versions.length - trackLength))
  return {
    prerelease: isPrerelease(version),
    newer: newest >= 0 && newest < at ? versions[newest] : undefined,
    upcoming: newest === at && newest > 0 ? versions[0] : undefined,
    track: versions.slice(from, from + trackLength),
  }
}
