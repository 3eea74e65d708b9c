/**
 * The same text as a string of its own. What was sliced or joined together keeps its sources alive in the engine: a
 * name cut out of Chart.yaml holds the whole Chart.yaml. For text that stays in memory for long, once per version
 * (measured after a cold start with 10,000 versions: about 190 MiB without, 140 MiB with).
 */
export function flat(text: string): string {
  return Buffer.from(text).toString()
}
