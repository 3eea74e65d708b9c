import { RegistryError } from '../errors.ts'
import { quote } from './archive-error.ts'
import { archiveFile, provenanceFile } from './keys.ts'

/** What a provenance says it belongs to. */
export interface Provenance {
  /** The name it is stored under: "mychart-1.0.0.tgz.prov". */
  readonly file: string
  readonly name: string
  readonly version: string
}

/** Bytes; real ones have some 1,500, most of it the signed Chart.yaml. */
const largestBytes = 1_048_576
/** Bytes of a file name that the file systems in use allow. */
const longestFileBytes = 255

/**
 * Reads from a provenance (a clear-signed Chart.yaml and digest) which archive it signs. The signature is not verified:
 * that is for whoever trusts its key. As in ChartMuseum the first `name:` and `version:` at the start of a line count;
 * other than there, quotes around them and a carriage return are left off, because the file has to pair with its archive.
 * Throws RegistryError `invalid`, about "provenance".
 */
export function readProvenance(bytes: Uint8Array): Provenance {
  if (bytes.byteLength > largestBytes)
    throw invalid(`${bytes.byteLength} bytes, more than the limit of ${largestBytes}`)
  const text = new TextDecoder().decode(bytes)
  if (!text.startsWith('-----BEGIN PGP SIGNED MESSAGE-----')) throw invalid()
  const name = valueOf(/\nname:[ *]([^\n]+)/.exec(text))
  const version = valueOf(/\nversion:[ *]([^\n]+)/.exec(text))
  if (name === '' || version === '') throw invalid('it names no chart and version')
  const file = provenanceFile(archiveFile(name, version))
  if (/[/\\]/.test(file))
    throw new RegistryError('invalid', 'provenance', `${bare(file)} is improperly formatted`)
  if (/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\ufffd-\uffff]/u.test(file)) {
    throw invalid('its name or version has a character that cannot stand in a file name')
  }
  const length = Buffer.byteLength(file)
  if (length > longestFileBytes)
    throw invalid(`its file name has ${length} bytes, more than the limit of ${longestFileBytes}`)
  return { file, name, version }
}

/** The SHA-256 (hex) that a provenance says an archive has; undefined when it does not name the file. */
export function signedDigest(bytes: Uint8Array, archive: string): string | undefined {
  const text = new TextDecoder().decode(bytes)
  const line = new RegExp(
    `^[ \\t]+(["']?)${RegExp.escape(archive)}\\1:[ \\t]*sha256:([0-9a-f]{64})[ \\t\\r]*$`,
    'mi',
  )
  return line.exec(text)?.[2]?.toLowerCase()
}

/** What stands behind the colon, as the YAML there means it when it is one plain or quoted word. */
function valueOf(match: RegExpExecArray | null): string {
  const text = (match?.[1] ?? '').trim()
  const quoted = /^(["'])(.*)\1$/.exec(text)
  return quoted?.[2] ?? text
}

/** A name in a sentence without its quotes, shortened and without control characters. */
function bare(name: string): string {
  return quote(name).slice(1, -1)
}

function invalid(reason?: string): RegistryError {
  const text = 'invalid provenance file'
  return new RegistryError('invalid', 'provenance', reason === undefined ? text : `${text}: ${reason}`)
}
