import { gzipSync } from 'node:zlib'

/** A tar header as it shall stand there, whatever sense it makes. */
export interface RawEntry {
  readonly name: string
  readonly data?: string | Uint8Array
  /** The size that the header tells, when it is not that of the data; a text stands there as it is. */
  readonly size?: number | string
  /** The type flag: '0' a file, '5' a folder, 'x' PAX, 'L' a GNU long name … */
  readonly type?: string
  readonly mode?: string
  readonly linkname?: string
  /** The magic of the format; '' for an old tar without one. */
  readonly magic?: string
  /** Added to the checksum, to make it wrong. */
  readonly checksumError?: number
}

/** The two blocks of zeros at the end of a tar. */
export const tarEnd = new Uint8Array(1024)

/** A header, its data and its padding. */
export function rawEntry(entry: RawEntry): Buffer {
  const data = Buffer.from(entry.data ?? '')
  const size = entry.size ?? data.byteLength
  const header = Buffer.alloc(512)
  header.write(entry.name, 0, 100)
  header.write(entry.mode ?? '0000644\0', 100)
  header.write('0000000\0', 108)
  header.write('0000000\0', 116)
  header.write(typeof size === 'string' ? size : `${size.toString(8).padStart(11, '0')}\0`, 124, 12)
  header.write('14544057600\0', 136)
  header.write(entry.type ?? '0', 156, 1, 'latin1')
  header.write(entry.linkname ?? '', 157, 100)
  header.write(entry.magic ?? 'ustar\x0000', 257, 8, 'latin1')
  header.fill(' ', 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0) + (entry.checksumError ?? 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148)
  return Buffer.concat([header, data, Buffer.alloc((512 - (data.byteLength % 512)) % 512)])
}

/** A gzipped tar of entries and raw bytes, without the end mark. */
export function rawTgz(...parts: (RawEntry | Uint8Array)[]): Uint8Array {
  return gzipSync(Buffer.concat(parts.map((part) => (part instanceof Uint8Array ? part : rawEntry(part)))))
}

/** PAX records in their form: length, key, value. */
export function paxRecords(records: Readonly<Record<string, string>>): string {
  return Object.entries(records)
    .map(([key, value]) => {
      const rest = ` ${key}=${value}\n`
      const bytes = Buffer.byteLength(rest)
      const digits = String(bytes + String(bytes).length).length
      return `${bytes + digits}${rest}`
    })
    .join('')
}

/** The same gzip member many times over: many bytes to unpack, few to make. */
export function repeated(member: Uint8Array, times: number): Uint8Array {
  return Buffer.concat(Array.from({ length: times }, () => member))
}
