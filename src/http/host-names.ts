/** A refusal before anything else is known: the status and the sentence. */
export interface HostRefusal {
  readonly status: 400 | 421
  readonly message: string
}

export interface HostSettings {
  /** True while bound to a loopback address without credentials. */
  readonly loopbackOnly: boolean
  /** The configured public address, whose host name is served too. */
  readonly publicUrl?: string
}

/**
 * Host = uri-host [ ":" port ] (RFC 9110, 7.2), in the characters that real names, IPv4 and IPv6 addresses
 * use.
 */
const hostSyntax = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/

/**
 * Judges the Host header of every request; undefined where it is fine.
 *
 * Its syntax first, because the URL of a request is put together from it: with `Host: x/../y` another path
 * than the one that was sent would be matched (measured with Elysia 1.4.30). Two Host headers arrive joined
 * by a comma and fail here.
 *
 * While only loopback is served and nobody is asked for credentials, only names of this machine: a web page
 * that lets its own name resolve to 127.0.0.1 (DNS rebinding) is same-origin for the browser, so no rule
 * about origins stops it; but it cannot make the browser send another Host. Port numbers do not matter, an
 * ssh tunnel may change them.
 */
export function hostCheck(settings: HostSettings): (host: string | null) => HostRefusal | undefined {
  const names = new Set(['localhost', '127.0.0.1', '[::1]'])
  if (settings.publicUrl !== undefined) names.add(new URL(settings.publicUrl).hostname)
  let lastGood: string | null = null
  return (host) => {
    // HTTP/1.0 needs no Host, and probes of old load balancers send none; a browser always does (Bun refuses 1.1 without).
    if (host === null || host === lastGood) return undefined
    if (!hostSyntax.test(host)) return malformed
    const name = host.replace(/:\d+$/, '').toLowerCase()
    if (settings.loopbackOnly && !names.has(name)) return misdirected(name)
    lastGood = host
    return undefined
  }
}

const malformed: HostRefusal = {
  status: 400,
  message: 'The Host header is not a host name with an optional port.',
}

function misdirected(name: string): HostRefusal {
  const message =
    `This server listens on this machine only and has no password, so it does not answer to the host name ` +
    `"${name.slice(0, 255)}". Open it as localhost, or set --public-url to the address it is reached at.`
  return { status: 421, message }
}

/** True for an address to listen on that only this machine reaches. */
export function isLoopback(address: string): boolean {
  return address === 'localhost' || address === '::1' || /^127\.\d+\.\d+\.\d+$/.test(address)
}
