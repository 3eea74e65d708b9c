/** What was read lately, by a key that names the bytes it was read from. Keeps at most so many bytes. */
export interface Cache<T> {
  /** The value of the key; read when it is not there. Who asks while it is being read waits for the same reading. */
  get(key: string, read: () => Promise<T>): Promise<T>
  /** Bytes held now. */
  readonly bytes: number
}

/** `sizeOf` says what a value counts. A value over half of the whole is not kept. The longest unused goes first. */
export function createCache<T>(maxBytes: number, sizeOf: (value: T) => number): Cache<T> {
  const kept = new Map<string, { value: T; size: number }>()
  const reading = new Map<string, Promise<T>>()
  let bytes = 0

  function keep(key: string, value: T): void {
    // What an entry itself costs, so that many empty values are bounded too.
    const size = sizeOf(value) + key.length + 200
    if (size > maxBytes / 2) return
    kept.set(key, { value, size })
    bytes += size
    for (const [oldest, entry] of kept) {
      if (bytes <= maxBytes) break
      kept.delete(oldest)
      bytes -= entry.size
    }
  }

  async function readAndKeep(key: string, read: () => Promise<T>): Promise<T> {
    try {
      const value = await read()
      keep(key, value)
      return value
    } finally {
      reading.delete(key)
    }
  }

  return {
    get bytes() {
      return bytes
    },
    async get(key, read) {
      const known = kept.get(key)
      if (known !== undefined) {
        kept.delete(key)
        kept.set(key, known)
        return known.value
      }
      const joined = reading.get(key)
      if (joined !== undefined) return joined
      const promise = readAndKeep(key, read)
      reading.set(key, promise)
      return promise
    },
  }
}
