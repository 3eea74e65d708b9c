import { standardError } from './standard-error.ts'
import type { Log, LogFields } from './log.ts'

/** One answered request, as the access log tells it. */
export interface ServedRequest {
  /** Counts the requests of this process; the same number stands in "Incoming request". */
  readonly number: number
  /** Path as it arrived, without query. */
  readonly path: string
  /** What went wrong inside, for the operator; never sent outside. */
  readonly comment?: string
  readonly clientIP: string
  readonly method: string
  readonly statusCode: number
  /** Whole nanoseconds. */
  readonly latency: number
  readonly reqID: string
}

/** A log that also writes access lines, and that can be emptied before the process ends. */
export interface LogWriter extends Log {
  request(served: ServedRequest): void
  flush(): void
}

/** How lines look and where they go. */
export interface LogOptions {
  readonly json: boolean
  readonly debug: boolean
  /** Access lines tell the latency as a number of nanoseconds, not as text. */
  readonly latencyInteger?: boolean
  /** Level names in colour: `wantsColour` knows when. */
  readonly colour?: boolean
  /** Takes finished lines; standard error when it is not given. */
  readonly write?: (lines: string) => void
}

type Level = 'DEBUG' | 'INFO' | 'WARN' | 'ERROR'

const colours: Readonly<Record<Level, number>> = { DEBUG: 35, INFO: 34, WARN: 33, ERROR: 31 }
/** Lines wait at most this long, in milliseconds, so that busy times cost one write for many of them. */
const waitMs = 100
const fullAt = 32 * 1024

/**
 * Makes the log in the two forms of ChartMuseum: console (`time⇥LEVEL⇥message⇥{"field": value}`) or JSON lines
 * (`L`, `T`, `M`, then the fields). Lines are collected; warnings and errors leave at once. What comes from outside is
 * escaped, so that no value can start a line of its own or speak to the terminal.
 */
export function createLog(options: LogOptions): LogWriter {
  const { write, end } = options.write ? { write: options.write, end: () => {} } : standardError()
  const prefix = levelPrefixes(options)
  const now = clock()
  let waiting = ''
  let timer: ReturnType<typeof setTimeout> | undefined

  const flush = (): void => {
    clearTimeout(timer)
    timer = undefined
    const lines = waiting
    waiting = ''
    if (lines !== '') write(lines)
  }
  const add = (text: string, urgent: boolean): void => {
    waiting += text
    if (urgent || waiting.length > fullAt) flush()
    else if (timer === undefined) timer = setTimeout(flush, waitMs).unref()
  }
  if (!options.write) {
    process.on('exit', () => {
      flush()
      end()
    })
  }
  const line = options.json ? jsonLine : consoleLine
  const event = (level: Level, message: string, fields?: LogFields): void =>
    add(line(prefix[level], now(), message, fields), level === 'WARN' || level === 'ERROR')

  return {
    debug: options.debug ? (message, fields) => event('DEBUG', message, fields) : () => {},
    info: (message, fields) => event('INFO', message, fields),
    warn: (message, fields) => event('WARN', message, fields),
    error: (message, fields) => event('ERROR', message, fields),
    request: (served) => {
      const { statusCode, latency } = served
      const level = statusCode < 400 ? 'INFO' : statusCode < 500 ? 'WARN' : 'ERROR'
      const shown = options.latencyInteger === true ? String(latency) : `"${goDuration(latency)}"`
      add(accessLine(options.json, prefix[level], now(), served, shown), level === 'ERROR')
    },
    flush,
  }
}

/** True when level names may be coloured: a terminal, and no NO_COLOR (https://no-color.org). */
export function wantsColour(
  env: Readonly<Record<string, string | undefined>>,
  isTerminal: boolean | undefined,
): boolean {
  return isTerminal === true && !env['NO_COLOR']
}

