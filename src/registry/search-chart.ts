import type { Chart, ChartVersion } from './catalog.ts'
import type { ChartMetadata, EntryFacts } from './chart.ts'
import type { Field } from './search-vocabulary.ts'
import type { ChartWords } from './search-vocabulary.ts'
import { joinedWords, wordsOf } from './search-words.ts'

/** Bounds of what one chart can bring into the index: metadata may have 1 MiB, and somebody else chooses it. */
const most = { text: 2000, parts: 20, words: 300, descriptionWords: 250 }

/** What a search reads of a chart: of the version it shows, the newest stable one or else the newest. */
export interface ChartText {
  readonly version: ChartVersion
  /** Every version is a pre-release, by its number or by its annotation. */
  readonly prerelease: boolean
  readonly entry: ChartMetadata
}

/** A version's entry of the index, as a value. */
export function readEntry(version: ChartVersion): ChartMetadata & EntryFacts {
  return JSON.parse(version.entry) as ChartMetadata & EntryFacts
}

export function readChart(chart: Chart): ChartText {
  const stable = chart.ranked.find(({ version, rank }) => rank?.prerelease === '' && !isMarked(version))
  const { version } = stable ?? (chart.ranked[0] as (typeof chart.ranked)[number])
  return {
    version,
    prerelease: stable === undefined,
    entry: readEntry(version),
  }
}

/** Annotated as a pre-release, whatever its number says (Artifact Hub's annotation). */
function isMarked({ entry }: ChartVersion): boolean {
  return entry.includes('"artifacthub.io/prerelease":"true"')
}

/** The words that find a chart, each with the best field it stands in. */
export function chartWords(entry: ChartMetadata): ChartWords {
  const { annotations, appVersion, description, home, keywords, maintainers, name } = entry
  const words = new Map<string, Field>()
  const read = (field: Field, text = '', room = most.words) => {
    for (const word of wordsOf(text.slice(0, most.text))) {
      if (words.size < room && !words.has(word)) words.set(word, field)
    }
  }
  // From the field that counts most to the one that counts least: a word stands in its best one.
  read('name', name)
  const joined = joinedWords(name)
  if (joined !== '') words.set(joined, 'name')
  for (const keyword of keywords?.slice(0, most.parts) ?? []) read('keyword', keyword)
  for (const key of ['category', 'artifacthub.io/category']) read('keyword', annotations?.[key])
  read('description', description, most.descriptionWords)
  for (const one of maintainers?.slice(0, most.parts) ?? []) read('detail', one.name ?? one.email)
  // Many charts write "v1.2.3" where people look for "1.2.3".
  for (const each of [appVersion, appVersion?.replace(/^v(?=\d)/, '')]) read('detail', each)
  read('detail', home?.replace(/^https?:\/\/(www\.)?/i, ''))
  return words
}
