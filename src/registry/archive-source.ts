import type { TarBytes } from './tar-members.ts'
import { checkGzipHeader, gzipHeaderBytes, inflate, inflateSmall, smallCompressedBytes } from './inflate.ts'

const pieceBytes = 64 * 1024

/**
 * Inflates a gzip text for `read`, which may stop early, and gives the SHA-256 of all its compressed bytes as hex.
 * What is small is inflated at once; the rest flows through in pieces of 64 KiB.
 * Throws RegistryError `invalid` with Helm's text, and what `read` throws.
 */
export async function readGzip(
  source: Uint8Array | Blob,
  read: (tar: TarBytes) => Promise<void>,
): Promise<string> {
  const bytes = await smallBytes(source)
  const tar = bytes && inflateSmall(bytes)
  if (bytes !== undefined && tar !== undefined) {
    await read(tar)
    return Bun.CryptoHasher.hash('sha256', bytes, 'hex')
  }
  checkGzipHeader(bytes ?? (await headOf(source)))
  return readInPieces(source, read)
}

async function readInPieces(
  source: Uint8Array | Blob,
  read: (tar: TarBytes) => Promise<void>,
): Promise<string> {
  const hasher = new Bun.CryptoHasher('sha256')
  const pieces = piecesOf(source)
  const next = async () => {
    const { value } = await pieces.next()
    if (value !== undefined) hasher.update(value)
    return value
  }
  try {
    await read(inflate(next))
    // The digest is that of the whole file, also of what stands behind the end of the tar.
    while ((await next()) !== undefined);
    return hasher.digest('hex')
  } finally {
    await pieces.return(undefined)
  }
}

async function smallBytes(source: Uint8Array | Blob): Promise<Uint8Array | undefined> {
  if (source instanceof Uint8Array) return source.byteLength <= smallCompressedBytes ? source : undefined
  return source.size <= smallCompressedBytes ? source.bytes() : undefined
}

async function headOf(source: Uint8Array | Blob): Promise<Uint8Array> {
  return source instanceof Uint8Array
    ? source.subarray(0, gzipHeaderBytes)
    : source.slice(0, gzipHeaderBytes).bytes()
}

async function* piecesOf(source: Uint8Array | Blob): AsyncGenerator<Uint8Array, undefined> {
  if (source instanceof Blob) yield* source.stream()
  else for (let at = 0; at < source.byteLength; at += pieceBytes) yield source.subarray(at, at + pieceBytes)
}
