import { isIP } from 'node:net'

/** Turns the text of a flag, a variable or a file's scalar into a value. */
export interface Reader<T> {
  /** What the help shows after the flag: "NUMBER"; "" for a switch, which needs no value. */
  readonly takes: string
  /** Ends the sentence `"abc" is not …` when the text does not fit. */
  readonly expected: string
  /** The value, or undefined when the text does not fit. */
  read(text: string): T | undefined
  /** Present when the setting may be given several times: joins what was given, in order. */
  join?(values: readonly T[]): T
  /** Present when the config file spells the value differently. */
  fromFile?(text: string): string
}

/** What an option may say besides its reader, default and help. */
export interface OptionNotes {
  /** Variable, where it is not the flag in upper case with "_". */
  readonly variable?: string
  /** One-letter flag. */
  readonly short?: string
  /** The default in words, where the value alone would mislead. */
  readonly shown?: string
  /** Never printed: not in mistakes, not in the log. May be read from a file. */
  readonly secret?: true
  /** May be read from a file although it is no secret: it is handed out beside one. */
  readonly inFile?: true
  /** Accepted without effect: one warning at start says why. */
  readonly noEffect?: string
  /** The same, for what ChartMuseum itself calls deprecated. */
  readonly deprecated?: string
}

/** One setting: all that flag, variable, config file, help and the type of `Settings` need to know. */
export interface Option<T> extends OptionNotes {
  /** Key in the config file, lower case, dotted. */
  readonly key: string
  readonly reader: Reader<T>
  readonly default: T
  readonly help: string
}

const booleanWords = new Map<string, boolean>([
  ...['1', 't', 'T', 'TRUE', 'true', 'True'].map((word) => [word, true] as const),
  ...['0', 'f', 'F', 'FALSE', 'false', 'False', ''].map((word) => [word, false] as const),
])

/** On or off, in the words of Go's ParseBool; an empty variable means off, as it does for ChartMuseum. */
export function toggle(key: string, help: string, notes: OptionNotes & { on?: true } = {}): Option<boolean> {
  const reader: Reader<boolean> = {
    takes: '',
    expected: 'true or false',
    read: (text) => booleanWords.get(text),
  }
  const { on, ...rest } = notes
  return { key, reader, default: on === true, help, ...rest }
}

/** Any text. */
export function text(
  key: string,
  takes: string,
  help: string,
  notes: OptionNotes & { fallback?: string } = {},
): Option<string> {
  const { fallback = '', ...rest } = notes
  return {
    key,
    reader: { takes, expected: 'text', read: (given) => given },
    default: fallback,
    help,
    ...rest,
  }
}

/** A text of a special form, with its own reader. */
export function special<T>(
  key: string,
  reader: Reader<T>,
  fallback: T,
  help: string,
  notes: OptionNotes = {},
): Option<T> {
  return { key, reader, default: fallback, help, ...notes }
}

/** A whole number as Go writes them (`0x10` and `010` too), within bounds. */
export function whole(
  key: string,
  bounds: { default: number; min?: number; max?: number },
  help: string,
  notes: OptionNotes = {},
): Option<number> {
  const min = bounds.min ?? 0
  const max = bounds.max ?? Number.MAX_SAFE_INTEGER
  const expected =
    max === Number.MAX_SAFE_INTEGER
      ? `a whole number of at least ${min}`
      : `a whole number from ${min} to ${max}`
  const read = (given: string): number | undefined => {
    const value = parseWhole(given)
    return value === undefined || value < min || value > max ? undefined : value
  }
  return { key, reader: { takes: 'NUMBER', expected, read }, default: bounds.default, help, ...notes }
}

/** A limit where 0 or less means none; the value is then 0. */
export function limit(key: string, help: string): Option<number> {
  const read = (given: string): number | undefined => {
    const value = parseWhole(given)
    return value === undefined ? undefined : Math.max(0, value)
  }
  return { key, reader: { takes: 'NUMBER', expected: 'a whole number', read }, default: 0, help }
}

/** A time span, in milliseconds: `5m`, `1h30m`. In the file a bare number counts nanoseconds, as Go's do. */
export function duration(
  key: string,
  fallbackMs: number,
  help: string,
  notes: OptionNotes = {},
): Option<number> {
  const reader: Reader<number> = {
    takes: 'DURATION',
    expected: 'a duration with a unit, such as 90s, 5m or 1h30m',
    read: parseDuration,
    fromFile: (given) => (/^[\d.]+$/.test(given) ? `${given}ns` : given),
  }
  return { key, reader, default: fallbackMs, help, ...notes }
}

/** One of a few words, upper or lower case. */
export function oneOf<const W extends string, const F extends string>(
  key: string,
  words: readonly W[],
  fallback: F,
  help: string,
  notes: OptionNotes = {},
): Option<W | F> {
  const reader: Reader<W | F> = {
    takes: 'NAME',
    expected: `one of ${words.join(', ')}`,
    read: (given) => (given === '' ? fallback : words.find((word) => word === given.toLowerCase())),
  }
  return { key, reader, default: fallback, help, ...notes }
}

/** Several texts, separated by commas or given several times; each must pass the check. */
export function list(
  key: string,
  reads: { takes: string; expected: string; valid: (item: string) => boolean },
  help: string,
): Option<readonly string[]> {
  const reader: Reader<readonly string[]> = {
    takes: reads.takes,
    expected: reads.expected,
    read: (given) => {
      const items = given
        .split(',')
        .map((item) => item.trim())
        .filter((item) => item !== '')
      return items.every(reads.valid) ? items : undefined
    },
    join: (lists) => lists.flat(),
  }
  return { key, reader, default: [], help }
}

/** True for an IPv4 or IPv6 address, or a network such as 10.0.0.0/8. */
export function isNetwork(item: string): boolean {
  const [address = '', bits, ...more] = item.split('/')
  const family = isIP(address)
  if (family === 0 || more.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128))
}

/** True for a DNS name, a wildcard DNS name or an IP address. */
export function isHostName(item: string): boolean {
  if (isIP(item) !== 0) return true
  const labels = item.replace(/^\*\./, '').split('.')
  const label = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/
  return item.length <= 253 && !/^[\d.]+$/.test(item) && labels.every((part) => label.test(part))
}

/** Go's integer literals: decimal, 0x, 0o, 0b, a leading 0 for octal; "_" between digits and behind a prefix. */
function parseWhole(given: string): number | undefined {
  const match = /^([+-]?)(0x(?:_?[\da-f])+|0o(?:_?[0-7])+|0b(?:_?[01])+|0(?:_?[0-7])*|[1-9](?:_?\d)*)$/i.exec(
    given,
  )
  if (!match) return undefined
  const digits = (match[2] ?? '').replaceAll('_', '').replace(/^0(?=[0-7])/, '0o')
  const value = Number(digits) * (match[1] === '-' ? -1 : 1)
  return Number.isSafeInteger(value) ? value : undefined
}

const unitMs = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1e3, m: 6e4, h: 3.6e6 } as const

/** Go's ParseDuration, in milliseconds; undefined for negative spans too, because none of the settings has a use for them. */
function parseDuration(given: string): number | undefined {
  if (given === '0') return 0
  if (!/^\+?((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/.test(given)) return undefined
  let total = 0
  for (const [, amount, unit] of given.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)) {
    total += Number(amount) * unitMs[unit as keyof typeof unitMs]
  }
  return total
}
