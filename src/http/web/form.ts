import { RegistryError } from '../../errors.ts'
import { readBody } from '../body.ts'

/** Forms of ours hold a few words, or the names of many versions. */
const limits = { limit: 256 * 1024, deadlineMs: 30_000 }

/**
 * The fields of a form as browsers send it without files. Throws RegistryError `invalid` for another kind of body,
 * `too_large` and `too_slow` like an upload.
 */
export async function readFields(request: Request): Promise<URLSearchParams> {
  const type = request.headers.get('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
  if (type !== 'application/x-www-form-urlencoded') {
    throw new RegistryError('invalid', 'request', 'Cannot read the form: it is not sent as one')
  }
  const chunks: Uint8Array[] = []
  await readBody(request, limits, async (chunk) => void chunks.push(chunk))
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'))
}
