import type { Keys } from './aws-keys.ts'
import type { S3Options } from './s3-options.ts'

/** What of a call is signed. */
export interface Signable {
  readonly method: string
  readonly key: string
  readonly query?: Readonly<Record<string, string>> | undefined
  /** Headers that S3 wants to be part of the signature: all that begin with "x-amz-". */
  readonly headers: Readonly<Record<string, string>>
}

/**
 * How long a signature holds, seconds: S3 lets the clocks of both sides differ by as much, and a shorter time would
 * refuse a server whose clock is behind.
 */
const signatureSeconds = 900

/**
 * The signature of a read is used again for this long, milliseconds, and so many are kept: every read of the registry asks
 * for one and the same object first, and to sign it anew takes 0.1 ms or more (measured).
 */
const [reusedMs, mostReads] = [60_000, 100]

/**
 * Makes what signs calls: a client of the `minio` package. The package is loaded here and not at start, because that
 * takes 125 ms. Its `presignedUrl` has no parameter for headers: they come in where it collects those of a call.
 */
export async function createSigner(
  options: S3Options,
): Promise<(call: Signable, keys: Keys) => Promise<string>> {
  const { Client } = await import('minio')
  const { endpoint, bucket, region, pathStyle } = options

  class Signer extends Client {
    constructor(
      { accessKey, secretKey, sessionToken }: Keys,
      private readonly signed: Readonly<Record<string, string>>,
    ) {
      super({
        endPoint: endpoint.hostname.replace(/^\[|\]$/g, ''),
        ...(endpoint.port !== '' && { port: Number(endpoint.port) }),
        useSSL: endpoint.protocol === 'https:',
        // Given, because the package would ask the store for it before each call.
        region,
        pathStyle,
        accessKey,
        secretKey,
        ...(sessionToken !== undefined && { sessionToken }),
      })
    }

    protected override getRequestOptions(
      ask: Parameters<InstanceType<typeof Client>['getRequestOptions']>[0],
    ) {
      return super.getRequestOptions({ ...ask, headers: { ...ask.headers, ...this.signed } })
    }
  }

  let last: { keys: Keys; signer: Signer } | undefined
  let reads = new Map<string, { url: string; until: number }>()

  return async ({ method, key, query, headers }, keys) => {
    const plain = Object.keys(headers).length === 0
    if (!plain)
      return new Signer(keys, headers).presignedUrl(method, bucket, key, signatureSeconds, { ...query })
    if (last?.keys !== keys) {
      last = { keys, signer: new Signer(keys, {}) }
      reads = new Map()
    }
    const isRead = method === 'GET' && query === undefined
    const known = isRead ? reads.get(key) : undefined
    if (known !== undefined && performance.now() < known.until) return known.url
    const url = await last.signer.presignedUrl(method, bucket, key, signatureSeconds, { ...query })
    if (isRead) {
      if (reads.size >= mostReads) reads.clear()
      reads.set(key, { url, until: performance.now() + reusedMs })
    }
    return url
  }
}
