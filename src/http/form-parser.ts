import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy'
import { RegistryError } from '../errors.ts'

/** A file of a form, while it arrives. */
export interface ArrivingFile {
  /** The name of its field. */
  readonly field: string
  /** What it is called where it comes from, without folders; "" when it has no name. */
  readonly filename: string
  /** Its bytes; to be read to the end, or given up by drop(). */
  readonly chunks: AsyncIterable<Uint8Array>
  /** Reads over what is left of it. */
  drop(): void
}

export interface FormListener {
  /** Called for every file, in order; what it throws ends the reading. Undefined: the file is read over. */
  file(file: ArrivingFile): Promise<void> | undefined
  /** Called for every other field, of which the first 1,024 bytes are read. */
  field?(name: string, value: string): void
}

/** Parts of a form, whatever is in them. A chart and its provenance are two. */
const maxParts = 1000
/** The longest boundary (RFC 2046 section 5.1.1); the parser's search cannot take one of more than 250. */
const maxBoundaryLength = 70

/** A multipart/form-data body (RFC 7578) while it streams. The first failure is kept and ends the reading. */
export class FormParser {
  private readonly streams: BusboyFileStream[] = []
  private readonly running: Promise<void>[] = []
  private failure: { error: unknown } | undefined
  private finished = false
  /** Goes on with what waits for the parser: it took a chunk, is finished, or has failed. */
  private wake = () => {}

  private constructor(
    private readonly parser: BusboyInstance,
    private readonly listener: FormListener,
  ) {
    parser.on('file', (field, stream, filename) => this.takeFile(field, stream, filename))
    parser.on('field', (name, value) => listener.field?.(name, value))
    parser.on('error', (cause) => this.fail(broken(cause)))
    parser.on('partsLimit', () => this.fail(tooManyParts()))
    parser.on('finish', () => {
      this.finished = true
      this.wake()
    })
  }

  /** A parser for this request's boundary, or undefined where the header names none. Throws RegistryError `invalid`. */
  static open(request: Request, listener: FormListener): FormParser | undefined {
    const parser = openParser(request)
    return parser && new FormParser(parser, listener)
  }

  /** Resolves when the chunk is used up, so that a slow disk slows the client down. */
  async write(chunk: Uint8Array): Promise<void> {
    let used = false
    this.parser.write(chunk, () => {
      used = true
      this.wake()
    })
    await this.until(() => used)
  }

  /** Resolves when all of the form is taken. Throws RegistryError `invalid` for one that is cut off or damaged. */
  async end(): Promise<void> {
    this.parser.end()
    await this.until(() => this.finished)
    await Promise.all(this.running)
    this.throwFailure()
  }

  /** Ends what still runs. */
  async abort(): Promise<void> {
    for (const stream of this.streams) stream.destroy()
    await Promise.all(this.running)
  }

  private async until(done: () => boolean): Promise<void> {
    while (!done() && !this.failure) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.wake = resolve
      await promise
    }
    this.throwFailure()
  }

  private takeFile(field: string, stream: BusboyFileStream, filename: string | undefined): void {
    // A stream that is cut off tells its parser too; without a listener here its error would end the process.
    stream.on('error', (cause) => this.fail(broken(cause)))
    const work = this.failure
      ? undefined
      : this.listener.file({
          field,
          filename: filename ?? '',
          chunks: stream as AsyncIterable<Uint8Array>,
          drop: () => stream.resume(),
        })
    if (work === undefined) {
      stream.resume()
      return
    }
    this.streams.push(stream)
    this.running.push(work.catch((error: unknown) => this.fail(error)))
  }

  private fail(error: unknown): void {
    this.failure ??= { error }
    this.wake()
  }

  private throwFailure(): void {
    if (this.failure) throw this.failure.error
  }
}

function openParser(request: Request): BusboyInstance | undefined {
  const type = request.headers.get('content-type') ?? ''
  const boundary = /;\s*boundary\s*=\s*(?:"([^"]+)"|([^\s";]+))/i.exec(type)
  if (!boundary) return undefined
  const length = (boundary[1] ?? boundary[2] ?? '').length
  if (length > maxBoundaryLength) {
    const message = `Cannot read the form: its boundary has ${length} characters, more than ${maxBoundaryLength}`
    throw new RegistryError('invalid', 'upload', message)
  }
  return new Busboy({
    headers: { 'content-type': type },
    // A browser sends a file field nobody filled as a file without a name and without bytes: not a file.
    isPartAFile: (_field, contentType, filename) =>
      filename !== '' && (filename !== undefined || contentType === 'application/octet-stream'),
    limits: { parts: maxParts, fieldNameSize: 200, fieldSize: 1024, headerPairs: 50, headerSize: 16 * 1024 },
  })
}

function broken(cause: unknown): RegistryError {
  const message =
    'Cannot read the upload: the form ends before its last boundary or is damaged. Send it again.'
  return new RegistryError('invalid', 'upload', message, {}, { cause })
}

function tooManyParts(): RegistryError {
  const message = `Cannot read the upload: the form has more than ${maxParts} parts.`
  return new RegistryError('invalid', 'upload', message)
}
