import { RegistryError } from '../errors.ts'
import type { Upload } from '../registry/upload.ts'
import { FormParser, type ArrivingFile } from './form-parser.ts'
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
  const order = [...fields.chart, ...fields.prov]
  const found: Found[] = []
  const parser = FormParser.open(request, {
    file(file) {
      const place = order.indexOf(file.field)
      if (place === -1) return undefined
      const one: Found = { place, writer: source.spool.writer() }
      found.push(one)
      return spoolFile(one, file, place >= fields.chart.length, source)
    },
  })
  if (!parser) throw nothingFound(fields)
  try {
    await source.read((chunk) => parser.write(chunk))
    await parser.end()
    if (found.length === 0) throw nothingFound(fields)
    return received(found, fields)
  } catch (error) {
    await parser.abort()
    await discardAll(found)
    throw error
  }
}

interface Found {
  /** Place of its field in the order of inspection. */
  readonly place: number
  readonly writer: SpoolWriter
  upload?: Upload
}

async function spoolFile(
  found: Found,
  { chunks }: ArrivingFile,
  isProvenance: boolean,
  source: FormSource,
): Promise<void> {
  const limit = isProvenance ? Math.min(maxProvenanceBytes, source.limit) : source.limit
  let size = 0
  for await (const chunk of chunks) {
    size += chunk.byteLength
    if (size > limit) throw partTooLarge(isProvenance ? 'provenance' : 'chart', limit)
    await found.writer.write(chunk)
  }
  found.upload = await found.writer.end()
}

function received(found: readonly Found[], fields: FormFields): ReceivedForm {
  const sorted = found.toSorted((one, other) => one.place - other.place)
  const isChart = ({ place }: Found) => place < fields.chart.length
  return {
    charts: sorted.filter(isChart).flatMap(uploadOf),
    provenances: sorted.filter((one) => !isChart(one)).flatMap(uploadOf),
    discard: () => discardAll(found),
  }
}

async function discardAll(found: readonly Found[]): Promise<void> {
  await Promise.all(found.map(({ upload, writer }) => (upload ? upload.discard() : writer.abort())))
}

function uploadOf({ upload }: Found): Upload[] {
  return upload ? [upload] : []
}

// ChartMuseum: this text also for a form that cannot be read at all.
function nothingFound({ chart, prov }: FormFields): RegistryError {
  const message = `no package or provenance file found in form fields ${chart.at(-1)} and ${prov.at(-1)}`
  return new RegistryError('invalid', 'upload', message)
}

function partTooLarge(what: 'chart' | 'provenance', limit: number): RegistryError {
  const message = `request too large: the ${what} file is over the limit of ${limit} bytes`
  return new RegistryError('too_large', 'upload', message, { limit })
}
