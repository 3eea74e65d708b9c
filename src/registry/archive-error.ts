import { RegistryError, type Verdict } from '../errors.ts'

const longestText = 4096
const longestName = 120

/**
 * A verdict on an archive, `invalid`: at most 4 KiB, control characters escaped, whatever the archive put into it.
 */
export function invalidArchive(text: string, cause?: unknown, verdict?: Verdict): RegistryError {
  return new RegistryError('invalid', 'archive', printable(text), {}, { cause, verdict })
}

/** An archive in which no chart stands where Helm looks for it. */
export function withoutChartYaml(text: string): RegistryError {
  return invalidArchive(text, undefined, { reason: 'no_chart_yaml' })
}

/** Bytes that end too early or are not what they should be. */
export function damagedArchive(text: string, cause?: unknown): RegistryError {
  return invalidArchive(text, cause, { reason: 'damaged' })
}

/** A name from inside an archive, shortened and in quotes, as it may stand in a sentence. */
export function quote(name: string): string {
  const short = name.length > longestName ? `${name.slice(0, longestName).toWellFormed()}…` : name
  return JSON.stringify(short)
}

/** Control characters, line separators, direction marks and lone surrogates: what a terminal or a log would obey. */
const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\ufffe\uffff]/gu

function printable(text: string): string {
  const short = text.length > longestText ? `${text.slice(0, longestText)}…` : text
  const escaped = short.replace(
    unprintable,
    (sign) => `\\u${sign.codePointAt(0)?.toString(16).padStart(4, '0')}`,
  )
  return Buffer.byteLength(escaped) <= longestText ? escaped : cut(escaped)
}

/** The longest start of a text that fits, in whole characters. */
function cut(text: string): string {
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(longestText - 3))
  return `${text.slice(0, read)}…`
}
