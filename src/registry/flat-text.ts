/**
 * The same text as a string of its own. What was sliced or joined together keeps its sources alive in the engine: a
 * name cut out of Chart.yaml holds the whole Chart.yaml. For text that stays in memory for long, once per version
 * (measured at 10,000 versions: 190 MiB without, 120 MiB with).
 */
export function flat(text: string): string {
  return Buffer.from(text).toString()
}
