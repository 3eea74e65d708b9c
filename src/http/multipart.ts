import { Busboy, type BusboyFileStream, type BusboyInstance } from '@fastify/busboy'
import { RegistryError } from '../errors.ts'
import type { Upload } from '../registry/upload.ts'
import type { Spool, SpoolWriter } from './spool.ts'

/** Names of the form fields that are looked at; the default name first, a configured one behind it. */
export interface FormFields {
  readonly chart: readonly string[]
  readonly prov: readonly string[]
}

/** The files of a form: by the order of their fields, then as they came. */
export interface ReceivedForm {
  readonly charts: readonly Upload[]
  readonly provenances: readonly Upload[]
  /** Discards all of them. */
  discard(): Promise<void>
}

export interface FormSource {
  readonly spool: Spool
  /** Bytes one chart may have. */
  readonly limit: number
  /** Reads the request's body; rejects when it is too large, too slow or cut off. */
  read(take: (chunk: Uint8Array) => Promise<void>): Promise<void>
}

/** Parts of a form, whatever is in them. A chart and its provenance are two. */
const maxParts = 1000
/** The largest provenance: the metadata of a chart, a few digests, a signature. */
const maxProvenanceBytes = 1024 * 1024

/**
 * Reads a multipart/form-data body (RFC 7578) while it streams: files in the named fields are spooled,
 * everything else is read over. Every file of a field counts, where ChartMuseum drops all but the first. A
 * form without any is `invalid`.
 */
export async function readForm(
  request: Request,
  fields: FormFields,
  source: FormSource,
): Promise<ReceivedForm> {
  const parser = openParser(request)
  if (!parser) throw nothingFound(fields)
  const form = new FormReader(parser, fields, source)
  try {
    await source.read((chunk) => form.write(chunk))
    const files = await form.end()
    if (files.charts.length + files.provenances.length === 0) throw nothingFound(fields)
    return files
  } catch (error) {
    await form.abort()
    throw error
  }
}

/** The longest boundary (RFC 2046 section 5.1.1); the parser's search cannot take one of more than 250. */
const maxBoundaryLength = 70

/** A parser for this request's boundary, or undefined where the header names none. */
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

interface Found {
  /** Place of its field in the order of inspection. */
  readonly place: number
  readonly stream: BusboyFileStream
  readonly writer: SpoolWriter
  upload?: Upload
}

/** One form while it arrives. The first failure is kept and ends the reading. */
class FormReader {
  private readonly order: readonly string[]
  private readonly found: Found[] = []
  private readonly running: Promise<void>[] = []
  private failure: { error: unknown } | undefined
  private finished = false
  /** Goes on with what waits for the parser: it took a chunk, is finished, or has failed. */
  private wake = () => {}

  constructor(
    private readonly parser: BusboyInstance,
    private readonly fields: FormFields,
    private readonly source: FormSource,
  ) {
    this.order = [...fields.chart, ...fields.prov]
    parser.on('file', (field, stream) => this.takeFile(field, stream))
    parser.on('error', (cause) => this.fail(broken(cause)))
    parser.on('partsLimit', () => this.fail(tooManyParts()))
    parser.on('finish', () => {
      this.finished = true
      this.wake()
    })
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

  async end(): Promise<ReceivedForm> {
    this.parser.end()
    await this.until(() => this.finished)
    await Promise.all(this.running)
    this.throwFailure()
    const sorted = this.found.toSorted((one, other) => one.place - other.place)
    const isChart = ({ place }: Found) => place < this.fields.chart.length
    return {
      charts: sorted.filter(isChart).flatMap(uploadOf),
      provenances: sorted.filter((found) => !isChart(found)).flatMap(uploadOf),
      discard: () => this.discard(),
    }
  }

  /** Ends what still runs, then leaves nothing behind. */
  async abort(): Promise<void> {
    for (const { stream } of this.found) stream.destroy()
    await Promise.all(this.running)
    await this.discard()
  }

  private async discard(): Promise<void> {
    await Promise.all(this.found.map(({ upload, writer }) => (upload ? upload.discard() : writer.abort())))
  }

  private async until(done: () => boolean): Promise<void> {
    while (!done() && !this.failure) {
      const { promise, resolve } = Promise.withResolvers<void>()
      this.wake = resolve
      await promise
    }
    this.throwFailure()
  }

  private takeFile(field: string, stream: BusboyFileStream): void {
    const place = this.order.indexOf(field)
    // A stream that is cut off tells its parser too; without a listener here its error would end the process.
    stream.on('error', (cause) => this.fail(broken(cause)))
    if (place === -1 || this.failure) {
      stream.resume()
      return
    }
    const found: Found = { place, stream, writer: this.source.spool.writer() }
    this.found.push(found)
    this.running.push(this.spoolFile(found).catch((error: unknown) => this.fail(error)))
  }

  private async spoolFile(found: Found): Promise<void> {
    const provenance = found.place >= this.fields.chart.length
    const limit = provenance ? Math.min(maxProvenanceBytes, this.source.limit) : this.source.limit
    let size = 0
    for await (const chunk of found.stream as AsyncIterable<Uint8Array>) {
      size += chunk.byteLength
      if (size > limit) throw partTooLarge(provenance ? 'provenance' : 'chart', limit)
      await found.writer.write(chunk)
    }
    if (!this.failure) found.upload = await found.writer.end()
  }

  private fail(error: unknown): void {
    this.failure ??= { error }
    this.wake()
  }

  private throwFailure(): void {
    if (this.failure) throw this.failure.error
  }
}

function uploadOf({ upload }: Found): Upload[] {
  return upload ? [upload] : []
}

// ChartMuseum: this text also for a form that cannot be read at all.
function nothingFound({ chart, prov }: FormFields): RegistryError {
  const message = `no package or provenance file found in form fields ${chart.at(-1)} and ${prov.at(-1)}`
  return new RegistryError('invalid', 'upload', message)
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

function partTooLarge(what: 'chart' | 'provenance', limit: number): RegistryError {
  const message = `request too large: the ${what} file is over the limit of ${limit} bytes`
  return new RegistryError('too_large', 'upload', message, { limit })
}
