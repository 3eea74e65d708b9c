import { RegistryError } from '../errors.ts'
import { compareVersions, parseVersion } from './version-order.ts'
import type { Version } from './version-order.ts'
import { ConstraintError, parseRange, satisfies } from './version-ranges.ts'
import type { VersionRange } from './version-ranges.ts'

export { compareVersions, parseVersion } from './version-order.ts'
export type { Version } from './version-order.ts'

/**
 * A sorting function, newest first. Versions that are equal but spelled differently (build metadata, `1.2` and
 * `1.2.0`) stand in a fixed order, by their text.
 */
export function newestFirst(a: Version, b: Version): number {
  return compareVersions(b, a) || (a.text < b.text ? 1 : a.text > b.text ? -1 : 0)
}

/** The items sorted newest version first; those without a legal version come last, by their text. */
export function sortNewestFirst<T extends { readonly version: string }>(items: readonly T[]): T[] {
  const legal: { item: T; parsed: Version }[] = []
  const others: T[] = []
  for (const item of items) {
    const parsed = parseVersion(item.version)
    if (parsed === undefined) others.push(item)
    else legal.push({ item, parsed })
  }
  legal.sort((a, b) => newestFirst(a.parsed, b.parsed))
  others.sort((a, b) => (a.version < b.version ? -1 : a.version > b.version ? 1 : 0))
  return [...legal.map(({ item }) => item), ...others]
}

/**
 * The version that a caller means who asks for `wanted`: an exact text, a range (`~1.2`, `>=1, <2`, `1.x || 3.x`), or
 * "latest" or "" for the newest that is no prerelease. `versions` stand newest first. undefined when none fits.
 * Throws RegistryError('not_found') when `wanted` is neither a version nor a range.
 */
export function matchVersion<T extends { readonly version: string }>(
  versions: readonly T[],
  wanted: string,
): T | undefined {
  // ChartMuseum: the text is read as a range before it is compared, so that a stored text that is no range is not found.
  const range = readRange(wanted === 'latest' || wanted === '' ? '*' : wanted)
  const exact = versions.find(({ version }) => version === wanted)
  if (exact !== undefined) return exact
  return versions.find(({ version }) => {
    const parsed = parseVersion(version)
    return parsed !== undefined && satisfies(parsed, range)
  })
}

function readRange(wanted: string): VersionRange {
  try {
    return parseRange(wanted)
  } catch (error) {
    if (!(error instanceof ConstraintError)) throw error
    throw new RegistryError('not_found', 'version', error.message, {}, { cause: error })
  }
}
