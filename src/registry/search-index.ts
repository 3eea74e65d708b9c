import { setImmediate as nextTick } from 'node:timers/promises'
import type { Catalog, Chart, ChartVersion } from './catalog.ts'
import { byBytes } from './catalog.ts'
import type { Maintainer } from './chart.ts'
import { chartWords, readChart } from './search-chart.ts'
import { Columns } from './search-columns.ts'
import { SharedValues } from './search-facets.ts'
import type { ChartWords } from './search-vocabulary.ts'
import { Vocabulary } from './search-vocabulary.ts'
import { joinedWords } from './search-words.ts'
import { SortedList } from './sorted-list.ts'

/** Keywords and maintainers of one chart that are counted. */
const mostValues = 20

/** Charts read before others get their turn: about 2 ms. */
const chunkSize = 32

/** What a search shows of a chart. */
export interface ShownChart {
  readonly chart: Chart
  /** The version to show: the newest stable one, or the newest where there is none. */
  readonly version: ChartVersion
  readonly deprecated: boolean
  /** It has nothing but pre-releases, by number or by annotation. */
  readonly prerelease: boolean
  /** When its newest archive was published, milliseconds since 1970. */
  readonly updated: number
}

/** The place of a chart in all arrays by number. Used again when the chart is gone. */
interface Place {
  readonly name: string
  readonly number: number
}

/** A chart in the index, without what stands in the columns. */
interface Entered extends ShownChart {
  /** The words of its name in one: "certmanager". */
  readonly joined: string
}

/** The charts of a catalog as a search reads them. Every chart has a number, by which all parts know it. */
export interface SearchIndex {
  readonly vocabulary: Vocabulary
  readonly values: SharedValues
  readonly columns: Columns
  /** Numbers are smaller than this. */
  readonly size: number
  /** True when a change of the catalog is not in the index yet. */
  readonly stale: boolean
  /** Takes in the changes. Callers at the same time share the work. */
  update(): Promise<void>
  chart(number: number): Entered
  numbersByName(): Uint32Array
}

/**
 * An empty index; the first update fills it. Later ones read the charts that changed again, and no others. Publishing
 * notes their names and does nothing else for it.
 */
export function createSearchIndex(catalog: Catalog): SearchIndex {
  const vocabulary = new Vocabulary()
  const values = new SharedValues()
  const columns = new Columns()
  const known = new Map<string, Place>()
  const entered: (Entered | undefined)[] = []
  const freeNumbers: number[] = []
  const byName = new SortedList<Place>((a, b) => byBytes(a.name, b.name))
  let numbersByName: Uint32Array | undefined
  let revision = -1
  let running: Promise<void> | undefined

  async function update(): Promise<void> {
    while (revision !== catalog.revision) {
      const current = catalog.revision
      let count = 0
      const changes = catalog.takeChanges()
      for (const name of revision < 0 || changes === undefined ? everyName() : changes) {
        const place = known.get(name)
        if (place !== undefined && entered[place.number]?.chart === catalog.chart(name)) continue
        if (++count % chunkSize === 0) await nextTick()
        const chart = catalog.chart(name)
        if (chart !== undefined) enter(place ?? placeFor(name), chart)
        else if (place !== undefined) leave(place)
      }
      revision = current
    }
  }

  /** After a failure nothing is known of the changes any more: the next search looks at every chart. */
  async function updateOrForget(): Promise<void> {
    try {
      await update()
    } catch (error) {
      revision = -1
      throw error
    }
  }

  function everyName(): Iterable<string> {
    return new Set([...known.keys(), ...Array.from(catalog.allCharts(), ({ name }) => name)])
  }

  function placeFor(name: string): Place {
    const place = { name, number: freeNumbers.pop() ?? known.size }
    known.set(name, place)
    byName.add(place)
    numbersByName = undefined
    return place
  }

  function enter({ number }: Place, chart: Chart): void {
    const { entry, ...shown } = readChart(chart)
    const { updated, versions } = chart.totals
    const before = entered[number]
    vocabulary.replace(number, before === undefined ? noWords : wordsOfChart(before.chart), chartWords(entry))
    const taken = [
      ...values.take('types', [entry.type ?? 'application'], 1),
      ...values.take('keywords', entry.keywords ?? [], mostValues),
      ...values.take('maintainers', (entry.maintainers ?? []).map(maintainerName), mostValues),
    ]
    if (before !== undefined) values.giveBack(columns.values(number))
    const deprecated = entry.deprecated === true
    const { signed, hasSchema: schema, size } = shown.version
    const flags = { deprecated, prerelease: shown.prerelease, signed, schema }
    columns.set(number, { values: taken, flags, updated, versions, size })
    entered[number] = { ...shown, chart, deprecated, updated, joined: joinedWords(chart.name) }
  }

  function leave(place: Place): void {
    const { name, number } = place
    const { chart } = entered[number] as Entered
    vocabulary.replace(number, wordsOfChart(chart), noWords)
    values.giveBack(columns.values(number))
    columns.clear(number)
    entered[number] = undefined
    known.delete(name)
    freeNumbers.push(number)
    byName.remove(place)
    numbersByName = undefined
  }

  return {
    vocabulary,
    values,
    columns,
    get size() {
      return entered.length
    },
    get stale() {
      return revision !== catalog.revision
    },
    update() {
      running ??= updateOrForget().finally(() => (running = undefined))
      return running
    },
    chart: (number) => entered[number] as Entered,
    numbersByName() {
      numbersByName ??= Uint32Array.from(byName.items(), ({ number }) => number)
      return numbersByName
    },
  }
}

const noWords: ChartWords = new Map()

function wordsOfChart(chart: Chart): ChartWords {
  return chartWords(readChart(chart).entry)
}

function maintainerName({ name, email }: Maintainer): string | undefined {
  return name ?? email
}
