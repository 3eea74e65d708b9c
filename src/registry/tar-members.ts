import { extract } from 'tar-stream'
import { damagedArchive } from './archive-error.ts'
import type { Budget } from './archive-limits.ts'
import { everydayMembers } from './tar-everyday.ts'
import { newTarFrame } from './tar-frame.ts'
import { invalidHeader } from './tar-headers.ts'

/** A file of a tar: anything but a folder. Links and devices are files without data, as Go reads them. */
export interface TarMember {
  readonly name: string
  /** Bytes of its data. */
  readonly size: number
}

/** Who is shown the files of a tar, in order. What it throws ends the reading. */
export interface MemberReader {
  /** Told of each file before its data is read; true asks for the data. */
  meet(member: TarMember): boolean
  /** Gets the data that was asked for. The tar is not read on until this is done. */
  take(member: TarMember, data: Uint8Array): void | Promise<void>
}

/** So much is read behind the end of the tar, for the checksum of the gzip member; common padding is 10 KiB. */
const longestTrailer = 1024 * 1024

/** A whole tar in memory, or one that arrives piece by piece. */
export type TarBytes = Uint8Array | AsyncIterable<Uint8Array>

/**
 * Reads a tar, coming to Go's verdict (and so Helm's) on what it accepts, and stops where it ends. Only the data asked
 * for is held. What is small and everyday is walked over in memory, all else goes through tar-stream.
 * Throws RegistryError `invalid`, and what reader and chunks throw.
 */
export async function readTar(tar: TarBytes, budget: Budget, reader: MemberReader): Promise<void> {
  if (!(tar instanceof Uint8Array)) return readStream(tar, budget, reader)
  const members = everydayMembers(tar)
  if (members === undefined) return readStream([tar], budget, reader)
  for (const member of members) {
    budget.countEntry()
    if (member.folder || !reader.meet(member)) continue
    const taken = reader.take(member, tar.subarray(member.offset, member.offset + member.size))
    if (taken !== undefined) await taken
  }
}

/** Reads a tar with tar-stream. */
export async function readStream(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  budget: Budget,
  reader: MemberReader,
): Promise<void> {
  const tar = openTar(budget, reader)
  let trailer = 0
  for await (const chunk of chunks) {
    if (!tar.ended()) await tar.write(chunk)
    else trailer += chunk.byteLength
    if (trailer > longestTrailer) return
  }
  if (!tar.ended()) await tar.end()
}

function openTar(budget: Budget, reader: MemberReader) {
  // Old tars without "ustar" in their headers are fine for Go; the option is missing in tar-stream's types.
  const options = { allowUnknownFormat: true, highWaterMark: 1 }
  const tar = extract(options)
  const frame = newTarFrame(budget)
  let ended = false
  let failure: { readonly error: unknown } | undefined
  let wake = () => {}

  const finish = (error?: unknown) => {
    if (ended) return
    ended = true
    if (error !== undefined) failure = { error }
    tar.destroy()
    wake()
  }
  const attempt = (step: () => void) => {
    try {
      if (!ended) step()
    } catch (error) {
      finish(error)
    }
  }
  const settled = async (isReady: boolean) => {
    if (!isReady && !ended) await new Promise<void>((resolve) => (wake = resolve))
    attempt(() => frame.ended() && finish())
    if (failure !== undefined) throw failure.error
  }

  tar.on('entry', (header, stream, next) => {
    stream.on('error', ignore)
    attempt(() => {
      const member = frame.enter(header, stream.offset)
      if (member === undefined) return finish()
      const wanted = !member.folder && reader.meet(member)
      receive(stream, member.size, wanted, (data) =>
        attempt(() => {
          const taken = wanted ? reader.take(member, data) : undefined
          if (taken === undefined) next(null)
          else taken.then(() => next(null), finish)
        }),
      )
    })
  })
  tar.on('drain', () => wake())
  tar.on('finish', () => attempt(() => finish(frame.mayEnd() ? undefined : damagedArchive('unexpected EOF'))))
  tar.on('error', (error) => attempt(() => finish(frame.mayEnd() ? undefined : tarError(error))))

  return {
    ended: () => ended,
    write(chunk: Uint8Array) {
      frame.push(chunk)
      return settled(tar.write(chunk))
    },
    end() {
      tar.end(undefined)
      return settled(false)
    },
  }
}

/** What breaks a member's stream breaks the tar, which tells it. */
function ignore(): void {}

/** What is used of tar-stream's member streams. */
interface MemberStream {
  on(event: 'data', listener: (part: unknown) => void): unknown
  on(event: 'close', listener: () => void): unknown
}

/** Reads a member's data, keeping it or not. A member that is cut off is never done: the tar's own error tells. */
function receive(stream: MemberStream, size: number, keep: boolean, done: (data: Uint8Array) => void): void {
  const parts: Uint8Array[] = []
  let received = 0
  stream.on('data', (data) => {
    const part = data as Uint8Array
    received += part.byteLength
    if (keep) parts.push(part)
  })
  stream.on('close', () => {
    if (received === size)
      done(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts))
  })
}

function tarError(error: Error): Error {
  return error.message === 'Unexpected end of data'
    ? damagedArchive('unexpected EOF', error)
    : invalidHeader(error)
}
