import type { HeaderDoc, MediaDoc, ResponseDoc } from '../operation-doc.ts'

/** A schema of the components, by name. */
export function schema(name: string): object {
  return { $ref: `#/components/schemas/${name}` }
}

/** One JSON body with its example. */
export function json(name: string, example: unknown): Record<string, MediaDoc> {
  return { 'application/json': { schema: schema(name), example } }
}

/** An answer `{"error": …}`: what it means, and the sentences it is given in. */
export function failure(description: string, ...sentences: readonly string[]): ResponseDoc {
  return { description, content: errors('Error', ...sentences.map((error) => ({ error }))) }
}

type ErrorBody = Readonly<{ error: string; identical?: boolean; digest?: string }>

/** JSON bodies of one schema: a single example stands alone, several are numbered by their sentence. */
export function errors(name: string, ...values: readonly ErrorBody[]): Record<string, MediaDoc> {
  const media = { schema: schema(name) }
  if (values.length <= 1)
    return { 'application/json': { ...media, ...(values[0] && { example: values[0] }) } }
  const examples = Object.fromEntries(
    values.map((value, index) => [`case${index + 1}`, { summary: value.error, value }]),
  )
  return { 'application/json': { ...media, examples } }
}

/** Bytes that are not text. */
export const binary = { type: 'string', format: 'binary' }

export const notFound = failure('No such address, or no such repository name.', 'not found')

export const unavailable: ResponseDoc = {
  ...failure(
    'The storage does not answer now, or the server is stopping. Ask again.',
    'the server is stopping',
  ),
  headers: { 'Retry-After': { description: 'Seconds to wait.', schema: { type: 'integer', example: 5 } } },
}

export const notModified: ResponseDoc = {
  description:
    'What you have is current: the `If-None-Match` or `If-Modified-Since` that was sent still holds.',
}

export const etag = {
  description: 'Names these bytes; send it back as `If-None-Match`.',
  schema: { type: 'string', example: '"0f343b0931126a20"' },
}

const lastModified = {
  description: 'When it last changed (RFC 9110 section 8.8.2); left out within the second of the change.',
  schema: { type: 'string', example: 'Sun, 22 Nov 2026 11:00:00 GMT' },
}

export const contentRange = (example: string) => ({
  description: 'Which part this is, and of how many bytes.',
  schema: { type: 'string', example },
})

/** 206 and 416: what a `Range` gets from anything that is sent with an ETag. */
export function ranged(content: Record<string, MediaDoc>): Record<number, ResponseDoc> {
  return {
    206: {
      description: 'The part that `Range` asked for.',
      headers: { ETag: etag, 'Content-Range': contentRange('bytes 0-99/4096') },
      content: Object.fromEntries(Object.keys(content).map((type) => [type, { schema: binary }])),
    },
    416: {
      description: 'No part lies in the `Range` that was asked for.',
      headers: { 'Content-Range': contentRange('bytes */4096') },
    },
  }
}

/** The headers of an answer that can be asked for again cheaply. */
export const validators = {
  ETag: etag,
  'Last-Modified': lastModified,
  'Accept-Ranges': { description: 'Parts may be asked for.', schema: { type: 'string', example: 'bytes' } },
}

export const range: HeaderDoc = {
  name: 'Range',
  description: 'A part only, such as `bytes=0-99` (RFC 9110 section 14.2).',
  schema: { type: 'string' },
}

export const ifNoneMatch: HeaderDoc = {
  name: 'If-None-Match',
  description: 'The ETag of what you have: 304 without a body when it is current.',
  schema: { type: 'string' },
}
