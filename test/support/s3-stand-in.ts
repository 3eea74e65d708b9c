/** What a store of its own kind does otherwise than Amazon S3. */
export interface StandInHabits {
  /** Where the bucket has to stand; the other is refused. Default: the path. */
  readonly style?: 'path' | 'virtual-host'
  /** `If-None-Match: *` and `If-Match` of a PUT: obeyed, the second not, neither, or refused with this number. */
  readonly conditions?: 'obeyed' | 'creates only' | 'ignored' | number
  /** A header of its own that forbids to replace, refused with 409. */
  readonly forbidHeader?: string
  /** The header with which it says that it encrypted. */
  readonly encryptionHeader?: string
  /** Headers that every answer has. */
  readonly headers?: () => Readonly<Record<string, string>>
  /** What HEAD and GET say of an object's time, milliseconds since 1970. */
  readonly modified?: () => number
}

/** A call that arrived. */
export interface StandInCall {
  readonly method: string
  readonly path: string
  readonly host: string
  readonly query: URLSearchParams
  readonly headers: Headers
}

/** A server on a free port of 127.0.0.1 that keeps objects in memory and speaks as much of S3 as the driver asks for. */
export interface S3StandIn extends AsyncDisposable {
  readonly url: URL
  /** All calls since the last `calls.length = 0`. */
  readonly calls: StandInCall[]
  /** What it says next to a call of this method, once each, without doing anything; then it does its work again. */
  readonly script: Partial<Record<string, (() => Response)[]>>
  /** How many answers to a PUT get lost: it does its work, and a proxy says 503. */
  lostPuts: number
}

const fixedTime = Date.UTC(2026, 1, 3, 4, 5, 6)

interface Kept {
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly headers: Record<string, string>
}

/** Starts one. An answer to HEAD does not say why, as Amazon's does not. */
export function startS3StandIn(habits: StandInHabits = {}): S3StandIn {
  const objects = new Map<string, Kept>()
  const standIn = { calls: [] as StandInCall[], script: {} as S3StandIn['script'], lostPuts: 0 }
  const { calls, script } = standIn

  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const url = new URL(request.url)
      const { method, headers } = request
      const host = headers.get('host') ?? ''
      const bytes = await request.bytes()
      calls.push({ method, path: url.pathname, host, query: url.searchParams, headers })
      const said = script[method]?.shift()
      let answer = said === undefined ? work(request, url, host, bytes) : said()
      if (method === 'PUT' && answer.ok && standIn.lostPuts > 0) {
        standIn.lostPuts -= 1
        answer = refusal(503, 'ServiceUnavailable')
      }
      for (const [name, value] of Object.entries(habits.headers?.() ?? {})) answer.headers.set(name, value)
      return answer
    },
  })

  function work(request: Request, url: URL, host: string, bytes: Uint8Array<ArrayBuffer>): Response {
    const { method } = request
    const bucket = host.endsWith(`.localhost:${server.port}`) ? `/${host.split('.')[0]}` : ''
    if ((bucket !== '') !== (habits.style === 'virtual-host'))
      return refusal(403, 'SecondLevelDomainForbidden', method)
    const path = bucket + url.pathname
    const found = objects.get(path)
    if (method === 'PUT') return put(request, path, bytes)
    if (method === 'DELETE') {
      objects.delete(path)
      return new Response(null, { status: 204 })
    }
    if (url.searchParams.has('list-type'))
      return list(path.endsWith('/') ? path : `${path}/`, url.searchParams.get('prefix') ?? '')
    if (found === undefined) return refusal(404, 'NoSuchKey', method)
    if (request.headers.get('if-none-match') === found.headers.etag)
      return new Response(null, { status: 304 })
    return new Response(method === 'HEAD' ? null : found.bytes, {
      headers: { ...found.headers, 'content-length': String(found.bytes.length) },
    })
  }

  function put({ headers }: Request, path: string, bytes: Uint8Array<ArrayBuffer>): Response {
    const { conditions = 'obeyed', forbidHeader, encryptionHeader } = habits
    const found = objects.get(path)
    const [absent, same] = [headers.has('if-none-match'), headers.get('if-match')]
    if (typeof conditions === 'number' && (absent || same !== null))
      return refusal(conditions, 'NotImplemented')
    const creates = conditions === 'obeyed' || conditions === 'creates only'
    if (creates && absent && found !== undefined) return refusal(412, 'PreconditionFailed')
    if (conditions === 'obeyed' && same !== null && found === undefined) return refusal(404, 'NoSuchKey')
    if (conditions === 'obeyed' && same !== null && found?.headers.etag !== same)
      return refusal(412, 'PreconditionFailed')
    if (forbidHeader !== undefined && headers.get(forbidHeader) === 'true' && found !== undefined) {
      return refusal(409, 'FileAlreadyExists')
    }
    const etag = `"${new Bun.CryptoHasher('md5').update(bytes).digest('hex')}"`
    const mark = headers.get('x-amz-meta-chartroom-write')
    const time = new Date(habits.modified?.() ?? fixedTime).toUTCString()
    const kept = { etag, 'last-modified': time, ...(mark !== null && { 'x-amz-meta-chartroom-write': mark }) }
    objects.set(path, { bytes, headers: kept })
    const asked = encryptionHeader === undefined ? null : headers.get(encryptionHeader)
    return new Response('', {
      headers: {
        etag,
        ...(encryptionHeader !== undefined && asked !== null && { [encryptionHeader]: asked }),
      },
    })
  }

  function list(bucket: string, prefix: string): Response {
    const found = [...objects]
      .filter(([path]) => path.startsWith(bucket + prefix))
      .sort(([a], [b]) => (a < b ? -1 : 1))
    const contents = found.map(([path, { bytes, headers }]) => {
      const time = new Date(headers['last-modified'] ?? '').toISOString()
      const key = path.slice(bucket.length)
      return `<Contents><Key>${key}</Key><Size>${bytes.length}</Size><LastModified>${time}</LastModified><ETag>${headers.etag}</ETag></Contents>`
    })
    return new Response(
      `<ListBucketResult><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>${contents.join('')}</ListBucketResult>`,
    )
  }

  return Object.assign(standIn, { url: server.url, [Symbol.asyncDispose]: () => server.stop(true) })
}

/** A refusal as S3 words it. */
export function refusal(status: number, code: string, method = 'GET'): Response {
  const xml = `<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>Words of the store</Message></Error>`
  return new Response(method === 'HEAD' ? null : xml, { status })
}
