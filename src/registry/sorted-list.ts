/** So many changes are put in their places one by one; more are sorted in. */
const fewChanges = 64

/**
 * Items in a lasting order. Changes are gathered until the list is read, so that many at once cost one sorting and a
 * single one a binary search. Items are told apart by identity.
 */
export class SortedList<T> {
  private list: T[] = []
  private added: T[] = []
  private readonly removed = new Set<T>()

  constructor(private readonly compare: (a: T, b: T) => number) {}

  add(item: T): void {
    this.added.push(item)
  }

  remove(item: T): void {
    this.removed.add(item)
  }

  /** All items in order. Valid until the next change. */
  items(): readonly T[] {
    const { added, removed } = this
    if (added.length + removed.size === 0) return this.list
    const staying = added.filter((item) => !removed.has(item))
    if (added.length + removed.size > fewChanges) {
      this.list = [...this.list.filter((item) => !removed.has(item)), ...staying].sort(this.compare)
    } else {
      for (const item of removed) this.take(item)
      for (const item of staying) this.list.splice(this.firstNotBefore(item), 0, item)
    }
    this.added = []
    removed.clear()
    return this.list
  }

  private take(item: T): void {
    const from = this.firstNotBefore(item)
    const at = this.list.indexOf(item, from)
    if (at >= 0) this.list.splice(at, 1)
  }

  private firstNotBefore(item: T): number {
    return firstWhere(this.list, (other) => this.compare(other, item) >= 0)
  }
}

/** The first place in a sorted list from which on a test holds: its length when it never does. */
export function firstWhere<T>(list: readonly T[], holds: (item: T) => boolean): number {
  let low = 0
  let high = list.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (holds(list[middle] as T)) high = middle
    else low = middle + 1
  }
  return low
}
