/** The name that differs from the given one by the fewest typing mistakes, if those are few. */
export function nearest(given: string, names: Iterable<string>): string | undefined {
  let best: string | undefined
  let fewest = Math.min(3, Math.floor(given.length / 3) + 1)
  for (const name of names) {
    if (Math.abs(name.length - given.length) > fewest) continue
    const count = distance(given.toLowerCase(), name)
    if (count < fewest || (count === fewest && best === undefined)) {
      best = name
      fewest = count
    }
  }
  return best
}

/** Levenshtein's distance: insertions, deletions and replacements from one text to the other. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index)
  for (let i = 1; i <= from.length; i++) {
    const next = [i]
    for (let j = 1; j <= to.length; j++) {
      const replace = (row[j - 1] ?? 0) + (from[i - 1] === to[j - 1] ? 0 : 1)
      next.push(Math.min(replace, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[to.length] ?? 0
}
