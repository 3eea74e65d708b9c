import { RegistryError } from '../errors.ts'

/**
 * A query number as Go's strconv.Atoi reads it: decimal digits with an optional sign. Throws RegistryError `invalid`
 * with the complaint.
 */
export function wholeNumber(text: string | null, least: number, complaint: string): number | undefined {
  if (text === null) return undefined
  const value = /^[+-]?\d+$/.test(text) ? Number(text) : Number.NaN
  if (Number.isSafeInteger(value) && value >= least) return value
  throw new RegistryError('invalid', 'request', complaint)
}

/** How many things to leave out at the front, and how many to give at most, with ChartMuseum's complaints. */
export function pageOf(query: URLSearchParams): { offset: number; limit: number | undefined } {
  const offset = wholeNumber(query.get('offset'), 0, 'offset is not a valid non-negative integer')
  const limit = wholeNumber(query.get('limit'), 1, 'limit is not a valid positive integer')
  return { offset: offset ?? 0, limit }
}

/** One of some words; undefined when the query does not say. Throws RegistryError `invalid`. */
export function oneOf<T extends string>(
  query: URLSearchParams,
  name: string,
  words: readonly T[],
): T | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const found = words.find((word) => word === text)
  if (found !== undefined) return found
  throw new RegistryError('invalid', 'request', `${name} is none of ${words.join(', ')}`)
}
