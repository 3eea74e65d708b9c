/** A figure of several rounds: its median and how far the rounds lie apart. */
export interface Spread {
  median: number
  min: number
  max: number
  rounds: number
}

/** Median and spread of the rounds, or undefined when there are none. */
export function spread(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined
  const sorted = values.toSorted((a, b) => a - b)
  return {
    median: quantile(sorted, 0.5),
    min: sorted[0] ?? Number.NaN,
    max: sorted.at(-1) ?? Number.NaN,
    rounds: sorted.length,
  }
}

/** The value below which a share of the sorted values lies; between two values, the line between them. */
export function quantile(sorted: readonly number[], share: number): number {
  const place = (sorted.length - 1) * share
  const below = sorted[Math.floor(place)]
  const above = sorted[Math.ceil(place)]
  if (below === undefined || above === undefined) return Number.NaN
  return below + (above - below) * (place - Math.floor(place))
}

/** p50 and p99 of latencies in milliseconds. */
export function latencies(milliseconds: readonly number[]): { p50_ms: number; p99_ms: number } {
  const sorted = milliseconds.toSorted((a, b) => a - b)
  return { p50_ms: quantile(sorted, 0.5), p99_ms: quantile(sorted, 0.99) }
}
