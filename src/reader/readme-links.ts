import { readmeLimits } from './readme-rules.ts'

/** What an address in a README turns out to be. */
export type Address =
  | { readonly kind: 'outside'; readonly href: string; readonly host: string }
  | { readonly kind: 'here'; readonly id: string }
  | { readonly kind: 'file'; readonly path: string; readonly fragment: string }
  | { readonly kind: 'none' }

const none: Address = { kind: 'none' }

/** C0 controls, DEL and white space around an address; tabs and line ends within it: browsers leave them out (WHATWG URL). */
// oxlint-disable-next-line no-control-regex
const left = /^[\u0000-\u0020\u007f-\u00a0]+|[\u0000-\u0020\u007f-\u00a0]+$|[\t\n\r]+/g
const scheme = /^[a-z][a-z0-9+.-]*:/i

/**
 * Reads an address of a README in the root of its chart: only `http`, `https` and `mailto` lead outside, `#x` stays on
 * the page, `docs/x.md` and `/docs/x.md` are files of the archive. Everything else (`javascript:`, `data:`, `//host`,
 * `../x`) is none.
 */
export function readAddress(text: string): Address {
  if (text.length > readmeLimits.address) return none
  const address = text.replace(left, '')
  if (address === '') return none
  if (address.startsWith('#')) return { kind: 'here', id: decoded(address.slice(1)) }
  if (scheme.test(address)) return outside(address)
  if (/^[\\/]{2}|^\\/.test(address)) return none
  const [beforeFragment = '', fragment = ''] = address.split('#', 2)
  const path = archivePath(decoded(beforeFragment.split('?', 1)[0] ?? ''))
  return path === undefined ? none : { kind: 'file', path, fragment: decoded(fragment) }
}

function outside(address: string): Address {
  const url = URL.parse(address)
  if (url === null) return none
  if (url.protocol === 'mailto:') return { kind: 'outside', href: url.href, host: url.pathname }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return none
  // "https://trusted.example@evil.example" shall look like what it is.
  url.username = ''
  url.password = ''
  return { kind: 'outside', href: url.href, host: url.host }
}

/** A relative path as the archive names the file; undefined outside the chart and for the chart itself. */
function archivePath(path: string): string | undefined {
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') {
      if (parts.pop() === undefined) return undefined
    } else {
      parts.push(part)
    }
  }
  return parts.length === 0 ? undefined : parts.join('/')
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return text
    throw error
  }
}

/** Services that draw badges, and how the addresses of badges end that others draw. */
const badgeHosts =
  /(?:^|\.)(?:shields\.io|badgen\.net|badge\.fury\.io|codecov\.io|coveralls\.io|goreportcard\.com|travis-ci\.(?:org|com)|circleci\.com|bestpractices\.(?:dev|coreinfrastructure\.org)|snyk\.io|badges\.gitter\.im|api\.securityscorecards\.dev)$/i
const badgePath = /badge(?:\.svg|s?\/|\/?$)|\/badges?\b/i

/** True for the picture of a badge: it says something about today, not about this version, and asks a stranger for it. */
export function isBadge(href: string): boolean {
  const url = URL.parse(href)
  return url !== null && (badgeHosts.test(url.hostname) || badgePath.test(url.pathname))
}

/** The id of a heading as GitHub makes it: lower case, letters and digits of every script, "-" for blanks. */
export function slugOf(text: string): string {
  return text
    .toLowerCase()
    .trim()
    .replace(/[^\p{L}\p{M}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-')
    .slice(0, 200)
}

/** An id of the author's, as it can stand in an address. */
export function anchorOf(id: string): string {
  return id.replace(/[^\p{L}\p{M}\p{N}_\-.:]/gu, '-').slice(0, 200)
}
