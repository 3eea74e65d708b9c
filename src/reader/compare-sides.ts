import type { ArchiveFile } from '../registry/archive.ts'
import type { ChartMetadata } from '../registry/chart.ts'
import { latest } from './files.ts'
import { decodeText, isText } from './text.ts'

/** One of two versions: what a comparison looks at, small enough to be held and handed over. */
export interface Side {
  readonly version: string
  readonly metadata: ChartMetadata
  readonly files: readonly SideFile[]
}

export interface SideFile {
  readonly name: string
  /** Bytes. */
  readonly size: number
  /** SHA-256, hex. */
  readonly digest: string
  readonly kind: 'text' | 'binary'
  /** Of texts whose lines can be compared. */
  readonly text: string | undefined
}

/** Bytes up to which the lines of a file are compared, of one and of all of one side together. */
const most = { file: 512 * 1024, side: 8 * 1024 * 1024, values: 1024 * 1024 } as const

/** What a comparison needs of an archive. Files of sub-charts are told apart by their digest only. */
export function sideOf(version: string, metadata: ChartMetadata, files: readonly ArchiveFile[]): Side {
  let left: number = most.side
  const sideFiles = [...latest(files).values()].map(({ name, data }): SideFile => {
    const size = data.byteLength
    const digest = new Bun.CryptoHasher('sha256').update(data).digest('hex')
    const kind = isText(data) ? 'text' : 'binary'
    const limit = name === 'values.yaml' ? most.values : most.file
    const wanted = !name.startsWith('charts/') && size <= limit && size <= left && kind === 'text'
    if (wanted) left -= size
    return { name, size, digest, kind, text: wanted ? decodeText(data) : undefined }
  })
  return { version, metadata, files: sideFiles }
}
