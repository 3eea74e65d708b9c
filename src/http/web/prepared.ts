import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import { withBodyBytes } from '../body-bytes.ts'
import { listsTag } from '../conditional.ts'
import { negotiateEncoding, type Encoding } from '../encoding.ts'
import { headersFor } from '../headers.ts'

/** Bytes of one media type that many will ask for: read, digested and compressed at most once, when first asked. */
export interface Prepared {
  readonly type: string
  readonly body: Blob
  /** The first 16 hex digits of the SHA-256 of the bytes. */
  readonly hash: string
  /** The body in an encoding that was asked for; undefined when it would not be smaller. */
  encoded(encoding: Encoding): Promise<Blob | undefined>
}

/** Makes a value at the first call and keeps it; a failure is not kept, so that the next call tries again. */
export function remember<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined
  return async () => {
    made ??= make()
    try {
      return await made
    } catch (error) {
      made = undefined
      throw error
    }
  }
}

/** Wraps bytes; nothing is compressed yet, and never where `compress` is false. */
export function prepare(
  bytes: Uint8Array<ArrayBuffer>,
  type: string,
  { compress: worthIt = true }: { readonly compress?: boolean } = {},
): Prepared {
  const made = new Map<Encoding, Promise<Blob | undefined>>()
  return {
    type,
    body: new Blob([bytes]),
    hash: new Bun.CryptoHasher('sha256').update(bytes).digest('hex').slice(0, 16),
    encoded(encoding) {
      if (!worthIt) return Promise.resolve(undefined)
      const blob = made.get(encoding) ?? compress(bytes, encoding)
      made.set(encoding, blob)
      return blob
    },
  }
}

/** How long and by whom an answer may be kept: "public, max-age=86400". */
export interface SendOptions {
  readonly cacheControl: string
}

/**
 * Answers with prepared bytes: 304 when the client has them, else compressed as `Accept-Encoding` allows. Each
 * encoding has an ETag of its own, because a strong one names bytes, not contents (RFC 9110 section 8.8.1).
 */
export async function sendPrepared(
  request: Request,
  prepared: Prepared,
  { cacheControl }: SendOptions,
): Promise<Response> {
  const encoding = negotiateEncoding(request.headers.get('accept-encoding'))
  const blob = encoding === undefined ? undefined : await prepared.encoded(encoding)
  const headers = headersFor('protocol')
  headers.set('cache-control', cacheControl)
  headers.set('vary', 'Accept-Encoding')
  const tag = blob === undefined ? `"${prepared.hash}"` : `"${prepared.hash}-${encoding}"`
  headers.set('etag', tag)
  const known = request.headers.get('if-none-match')
  if (known !== null && listsTag(known, tag)) {
    return new Response(null, { status: 304, headers })
  }
  headers.set('content-type', prepared.type)
  if (blob !== undefined && encoding !== undefined) headers.set('content-encoding', encoding)
  const body = blob ?? prepared.body
  return withBodyBytes(new Response(body, { headers }), body.size)
}

const gzipAsync = promisify(gzip)

/** Both run off the main thread. Levels: what one second of one core at first use buys, paid once per process. */
async function compress(bytes: Uint8Array<ArrayBuffer>, encoding: Encoding): Promise<Blob | undefined> {
  const small =
    encoding === 'gzip' ? await gzipAsync(bytes, { level: 6 }) : await Bun.zstdCompress(bytes, { level: 9 })
  return small.byteLength < bytes.byteLength ? new Blob([new Uint8Array(small)]) : undefined
}
