import { spin } from './spin.ts'
import type { Options } from './options.ts'

/**
 * What is measured side by side; `disk` is the bare disk, `bare` the store without a server between, `chartroom-single`
 * Chartroom with `--single-replica`, `without` Chartroom without what the row is about.
 */
export type SubjectId =
  | 'chartroom'
  | 'chartroom-single'
  | 'without'
  | 'nginx'
  | 'nginx-silent'
  | 'chartmuseum'
  | 'chartmuseum-json'
  | 'disk'
  | 'bare'

/** One round's figures. Units are in the names; `cpu_us` is per request, `cpu_ms` is of the whole thing. */
export interface Measurement {
  cpu_us?: number
  per_second?: number
  p50_ms?: number
  p99_ms?: number
  wall_ms?: number
  cpu_ms?: number
  rss_mib?: number
  peak_rss_mib?: number
  /** Resident memory at its highest less what it was before. */
  grown_mib?: number
  /** What the busy readers got done meanwhile. */
  reads_per_second?: number
  /** Thousand bytes on the wire, headers apart. */
  wire_kb?: number
  /** How much a page moved while it came (https://web.dev/articles/cls): 0 is not at all. */
  layout_shift?: number
  /** Requests that stand behind the figures. */
  requests?: number
  /** What the subject really answered, when not what was asked for: "200, 10 MB" where a 304 was hoped for. */
  answered?: string
}

/** One line of the table: the same thing asked of several subjects, several times over. */
export interface Row {
  id: string
  title: string
  rounds: Partial<Record<SubjectId, Measurement[]>>
  /** Milliseconds that the fixed spin took on the server's core before each round. */
  spins: number[]
  /** Subjects that could not be measured, and why. */
  failed: Partial<Record<SubjectId, string>>
}

/** How one subject is measured once. */
export interface Contestant {
  id: SubjectId
  measure(round: number): Promise<Measurement>
}

/** What every group of rows is given. */
export interface Bench {
  options: Options
  /** A folder of this run, removed at its end. */
  scratch: string
  /** Collects finished rows, in the order of measuring. */
  rows: Row[]
  /** Told of each row when it is done. */
  finished(row: Row): Promise<void>
}

/**
 * Measures a row interleaved (A B C, A B C, …), so that a disturbance hits every subject alike, and adds it to the
 * bench. A subject that fails is named with its reason and left out of the following rounds; the others go on.
 */
export async function measureRow(
  bench: Bench,
  id: string,
  title: string,
  contestants: Contestant[],
): Promise<Row> {
  const row: Row = { id, title, rounds: {}, spins: [], failed: {} }
  for (let round = 0; round < bench.options.rounds; round++) {
    row.spins.push(await spin(bench.options.serverCore))
    for (const { id: subject, measure } of contestants) {
      if (row.failed[subject] !== undefined) continue
      try {
        const figures = await measure(round)
        ;(row.rounds[subject] ??= []).push(figures)
      } catch (cause) {
        row.failed[subject] = cause instanceof Error ? cause.message : String(cause)
        process.stderr.write(`  ${subject}: ${row.failed[subject]}\n`)
      }
    }
  }
  bench.rows.push(row)
  await bench.finished(row)
  return row
}

/** True when `--only` names the beginning of this row's name, or is not given. */
export function wanted(bench: Bench, id: string): boolean {
  return bench.options.only.length === 0 || bench.options.only.some((part) => id.startsWith(part))
}
