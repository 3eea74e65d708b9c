import { RegistryError } from '../errors.ts'
import type { Upload } from '../registry/upload.ts'
import { readFileForm, type SentForm } from './file-form.ts'
import { readForm, type FormFields, type ReceivedForm } from './multipart.ts'
import { createSpool, type SpoolSettings } from './spool.ts'

export interface BodyLimits {
  /** Bytes of the request body; exactly so many are accepted. */
  readonly limit: number
  /**
   * From the first read to the last byte; 0 for ever. Against bodies that trickle: an idle timeout starts anew with
   * each byte.
   */
  readonly deadlineMs: number
  /** Told how many bytes came, when no more of them are read. */
  readonly received?: ((bytes: number) => void) | undefined
}

export interface ReceiverSettings extends SpoolSettings, BodyLimits {}

/** Reads what is uploaded. Nothing is left in memory or on disk when it throws. */
export interface Receiver {
  /** The whole body as it is. */
  receive(request: Request): Promise<Upload>
  /** The files in the named fields of a multipart/form-data body. */
  receiveForm(request: Request, fields: FormFields): Promise<ReceivedForm>
  /**
   * The form of a page with up to `most` files of the size that one upload may have. Files that are larger are read
   * over and told.
   */
  receiveFiles(request: Request, most: number): Promise<SentForm>
  /** Bytes of uploads in memory now. */
  heldBytes(): number
}

/**
 * Makes the receiver of a process: one, because its uploads share a bound of memory. Errors of both methods:
 * `too_large` over the limit (before the body is read where its length is announced), `too_slow` after the
 * deadline, `invalid` when the client goes away or a form is broken, `full` or `unavailable` when the disk
 * says no.
 */
export function createReceiver(settings: ReceiverSettings): Receiver {
  const spool = createSpool(settings)
  return {
    async receive(request) {
      const writer = spool.writer()
      try {
        await readBody(request, settings, (chunk) => writer.write(chunk))
        return await writer.end()
      } catch (error) {
        await writer.abort()
        throw error
      }
    },
    receiveForm: (request, fields) =>
      readForm(request, fields, {
        spool,
        limit: settings.limit,
        read: (take) => readBody(request, settings, take),
      }),
    receiveFiles(request, most) {
      const { limit, deadlineMs, received } = settings
      // Room for the form's own lines, too.
      const whole = { limit: most * (limit + formBytes), deadlineMs, received }
      return readFileForm(request, { spool, limit, read: (take) => readBody(request, whole, take) })
    },
    heldBytes: () => spool.heldBytes(),
  }
}

/** Bytes around a file in a form: its headers and the boundary. */
const formBytes = 4096

/**
 * Media types are case-insensitive (RFC 9110, 8.3.1); ChartMuseum takes `Multipart/Form-Data` for raw bytes.
 */
export function isForm(request: Request): boolean {
  const type = request.headers.get('content-type')
  return type !== null && type.split(';', 1)[0]?.trim().toLowerCase() === 'multipart/form-data'
}

/**
 * Hands the body on, chunk by chunk, waiting for each to be taken: so the client is slowed down to what we
 * can take (Bun stops reading from the socket).
 */
export async function readBody(
  request: Request,
  limits: BodyLimits,
  take: (chunk: Uint8Array) => Promise<void>,
): Promise<void> {
  refuseAnnounced(request, limits.limit)
  if (!request.body) return
  const reader = request.body.getReader()
  let late = false
  const stop = () => {
    late = true
    giveUp(reader)
  }
  const timer =
    limits.deadlineMs === 0 ? undefined : setTimeout(stop, Math.min(limits.deadlineMs, maxTimerMs))
  let size = 0
  try {
    for (;;) {
      const chunk = await nextChunk(reader)
      if (late) throw tooSlow(limits.deadlineMs)
      if (!chunk) return
      size += chunk.byteLength
      if (size > limits.limit) throw tooLarge(limits.limit)
      await take(chunk)
    }
  } catch (error) {
    giveUp(reader)
    throw late ? tooSlow(limits.deadlineMs) : error
  } finally {
    clearTimeout(timer)
    limits.received?.(size)
  }
}

/** A timer set for longer runs off at once. */
const maxTimerMs = 2 ** 31 - 1

type BodyReader = ReadableStreamDefaultReader<Uint8Array>

/** The next bytes, or undefined at the end. */
async function nextChunk(reader: BodyReader): Promise<Uint8Array | undefined> {
  try {
    const { done, value } = await reader.read()
    return done ? undefined : value
  } catch (cause) {
    const message = 'Cannot receive the upload: the connection ended before the last byte. Send it again.'
    throw new RegistryError('invalid', 'upload', message, {}, { cause })
  }
}

/** Stops reading. What cancel() reports is the failure we are already telling. */
function giveUp(reader: BodyReader): void {
  reader.cancel().then(undefined, () => undefined)
}

/** A client that says beforehand how much it has needs not send it: curl and Go stop at the answer. */
function refuseAnnounced(request: Request, limit: number): void {
  const announced = request.headers.get('content-length')
  if (announced !== null && Number(announced) > limit) throw tooLarge(limit)
}

// ChartMuseum: the words "request too large"; here as JSON, which its push client can show, and with the
// limit.
function tooLarge(limit: number): RegistryError {
  return new RegistryError('too_large', 'upload', `request too large: the limit is ${limit} bytes`, { limit })
}

function tooSlow(deadlineMs: number): RegistryError {
  const message = `Cannot receive the upload: it took longer than ${Math.round(deadlineMs / 1000)} seconds.`
  return new RegistryError('too_slow', 'upload', message)
}
