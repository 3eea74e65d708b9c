/** How one file ended. Programs and tests find it as `data-code` of the row. */
export type UploadCode =
  | 'PUBLISHED'
  | 'REPLACED'
  | 'SAME'
  | 'PROV_ADDED'
  | 'EXISTS'
  | 'NAME_TAKEN'
  | 'NOT_GZIP'
  | 'DAMAGED'
  | 'NO_CHART_YAML'
  | 'BAD_YAML'
  | 'BAD_NAME'
  | 'BAD_VERSION'
  | 'BAD_CHART'
  | 'UNSAFE_PATH'
  | 'BOMB'
  | 'TOO_LARGE'
  | 'PROV_MISMATCH'
  | 'PROV_ALONE'
  | 'BAD_PROV'
  | 'QUOTA'
  | 'STORE_FULL'
  | 'BUSY'
  | 'FORBIDDEN'
  | 'SIGNED_OUT'
  | 'NETWORK'
  | 'CANCELLED'
  | 'FAILED'

/** Something that is not wrong but may not be meant. */
export type UploadWarning =
  'other_folder' | 'short_version' | 'leading_v' | 'no_readme' | 'no_icon' | 'no_maintainers' | 'deprecated'

/** One version's bytes, as a row compares them. */
export interface UploadedBytes {
  /** SHA-256, hex. */
  readonly digest: string
  readonly size: number
  /** Milliseconds since 1970; undefined: it is not published yet. */
  readonly published: number | undefined
}

/** One file, with its provenance when it came along, and what came of it. */
export interface UploadRowData {
  readonly code: UploadCode
  readonly file: string
  readonly withProvenance: boolean
  readonly size: number
  readonly name?: string | undefined
  readonly version?: string | undefined
  /** Where in the archive it is wrong. */
  readonly inside?: string | undefined
  readonly line?: number | undefined
  /** What is wrong, in the words of the parser or of the chart. */
  readonly text?: string | undefined
  /** Bytes of a file, or objects of a repository. */
  readonly limit?: number | undefined
  readonly warnings?: readonly UploadWarning[]
  readonly existing?: UploadedBytes | undefined
  readonly yours?: UploadedBytes | undefined
  /** With it the version may be replaced; undefined: nobody may. */
  readonly replaceTicket?: string | undefined
}

const good: ReadonlySet<UploadCode> = new Set(['PUBLISHED', 'REPLACED', 'SAME', 'PROV_ADDED'])

/** True when the file stands in the repository now. */
export function isPublished(code: UploadCode): boolean {
  return good.has(code)
}
