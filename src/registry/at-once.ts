/**
 * Does the same work for every item, some at a time. When it settles no work is running any more, also when one of them
 * failed: then no new one is begun, and the first failure is thrown.
 */
export async function forEachOf<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, place: number) => Promise<unknown>,
): Promise<void> {
  const queue = items.entries()
  const failures: unknown[] = []
  const workers = Array.from({ length: Math.min(atOnce, items.length) }, async () => {
    for (const [place, item] of queue) {
      await work(item, place).catch((error: unknown) => failures.push(error))
      if (failures.length > 0) return
    }
  })
  await Promise.all(workers)
  if (failures.length > 0) throw failures[0]
}
