/** What a scalar of a YAML document can be. Integers are bigint, floats are number: their text forms differ. */
export type YamlScalar = string | boolean | null | bigint | number

/** A YAML document as Helm sees it: like JSON, but integers are bigint and floats (also infinite ones) are number. */
export type YamlValue = YamlScalar | YamlValue[] | { [key: string]: YamlValue }

const words = new Map<string, boolean | null | number>([
  ...['y', 'Y', 'yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map(
    (word) => [word, true] as const,
  ),
  ...['n', 'N', 'no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map(
    (word) => [word, false] as const,
  ),
  ...['', '~', 'null', 'Null', 'NULL'].map((word) => [word, null] as const),
  ...['.nan', '.NaN', '.NAN'].map((word) => [word, Number.NaN] as const),
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map(
    (word) => [word, Number.POSITIVE_INFINITY] as const,
  ),
  ...['-.inf', '-.Inf', '-.INF'].map((word) => [word, Number.NEGATIVE_INFINITY] as const),
])

const decimal = /^[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?$/
/** A float that begins with the dot goes straight to Go's ParseFloat, where an underscore has to stand between digits. */
const dotted = /^\.[0-9]+(?:_[0-9]+)*(?:[eE][-+]?[0-9]+(?:_[0-9]+)*)?$/
const integer = /^([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]([0-7]+)|0([0-7]+)|(0|[1-9][0-9]*))$/
/** Go's YAML 1.1 reader reads the rest of `0b…` as a signed number of base 2, a second time. */
const signedBinary = /^0b([-+])([01]+)$/

const maxInt64 = 2n ** 63n - 1n
const minInt64 = -(2n ** 63n)
const maxUint64 = 2n ** 64n - 1n

/**
 * The value of an unquoted scalar as go.yaml.in/yaml/v2 (which Helm reads Chart.yaml with) resolves it: the words of
 * YAML 1.1, octal `012` and `0o12`, `1_000`, no base 60, dates left as text, and text where a number has no room.
 */
export function resolvePlain(text: string): YamlScalar {
  const first = text.charCodeAt(0)
  if (!mayResolve(first)) return text === '' ? null : text
  const word = words.get(text)
  if (word !== undefined) return word
  if (first === 0x2e) return dotted.test(text) ? float(text.replaceAll('_', ''), text) : text
  if ((first >= 0x30 && first <= 0x39) || first === 0x2b || first === 0x2d) return number(text)
  return text
}

/** True when an unquoted scalar that begins with this character code may be anything else than text. */
export function mayResolve(code: number): boolean {
  if (code >= 0x30 && code <= 0x39) return true
  switch (code) {
    case 0x2b: // +
    case 0x2d: // -
    case 0x2e: // .
    case 0x7e: // ~
    case 0x59: // Y
    case 0x79:
    case 0x4e: // N
    case 0x6e:
    case 0x54: // T
    case 0x74:
    case 0x46: // F
    case 0x66:
    case 0x4f: // O
    case 0x6f:
      return true
    default:
      return false
  }
}

/** What most numbers are, and exact as a 64-bit float: no sign, at most 15 digits, no zero that would mean octal. */
const everydayInteger = /^(?:0|[1-9][0-9]{0,14})$/

function number(text: string): YamlScalar {
  if (everydayInteger.test(text)) return BigInt(Number(text))
  const plain = text.includes('_') ? text.replaceAll('_', '') : text
  const found = integer.exec(plain)
  if (found !== null) {
    const value = integerOf(found)
    if (value <= maxInt64 ? value >= minInt64 : value <= maxUint64 && found[1] === '') return value
  }
  if (decimal.test(plain)) return float(plain, text)
  const binary = signedBinary.exec(plain)
  if (binary === null) return text
  const value = BigInt(`0b${binary[2]}`) * (binary[1] === '-' ? -1n : 1n)
  return value <= maxInt64 && value >= minInt64 ? value : text
}

function integerOf([, sign, hex, binary, octal, zero, digits]: RegExpExecArray): bigint {
  const value =
    hex !== undefined
      ? BigInt(`0x${hex}`)
      : binary !== undefined
        ? BigInt(`0b${binary}`)
        : digits !== undefined
          ? BigInt(digits)
          : BigInt(`0o${octal ?? zero}`)
  return sign === '-' ? -value : value
}

/** A number beyond the range of 64-bit floats stays the text it was. */
function float(digits: string, text: string): number | string {
  const value = Number(digits)
  return Number.isFinite(value) ? value : text
}

/**
 * The text Helm stores where a text is wanted and Chart.yaml has something else (sigs.k8s.io/yaml): integers in
 * full, floats with the shortest digits that keep 32 bits (`1.10` is `1.1`, `123456789.5` is `1.2345679e+08`).
 */
export function scalarText(value: string | boolean | bigint | number): string {
  return typeof value === 'number' ? floatText(value) : String(value)
}

/** Go's strconv.FormatFloat(value, 'g', -1, 32). */
function floatText(value: number): string {
  const single = Math.fround(value)
  if (Number.isNaN(single)) return 'NaN'
  if (!Number.isFinite(single)) return single > 0 ? '+Inf' : '-Inf'
  if (single === 0) return Object.is(single, -0) ? '-0' : '0'
  const [digits = '', power = '0'] = shortestDigits(single).split('e')
  const exponent = Number(power)
  const sign = single < 0 ? '-' : ''
  const bare = digits.replace('-', '').replace('.', '')
  // Go writes an exponent below 1e-4 and from 1e6 on.
  if (exponent < -4 || exponent >= 6) {
    const rest = bare.length > 1 ? `.${bare.slice(1)}` : ''
    const size = String(Math.abs(exponent)).padStart(2, '0')
    return `${sign}${bare[0]}${rest}e${exponent < 0 ? '-' : '+'}${size}`
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${bare}`
  const whole = bare.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  return bare.length > exponent + 1 ? `${sign}${whole}.${bare.slice(exponent + 1)}` : sign + whole
}

/** The fewest decimal digits that read back as the same 32-bit float; nine always do. */
function shortestDigits(single: number): string {
  for (let fraction = 0; fraction < 8; fraction++) {
    const digits = single.toExponential(fraction)
    if (Math.fround(Number(digits)) === single) return digits
  }
  return single.toExponential(8)
}
