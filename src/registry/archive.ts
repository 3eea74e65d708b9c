import { newArrivingChart } from './archive-chart.ts'
import type { ArrivingChart } from './archive-chart.ts'
import { invalidArchive, quote, withoutChartYaml } from './archive-error.ts'
import { archiveLimits, newBudget } from './archive-limits.ts'
import type { Budget } from './archive-limits.ts'
import { checkPublishable } from './archive-names.ts'
import { readGzip } from './archive-source.ts'
import { archiveTurns } from './archive-turns.ts'
import type { Turns } from './archive-turns.ts'
import { chartPath } from './chart-path.ts'
import type { ChartMetadata } from './chart.ts'
import { readTar } from './tar-members.ts'
import type { MemberReader } from './tar-members.ts'

/** A chart archive that Helm would load, and that can stand in a repository. */
export interface OpenedArchive {
  readonly metadata: ChartMetadata
  /** SHA-256 of all bytes of the archive, as hex. */
  readonly digest: string
  /** It has a schema for its values: a file values.schema.json of its own, whatever stands in it. */
  readonly hasSchema: boolean
  readonly hasReadme: boolean
  /** The folder in which the chart stands inside the archive. */
  readonly folder: string
  /** The files that were asked for, in the order of the archive; one that is there twice is here twice. */
  readonly files: readonly ArchiveFile[]
}

export interface ArchiveFile {
  /** As seen from the chart: "README.md", "templates/service.yaml", "charts/sub/values.yaml". */
  readonly name: string
  /** Without a UTF-8 byte order mark. */
  readonly data: Uint8Array
}

export interface OpenOptions {
  /** Which files to hand out; none by default. They are held in memory, each at most 5 MiB. */
  readonly keep?: (name: string) => boolean
  /** Whose turns to wait for; by default those of the process. */
  readonly turns?: Turns
}

/**
 * Opens a chart archive as Helm's loader does, with its limits and its words (pkg/chart/loader): the only reader there
 * is, for uploads and for the index alike, so that the two cannot disagree. Nothing is written to disk; memory is
 * bounded by the largest file (5 MiB), the YAML being read and what `keep` asks for.
 *
 *   turn → inflate (bounded) → tar → paths, sizes → Chart.yaml, values.yaml, locks, sub-charts → metadata
 *
 * Throws RegistryError `invalid`, about "archive", with the reason; `unavailable` when too many archives are being
 * opened; and what reading the Blob throws.
 */
export async function openArchive(
  source: Uint8Array | Blob,
  options: OpenOptions = {},
): Promise<OpenedArchive> {
  const { keep, turns = archiveTurns } = options
  return turns.take(async () => {
    const budget = newBudget()
    const files: ArchiveFile[] = []
    const { chart, ...loaded } = await load(source, budget, 0, keep && { keep, files })
    try {
      checkPublishable(loaded.metadata)
    } catch (error) {
      throw chart.placed(error)
    }
    return { ...loaded, files }
  })
}

/** Where the files that were asked for go. */
interface Keeping {
  readonly keep: (name: string) => boolean
  readonly files: ArchiveFile[]
}

async function load(source: Uint8Array | Blob, budget: Budget, depth: number, keeping?: Keeping) {
  const openNested = async (archive: Uint8Array, level: number) => void (await load(archive, budget, level))
  const chart = newArrivingChart({ budget, openNested }, depth)
  const reader = fileReader(chart, budget, keeping)
  const digest = await readGzip(source, (tar) => readTar(tar, budget, reader))
  if (reader.met === 0) throw withoutChartYaml('no files in chart archive')
  const { hasSchema, hasReadme, folder } = reader
  return { chart, metadata: chart.finish(), digest, hasSchema, hasReadme, folder }
}

/** What is seen of an archive in passing. */
type Seen = { readonly met: number } & Pick<OpenedArchive, 'hasSchema' | 'hasReadme' | 'folder'>

function fileReader(chart: ArrivingChart, budget: Budget, keeping?: Keeping): MemberReader & Seen {
  let met = 0
  let hasSchema = false
  let hasReadme = false
  let folder = ''
  /** The member between its meet() and its take(). */
  let path = ''
  let kept = false
  let wanted = false
  return {
    get met() {
      return met
    },
    get hasSchema() {
      return hasSchema
    },
    get hasReadme() {
      return hasReadme
    },
    get folder() {
      return folder
    },
    meet({ name, size }) {
      met++
      path = chartPath(name)
      budget.spend(size)
      if (size > archiveLimits.fileBytes) throw tooLarge(name)
      if (path === 'values.schema.json') hasSchema = true
      else if (path === 'Chart.yaml') folder = name.slice(0, name.search(/[/\\]/))
      else if (path.length === readme.length && path.toLowerCase() === readme) hasReadme = true
      kept = keeping?.keep(path) ?? false
      wanted = chart.meet(path, size)
      return kept || wanted
    },
    take(_member, bytes) {
      const data = withoutMark(bytes)
      // A copy, because a view would hold the whole inflated tar for as long as the file lives.
      if (kept) keeping?.files.push({ name: path, data: new Uint8Array(data) })
      if (wanted) return chart.take(path, data)
    },
  }
}

/** Helm shows a file of this name, whatever its case. */
const readme = 'readme.md'

function withoutMark(data: Uint8Array): Uint8Array {
  return data[0] === 0xef && data[1] === 0xbb && data[2] === 0xbf ? data.subarray(3) : data
}

function tooLarge(name: string): Error {
  const file = quote(name)
  return invalidArchive(
    `decompressed chart file ${file} is larger than the maximum file size ${archiveLimits.fileBytes}`,
    undefined,
    { reason: 'bomb', text: file },
  )
}
