import { withBodyBytes } from './body-bytes.ts'
import { headersFor } from './headers.ts'

/** One body that is sent as it is: an archive, a provenance file, an index. */
export interface Sendable {
  readonly request: Request
  /** A Blob or `Bun.file`: it goes out without being copied, by sendfile where it can. */
  readonly body: Blob
  /** Bytes of the body. A `Bun.file` of an older moment may not know its size any more. */
  readonly size: number
  /** Opaque, without quotes; a strong one: equal tags mean equal bytes. */
  readonly etag: string
  readonly modified: Date
  readonly type: string
  /** More headers: cache-control, vary, content-encoding … */
  readonly headers?: Readonly<Record<string, string>>
}

/**
 * Answers GET or HEAD with conditions and ranges: 304 by If-None-Match or If-Modified-Since (RFC 9110,
 * 13.2.2), 206 or 416 by a single Range (14.2), else 200. Several ranges, a unit we do not know and a broken
 * header give the whole, as the RFC allows.
 *
 * Bun answers a Range on a 200 with a `Bun.file` body by itself, in the same way (measured in 1.4.5:
 * If-Range, several ranges and broken headers give the whole); it leaves a 206 alone. To HEAD it sends the
 * length and keeps the body. It adds a content-disposition with the name of the file on disk unless there is
 * one.
 */
export function sendObject(object: Sendable): Response {
  const { request, body, size } = object
  const { whole, unchanged } = isSettled(object.modified) ? headersOf(object) : freshHeadersOf(object)
  if (isUnchanged(request.headers, object)) return new Response(null, { status: 304, headers: unchanged })
  // A Range means something to GET only (RFC 9110, 14.2).
  const range = request.method === 'GET' ? request.headers.get('range') : null
  if (range !== null && ifRangeHolds(request.headers, object)) {
    const part = parseRange(range, size)
    const headers = new Headers(whole)
    if (part === 'unsatisfiable') return unsatisfiable(headers, size)
    if (part) {
      headers.set('content-range', `bytes ${part.start}-${part.end - 1}/${size}`)
      const sent = new Response(body.slice(part.start, part.end), { status: 206, headers })
      return withBodyBytes(sent, part.end - part.start)
    }
  }
  return withBodyBytes(new Response(body, { headers: whole }), size)
}

/**
 * Dates have whole seconds: what was changed in this very second may change in it again, and its date would then stand
 * for two contents (RFC 9110, 8.8.2.2). Until the second is over no date is sent or compared; the tag does it.
 */
function isSettled(modified: Date): boolean {
  return seconds(modified.getTime()) < seconds(Date.now())
}

function freshHeadersOf(object: Sendable): Pick<HeaderSet, 'whole' | 'unchanged'> {
  const { whole, unchanged } = headersOf(object)
  const [freshWhole, freshUnchanged] = [new Headers(whole), new Headers(unchanged)]
  freshWhole.delete('last-modified')
  freshUnchanged.delete('last-modified')
  return { whole: freshWhole, unchanged: freshUnchanged }
}

const prepared = headersFor('protocol')
prepared.set('accept-ranges', 'bytes')
prepared.set('content-disposition', 'inline')

/** The headers of one body, as it was described when they were made. */
interface HeaderSet {
  readonly described: Omit<Sendable, 'request'>
  readonly whole: Headers
  readonly unchanged: Headers
}

/**
 * The same body is sent again and again, and each header that is set costs half a microsecond; a Response copies the
 * ones it is given, so they can be shared.
 */
const made = new WeakMap<Blob, HeaderSet>()

function headersOf(object: Sendable): HeaderSet {
  const known = made.get(object.body)
  if (known !== undefined && isDescribed(known.described, object)) return known
  const { body, size, etag, modified, type, headers } = object
  const unchanged = validatorHeaders(object)
  const whole = new Headers(unchanged)
  whole.set('content-type', type)
  const set = {
    described: { body, size, etag, modified, type, ...(headers && { headers }) },
    whole,
    unchanged,
  }
  made.set(body, set)
  return set
}

function isDescribed(known: Omit<Sendable, 'request'>, object: Sendable): boolean {
  return (
    known.etag === object.etag &&
    known.type === object.type &&
    known.modified.getTime() === object.modified.getTime() &&
    sameHeaders(known.headers ?? {}, object.headers ?? {})
  )
}

function sameHeaders(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  for (const name in a) if (a[name] !== b[name]) return false
  for (const name in b) if (!(name in a)) return false
  return true
}

function validatorHeaders(object: Sendable): Headers {
  const headers = new Headers(prepared)
  for (const name in object.headers) headers.set(name, object.headers[name] as string)
  headers.set('etag', quoted(object.etag))
  headers.set('last-modified', httpDate(object.modified))
  return headers
}

function unsatisfiable(headers: Headers, size: number): Response {
  headers.set('content-range', `bytes */${size}`)
  return new Response(null, { status: 416, headers })
}

function quoted(etag: string): string {
  return `"${etag}"`
}

/**
 * Whether the client has it already. If-Modified-Since counts only where there is no If-None-Match, and only with the
 * very date that was sent: a file may be replaced by one with an older date.
 */
function isUnchanged(asked: Headers, object: Pick<Sendable, 'etag' | 'modified'>): boolean {
  const tags = asked.get('if-none-match')
  if (tags !== null) return listsTag(tags, quoted(object.etag))
  const since = asked.get('if-modified-since')
  if (since === null) return false
  const time = Date.parse(since)
  return isSettled(object.modified) && seconds(object.modified.getTime()) === seconds(time)
}

/** True when a list of entity tags has this one, by weak comparison (RFC 9110, 8.8.3.2). */
export function listsTag(list: string, tag: string): boolean {
  if (list === tag) return true
  if (list.trim() === '*') return true
  for (const [found] of list.matchAll(/"[\x21\x23-\x7e\x80-\xff]*"/g)) if (found === tag) return true
  return false
}

/**
 * Whether a Range counts: always without If-Range, else only for the very same bytes (strong comparison,
 * 13.1.5).
 */
function ifRangeHolds(asked: Headers, object: Sendable): boolean {
  const condition = asked.get('if-range')
  if (condition === null) return true
  if (condition.includes('"')) return condition.trim() === quoted(object.etag)
  return Date.parse(condition) === seconds(object.modified.getTime()) * 1000
}

const dates = new Map<number, string>()
const maxDates = 1000

/**
 * An HTTP date (RFC 9110, 5.6.7). The same few are sent again and again, and making one costs as much as a
 * route.
 */
function httpDate(date: Date): string {
  const time = seconds(date.getTime())
  const known = dates.get(time)
  if (known !== undefined) return known
  if (dates.size >= maxDates) dates.clear()
  const text = date.toUTCString()
  dates.set(time, text)
  return text
}

/** HTTP dates have no milliseconds. */
function seconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000)
}

/** The bytes [start, end) of a single range; undefined where the header is to be ignored. */
export function parseRange(
  header: string,
  size: number,
): { start: number; end: number } | 'unsatisfiable' | undefined {
  const found = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header)
  if (!found) return undefined
  const [, first = '', last = ''] = found
  if (first === '') {
    if (last === '') return undefined
    const length = Math.min(Number(last), size)
    return length === 0 ? 'unsatisfiable' : { start: size - length, end: size }
  }
  const start = Number(first)
  if (last !== '' && Number(last) < start) return undefined
  if (start >= size) return 'unsatisfiable'
  return { start, end: last === '' ? size : Math.min(Number(last) + 1, size) }
}
