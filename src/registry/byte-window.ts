/** The raw bytes of a stream from some offset on: what was read but is not judged yet. */
export interface ByteWindow {
  /** Bytes pushed in all. */
  readonly end: number
  push(chunk: Uint8Array): void
  /** The bytes at an offset of the stream, or undefined when they are not all there. */
  read(offset: number, length: number): Uint8Array | undefined
  /** Lets go of what lies before an offset. */
  release(offset: number): void
}

export function newByteWindow(): ByteWindow {
  const chunks: { from: number; bytes: Uint8Array }[] = []
  let end = 0
  return {
    get end() {
      return end
    },
    push(bytes) {
      chunks.push({ from: end, bytes })
      end += bytes.byteLength
    },
    read(offset, length) {
      if (offset + length > end) return undefined
      const first = chunks[0]
      if (
        first !== undefined &&
        offset >= first.from &&
        offset + length <= first.from + first.bytes.byteLength
      ) {
        return first.bytes.subarray(offset - first.from, offset - first.from + length)
      }
      const parts: Uint8Array[] = []
      for (const { from, bytes } of chunks) {
        const start = Math.max(offset - from, 0)
        const stop = Math.min(offset + length - from, bytes.byteLength)
        if (start >= stop) continue
        parts.push(bytes.subarray(start, stop))
      }
      return Buffer.concat(parts)
    },
    release(offset) {
      while (chunks[0] !== undefined && chunks[0].from + chunks[0].bytes.byteLength <= offset) chunks.shift()
    },
  }
}
