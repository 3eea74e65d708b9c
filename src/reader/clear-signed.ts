/** Who signed, as far as the signature says it. Nobody has checked it: everybody can write any of this. */
export interface Signer {
  /** Hex, upper case; undefined for signatures of old programs, which only name the key's id. */
  readonly fingerprint: string | undefined
  /** The last 16 digits of the fingerprint. */
  readonly keyId: string
  /** Milliseconds since 1970. */
  readonly signed: number | undefined
}

/** A text and its signatures (RFC 9580, section 7). */
export interface ClearSigned {
  /** Without dash escapes, lines ended by "\n". */
  readonly text: string
  readonly signers: readonly Signer[]
}

const start = '-----BEGIN PGP SIGNED MESSAGE-----\n'
const middle = '\n-----BEGIN PGP SIGNATURE-----\n'
const end = '\n-----END PGP SIGNATURE-----'

/**
 * Takes a clear-signed text apart without checking the signature. Written here because the package that can check takes
 * 100 ms to load and 42 MB to stay (measured), and most servers have no keyring to check against.
 * Undefined when the text is none.
 */
export function readClearSigned(source: string): ClearSigned | undefined {
  const all = source.replaceAll('\r\n', '\n')
  const from = all.startsWith(start) ? 0 : all.indexOf(`\n${start}`) + 1
  if (from === 0 && !all.startsWith(start)) return undefined
  const body = all.indexOf('\n\n', from)
  const armour = all.indexOf(middle, from)
  const to = all.indexOf(end, armour)
  if (body < 0 || armour < body || to < armour) return undefined
  const signers = signersIn(bytesOf(all.slice(armour + middle.length, to)))
  if (signers.length === 0) return undefined
  return { text: all.slice(body + 2, armour + 1).replaceAll(/^- /gm, ''), signers }
}

/** The bytes of an armoured block: header lines, an empty line, base64, a check sum behind "=". */
function bytesOf(block: string): Uint8Array {
  const headers = block.startsWith('\n') ? 0 : block.indexOf('\n\n')
  const data = block.slice(headers < 0 ? 0 : headers).replace(/\n=[\w+/=]{4}\s*$/, '')
  return Buffer.from(data, 'base64')
}

/** Most signatures of one text that are looked at. */
const mostSigners = 20

function signersIn(bytes: Uint8Array): Signer[] {
  const signers: Signer[] = []
  for (const { tag, body } of packetsIn(bytes)) {
    const signer = tag === 2 ? signerOf(body) : undefined
    if (signer !== undefined) signers.push(signer)
    if (signers.length === mostSigners) break
  }
  return signers
}

interface Packet {
  readonly tag: number
  readonly body: Uint8Array
}

/** RFC 9580, section 4.2: both formats of the header. A packet of unknown length ends the reading. */
function* packetsIn(bytes: Uint8Array): Generator<Packet> {
  let at = 0
  while (at < bytes.length) {
    const first = bytes[at++] ?? 0
    if ((first & 0x80) === 0) return
    const old = (first & 0x40) === 0
    const found = old ? oldLength(bytes, at, first & 3) : newLength(bytes, at)
    if (found === undefined || found.at + found.length > bytes.length) return
    at = found.at + found.length
    yield { tag: old ? (first >> 2) & 15 : first & 63, body: bytes.subarray(found.at, at) }
  }
}

/** A length, and where what it measures begins. */
interface Length {
  readonly length: number
  readonly at: number
}

function oldLength(bytes: Uint8Array, at: number, kind: number): Length | undefined {
  const octets = [1, 2, 4][kind]
  return octets === undefined ? undefined : { length: number(bytes, at, octets), at: at + octets }
}

function newLength(bytes: Uint8Array, at: number): Length | undefined {
  const first = bytes[at] ?? 0
  if (first < 192) return { length: first, at: at + 1 }
  if (first < 224) return { length: ((first - 192) << 8) + (bytes[at + 1] ?? 0) + 192, at: at + 2 }
  return first === 255 ? { length: number(bytes, at + 1, 4), at: at + 5 } : undefined
}

function number(bytes: Uint8Array, at: number, octets: number): number {
  let value = 0
  for (let index = at; index < at + octets; index++) value = value * 256 + (bytes[index] ?? 0)
  return value
}

/** RFC 9580, section 5.2; version 3 is that of RFC 4880, section 5.2.2. */
function signerOf(body: Uint8Array): Signer | undefined {
  const version = body[0]
  if (version === 3)
    return { fingerprint: undefined, keyId: hex(body.subarray(7, 15)), signed: number(body, 3, 4) * 1000 }
  if (version !== 4 && version !== 6) return undefined
  const octets = version === 4 ? 2 : 4
  const hashed = number(body, 4, octets)
  const other = 4 + octets + hashed
  const unhashed = number(body, other, octets)
  const parts = [
    ...partsIn(body.subarray(4 + octets, other)),
    ...partsIn(body.subarray(other + octets, other + octets + unhashed)),
  ]
  const time = parts.find(({ tag }) => tag === 2)?.body
  const mark = parts.find(({ tag }) => tag === 33)?.body.subarray(1)
  const id = parts.find(({ tag }) => tag === 16)?.body
  const fingerprint = mark === undefined || mark.length < 20 ? undefined : hex(mark)
  // Of version 6 the id is at the front of the fingerprint (section 5.5.4.3).
  const fromMark = version === 6 ? fingerprint?.slice(0, 16) : fingerprint?.slice(-16)
  const keyId = fromMark ?? (id?.length === 8 ? hex(id) : undefined)
  return keyId === undefined
    ? undefined
    : { fingerprint, keyId, signed: time?.length === 4 ? number(time, 0, 4) * 1000 : undefined }
}

/** Section 5.2.3.7: subpackets have the lengths of packets, and their type in the first octet of the body. */
function partsIn(bytes: Uint8Array): Packet[] {
  const parts: Packet[] = []
  let at = 0
  while (at < bytes.length && parts.length < 100) {
    const first = bytes[at] ?? 0
    // Here 192 to 254 all begin a length of two octets.
    const long = first >= 224 && first < 255
    const found = long
      ? { length: ((first - 192) << 8) + (bytes[at + 1] ?? 0) + 192, at: at + 2 }
      : newLength(bytes, at)
    if (found === undefined || found.length === 0 || found.at + found.length > bytes.length) break
    at = found.at + found.length
    parts.push({ tag: (bytes[found.at] ?? 0) & 0x7f, body: bytes.subarray(found.at + 1, at) })
  }
  return parts
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex').toUpperCase()
}
