import { byBytes } from './catalog.ts'
import type { Columns, Flag } from './search-columns.ts'
import { flags } from './search-columns.ts'
import { folded } from './search-words.ts'

/** What charts must be like. Of several values in one list a chart needs one; an empty list asks for nothing. */
export interface SearchFilters {
  /** "application", "library". */
  readonly types?: readonly string[]
  readonly keywords?: readonly string[]
  /** Names, or addresses of maintainers without a name. */
  readonly maintainers?: readonly string[]
  /** True: deprecated charts only; false: all others; undefined: both. */
  readonly deprecated?: boolean | undefined
  /** The same for charts that have nothing but pre-releases. */
  readonly prerelease?: boolean | undefined
  /** The same for charts of which the version shown has a provenance. */
  readonly signed?: boolean | undefined
  /** The same for charts of which the version shown has a schema for its values. */
  readonly schema?: boolean | undefined
}

export interface FacetValue {
  readonly label: string
  /** Charts that have it, among those that the words and the other filters leave. */
  readonly count: number
  readonly selected: boolean
}

/** What the charts that were found have in common, counted as if its own filter were not set. */
export interface Facets extends Readonly<Record<Flag, number>> {
  /** The most frequent values, and those that are selected. */
  readonly types: readonly FacetValue[]
  readonly keywords: readonly FacetValue[]
  readonly maintainers: readonly FacetValue[]
}

/** Values of one facet that are told; a repository may have thousands of keywords. */
const mostValues = 50
/** Of values that are equally frequent, so many are compared by their names for the last places. */
const mostEqual = 2000

type List = 'types' | 'keywords' | 'maintainers'

interface Value {
  readonly list: List
  readonly label: string
  /** As it is compared: without case and accents. */
  readonly key: string
  charts: number
}

/** Characters of a value that count. */
const maxLabelLength = 100

/** The types, keywords and maintainers that any chart has, numbered: counting numbers is several times faster than texts. */
export class SharedValues {
  private readonly numbers = { types: new Map(), keywords: new Map(), maintainers: new Map() } as Record<
    List,
    Map<string, number>
  >
  /** By number; what no chart has any more is undefined until its number is given again. */
  readonly all: (Value | undefined)[] = []
  /** The list of each number, as long as it is given. */
  readonly lists: List[] = []
  private readonly free: number[] = []

  /** Numbers of the texts, each once; empty texts have none. They are held until they are given back. */
  take(list: List, texts: readonly (string | undefined)[], most: number): number[] {
    const taken = new Set<number>()
    for (const text of texts) {
      const key = keyOf(text ?? '')
      if (key !== '' && taken.size < most) taken.add(this.find(list, key) ?? this.add(list, key, text ?? ''))
    }
    for (const number of taken) (this.all[number] as Value).charts += 1
    return [...taken]
  }

  giveBack(numbers: Iterable<number>): void {
    for (const number of numbers) {
      const value = this.all[number] as Value
      value.charts -= 1
      if (value.charts > 0) continue
      this.numbers[value.list].delete(value.key)
      this.all[number] = undefined
      this.free.push(number)
    }
  }

  find(list: List, key: string): number | undefined {
    return this.numbers[list].get(key)
  }

  private add(list: List, key: string, text: string): number {
    const number = this.free.pop() ?? this.all.length
    this.all[number] = { list, label: text.trim().slice(0, maxLabelLength), key, charts: 0 }
    this.lists[number] = list
    this.numbers[list].set(key, number)
    return number
  }
}

function keyOf(text: string): string {
  return folded(text.trim().slice(0, maxLabelLength))
}

/** Counts charts one by one, by their numbers, and says of each whether the filters let it through. */
export interface Counter {
  count(chart: number): boolean
  facets(): Facets
}

