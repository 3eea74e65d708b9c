import {
  closeSync,
  createReadStream,
  createWriteStream,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs'
import { pipeline } from 'node:stream/promises'
import { setImmediate as nextTick } from 'node:timers/promises'
import { constants, createGzip, createZstdCompress } from 'node:zlib'
import type { Scratch } from '../storage/scratch.ts'

export type Encoding = 'gzip' | 'zstd'

/** Bytes made once and sent often: an index file, a list of charts. */
export interface Document {
  readonly body: Blob
  /** A hash of the bytes, so equal tags mean equal bytes. Without quotes. */
  readonly etag: string
  readonly modified: Date
  /** The file it lies in; undefined: it is in memory. */
  readonly path: string | undefined
  /** The same bytes compressed, made on the first call and kept. */
  encoded(encoding: Encoding): Promise<Blob>
  /** Says that nobody will be given this document any more; answers on their way may finish. */
  retire(): void
}

/**
 * Up to here a document stays in memory, above it is a file of the scratch folder: measured with Bun 1.4.5, a file
 * costs what nginx costs (sendfile) and no memory per reader, while a small answer from memory is cheaper than
 * opening a file.
 */
const memoryBytes = 256 * 1024

/** Text is hashed and written in pieces of so many bytes, so that a large index does not stand in memory twice. */
const pieceBytes = 256 * 1024

/** What a document is joined from: text, or bytes that were text before and are valid until the next part is asked for. */
export type Part = string | Buffer<ArrayBuffer>

/** Joins parts to a document. Yields to other requests now and then; the parts must not change meanwhile. */
export async function makeDocument(
  parts: Iterable<Part>,
  modified: Date,
  scratch: Scratch | undefined,
): Promise<Document> {
  const sink = createSink(scratch)
  let hash = 0n
  for (const bytes of pieces(parts)) {
    hash = Bun.hash.wyhash(bytes, hash)
    if (sink.write(bytes)) await nextTick()
  }
  const { body, path } = sink.end()
  return documentOf(body, path, `${hash.toString(16)}-${body.size.toString(16)}`, modified, scratch)
}

/**
 * The bytes in pieces of one size, whatever parts they come in: the hash depends on the bytes alone. A piece is valid
 * until the next is asked for, because all are made in one place: of 100,000 entries nothing stays behind as garbage.
 */
function* pieces(parts: Iterable<Part>): Iterable<Buffer<ArrayBuffer>> {
  const buffer = Buffer.allocUnsafeSlow(2 * pieceBytes)
  let size = 0
  for (const part of parts) {
    for (const small of inSmallParts(part)) {
      size += typeof small === 'string' ? buffer.write(small, size) : small.copy(buffer, size)
      if (size < pieceBytes) continue
      yield buffer.subarray(0, pieceBytes)
      buffer.copyWithin(0, pieceBytes, size)
      size -= pieceBytes
    }
  }
  yield buffer.subarray(0, size)
}

/** Parts of at most so many bytes as a piece; a character of text has at most three. */
function* inSmallParts(part: Part): Iterable<Part> {
  if (part.length * 3 <= pieceBytes) return yield part
  const bytes = typeof part === 'string' ? Buffer.from(part) : part
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes)
}

/**
 * Collects bytes in memory and moves to a file as soon as they are too many, and back where there is no room for it: a
 * full disk for temporary files must not keep anybody from reading an index.
 */
function createSink(scratch: Scratch | undefined) {
  const kept: Buffer<ArrayBuffer>[] = []
  let [size, written] = [0, 0]
  let folder = scratch
  let file: { path: string; descriptor: number } | undefined

  function toFile(into: Scratch, bytes: Buffer): void {
    if (file === undefined) {
      const path = into.newPath('document')
      file = { path, descriptor: openSync(path, 'wx', 0o600) }
    }
    for (let first = kept[0]; first !== undefined; first = kept[0]) {
      writeAll(file.descriptor, first)
      written += first.length
      kept.shift()
    }
    writeAll(file.descriptor, bytes)
    written += bytes.length
  }

  function backToMemory(): void {
    folder = undefined
    if (file === undefined) return
    kept.unshift(readFileSync(file.path).subarray(0, written))
    closeSync(file.descriptor)
    rmSync(file.path, { force: true })
    file = undefined
  }

  return {
    /** True when the bytes went into a file, which is the time to let other requests run. */
    write(bytes: Buffer<ArrayBuffer>): boolean {
      size += bytes.length
      if (folder === undefined || size <= memoryBytes) {
        kept.push(Buffer.from(bytes))
        return size > memoryBytes
      }
      try {
        toFile(folder, bytes)
      } catch (error) {
        if (!isOfSystem(error)) throw error
        backToMemory()
        kept.push(Buffer.from(bytes))
      }
      return true
    },
    end(): { body: Blob; path: string | undefined } {
      if (file === undefined) return { body: new Blob(kept), path: undefined }
      closeSync(file.descriptor)
      return { body: Bun.file(file.path), path: file.path }
    },
  }
}

function writeAll(descriptor: number, bytes: Buffer): void {
  for (let at = 0; at < bytes.length;) at += writeSync(descriptor, bytes, at)
}

/** True for what the operating system refused: no room, no permission, a folder that is gone. */
function isOfSystem(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error
}

function documentOf(
  body: Blob,
  path: string | undefined,
  etag: string,
  modified: Date,
  scratch: Scratch | undefined,
): Document {
  const compressed = new Map<Encoding, Promise<Blob>>()
  const paths: string[] = path === undefined ? [] : [path]
  let retired = false

  async function compress(encoding: Encoding): Promise<Blob> {
    if (path === undefined || scratch === undefined) return compressBytes(await body.bytes(), encoding)
    const target = scratch.newPath(`document-${encoding}`)
    try {
      await pipeline(createReadStream(path), compressor(encoding), createWriteStream(target, { mode: 0o600 }))
    } catch (error) {
      if (!isOfSystem(error)) throw error
      rmSync(target, { force: true })
      return compressBytes(await body.bytes(), encoding)
    }
    // Small enough now to be sent without opening a file for each answer (110 KB: 172 µs from a file, 101 µs from memory).
    if (Bun.file(target).size <= memoryBytes) {
      scratch.retire(target)
      return new Blob([await Bun.file(target).bytes()])
    }
    if (retired) scratch.retire(target)
    else paths.push(target)
    return Bun.file(target)
  }

  return {
    body,
    etag,
    modified,
    path,
    encoded(encoding) {
      const made = compressed.get(encoding) ?? compress(encoding)
      compressed.set(encoding, made)
      return made
    },
    retire() {
      retired = true
      for (const one of paths) scratch?.retire(one)
    },
  }
}

/** Levels measured on a 10 MB index: gzip 4 takes 68 ms for 1.82 MB (6: 85 ms for 1.80 MB), zstd 3 takes 38 ms for 1.54 MB; once per change. */
function compressor(encoding: Encoding) {
  return encoding === 'gzip'
    ? createGzip({ level: 4 })
    : createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3 } })
}

async function compressBytes(bytes: Uint8Array<ArrayBuffer>, encoding: Encoding): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = []
  const stream = compressor(encoding)
  stream.end(bytes)
  for await (const part of stream) parts.push(part)
  return new Blob(parts)
}
