import type { Verdict } from '../errors.ts'
import { invalidArchive, quote } from './archive-error.ts'
import { keyVerdict } from './chart-lines.ts'
import { indexEntry } from './chart.ts'
import type { ChartMetadata } from './chart.ts'
import { archiveFile } from './keys.ts'

/** With ".prov" behind it a file name has to fit into the 255 bytes of common file systems. */
const longestFileBytes = 250
/** Bytes of one version's metadata in the index, as JSON. */
const largestMetadataBytes = 1_048_576
/** Characters of a key: YAML readers refuse longer ones (YAML 1.2 section 7.4, libyaml). */
const longestKey = 1024

/**
 * Checks that a chart whose metadata Helm accepts can also stand in a repository: its file name fits a file system
 * and a URL, and the index with it can be read back by every YAML and JSON reader.
 * Throws RegistryError `invalid`.
 */
export function checkPublishable(metadata: ChartMetadata): void {
  const file = archiveFile(metadata.name, metadata.version)
  if (/[/\\]/.test(file)) {
    const text = `${file.slice(0, longestFileBytes)} is improperly formatted`
    throw invalidArchive(
      text,
      undefined,
      wrongPart(metadata, (part) => /[/\\]/.test(part)),
    )
  }
  const bytes = Buffer.byteLength(file)
  if (bytes > longestFileBytes) {
    throw invalidArchive(
      `file name ${quote(file)} has ${bytes} bytes, more than the limit of ${longestFileBytes}`,
      undefined,
      wrongPart(metadata, (part) => part.length > longestFileBytes / 2),
    )
  }
  for (const part of [metadata.name, metadata.version]) {
    if (unreachable.test(part)) {
      const text = `no address can name ${quote(part)}: choose another name`
      throw invalidArchive(
        text,
        undefined,
        wrongPart(metadata, (each) => each === part),
      )
    }
  }
  checkSize(metadata)
  checkTexts(metadata, 'chart.metadata', file)
}

/**
 * What an address cannot carry: "-" alone, the segment under which pages lie, and what a second decoding on the way
 * would turn into a separator, a control character or a dot segment.
 */
const unreachable = /^-$|%(?:25)*(?:2f|5c|[01][0-9a-f]|7f)|^(?:\.|%(?:25)*2e)+$/i

/** Which of the two parts of the file name is wrong. */
function wrongPart({ name, version }: ChartMetadata, isWrong: (part: string) => boolean): Verdict {
  return isWrong(name) || !isWrong(version) ? keyVerdict('name', name) : keyVerdict('version', version)
}

function checkSize(metadata: ChartMetadata): void {
  // Go's escapes make at most six bytes of one: most metadata is far from that and need not be printed twice.
  if (JSON.stringify(metadata).length * 6 <= largestMetadataBytes) return
  const size = Buffer.byteLength(indexEntry(metadata, { urls: [], created: '', digest: '' }))
  if (size <= largestMetadataBytes) return
  throw invalidArchive(`chart.metadata is ${size} bytes, more than the limit of ${largestMetadataBytes}`)
}

/** C0 but tab and line ends, DEL, C1 but NEL, lone surrogates, U+FFFE, U+FFFF: YAML 1.1 section 5.1 leaves them out. */
const unreadable = /[\p{Cs}\ufffe\uffff]|(?![\t\n\r\x85])\p{Cc}/u
/** In what becomes a file name and a URL, no line end and no mark that is not seen either. */
const unnamable = /[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029\ufffe\uffff]/u

function checkTexts(metadata: ChartMetadata, where: string, file: string): void {
  if (unnamable.test(file)) {
    throw invalidArchive(
      `${where}.name or version has a character that cannot stand in a file name: ${quote(file)}`,
      undefined,
      wrongPart(metadata, (part) => unnamable.test(part)),
    )
  }
  checkTree(metadata, where)
}

function checkTree(value: unknown, where: string): void {
  if (typeof value === 'string') return checkText(value, where)
  if (typeof value !== 'object' || value === null) return
  for (const key of Object.keys(value)) {
    const item: unknown = value[key as keyof typeof value]
    if (key.length > longestKey)
      throw invalidArchive(`${where} has a key of more than ${longestKey} characters`)
    checkText(key, where)
    checkTree(item, Array.isArray(value) ? where : `${where}.${key}`)
  }
}

/** What most texts are made of: a quarter of the time of the whole rule. */
const ascii = /^[\t\n\r\x20-\x7e]*$/

function checkText(text: string, where: string): void {
  if (ascii.test(text)) return
  const sign = unreadable.exec(text)?.[0]
  if (sign === undefined) return
  const code = sign.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')
  throw invalidArchive(`${where} has a character that an index cannot hold: U+${code}`)
}
