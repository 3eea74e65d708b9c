import { BlockList, isIP } from 'node:net'

export interface AddressSettings {
  /** "https://charts.example.com/ctx": wins over everything; a slash at its end does not count. */
  readonly publicUrl?: string
  /** "" or "/ctx". */
  readonly contextPath: string
  /** True where this process itself speaks TLS. */
  readonly tls: boolean
  /** Addresses and networks ("10.0.0.0/8", "fd00::/8", "192.0.2.7") whose forwarding headers are believed. */
  readonly trustedProxies: readonly string[]
}

/**
 * The address of the other end of the connection; asked only when it matters, because it costs a microsecond.
 */
export type Peer = () => string | undefined

/** Where we are reached, and who reaches us: both may be known only by a proxy in front. */
export interface Addresses {
  /** Without a slash at the end, context path included: "https://charts.example.com/ctx". */
  publicUrl(headers: Headers, peer: Peer): string
  /**
   * The client's IP address: the last hop that is not a trusted proxy. "" where there is none (a Unix
   * socket).
   */
  clientAddress(headers: Headers, peer: Peer): string
}

/**
 * Prepares both answers. Forwarding headers count only from peers within `trustedProxies`: anybody else could
 * put themselves at any address (ChartMuseum believes everybody). Throws when an entry is no address or
 * network: see parseNetworks() for the sentence.
 */
export function addresses(settings: AddressSettings): Addresses {
  const { contextPath, tls } = settings
  const networks = parseNetworks(settings.trustedProxies)
  const trusts = settings.trustedProxies.length === 0 ? () => false : (ip: string) => contains(networks, ip)
  const fixed = settings.publicUrl?.replace(/\/+$/, '')
  const scheme = tls ? 'https' : 'http'
  return {
    publicUrl(headers, peer) {
      if (fixed !== undefined) return fixed
      const host = headers.get('host') ?? 'localhost'
      if (settings.trustedProxies.length > 0 && trusts(plainAddress(peer()))) {
        return forwardedUrl(headers, scheme, host, contextPath)
      }
      return `${scheme}://${host}${contextPath}`
    },
    clientAddress(headers, peer) {
      const address = plainAddress(peer())
      return trusts(address) ? lastUntrusted(headers, address, trusts) : address
    },
  }
}

/** The path in front of every address that a browser is given: our context path, behind a proxy with its prefix. */
export function basePath(publicUrl: string): string {
  return new URL(publicUrl).pathname.replace(/\/+$/, '')
}

/**
 * Addresses and networks as a set that can be asked. Throws an Error whose message is a sentence naming the
 * first entry that is neither; settings show it.
 */
export function parseNetworks(entries: readonly string[]): BlockList {
  const networks = new BlockList()
  for (const entry of entries) {
    const [address = '', bits, more] = entry.split('/')
    const family = isIP(address)
    const length = bits === undefined ? undefined : /^\d{1,3}$/.test(bits) ? Number(bits) : -1
    const wrongLength = length !== undefined && (length < 0 || length > (family === 4 ? 32 : 128))
    if (family === 0 || more !== undefined || wrongLength) {
      throw new Error(`"${entry}" is neither an IP address nor a network such as 10.0.0.0/8.`)
    }
    if (length === undefined) networks.addAddress(address, family === 4 ? 'ipv4' : 'ipv6')
    else networks.addSubnet(address, length, family === 4 ? 'ipv4' : 'ipv6')
  }
  return networks
}

function contains(networks: BlockList, ip: string): boolean {
  const family = isIP(ip)
  return family !== 0 && networks.check(ip, family === 4 ? 'ipv4' : 'ipv6')
}

/** An IPv4 client of a dual-stack socket arrives as "::ffff:192.0.2.1": one client, one spelling. */
function plainAddress(address: string | undefined): string {
  if (address === undefined) return ''
  return address.startsWith('::ffff:') && address.includes('.') ? address.slice(7) : address
}

const forwardedHost = /^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/
const forwardedPrefix = /^(?:\/[A-Za-z0-9._~-]+)+$/

/**
 * What a trusted proxy says about the address it is reached at. Of several values the first is the one
 * nearest to the client; a value that is not what it should be is passed over. X-Forwarded-Prefix is what the
 * proxy took off the front of the path, so the context path follows it.
 */
function forwardedUrl(headers: Headers, scheme: string, host: string, contextPath: string): string {
  const proto = firstValue(headers.get('x-forwarded-proto'))?.toLowerCase()
  const name = firstValue(headers.get('x-forwarded-host'))
  const prefix = firstValue(headers.get('x-forwarded-prefix'))?.replace(/\/+$/, '')
  const usedScheme = proto === 'http' || proto === 'https' ? proto : scheme
  const usedHost = name !== undefined && forwardedHost.test(name) ? name : host
  const usedPrefix = prefix !== undefined && forwardedPrefix.test(prefix) ? prefix : ''
  return `${usedScheme}://${usedHost}${usedPrefix}${contextPath}`
}

function firstValue(header: string | null): string | undefined {
  return header?.split(',', 1)[0]?.trim()
}

/**
 * The client behind trusted proxies: each of them appends the address it was called from, so the list is read
 * from the right and the first address that is not a proxy of ours is the client; whatever stands further
 * left, anybody can have written. X-Real-IP where there is no list.
 */
function lastUntrusted(headers: Headers, peer: string, trusts: (ip: string) => boolean): string {
  const list = headers.get('x-forwarded-for')
  if (list === null) return addressOf(headers.get('x-real-ip') ?? '') ?? peer
  let client = peer
  for (const hop of list.split(',').reverse()) {
    const address = addressOf(hop)
    if (address === undefined) return client
    client = address
    if (!trusts(address)) return client
  }
  return client
}

/** The address in one hop, which some proxies write with a port: "192.0.2.1:4711", "[2001:db8::1]:4711". */
function addressOf(hop: string): string | undefined {
  const text = hop.trim()
  const bare = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1] ?? text.replace(/^([\d.]+):\d+$/, '$1')
  return isIP(bare) === 0 ? undefined : plainAddress(bare)
}
