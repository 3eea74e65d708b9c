import { parse as parseStrictly } from 'semver'
import type { SemVer } from 'semver'

/**
 * A version as Helm understands it (github.com/Masterminds/semver/v3, NewVersion): a lenient semantic version.
 * Numbers go up to 2^64 - 1: number while exact, bigint above; the comparison operators take both.
 */
export interface Version {
  /** As it stands in Chart.yaml. */
  readonly text: string
  readonly major: number | bigint
  readonly minor: number | bigint
  readonly patch: number | bigint
  /** Without the dash; "" for a release. */
  readonly prerelease: string
  /** The same version for the `semver` package, when its grammar has it and its numbers are exact. */
  readonly strict: SemVer | undefined
}

const identifiers = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*'
const grammar = new RegExp(
  `^(v?)(\\d+)(?:\\.(\\d+))?(?:\\.(\\d+))?(?:-(${identifiers}))?(?:\\+${identifiers})?$`,
)

/**
 * Reads a version as Masterminds' NewVersion does: `1.2`, `v1.2`, `01.0.0` and `2024-01-31` are legal; `V1.0.0`,
 * `1.0.0-01` and numbers over 2^64 - 1 are not. undefined when it is not a version.
 */
export function parseVersion(text: string): Version | undefined {
  const found = grammar.exec(text)
  if (found === null) return undefined
  const [, mark, major, minor, patch, prerelease = ''] = found
  const numbers = [parseNumber(major), parseNumber(minor ?? '0'), parseNumber(patch ?? '0')] as const
  if (numbers[0] === undefined || numbers[1] === undefined || numbers[2] === undefined) return undefined
  if (/(?:^|\.)0\d+(?:\.|$)/.test(prerelease)) return undefined
  const strict = mark === '' && patch !== undefined && !/\d{16}/.test(text) ? parseStrictly(text) : null
  return {
    text,
    major: numbers[0],
    minor: numbers[1],
    patch: numbers[2],
    prerelease,
    strict: strict ?? undefined,
  }
}

const maxNumber = 2n ** 64n - 1n

function parseNumber(digits = ''): number | bigint | undefined {
  if (digits.length < 16) return Number(digits)
  const value = BigInt(digits)
  if (value > maxNumber) return undefined
  return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : value
}

/** The order of semantic versions: negative when `a` is older, 0 when only build metadata or spelling differs. */
export function compareVersions(a: Version, b: Version): number {
  if (a.strict !== undefined && b.strict !== undefined) return a.strict.compare(b.strict)
  return (
    compareNumbers(a.major, b.major) ||
    compareNumbers(a.minor, b.minor) ||
    compareNumbers(a.patch, b.patch) ||
    comparePrereleases(a.prerelease, b.prerelease)
  )
}

function compareNumbers(a: number | bigint, b: number | bigint): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** The order of two prerelease texts; a release ("") is newer than all of its prereleases. */
export function comparePrereleases(a: string, b: string): number {
  if (a === b) return 0
  if (a === '') return 1
  if (b === '') return -1
  const left = a.split('.')
  const right = b.split('.')
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const order = compareIdentifiers(left[index], right[index])
    if (order !== 0) return order
  }
  return 0
}

/** Numbers below words; a number without room in 64 bits is a word (Masterminds' comparePrePart). */
function compareIdentifiers(a: string | undefined, b: string | undefined): number {
  if (a === b) return 0
  if (a === undefined) return -1
  if (b === undefined) return 1
  const left = /^\d+$/.test(a) ? parseNumber(a) : undefined
  const right = /^\d+$/.test(b) ? parseNumber(b) : undefined
  if (left !== undefined && right !== undefined) return compareNumbers(left, right)
  if (left !== undefined) return -1
  if (right !== undefined) return 1
  return a < b ? -1 : 1
}
