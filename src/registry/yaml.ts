import { everydayKind, readEverydayYaml } from './yaml-lines.ts'
import { parseWithPackage } from './yaml-package.ts'
import type { YamlValue } from './yaml-scalars.ts'
import { kindOf, YamlError } from './yaml-values.ts'

export type { YamlValue } from './yaml-scalars.ts'
export { byBytes, jsonOf, kindOf, YamlError } from './yaml-values.ts'

/**
 * The first document of a YAML text, typed as Helm's reader types it (sigs.k8s.io/yaml over go.yaml.in/yaml/v2):
 * words and numbers of YAML 1.1, text keys, the last of equal keys wins. UTF-8 and, with a byte order mark, UTF-16.
 * An empty text is null. How large a text may be is the caller's to decide.
 * Throws YamlError.
 */
export function parseYaml(source: string | Uint8Array): YamlValue {
  const text = decode(source)
  const everyday = readEverydayYaml(text)
  return everyday === undefined ? parseWithPackage(text) : everyday
}

/**
 * Checks that a values.yaml can be read and is a mapping, or empty. Throws YamlError.
 * Fifteen of sixteen public charts have an everyday one. For the others: Bun's own parser reads 200 KB in 3 ms where the
 * `yaml` package takes 50, and refuses what is broken; so its yes counts, unless the text has something that it is
 * known to read otherwise than Helm does.
 */
export function checkMapping(source: string | Uint8Array): void {
  const text = decode(source)
  const kind = everydayKind(text)
  if (kind === 'mapping' || kind === 'null' || (kind === undefined && isPlainlyMapping(text))) return
  const value = parseWithPackage(text)
  if (value !== null && (typeof value !== 'object' || Array.isArray(value))) {
    throw new YamlError(`a mapping of keys to values is wanted, not ${kindOf(value)}`)
  }
}

/**
 * Where Bun says yes and Go no (found by reading 6,000 damaged files with both): tabs, line breaks of YAML 1.1, keys
 * that are collections (`{{ x }}`) or null, `<<` without a mapping, lines or values that begin with a comma.
 */
const readOtherwise =
  /[\t\r\x85\u2028\u2029\ufeff]|^ *(?:- +)*(?:[\w./"'-]+: +)?(?:\{\{|[,%@`])|^ *(?:- +)*(?:[?:]|<<|\.\.\.|(?:null|Null|NULL|~) *:)/m

export function isPlainlyMapping(text: string): boolean {
  if (readOtherwise.test(text)) return false
  try {
    const value: unknown = Bun.YAML.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    // Refused: the other parser says why, or that it is fine.
    return false
  }
}

/** What YAML 1.1 lets stand in a text (section 5.1); the reader that Helm uses refuses everything else. */
const refused = /[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/u

/** Most texts are ASCII, and are known to be fine at once. */
const plain = /^[\t\n\r\x20-\x7e]*$/

function decode(source: string | Uint8Array): string {
  const text = typeof source === 'string' ? source.replace(/^\ufeff/, '') : decodeBytes(source)
  if (!plain.test(text) && refused.test(text)) throw new YamlError('control characters are not allowed')
  return text
}

/** Kept, because making one costs as much as reading a Chart.yaml. */
const decoders = {
  'utf-8': new TextDecoder('utf-8', { fatal: true }),
  'utf-16le': new TextDecoder('utf-16le', { fatal: true }),
  'utf-16be': new TextDecoder('utf-16be', { fatal: true }),
}

function encodingOf(bytes: Uint8Array): keyof typeof decoders {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return 'utf-16le'
  return bytes[0] === 0xfe && bytes[1] === 0xff ? 'utf-16be' : 'utf-8'
}

function decodeBytes(bytes: Uint8Array): string {
  const encoding = encodingOf(bytes)
  try {
    return decoders[encoding].decode(bytes)
  } catch (cause) {
    throw new YamlError(`the text is not valid ${encoding.toUpperCase()}`, { cause })
  }
}
