import { randomUUID } from 'node:crypto'
import { mkdir, open, unlink, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { RegistryError } from '../errors.ts'
import type { Upload } from '../registry/upload.ts'

export interface SpoolSettings {
  /** Where bodies wait that are too large for memory; made when it is missing. */
  readonly folder: string
  /** Bytes of one upload that stay in memory. */
  readonly memoryBytes: number
  /** Bytes of all uploads of this process that stay in memory; beyond, they go to the folder at once. */
  readonly totalMemoryBytes: number
}

/** Takes bytes while they arrive. Exactly one of end() and abort() ends it. */
export interface SpoolWriter {
  write(chunk: Uint8Array): Promise<void>
  /** What was written, as an Upload that its owner discards. */
  end(): Promise<Upload>
  /** Leaves nothing behind. */
  abort(): Promise<void>
}

/** Opens writers that share one count of the memory in use. */
export interface Spool {
  writer(): SpoolWriter
  /** Bytes held in memory now, by uploads that arrive or wait to be discarded. */
  heldBytes(): number
}

/** A spool over a folder. Files are named `upload-<uuid>`, mode 0600. */
export function createSpool(settings: SpoolSettings): Spool {
  const memory = { held: 0 }
  return { writer: () => new Writer(settings, memory), heldBytes: () => memory.held }
}

const noBytes = new Uint8Array(0)
const firstBufferBytes = 4096

/** Fills one buffer, and goes over to a file when the buffer may not grow any more. */
class Writer implements SpoolWriter {
  // One buffer, not a list of chunks: a body that arrives byte by byte must not cost an object for each.
  private buffer = noBytes
  private size = 0
  private file: { path: string; handle: FileHandle } | undefined

  constructor(
    private readonly settings: SpoolSettings,
    private readonly memory: { held: number },
  ) {}

  async write(chunk: Uint8Array): Promise<void> {
    const next = this.size + chunk.byteLength
    if (!this.file && this.grow(next)) this.buffer.set(chunk, this.size)
    else await storing(() => this.writeToFile(chunk))
    this.size = next
  }

  async end(): Promise<Upload> {
    if (!this.file) {
      return {
        body: this.buffer.subarray(0, this.size),
        size: this.size,
        discard: async () => this.release(),
      }
    }
    const { path, handle } = this.file
    await storing(() => handle.close())
    return { body: Bun.file(path), size: this.size, discard: () => removeFile(path) }
  }

  async abort(): Promise<void> {
    this.release()
    if (!this.file) return
    const { path, handle } = this.file
    this.file = undefined
    // Whatever close() says, the file must go.
    await handle.close().finally(() => removeFile(path))
  }

  /** Makes room for so many bytes in memory; false where that is too much. */
  private grow(bytes: number): boolean {
    const { memoryBytes, totalMemoryBytes } = this.settings
    if (bytes <= this.buffer.byteLength) return true
    if (bytes > memoryBytes) return false
    const capacity = Math.min(memoryBytes, Math.max(bytes, 2 * this.buffer.byteLength, firstBufferBytes))
    const more = capacity - this.buffer.byteLength
    if (this.memory.held + more > totalMemoryBytes) return false
    this.memory.held += more
    const grown = new Uint8Array(capacity)
    grown.set(this.buffer)
    this.buffer = grown
    return true
  }

  private async writeToFile(chunk: Uint8Array): Promise<void> {
    if (!this.file) {
      this.file = await createFile(this.settings.folder)
      await writeAll(this.file.handle, this.buffer.subarray(0, this.size))
      this.release()
    }
    await writeAll(this.file.handle, chunk)
  }

  private release(): void {
    this.memory.held -= this.buffer.byteLength
    this.buffer = noBytes
  }
}

/** 'wx' and a name that nobody can guess: whoever can write to the folder cannot put a link in the way. */
async function createFile(folder: string): Promise<{ path: string; handle: FileHandle }> {
  const path = join(folder, `upload-${randomUUID()}`)
  try {
    return { path, handle: await open(path, 'wx', 0o600) }
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
    await mkdir(folder, { recursive: true, mode: 0o700 })
    return { path, handle: await open(path, 'wx', 0o600) }
  }
}

async function writeAll(handle: FileHandle, chunk: Uint8Array): Promise<void> {
  let offset = 0
  while (offset < chunk.byteLength) {
    const { bytesWritten } = await handle.write(chunk, offset)
    offset += bytesWritten
  }
}

async function removeFile(path: string): Promise<void> {
  try {
    await unlink(path)
  } catch (error) {
    // Discarded twice, or cleared by somebody else: gone is what was wanted.
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

/** Runs a step on the disk; its errors become ours, without the path. */
async function storing<T>(step: () => Promise<T>): Promise<T> {
  try {
    return await step()
  } catch (cause) {
    const code = codeOf(cause)
    if (code === 'ENOSPC' || code === 'EDQUOT') {
      const message = 'Cannot receive the upload: the disk for unfinished uploads is full.'
      throw new RegistryError('full', 'upload', message, {}, { cause })
    }
    const message = 'Cannot receive the upload: its temporary file cannot be written.'
    throw new RegistryError('unavailable', 'upload', message, {}, { cause })
  }
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined
}
