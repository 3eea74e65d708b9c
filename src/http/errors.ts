import { isRegistryError, type ErrorCode, type ErrorDetails, type RegistryError } from '../errors.ts'
import { responseOf } from './body-bytes.ts'
import { goJson, headersFor, jsonType } from './headers.ts'

/**
 * The only table from what went wrong to a status. What it is about changes the sentence, never the number:
 * where ChartMuseum answers 500 to a file it does not know and to a raw provenance it cannot read, `invalid`
 * is 400 here, because the server did nothing wrong.
 */
const statuses = {
  invalid: 400,
  unauthorized: 401,
  forbidden: 403,
  not_found: 404,
  too_slow: 408,
  conflict: 409,
  too_large: 413,
  unavailable: 503,
  // ChartMuseum: a repository at its limit of objects is "507 Insufficient Storage"; so is a full disk.
  full: 507,
} satisfies Record<ErrorCode, number>

/**
 * Codes of the OCI distribution specification (v1.1, "Error Codes"); those it has no word for are UNKNOWN.
 */
const ociCodes = {
  invalid: 'UNSUPPORTED',
  unauthorized: 'UNAUTHORIZED',
  forbidden: 'DENIED',
  not_found: 'NAME_UNKNOWN',
  too_slow: 'BLOB_UPLOAD_INVALID',
  conflict: 'DENIED',
  too_large: 'SIZE_INVALID',
  unavailable: 'UNKNOWN',
  full: 'DENIED',
} satisfies Record<ErrorCode, string>

/** Who reads the answer: ChartMuseum's clients and scripts, OCI clients, or a person with a browser. */
export type ErrorForm = 'api' | 'oci' | 'page'

export interface ErrorOptions {
  readonly form?: ErrorForm
  /** Shown where nothing else can be said, so that the log line can be found. */
  readonly requestId?: string
  /** WWW-Authenticate of a 401. */
  readonly challenge?: string
  /** Retry-After of a 401, in seconds. */
  readonly retryAfter?: number | undefined
}

/** The status a thrown value is answered with; 500 for whatever is not a RegistryError. */
export function statusOf(error: unknown): number {
  return isRegistryError(error) ? statuses[error.code] : 500
}

/** The sentence a thrown value is answered with. */
export function sentenceOf(error: unknown): string {
  return isRegistryError(error) ? shown(error.message) : 'internal server error'
}

/**
 * The answer to a thrown value. A RegistryError shows its sentence and details; of anything else only the
 * request id is shown, and whoever calls this logs it. A HEAD gets the same: Bun sends its headers and keeps
 * the body back.
 */
export function errorResponse(error: unknown, options: ErrorOptions = {}): Response {
  const known = isRegistryError(error) ? error : undefined
  const answer: Answer = {
    status: statusOf(error),
    code: known ? ociCodes[known.code] : 'UNKNOWN',
    text: sentenceOf(error),
    details: known ? known.details : requestIdDetails(options),
  }
  return send(answer, options, known)
}

/**
 * An answer for what no RegistryError has a word for: a Host header that is refused before anything else is
 * known.
 */
export function statusResponse(status: number, text: string, options: ErrorOptions = {}): Response {
  return send({ status, code: 'UNKNOWN', text: shown(text), details: {} }, options)
}

/**
 * Who reads the errors of this request. OCI clients own /v2; a browser says `text/html`, which neither helm
 * nor curl does; the API answers JSON whoever asks. The path is the one below the context path.
 */
export function errorForm(request: Request, path: string): ErrorForm {
  if (path === '/v2' || path.startsWith('/v2/')) return 'oci'
  if (path === '/api' || path.startsWith('/api/')) return 'api'
  return request.headers.get('accept')?.includes('text/html') ? 'page' : 'api'
}

interface Answer {
  readonly status: number
  readonly code: string
  readonly text: string
  readonly details: ErrorDetails
}

function send(answer: Answer, options: ErrorOptions, error?: RegistryError): Response {
  const form = options.form ?? 'api'
  const headers = headersFor(
    form === 'page' ? 'page' : 'protocol',
    form === 'page' ? 'text/html; charset=utf-8' : jsonType,
  )
  if (answer.status === 401 && options.challenge !== undefined)
    headers.set('www-authenticate', options.challenge)
  if (answer.status === 401 && options.retryAfter !== undefined)
    headers.set('retry-after', String(options.retryAfter))
  // RFC 9110, 15.5.9. Not with 413, where ChartMuseum does it: Bun then closes while a Go client still
  // writes, and four of ten saw "broken pipe" instead of the answer (measured). Bun reads over what is left
  // of a refused body.
  if (answer.status === 408) headers.set('connection', 'close')
  if (answer.status === 503) headers.set('retry-after', retryAfter(error))
  // The same path answers others with JSON, and tomorrow perhaps with a chart.
  if (form === 'page') headers.set('cache-control', 'no-store')
  return responseOf(bodies[form](answer), { status: answer.status, headers })
}

const bodies = {
  api: ({ text, details }) => goJson({ error: text, ...details }),
  oci: ({ code, text, details }) => goJson({ errors: [{ code, message: text, detail: details }] }),
  page: ({ status, text }) =>
    `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${status} · Chartroom</title></head>` +
    `<body><main><h1>${status}</h1><p>${Bun.escapeHTML(text)}</p></main></body></html>`,
} satisfies Record<ErrorForm, (answer: Answer) => string>

/** Seconds: what the error says (`retryAfter`), else long enough for a store to come back from a restart. */
function retryAfter(error: RegistryError | undefined): string {
  const seconds = error?.details.retryAfter
  return typeof seconds === 'number' && Number.isInteger(seconds) && seconds >= 0 ? String(seconds) : '5'
}

function requestIdDetails(options: ErrorOptions): ErrorDetails {
  return options.requestId === undefined ? {} : { requestId: options.requestId }
}

const maxTextBytes = 4096

/** C0, DEL and C1: what a terminal may act on. */
// oxlint-disable-next-line no-control-regex
const control = /[\u0000-\u001f\u007f-\u009f]+/g

/** A sentence as it may leave: at most 4 KiB of UTF-8, control characters as one space. */
function shown(text: string): string {
  const clean = text.slice(0, maxTextBytes + 1).replace(control, ' ')
  if (clean.length * 3 <= maxTextBytes || Buffer.byteLength(clean) <= maxTextBytes) return clean
  const marker = '…'
  const room = maxTextBytes - Buffer.byteLength(marker)
  const { read } = new TextEncoder().encodeInto(clean, new Uint8Array(room))
  return clean.slice(0, read) + marker
}