function levelPrefixes({ json, colour }: LogOptions): Record<Level, string> {
  const shown = (level: Level): string => {
    if (json) return `{"L":"${level}","T":"`
    return colour ? `\t\u001b[${colours[level]}m${level}\u001b[0m\t` : `\t${level}\t`
  }
  return { DEBUG: shown('DEBUG'), INFO: shown('INFO'), WARN: shown('WARN'), ERROR: shown('ERROR') }
}

function consoleLine(prefix: string, time: string, message: string, fields?: LogFields): string {
  const text = plain.test(message) ? message : escape(message)
  const shown = fields === undefined ? '' : fieldList(fields, '": ', ', ')
  return shown === '' ? `${time}${prefix}${text}\n` : `${time}${prefix}${text}\t{${shown}}\n`
}

function jsonLine(prefix: string, time: string, message: string, fields?: LogFields): string {
  const shown = fields === undefined ? '' : fieldList(fields, '":', ',')
  return `${prefix}${time}","M":${quote(message)}${shown === '' ? '' : `,${shown}`}}\n`
}

/** Written out, because it is made for every request: one template instead of a loop over fields. */
function accessLine(
  json: boolean,
  prefix: string,
  time: string,
  served: ServedRequest,
  latency: string,
): string {
  const path = quote(served.path)
  const comment = served.comment === undefined ? '""' : quote(served.comment)
  const client = quote(served.clientIP)
  const method = quote(served.method)
  const id = quote(served.reqID)
  const { number, statusCode } = served
  if (json) {
    return `${prefix}${time}","M":"[${number}] Request served","path":${path},"comment":${comment},"clientIP":${client},"method":${method},"statusCode":${statusCode},"latency":${latency},"reqID":${id}}\n`
  }
  return `${time}${prefix}[${number}] Request served\t{"path": ${path}, "comment": ${comment}, "clientIP": ${client}, "method": ${method}, "statusCode": ${statusCode}, "latency": ${latency}, "reqID": ${id}}\n`
}

function fieldList(fields: LogFields, colon: string, comma: string): string {
  let list = ''
  for (const name in fields) {
    const value = fields[name]
    if (value === undefined) continue
    const shown =
      typeof value === 'string'
        ? quote(value)
        : Number.isNaN(value) || Math.abs(Number(value)) === Infinity
          ? 'null'
          : String(value)
    list += `${list === '' ? '' : comma}"${name}${colon}${shown}`
  }
  return list
}

/** Nothing that JSON or a terminal would read as more than a character. */
const plain = /^[\x20-\x7e]*$/
const plainInQuotes = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/
/** Control and format characters (direction marks too) and line ends that JSON.stringify leaves as they are. */
const unsafe = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu

function quote(text: string): string {
  return plainInQuotes.test(text) ? `"${text}"` : escape(JSON.stringify(text))
}

function escape(text: string): string {
  return text.replace(unsafe, (found) => {
    let escaped = ''
    for (let at = 0; at < found.length; at++) {
      escaped += `\\u${found.charCodeAt(at).toString(16).padStart(4, '0')}`
    }
    return escaped
  })
}

/** Nanoseconds as Go prints a duration: "980ns", "12.5µs", "3.25ms", "1m30.5s". */
export function goDuration(nanoseconds: number): string {
  if (nanoseconds < 1e3) return nanoseconds === 0 ? '0s' : `${nanoseconds}ns`
  if (nanoseconds < 1e6) return `${nanoseconds / 1e3}µs`
  if (nanoseconds < 1e9) return `${nanoseconds / 1e6}ms`
  const minutes = Math.floor(nanoseconds / 6e10)
  const seconds = `${(nanoseconds % 6e10) / 1e9}s`
  if (minutes === 0) return seconds
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`
}

/** The time in ISO 8601 with milliseconds, formatted at most once per millisecond. */
function clock(): () => string {
  let last = 0
  let shown = ''
  return () => {
    const time = Date.now()
    if (time !== last) {
      last = time
      shown = new Date(time).toISOString()
    }
    return shown
  }
}