/** Counting by filters: a chart that fails one filter is counted for that facet only, one that fails two for none. */
export function createCounter(values: SharedValues, columns: Columns, filters: SearchFilters): Counter {
  const counts = new Uint32Array(values.all.length)
  const totals = { deprecated: 0, prerelease: 0, signed: 0, schema: 0 }
  const lists = [
    selection(values, 'types', filters.types),
    selection(values, 'keywords', filters.keywords),
    selection(values, 'maintainers', filters.maintainers),
  ]
  const active = lists.filter(({ selected }) => selected.size > 0)
  const activeFlags = flags
    .filter((flag) => filters[flag] !== undefined)
    .map((flag) => ({ flag, column: columns.flags[flag], wanted: Number(filters[flag]) }))
  const { deprecated, prerelease, signed, schema } = columns.flags

  function add(chart: number): void {
    columns.countValues(chart, counts)
    totals.deprecated += deprecated[chart] as number
    totals.prerelease += prerelease[chart] as number
    totals.signed += signed[chart] as number
    totals.schema += schema[chart] as number
  }

  function addTo(facet: List | Flag, chart: number): void {
    if (isFlag(facet)) {
      totals[facet] += columns.flags[facet][chart] as number
      return
    }
    for (const number of columns.values(chart)) {
      if (values.lists[number] === facet) counts[number] = (counts[number] as number) + 1
    }
  }

  /** The filter that a chart fails. Written without lists: this runs for every chart that the words find. */
  function failure(chart: number): List | Flag | 'several' | undefined {
    let failed: List | Flag | undefined
    for (const { list, numbers } of active) {
      if (columns.hasAny(chart, numbers)) continue
      if (failed !== undefined) return 'several'
      failed = list
    }
    for (const { flag, column, wanted } of activeFlags) {
      if (column[chart] === wanted) continue
      if (failed !== undefined) return 'several'
      failed = flag
    }
    return failed
  }

  return {
    count(chart) {
      const failed = failure(chart)
      if (failed === undefined) add(chart)
      else if (failed !== 'several') addTo(failed, chart)
      return failed === undefined
    },
    facets() {
      const [types, keywords, maintainers] = lists.map((one) => told(values, counts, one))
      return { types: types ?? [], keywords: keywords ?? [], maintainers: maintainers ?? [], ...totals }
    },
  }
}

function isFlag(facet: List | Flag): facet is Flag {
  return facet !== 'types' && facet !== 'keywords' && facet !== 'maintainers'
}

/** The values of one list that a chart may have to be let through. */
interface Selection {
  readonly list: List
  /** What was asked for, by key. */
  readonly selected: ReadonlyMap<string, string>
  /** Those of it that any chart has. */
  readonly numbers: ReadonlySet<number>
}

function selection(values: SharedValues, list: List, texts: readonly string[] = []): Selection {
  // An empty field of a form asks for nothing.
  const selected = new Map(texts.filter((text) => keyOf(text) !== '').map((text) => [keyOf(text), text]))
  const numbers = [...selected.keys()].flatMap((key) => values.find(list, key) ?? [])
  return { list, selected, numbers: new Set(numbers) }
}

/**
 * The most frequent values of a list and those that are selected. Which ones is decided on the bare counts: thousands
 * of keywords are neither looked up nor put in order.
 */
function told(
  values: SharedValues,
  counts: Uint32Array,
  { list, selected, numbers }: Selection,
): FacetValue[] {
  const counted: number[] = []
  for (let number = 0; number < counts.length; number++) {
    if (counts[number] !== 0 && values.lists[number] === list) counted.push(number)
  }
  const least = leastOfMost(counted.map((number) => counts[number] as number))
  const above = counted.filter((number) => (counts[number] as number) > least)
  const equal = counted.filter((number) => counts[number] === least).slice(0, mostEqual)
  equal.sort((a, b) => byBytes((values.all[a] as Value).label, (values.all[b] as Value).label))
  const most = [...above, ...equal.slice(0, mostValues - above.length), ...numbers]
  const all = [...new Set(most)].map((number) => {
    const { label, key } = values.all[number] as Value
    return { label, count: counts[number] as number, selected: selected.has(key) }
  })
  for (const [key, label] of selected) {
    if (values.find(list, key) === undefined) all.push({ label, count: 0, selected: true })
  }
  return all.sort((a, b) => b.count - a.count || byBytes(a.label, b.label))
}

/** The smallest of the largest counts. */
function leastOfMost(counts: readonly number[]): number {
  return Uint32Array.from(counts).sort().at(-mostValues) ?? counts.reduce((a, b) => Math.min(a, b), Infinity)
}
