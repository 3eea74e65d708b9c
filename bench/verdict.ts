import type { Measurement, Row, SubjectId } from './row.ts'
import { spread } from './statistics.ts'

/** What a row promises, and what came out. */
export interface Verdict {
  /** "≤ 1.0 × nginx (CPU)" */
  aim: string
  /** The measured value that the aim limits, as it is printed: "0.92". */
  measured: string
  holds: boolean
  /** How far the value is from its limit: 1 is on it, above is missed. For sorting. */
  strain: number
}

/** A figure of a measurement. */
export type Metric = Exclude<keyof Measurement, 'answered'>

/** The median of a figure of one subject in one row, over its rounds. */
export function median(row: Row | undefined, subject: SubjectId, metric: Metric): number | undefined {
  const values = (row?.rounds[subject] ?? [])
    .map((round) => round[metric])
    .filter((value) => value !== undefined)
  return spread(values)?.median
}

/** A quotient, where both were measured. */
export function divide(dividend: number | undefined, divisor: number | undefined): number | undefined {
  return dividend === undefined || divisor === undefined ? undefined : dividend / divisor
}

/** The verdict over a value that should not be greater; none where nothing was measured. */
export function atMost(aim: string, value: number | undefined, limit: number): Verdict[] {
  if (value === undefined) return []
  return [{ aim, measured: short(value), holds: value <= limit, strain: value / limit }]
}

/** The verdict over a value that should not be smaller. */
export function atLeast(aim: string, value: number | undefined, limit: number): Verdict[] {
  if (value === undefined) return []
  return [{ aim, measured: short(value), holds: value >= limit, strain: limit / value }]
}

function short(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(2)
}
