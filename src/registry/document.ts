import { closeSync, createReadStream, createWriteStream, openSync, writeSync } from 'node:fs'
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

/** Text is encoded and hashed in pieces of about this many characters, so that a large index does not stand in memory twice. */
const pieceLength = 256 * 1024

/** Joins text to a document. Yields to other requests now and then; the text must not change meanwhile. */
export async function makeDocument(
  text: Iterable<string>,
  modified: Date,
  scratch: Scratch | undefined,
): Promise<Document> {
  const sink = createSink(scratch)
  let hash = 0n
  for (const piece of pieces(text)) {
    const bytes = Buffer.from(piece)
    hash = Bun.hash.wyhash(bytes, hash)
    if (sink.write(bytes)) await nextTick()
  }
  const { body, path } = sink.end()
  return documentOf(body, path, `${hash.toString(16)}-${body.size.toString(16)}`, modified, scratch)
}

function* pieces(text: Iterable<string>): Iterable<string> {
  let parts: string[] = []
  let length = 0
  for (const part of text) {
    parts.push(part)
    length += part.length
    if (length < pieceLength) continue
    yield parts.join('')
    parts = []
    length = 0
  }
  yield parts.join('')
}

/** Collects bytes in memory and moves to a file as soon as they are too many. */
function createSink(scratch: Scratch | undefined) {
  const kept: Buffer<ArrayBuffer>[] = []
  let size = 0
  let file: { path: string; descriptor: number } | undefined
  return {
    /** True when the bytes went into a file, which is the time to let other requests run. */
    write(bytes: Buffer<ArrayBuffer>): boolean {
      size += bytes.length
      kept.push(bytes)
      if (scratch === undefined || size <= memoryBytes) return size > memoryBytes
      if (file === undefined) {
        const path = scratch.newPath('document')
        file = { path, descriptor: openSync(path, 'wx', 0o600) }
      }
      for (const one of kept.splice(0)) writeAll(file.descriptor, one)
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
    await pipeline(createReadStream(path), compressor(encoding), createWriteStream(target, { mode: 0o600 }))
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
