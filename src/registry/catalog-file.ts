/** One published version, as the catalog keeps it: a small record and its ready-made piece of the index. */
export interface ChartVersion {
  readonly name: string
  readonly version: string
  /** The archive's file name. Published by us it is `<name>-<version>.tgz`; copied in by hand it may be any `*.tgz`. */
  readonly file: string
  /** Bytes of the archive. */
  readonly size: number
  /** When the object was last written, milliseconds since 1970. */
  readonly modified: number
  /** Change tag of the object when it was judged (see ObjectInfo.etag). */
  readonly etag: string
  /** SHA-256 of the archive, hex. */
  readonly digest: string
  /** RFC 3339. */
  readonly created: string
  /** A provenance file lies beside the archive; whose signature it has is another question. */
  readonly signed: boolean
  /** The archive has a schema for its values (values.schema.json). */
  readonly hasSchema: boolean
  /** The JSON text of its entry in the index, shared by the index file and the list API. */
  readonly entry: string
}

/** A file that ends in .tgz but is no chart, remembered so that it is neither read nor told again until it changes. */
export interface RejectedFile {
  readonly file: string
  readonly size: number
  readonly etag: string
  readonly reason: string
}

export type CatalogFile = ChartVersion | RejectedFile

export function isRejected(file: CatalogFile): file is RejectedFile {
  return 'reason' in file
}
