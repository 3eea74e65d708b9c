import { randomBytes } from 'node:crypto'

/** One version that a deletion took away: what is needed to say what it was, and to bring it back. */
export interface DeletedVersion {
  /** The number of its copy in the trash. */
  readonly place: number
  /** The archive's file name in the repository. */
  readonly file: string
  readonly chart: string
  readonly version: string
  /** Bytes of the archive. */
  readonly size: number
  /** SHA-256 of the archive, hex. */
  readonly digest: string
  /** When the archive was last written, milliseconds since 1970. */
  readonly modified: number
  /** The time its entry in the index had, RFC 3339; undefined for a file that was no chart. */
  readonly created: string | undefined
  /** Change tag of the object that was deleted: it may still stand there when the process ended in between. */
  readonly etag: string
  readonly hasProvenance: boolean
}

/** One act of deleting, of one version or of many: it can be undone as a whole. */
export interface Deletion {
  readonly id: string
  readonly repo: string
  /** Who did it; undefined where nobody has a name. */
  readonly by: string | undefined
  readonly deleted: Date
  /** It can be brought back before this moment. */
  readonly until: Date
  readonly versions: readonly DeletedVersion[]
}

/**
 * A new name for a deletion: the moment it ends, so that sweeping needs no record, and what nobody can guess.
 * "20261122-141500-9f2c41d07b3a"
 */
export function newDeletionId(until: Date): string {
  const [day, time] = until
    .toISOString()
    .replace(/[-:]|\..*/g, '')
    .split('T')
  return `${day}-${time}-${randomBytes(6).toString('hex')}`
}

/** True for what can be the name of a deletion. */
export function isDeletionId(text: string): boolean {
  return /^\d{8}-\d{6}-[0-9a-f]{12}$/.test(text) && !Number.isNaN(endOf(text).getTime())
}

/** The moment in the name of a deletion, at most a second after the one that was given to newDeletionId(). */
export function endOf(id: string): Date {
  const iso = id.replace(/^(.{4})(..)(..)-(..)(..)(..).*$/, '$1-$2-$3T$4:$5:$6Z')
  return new Date(Date.parse(iso) + 1000)
}

/** The record as it is stored. Times are written for people who look into the folder. */
export function deletionText(deletion: Deletion): string {
  const { deleted, until, versions, ...rest } = deletion
  const times = { deleted: deleted.toISOString(), until: until.toISOString() }
  return `${JSON.stringify({ ...rest, ...times, versions }, null, 1)}\n`
}

/** Reads a stored record; undefined when it is not one. */
export function parseDeletion(text: string, repo: string, id: string): Deletion | undefined {
  const read = jsonOf(text)
  if (!isObject(read) || !Array.isArray(read['versions'])) return undefined
  const [deleted, until] = [read['deleted'], read['until']].map((time) => new Date(String(time)))
  const versions = read['versions'].map(versionOf)
  if (deleted === undefined || until === undefined || versions.length === 0) return undefined
  if (Number.isNaN(deleted.getTime()) || Number.isNaN(until.getTime())) return undefined
  if (!versions.every((version) => version !== undefined)) return undefined
  const by = typeof read['by'] === 'string' ? read['by'] : undefined
  return { id, repo, by, deleted, until, versions }
}

function versionOf(read: unknown): DeletedVersion | undefined {
  if (!isObject(read)) return undefined
  const { place, file, chart, version, size, digest, modified, created, etag, hasProvenance } = read
  if (typeof file !== 'string' || typeof chart !== 'string' || typeof version !== 'string') return undefined
  if (!file.endsWith('.tgz') || /[/\\]/.test(file)) return undefined
  if (typeof place !== 'number' || typeof size !== 'number' || typeof modified !== 'number') return undefined
  if (typeof digest !== 'string' || typeof etag !== 'string') return undefined
  const time = typeof created === 'string' ? created : undefined
  const signed = hasProvenance === true
  return { place, file, chart, version, size, digest, modified, created: time, etag, hasProvenance: signed }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
