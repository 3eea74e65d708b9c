import { RegistryError } from '../errors.ts'
import type { Upload } from '../registry/upload.ts'
import { FormParser, type ArrivingFile } from './form-parser.ts'
import type { Spool, SpoolWriter } from './spool.ts'

/** One file that a page sent. */
export interface SentFile {
  /** What it is called where it comes from. */
  readonly filename: string
  /** Undefined: it is larger than a file may be. */
  readonly upload: Upload | undefined
  /** Bytes, also of one that is too large. */
  readonly size: number
}

/** A form of a page with files, all of them judged one by one: one that is too large does not stop the others. */
export interface SentForm {
  /** As they came. */
  readonly files: readonly SentFile[]
  /** The other fields, each with its first value. */
  readonly fields: ReadonlyMap<string, string>
  /** Discards all files. */
  discard(): Promise<void>
}

export interface FileFormSource {
  readonly spool: Spool
  /** Bytes one file may have. */
  readonly limit: number
  /** Reads the request's body; rejects when it is too large, too slow or cut off. */
  read(take: (chunk: Uint8Array) => Promise<void>): Promise<void>
}

interface Found {
  readonly filename: string
  readonly writer: SpoolWriter
  upload: Upload | undefined
  size: number
}

/** Reads the form of a page. Throws RegistryError `invalid` for another kind of body and for one that is cut off. */
export async function readFileForm(request: Request, source: FileFormSource): Promise<SentForm> {
  const found: Found[] = []
  const fields = new Map<string, string>()
  const parser = FormParser.open(request, {
    file(file) {
      const one: Found = {
        filename: file.filename,
        writer: source.spool.writer(),
        upload: undefined,
        size: 0,
      }
      found.push(one)
      return spoolFile(one, file, source.limit)
    },
    field: (name, value) => void (fields.has(name) || fields.set(name, value)),
  })
  if (!parser) throw new RegistryError('invalid', 'request', 'Cannot read the form: it is not sent as one')
  try {
    await source.read((chunk) => parser.write(chunk))
    await parser.end()
    return { files: found, fields, discard: () => discardAll(found) }
  } catch (error) {
    await parser.abort()
    await discardAll(found)
    throw error
  }
}

async function spoolFile(found: Found, { chunks }: ArrivingFile, limit: number): Promise<void> {
  for await (const chunk of chunks) {
    const fitted = found.size <= limit
    found.size += chunk.byteLength
    if (found.size <= limit) await found.writer.write(chunk)
    // What has arrived of it is not needed any more; the rest is read over, because more files may follow.
    else if (fitted) await found.writer.abort()
  }
  if (found.size <= limit) found.upload = await found.writer.end()
}

async function discardAll(found: readonly Found[]): Promise<void> {
  await Promise.all(found.map(({ upload, writer }) => (upload ? upload.discard() : writer.abort())))
}
