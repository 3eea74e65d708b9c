import { RegistryError } from '../errors.ts'

/** What the two rules look at: a Request has it. */
export interface CrossOriginQuestion {
  readonly method: string
  readonly headers: Headers
}

const nobody: ReadonlySet<string> = new Set()

/**
 * Why a write is refused that a page of another site, or markup planted in one of ours, makes a browser send;
 * undefined where it may go on. Asked on every route, before credentials and body are read: a browser adds
 * basic credentials to forged requests by itself, and a raw upload needs no preflight.
 *
 * The first rule is that of Go's http.CrossOriginProtection: `Sec-Fetch-Site` where the browser sends it
 * (HTTPS and localhost), else `Origin` against our own public host; programs send neither. `same-site` is
 * refused too: a neighbouring host name is another owner. The second: htmx only reads here, so an unsafe
 * request with its headers, whatever they say, comes from markup that is not ours.
 *
 * `publicUrl` is the address under which we are reached, `trusted` holds origins ("https://ui.example.com")
 * that may write all the same.
 */
export function crossOriginRefusal(
  request: CrossOriginQuestion,
  publicUrl: string,
  trusted: ReadonlySet<string> = nobody,
): RegistryError | undefined {
  const { method, headers } = request
  if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') return undefined
  if (isCrossOrigin(headers, publicUrl, trusted)) {
    return new RegistryError('forbidden', 'request', 'cross-origin request refused')
  }
  if (headers.has('hx-request') || headers.has('hx-request-type')) {
    return new RegistryError(
      'forbidden',
      'request',
      'write request from htmx refused: pages only read with it',
    )
  }
  return undefined
}

/**
 * Refuses to read a page or an icon for another site that embeds or probes it, so that nobody learns from outside which
 * charts a reader may see; links from other sites work. Browsers say where a request comes from
 * (https://www.w3.org/TR/fetch-metadata/), programs say nothing. Throws RegistryError `forbidden`.
 */
export function refuseEmbedding(headers: Headers): void {
  if (headers.get('sec-fetch-site') !== 'cross-site' || headers.get('sec-fetch-mode') === 'navigate') return
  throw new RegistryError('forbidden', 'request', 'cross-origin request refused')
}

function isCrossOrigin(headers: Headers, publicUrl: string, trusted: ReadonlySet<string>): boolean {
  const origin = headers.get('origin')
  const site = headers.get('sec-fetch-site')
  if (origin && trusted.has(origin)) return false
  if (site) return site !== 'same-origin' && site !== 'none'
  if (!origin) return false
  // "null", which sandboxed frames and files send, is not a URL and so not ours.
  return !URL.canParse(origin) || new URL(origin).host !== new URL(publicUrl).host
}
