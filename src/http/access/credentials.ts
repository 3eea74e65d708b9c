/** What a Basic header holds (RFC 7617). */
export interface BasicCredentials {
  readonly name: string
  /** As it came: clients choose the encoding. */
  readonly password: Uint8Array
}

/** Characters of base64 that may hold credentials: 6 kB of name and password. */
const mostCharacters = 8_192

/**
 * Name and password of a Basic header's token, or undefined for what can be nobody's: no base64 as everybody writes it, no
 * colon, no name, no password, a name that is not UTF-8.
 */
export function basicCredentials(token: string): BasicCredentials | undefined {
  if (token.length > mostCharacters) return undefined
  const bytes = Buffer.from(token, 'base64')
  const colon = bytes.indexOf(':')
  if (colon <= 0 || colon === bytes.byteLength - 1 || bytes.toString('base64') !== token) return undefined
  const name = bytes.toString('utf8', 0, colon)
  // Broken characters become U+FFFD, and that has other bytes.
  if (!bytes.subarray(0, colon).equals(Buffer.from(name))) return undefined
  return { name, password: bytes.subarray(colon + 1) }
}
