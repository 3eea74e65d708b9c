import { byBytes } from './catalog-chart.ts'
import { folded } from './search-words.ts'

/** Characters of a wanted name that are compared; nobody mistypes more. */
const maxLength = 64

/** More wrong letters than these are another name, however long it is. */
const mostWrong = 3

/** So many letters a name needs to count for being inside another: "redis" in "redis-cluster". */
const insideLength = 3

/**
 * The names that somebody may have meant, the nearest first: those that differ in few letters (one wrong, missing, too
 * many or two swapped: up to a third of them, and three), then those that have the wanted name inside, or are inside it. Case and
 * accents do not count. 10,000 names take 2 to 7 ms (measured).
 */
export function nearestNames(names: Iterable<string>, wanted: string, most: number): string[] {
  const text = folded(wanted.slice(0, maxLength))
  if (text === '') return []
  const bound = Math.min(mostWrong, Math.max(1, Math.floor(text.length / 3)))
  const distance = createDistance()
  const near: { readonly name: string; readonly rank: number }[] = []
  for (const name of names) {
    const other = folded(name)
    const steps = distance(text, other, bound)
    if (steps <= bound) near.push({ name, rank: steps })
    else if (isInside(text, other)) near.push({ name, rank: bound + Math.abs(other.length - text.length) })
  }
  near.sort((a, b) => a.rank - b.rank || byBytes(a.name, b.name))
  return near.slice(0, most).map(({ name }) => name)
}

function isInside(text: string, name: string): boolean {
  if (text.length >= insideLength && name.includes(text)) return true
  return name.length >= insideLength && text.includes(name)
}

/**
 * How many letters have to be changed, left out, added or swapped with their neighbour (optimal string alignment), or
 * more than `bound` as soon as that is sure. Of the table only the band along its diagonal is filled in, the rest is
 * over the bound anyway; the rows are made once for all names.
 */
function createDistance(): (text: string, name: string, bound: number) => number {
  let before = new Uint16Array(maxLength + 1)
  let last = new Uint16Array(maxLength + 1)
  let row = new Uint16Array(maxLength + 1)
  return (text, name, bound) => {
    if (Math.abs(text.length - name.length) > bound) return bound + 1
    for (let x = 0; x <= text.length; x++) last[x] = x
    for (let y = 1; y <= name.length; y++) {
      const first = Math.max(1, y - bound)
      const end = Math.min(text.length, y + bound)
      row[first - 1] = first === 1 ? y : bound + 1
      if (end < text.length) row[end + 1] = bound + 1
      let least = bound + 1
      const letter = name.charCodeAt(y - 1)
      for (let x = first; x <= end; x++) {
        const same = text.charCodeAt(x - 1) === letter
        let steps = same ? at(last, x - 1) : 1 + Math.min(at(last, x - 1), at(last, x), at(row, x - 1))
        const swapped =
          x > 1 &&
          y > 1 &&
          text.charCodeAt(x - 2) === letter &&
          text.charCodeAt(x - 1) === name.charCodeAt(y - 2)
        if (swapped) steps = Math.min(steps, at(before, x - 2) + 1)
        row[x] = steps
        if (steps < least) least = steps
      }
      if (least > bound) return bound + 1
      ;[before, last, row] = [last, row, before]
    }
    return at(last, text.length)
  }
}

function at(row: Uint16Array, place: number): number {
  return row[place] as number
}
