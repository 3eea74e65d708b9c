import type { YamlValue } from './yaml-scalars.ts'

/** Why a YAML text cannot be read: at most 500 characters, none of them a control character. */
export class YamlError extends Error {
  override readonly name = 'YamlError'

  /** Where the reader stopped, counted from 1; undefined where the text was read and something in it is wrong. */
  readonly line: number | undefined

  constructor(message: string, options?: { cause?: unknown; line?: number }) {
    super(
      message
        .replace(/[^\P{C}\n]/gu, '')
        .replaceAll('\n', ' ')
        .slice(0, 500),
      options,
    )
    this.line = options?.line
  }
}

/** What a value is, for a sentence about a wrong one. */
export function kindOf(value: YamlValue): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'a mapping'
  if (typeof value === 'string') return 'a text'
  return typeof value === 'boolean' ? 'true or false' : 'a number'
}

/**
 * The value as JSON can hold it, keys sorted as Go sorts them: all numbers are floats. Helm turns every document into
 * JSON, so that an infinite number anywhere in it is an error. Throws YamlError.
 */
export function jsonOf(value: YamlValue): unknown {
  if (typeof value === 'bigint') return Number(value)
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new YamlError('an infinite number has no place')
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(jsonOf)
  const keys = Object.keys(value).sort(byBytes)
  return Object.fromEntries(keys.map((key) => [key, jsonOf(value[key] as YamlValue)]))
}

const surrogate = /[\ud800-\udfff]/

/** Order of the UTF-8 bytes, in which Go sorts keys; UTF-16 differs beyond the basic plane only. */
export function byBytes(a: string, b: string): number {
  if (surrogate.test(a) || surrogate.test(b)) return Buffer.compare(Buffer.from(a), Buffer.from(b))
  return a < b ? -1 : a > b ? 1 : 0
}
