import { comparePrereleases, compareVersions, parseVersion } from './version-order.ts'
import type { Version } from './version-order.ts'

/** A range of versions: one of the alternatives has to hold, and of that every part. */
export type VersionRange = readonly Alternative[]

interface Alternative {
  readonly parts: readonly Part[]
  /** Prereleases fit only an alternative that names one. */
  readonly prereleases: boolean
}

/** `>=1.2.x`: an operator and the lowest version its text can mean. */
interface Part {
  readonly fits: (version: Version, part: Part) => boolean
  readonly from: Version
  /** Where the text stops or has an `x`; "any" when that is the major number. */
  readonly open: 'any' | 'minor' | 'patch' | undefined
}

/** The text is no range. The message is Masterminds', which clients of ChartMuseum see. */
export class ConstraintError extends Error {
  override readonly name = 'ConstraintError'
}

// Go's \s, which is less than that of JavaScript.
const space = '[\\t\\n\\f\\r ]'
const identifiers = '[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*'
/** A version with room for `x`; also lets `1|2` and `1x` pass, which then fail as a version, as in Masterminds. */
const number = '[0-9|xX*]+'
const version = `v?${number}(?:\\.${number})?(?:\\.${number})?(?:-${identifiers})?(?:\\+${identifiers})?`
const part = new RegExp(
  `(!=|>=|=>|<=|=<|~>|[=><~^])?${space}*` +
    `(v?(${number})(?:\\.(${number}))?(?:\\.(${number}))?(-${identifiers})?(?:\\+${identifiers})?)`,
  'y',
)
const separator = new RegExp(`${space}*,${space}*|${space}+`, 'y')
const outerSpace = new RegExp(`^${space}+|${space}+$`, 'g')
const hyphenRange = new RegExp(`${space}*(${version})${space}+-${space}+(${version})${space}*`, 'g')

/** Matching stays quadratic at worst; no honest range is longer. */
const maxLength = 1000

/**
 * Reads a range as Masterminds' NewConstraint does: `= != > < >= <= => =< ~ ~> ^`, `x X *` and missing numbers,
 * `1.2 - 2.3`, space or comma for "and", `||` for "or". Throws ConstraintError.
 */
export function parseRange(text: string): VersionRange {
  if (text.length > maxLength) throw new ConstraintError(`improper constraint: ${text.slice(0, 100)}…`)
  return withoutHyphens(text).split('||').map(parseAlternative)
}

/** `1.2 - 2.3` written as `>= 1.2, <= 2.3`. */
function withoutHyphens(text: string): string {
  let result = text
  for (const [found, from, to] of text.matchAll(hyphenRange)) {
    const at = result.indexOf(found)
    result = `${result.slice(0, at)}>= ${from}, <= ${to} ${result.slice(at + found.length)}`
  }
  return result
}

function parseAlternative(text: string): Alternative {
  const body = text.replace(outerSpace, '')
  const found: RegExpExecArray[] = []
  let at = 0
  do {
    if (at > 0) at += matchAt(separator, body, at)?.[0].length ?? body.length
    const next = matchAt(part, body, at)
    if (next === null) throw new ConstraintError(`improper constraint: ${text}`)
    found.push(next)
    at += next[0].length
  } while (at < body.length)
  const parts = found.map(parsePart)
  return { parts, prereleases: parts.some(({ from }) => from.prerelease !== '') }
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

function parsePart([
  ,
  operator = '=',
  text = '',
  major = '',
  minor,
  patch,
  prerelease = '',
]: RegExpExecArray): Part {
  const open = isOpen(major) ? 'any' : isOpen(minor) ? 'minor' : isOpen(patch) ? 'patch' : undefined
  const lowest = {
    any: `0.0.0${prerelease}`,
    minor: `${major}.0.0${prerelease}`,
    patch: `${major}.${minor}.0${prerelease}`,
  }
  const from = parseVersion(open === undefined ? text : lowest[open])
  if (from === undefined) throw new ConstraintError('constraint parser error')
  return { fits: operators[operator] as Part['fits'], from, open }
}

function isOpen(number: string | undefined): boolean {
  return number === undefined || number === 'x' || number === 'X' || number === '*'
}

/** True when the version fits the range. */
export function satisfies(version: Version, range: VersionRange): boolean {
  return range.some(
    ({ parts, prereleases }) =>
      (prereleases || version.prerelease === '') && parts.every((part) => part.fits(version, part)),
  )
}

const operators: Record<string, Part['fits']> = {
  '=': (version, part) =>
    part.open === undefined ? compareVersions(version, part.from) === 0 : fitsTilde(version, part),
  '!=': fitsNotEqual,
  '>': fitsGreater,
  '>=': (version, { from }) => compareVersions(version, from) >= 0,
  '=>': (version, { from }) => compareVersions(version, from) >= 0,
  '<': (version, { from }) => compareVersions(version, from) < 0,
  '<=': fitsLessOrEqual,
  '=<': fitsLessOrEqual,
  '~': fitsTilde,
  '~>': fitsTilde,
  '^': fitsCaret,
}

/** `!=1.2` leaves out all of 1.2.x, but of prereleases only the one that it names. */
function fitsNotEqual(version: Version, { from, open }: Part): boolean {
  if (open === 'any' || open === undefined) return compareVersions(version, from) !== 0
  if (version.major !== from.major) return true
  if (open === 'minor') return false
  return version.minor !== from.minor || comparePrereleases(version.prerelease, from.prerelease) !== 0
}

/** `>1.2` begins at 1.3.0, `>1` at 2.0.0. */
function fitsGreater(version: Version, { from, open }: Part): boolean {
  if (open === undefined || open === 'any' || version.major !== from.major)
    return compareVersions(version, from) > 0
  return open === 'patch' && version.minor > from.minor
}

/** `<=1.2` takes all of 1.2.x. */
function fitsLessOrEqual(version: Version, { from, open }: Part): boolean {
  if (open === undefined) return compareVersions(version, from) <= 0
  if (version.major !== from.major) return version.major < from.major
  return open === 'minor' || version.minor <= from.minor
}

/** `~1.2.3` stays in 1.2, `~1` in 1; `~0.0.0` takes everything, as in Masterminds. */
function fitsTilde(version: Version, { from, open }: Part): boolean {
  if (compareVersions(version, from) < 0) return false
  const closed = open === undefined || open === 'any'
  if (closed && Number(from.major) + Number(from.minor) + Number(from.patch) === 0) return true
  return version.major === from.major && (open === 'minor' || version.minor === from.minor)
}

/** `^1.2.3` stays in 1, `^0.2.3` in 0.2, `^0.0.3` is itself. */
function fitsCaret(version: Version, { from, open }: Part): boolean {
  if (compareVersions(version, from) < 0 || version.major !== from.major) return false
  if (from.major > 0 || open === 'minor') return true
  if (version.minor !== from.minor) return false
  return from.minor > 0 || open === 'patch' || version.patch === from.patch
}
