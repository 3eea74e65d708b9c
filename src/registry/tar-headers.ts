import { damagedArchive, invalidArchive } from './archive-error.ts'

/**
 * What tar-stream leaves unchecked in tar headers, checked as Go's archive/tar (and so Helm) checks it. Where the two
 * could understand the same bytes differently, the archive is refused: one text, one reading.
 */

export const blockBytes = 512

/** The bytes that data of a size takes up in a tar: whole blocks. */
export function paddedBytes(size: number): number {
  return Math.ceil(size / blockBytes) * blockBytes
}

export function invalidHeader(cause?: unknown): Error {
  return damagedArchive('archive/tar: invalid tar header', cause)
}

/** The fields of a header block that decide how the tar goes on. */
export interface RawHeader {
  readonly type: string
  readonly size: number
  readonly mode: number
}

/** Reads a header block whose checksum tar-stream has verified. Throws RegistryError `invalid`. */
export function readHeader(block: Uint8Array): RawHeader {
  const mode = readNumber(block, 100, 8)
  const size = readNumber(block, 124, 12)
  if (size < 0) throw invalidHeader()
  // Owner, group, time and checksum, and where the header says "ustar" the device: only whether they are numbers.
  readNumber(block, 108, 8)
  readNumber(block, 116, 8)
  readNumber(block, 136, 12)
  readNumber(block, 148, 8)
  if (isUstar(block)) {
    readNumber(block, 329, 8)
    readNumber(block, 337, 8)
  }
  return { type: String.fromCharCode(block[156] ?? 0), size, mode }
}

export function isZeroBlock(block: Uint8Array): boolean {
  // A header's first byte is its name's: the loop ends at once but for the block it looks for.
  for (let at = 0; at < block.length; at++) if (block[at] !== 0) return false
  return true
}

/** The longest PAX header or GNU long name, which is Go's limit (archive/tar maxSpecialFileSize). */
export const longestSpecialBytes = 1024 * 1024

/** Reads PAX records (POSIX pax, "extended header"): "<length> <key>=<value>\n". Throws RegistryError `invalid`. */
export function readPax(data: Uint8Array): ReadonlyMap<string, string> {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const records = new Map<string, string>()
  for (let at = 0; at < bytes.length;) {
    const space = bytes.indexOf(32, at)
    const digits = space < 0 ? '' : bytes.toString('latin1', at, space)
    const length = /^\+?\d{1,20}$/.test(digits) ? Number(digits) : 0
    const end = at + length - 1
    if (length < 5 || end >= bytes.length || end <= space || bytes[end] !== 10) throw invalidHeader()
    const record = bytes.toString('utf8', space + 1, end)
    const equals = record.indexOf('=')
    if (equals <= 0) throw invalidHeader()
    addRecord(records, record.slice(0, equals), record.slice(equals + 1))
    at = end + 1
  }
  return records
}

const wholeNumber = /^[+-]?\d{1,18}$/
const paxTime = /^[+-]?\d{1,18}(\.\d*)?$/

function addRecord(records: Map<string, string>, key: string, value: string): void {
  if (key.startsWith('GNU.sparse.')) throw sparse()
  const isText = ['path', 'linkpath', 'uname', 'gname'].includes(key)
  if ((isText ? value : key).includes('\0')) throw invalidHeader()
  if (value !== '' && ['uid', 'gid', 'size'].includes(key) && !wholeNumber.test(value)) throw invalidHeader()
  if (value !== '' && ['atime', 'mtime', 'ctime'].includes(key) && !paxTime.test(value)) throw invalidHeader()
  records.set(key, value)
}

/** Sparse files (GNU tar -S) describe more bytes than they hold; no chart has them, so none are unpacked. */
export function sparse(): Error {
  return invalidArchive('archive/tar: sparse files are not accepted in a chart archive')
}

function isUstar(block: Uint8Array): boolean {
  return (
    block[257] === 0x75 &&
    block[258] === 0x73 &&
    block[259] === 0x74 &&
    block[260] === 0x61 &&
    block[261] === 0x72
  )
}

/** A numeric field: octal text between spaces and NULs, or a base-256 number (GNU). Throws RegistryError `invalid`. */
function readNumber(block: Uint8Array, from: number, length: number): number {
  const end = from + length
  let at = from
  if (((block[at] ?? 0) & 0x80) !== 0) return readBinaryNumber(block.subarray(from, end))
  while (at < end && isFiller(block[at])) at++
  let value = 0
  for (; at < end; at++) {
    const digit = (block[at] ?? 0) - 48
    if (digit < 0 || digit > 7) break
    value = value * 8 + digit
  }
  // Whatever follows a NUL directly is not looked at; spaces may only be followed by spaces and NULs.
  if (at < end && block[at] !== 0) {
    while (at < end && isFiller(block[at])) at++
    if (at < end) throw invalidHeader()
  }
  return value
}

function isFiller(byte: number | undefined): boolean {
  return byte === 0 || byte === 32
}

function readBinaryNumber(bytes: Uint8Array): number {
  const negative = ((bytes[0] ?? 0) & 0x40) !== 0
  let value = 0
  for (const [index, byte] of bytes.entries()) {
    const digit = negative ? byte ^ 0xff : byte
    value = value * 256 + (index === 0 ? digit & 0x7f : digit)
  }
  if (value >= 2 ** 63) throw invalidHeader()
  return negative ? -value - 1 : value
}
