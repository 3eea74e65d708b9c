import { isUtf8 } from 'node:buffer'
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { unreadableBecause } from '../unreadable.ts'

/** Reads a file as UTF-8 text of at most `maxBytes`. Throws TextFileError, or what the system says. */
export type ReadText = (path: string, maxBytes: number) => string

/** What keeps a file from being text, as the end of a sentence; never with its content. */
export class TextFileError extends Error {
  override readonly name = 'TextFileError'
}

/**
 * Reads a text file to its end. Pipes are read too, as `<(command)` of a shell makes them; a device is not, because it
 * may never end.
 */
export const readTextFile: ReadText = (path, maxBytes) => {
  const kind = statSync(path)
  if (!kind.isFile() && !kind.isFIFO() && !kind.isDirectory()) throw new TextFileError('that is not a file')
  const bytes = readAtMost(path, maxBytes + 1)
  if (bytes.length > maxBytes) throw new TextFileError(`it is larger than ${inUnits(maxBytes)}`)
  // The mark at its begin is kept: whoever asks decides whether it may stand there.
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes)
  const line = strangeLine(text, isUtf8(bytes))
  if (line > 0) throw new TextFileError(`its line ${line} is not UTF-8 text`)
  return text
}

/** The same, asking the system only once for each file: what a pipe held is gone once it has been read. */
export function rememberingReader(read: ReadText = readTextFile): ReadText {
  const known = new Map<string, string>()
  return (path, maxBytes) => {
    const text = known.get(path) ?? read(path, maxBytes)
    known.set(path, text)
    return text
  }
}

/** Why a file cannot be read as text, as the end of a sentence. Throws the error again when it is about something else. */
export function noTextBecause(error: unknown): string {
  return error instanceof TextFileError ? error.message : unreadableBecause(error)
}

const inUnits = (bytes: number): string =>
  bytes < 1024 * 1024 ? `${bytes / 1024} KiB` : `${bytes / 1024 / 1024} MiB`

/** All bytes of the file, or the first `most` of them. */
function readAtMost(path: string, most: number): Buffer {
  const chunks: Buffer[] = []
  let length = 0
  const file = openSync(path, 'r')
  try {
    while (length < most) {
      const chunk = Buffer.allocUnsafe(Math.min(most - length, 65_536))
      const read = readSync(file, chunk)
      if (read === 0) break
      chunks.push(chunk.subarray(0, read))
      length += read
    }
  } finally {
    closeSync(file)
  }
  return Buffer.concat(chunks)
}

/** The first line with a NUL or with bytes that are no UTF-8; 0 when there is none. */
function strangeLine(text: string, valid: boolean): number {
  const places = [text.indexOf('\0'), valid ? -1 : text.indexOf('\uFFFD')].filter((at) => at >= 0)
  return places.length === 0 ? 0 : text.slice(0, Math.min(...places)).split('\n').length
}
