import { RegistryError } from '../errors.ts'
import { createCache } from '../reader/cache.ts'
import { createReadings } from '../reader/readings.ts'
import type { Readings } from '../reader/readings.ts'
import { newTurns } from '../registry/archive-turns.ts'
import type { OpenedArchive } from '../registry/archive.ts'
import type { ChartVersion } from '../registry/catalog.ts'
import type { Registry } from '../registry/registry.ts'
import type { Repository } from '../registry/repository.ts'
import { program } from '../version.ts'

/** One version of a chart, found. */
export interface Found {
  readonly repository: Repository
  readonly version: ChartVersion
}

export type Open = (keep: (name: string) => boolean) => Promise<OpenedArchive>

/** Something that is read in an archive. The same bytes always give the same, so it is kept by digest and kind. */
export interface Reading {
  readonly kind: string
  make(source: { readonly open: Open; readonly found: Found }): Promise<Made>
}

/**
 * What came of it; `absent`, the sentence of a 404, when the archive has no such thing. `form`: where the outcome is
 * not the one that these bytes always give, a name for it.
 */
export type Made =
  | Absent
  | { readonly json: string; readonly form?: string }
  | { readonly bytes: Uint8Array; readonly type: string; readonly form?: string }

export interface Absent {
  readonly absent: string
}

/** Ready to be sent. */
export interface Prepared {
  readonly body: Blob
  /** Names the bytes, strongly; without quotes. */
  readonly tag: string
  /** JSON when there is none. */
  readonly type?: string
}

export interface ChartReader {
  readonly readings: Readings
  /** Throws RegistryError `not_found`. */
  find(repo: string, chart: string, wanted: string): Promise<Found>
  read(found: Found, reading: Reading): Promise<Prepared>
  open(found: Found, keep: (name: string) => boolean): Promise<OpenedArchive>
  /**
   * A value made of an archive, by its digest and a kind that says what it is; made again when there was no room.
   * `sizeOf` says what it counts, in bytes.
   */
  keep<T>(
    found: Found,
    kind: string,
    make: (open: Open) => Promise<T>,
    sizeOf: (value: T) => number,
  ): Promise<T>
}

/** What was read lately, over all repositories: ready answers, and values that pages are made of. */
const keptBytes = { answers: 24 * 1024 * 1024, values: 16 * 1024 * 1024 } as const

/**
 * The files of the archives that were opened last: who looks at a chart looks at several of its pages, and opening a
 * large one takes 0.15 s. Of archives up to 2 MiB; larger ones are opened for what is wanted only.
 */
const keptFiles = { bytes: 24 * 1024 * 1024, archiveBytes: 2 * 1024 * 1024 } as const

/**
 * A README takes 3 ms per KB; the largest of a public chart (329 KB) less than a second. The worker costs some 60 MB
 * and 0.3 s to start, so it stays for a minute.
 */
const readingLimits = { deadlineMs: 5000, idleMs: 60_000, mostWaiting: 50 } as const

/** Opens archives, at most two at once because all their files are in memory then, and keeps them and what was made of them. */
export function createChartReader(registry: Registry): ChartReader {
  const readings = createReadings(readingLimits)
  const turns = newTurns({ atOnce: 2, waitMs: 10_000 })
  const cache = createCache<Prepared | Absent>(keptBytes.answers, (value) =>
    'body' in value ? value.body.size : 0,
  )
  const values = createCache<{ readonly value: unknown; readonly size: number }>(
    keptBytes.values,
    ({ size }) => size,
  )

  const archives = createCache<OpenedArchive>(keptFiles.bytes, ({ files }) =>
    files.reduce((sum, { name, data }) => sum + data.byteLength + name.length + 200, 0),
  )

  async function open(found: Found, keep: (name: string) => boolean): Promise<OpenedArchive> {
    const { size, digest } = found.version
    if (size > keptFiles.archiveBytes) return openNow(found, keep)
    const whole = await archives.get(digest, () => openNow(found, () => true))
    return { ...whole, files: whole.files.filter(({ name }) => keep(name)) }
  }

  async function openNow({ repository, version }: Found, keep: (name: string) => boolean) {
    const opened = await turns.take(() => repository.open(version, keep))
    if (opened.digest === version.digest) return opened
    throw new RegistryError(
      'unavailable',
      'archive',
      `Cannot read "${version.file}": it is being replaced; try again`,
    )
  }

  async function make(found: Found, reading: Reading): Promise<Prepared | Absent> {
    const made = await reading.make({ found, open: (keep) => open(found, keep) })
    return 'absent' in made ? made : prepared(found, reading, made)
  }

  return {
    readings,
    open,
    async find(repo, chart, wanted) {
      const repository = registry.repository(repo)
      return { repository, version: await repository.version(chart, wanted) }
    },
    async read(found, reading) {
      const key = `${found.version.digest}/${reading.kind}`
      const value = await cache.get(key, () => make(found, reading))
      if ('absent' in value) throw new RegistryError('not_found', 'file', value.absent)
      return value
    },
    async keep<T>(
      found: Found,
      kind: string,
      make: (open: Open) => Promise<T>,
      sizeOf: (value: T) => number,
    ) {
      const kept = await values.get(`${found.version.digest}/${kind}`, async () => {
        const value = await make((wanted) => open(found, wanted))
        return { value, size: sizeOf(value) }
      })
      // Made by a `make` of the same kind.
      return kept.value as T
    },
  }
}

/** The tag names the version of the program too: another one may read the same bytes differently. */
function prepared({ version }: Found, reading: Reading, made: Exclude<Made, Absent>): Prepared {
  const named = /^[a-z]+$/.test(reading.kind) ? reading.kind : short(reading.kind)
  const form = made.form === undefined ? '' : `-${made.form}`
  const tag = `${version.digest}-${named}${form}-${program.version}`
  if ('json' in made) return { body: new Blob([made.json]), tag }
  return { body: new Blob([new Uint8Array(made.bytes)]), tag, type: made.type }
}

function short(kind: string): string {
  return new Bun.CryptoHasher('sha256').update(kind).digest('hex').slice(0, 16)
}
