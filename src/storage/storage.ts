import type { ChangeLog } from './change-log.ts'

/** What is known of one object without its bytes. */
export interface ObjectInfo {
  readonly key: string
  /** Bytes. */
  readonly size: number
  /** In whole seconds where a store tells no more (S3). */
  readonly modified: Date
  /**
   * Change tag: differs whenever the bytes may differ. Opaque; compare it, never parse it. It is not a digest.
   * (Local files: inode, size, mtime and ctime, because a replacement may keep size and mtime. S3: its ETag, which is
   * the same when the same bytes are written again; never the time, whose precision differs from store to store.)
   */
  readonly etag: string
}

/** One object and its bytes. A Blob is preferred where the driver can give one: it is sent without copying. */
export interface StoredObject extends ObjectInfo {
  readonly body: Blob | ReadableStream<Uint8Array>
  /**
   * The same bytes at once, where the driver can give them without making others wait: a small file of a local disk
   * takes 6 µs this way and 23 µs of CPU through a Blob, and a start may read thousands. Throws as get() does.
   */
  readonly bytesNow?: () => Uint8Array<ArrayBuffer>
}

/** What can be stored: bytes in memory, or a Blob (such as `Bun.file`) for what is too large for that. */
export type Body = Uint8Array | Blob

/**
 * A flat store of objects. Keys are relative and "/"-separated; folders do not exist.
 * Missing is a value (`undefined`, `false`); broken is an error (RegistryError `unavailable` or `full`).
 */
export interface Storage {
  /** Names the driver in messages and in `/info`: "local", "memory" … */
  readonly driver: string
  /**
   * False where the store itself cannot refuse to replace: `when: 'absent'` is then atomic within this process only,
   * and a second replica may overwrite. Absent means true.
   */
  readonly conditionalWrites?: boolean
  /** The object, or undefined when there is none. */
  get(key: string): Promise<StoredObject | undefined>
  /** Like get(), without the bytes. */
  info(key: string): Promise<ObjectInfo | undefined>
  /**
   * Writes all of the object or nothing: a reader never sees half of it, and when it resolves the object survives a
   * power cut. `when: 'absent'` refuses to replace, atomically, also between processes: RegistryError `conflict`.
   */
  put(key: string, body: Body, options?: { when?: 'absent' }): Promise<ObjectInfo>
  /**
   * Every object whose key starts with `prefix`, in key order (by UTF-16 code units). `shallow` gives only those
   * directly below the prefix (no further "/"): prefix must then be "" or end in "/".
   */
  list(prefix: string, options?: { shallow?: boolean }): AsyncIterable<ObjectInfo>
  /**
   * get(), unless the object still has this change tag: then "same", and no bytes were sent. One round trip. Absent where
   * it would save nothing; get() and compare then.
   */
  getUnless?(key: string, etag: string): Promise<StoredObject | 'same' | undefined>
  /**
   * Writes only what still has this change tag, atomically, also between processes: RegistryError `conflict` when it has
   * another one or is gone. Absent where the store cannot (a folder; stores without `If-Match`).
   */
  replace?(key: string, body: Uint8Array, etag: string): Promise<ObjectInfo>
  /**
   * A log of changes that all processes on this store share, where the driver has a better way than one object that is
   * replaced on a condition (a folder, which has no conditions, but can be appended to).
   */
  log?(key: string): ChangeLog
  /** True when something was there. When it resolves, the deletion survives a power cut. */
  delete(key: string): Promise<boolean>
  /**
   * Tells of changes below a prefix made by others (a person with `cp`, another process), where the backend can;
   * own changes may be told too. `changed()` without a key means: something, list again. Returns how to stop.
   * Only direct children of the prefix are watched.
   */
  watch?(prefix: string, changed: (key?: string) => void): () => void
  /** Throws RegistryError `unavailable` with the reason when the store cannot be read. For `/readyz`. */
  check(): Promise<void>
  /** Ends background work. */
  close(): Promise<void>
}
