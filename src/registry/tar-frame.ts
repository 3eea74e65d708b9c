import type { Header } from 'tar-stream'
import { invalidArchive } from './archive-error.ts'
import type { Budget } from './archive-limits.ts'
import { newByteWindow } from './byte-window.ts'
import {
  blockBytes,
  invalidHeader,
  isZeroBlock,
  longestSpecialBytes,
  paddedBytes,
  readHeader,
  readPax,
  sparse,
} from './tar-headers.ts'

/** A member as tar-stream and Go both understand it. */
export interface FramedMember {
  readonly name: string
  /** Bytes of its data in the tar. */
  readonly size: number
  readonly folder: boolean
}

/**
 * Where the members of a tar begin and end, followed in the raw bytes beside tar-stream: it finds the end of the tar,
 * which tar-stream reads past, and refuses what tar-stream would understand otherwise than Go.
 *
 *   … member, padding │ PAX header, its data, long name, its data │ member header │ data, padding │ …
 *                     └ judged so far                             └ offset
 */
export interface TarFrame {
  push(chunk: Uint8Array): void
  /** Takes the member whose header tar-stream has just read at an offset; undefined when the tar ended before it. */
  enter(header: Header, offset: number): FramedMember | undefined
  /** True when the end mark of the tar stands behind the last member. */
  ended(): boolean
  /** True when the input may stop here: Go needs no end mark, nor the padding of the last member. */
  mayEnd(): boolean
}

type Place = 'header' | 'end' | 'unknown'

/** Starts at the beginning of a tar. Its functions throw RegistryError `invalid`. */
export function newTarFrame(budget: Budget): TarFrame {
  const bytes = newByteWindow()
  /** Everything before is judged: the end of the last member, or of the last special header behind it. */
  let judged = 0
  let dataEnd = 0
  let pax: ReadonlyMap<string, string> | undefined
  let longName = false

  /** Goes over the special headers up to an offset, or as far as they can be seen. */
  const walk = (until = Infinity, last = false): Place => {
    for (;;) {
      if (judged === until) return 'header'
      const block = bytes.read(judged, blockBytes)
      if (block === undefined) return last && bytes.end <= judged ? 'end' : 'unknown'
      if (isZeroBlock(block)) return endMark(last)
      if (judged > until || !isSpecial(block)) return 'unknown'
      if (!walkSpecial(block)) return 'unknown'
    }
  }
  /** One block of zeros at the end of the input, or two in a row. */
  const endMark = (last: boolean): Place => {
    const second = bytes.read(judged + blockBytes, blockBytes)
    if (second === undefined) return last && bytes.end === judged + blockBytes ? 'end' : 'unknown'
    if (!isZeroBlock(second)) throw invalidHeader()
    return 'end'
  }
  const walkSpecial = (block: Uint8Array): boolean => {
    const { type, size } = readHeader(block)
    if (size > longestSpecialBytes) throw invalidArchive('archive/tar: header field too long')
    // tar-stream loses its place behind an empty one; no program writes them.
    if (size === 0) throw invalidHeader()
    const data = bytes.read(judged + blockBytes, size)
    if (data === undefined) return false
    budget.spend(blockBytes + paddedBytes(size))
    note(type, data)
    judged += blockBytes + paddedBytes(size)
    return true
  }
  const note = (type: string, data: Uint8Array) => {
    if (type === 'L') longName = true
    if (type === 'x') pax = readPax(data)
    if (type !== 'g') return
    // Go forgets what a global header says and what stood before it; tar-stream remembers both.
    const records = readPax(data)
    if (pax !== undefined || longName || records.has('path') || records.has('size')) throw invalidHeader()
  }

  return {
    push: bytes.push,
    ended: () => walk() === 'end',
    mayEnd() {
      if (bytes.end < judged) return bytes.end >= dataEnd
      return walk(Infinity, true) === 'end'
    },
    enter(header, offset) {
      const place = walk(offset)
      if (place === 'end') return undefined
      const block = place === 'header' ? bytes.read(offset, blockBytes) : undefined
      if (block === undefined) throw invalidHeader()
      budget.countEntry()
      const member = agree(header, block, pax, longName)
      // Helm does not count what it skips; it costs as much.
      if (member.folder) budget.spend(member.size)
      pax = undefined
      longName = false
      dataEnd = offset + blockBytes + member.size
      judged = offset + blockBytes + paddedBytes(member.size)
      bytes.release(judged)
      return member
    },
  }
}

/** Headers that describe the next member: PAX, PAX global, GNU long name and long link. */
function isSpecial(block: Uint8Array): boolean {
  const type = block[156]
  return type === 0x78 || type === 0x67 || type === 0x4c || type === 0x4b
}

/** The types without data, whatever size their header gives: links, devices, folders, pipes. */
const withoutData = '123456'

/** The member, when Go's rules give it the same name, size and kind as tar-stream does. */
function agree(
  header: Header,
  block: Uint8Array,
  pax: ReadonlyMap<string, string> | undefined,
  longName: boolean,
): FramedMember {
  const raw = readHeader(block)
  const { name } = header
  if (raw.type === 'S') throw sparse()
  // Go lets the GNU name win over the PAX one, tar-stream the other way round.
  if (pax?.get('path') && (longName || pax.get('path') !== name)) throw invalidHeader()
  const size = Number(pax?.get('size') || raw.size)
  if (header.size !== size) throw invalidHeader()
  const folder = raw.type === '5' || (raw.type === '\0' && name.endsWith('/'))
  const dataSize = folder || withoutData.includes(raw.type) ? 0 : size
  if (dataSize !== (header.type === 'directory' ? 0 : size)) throw invalidHeader()
  // A file whose mode says "folder" is skipped by Helm, data and all.
  return { name, size: dataSize, folder: folder || raw.mode - (raw.mode % 0o10000) === 0o40000 }
}
