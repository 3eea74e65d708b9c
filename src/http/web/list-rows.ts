import type { ChartRow } from '../../../views/chart-row.tsx'
import type { FacetGroup, FacetOption } from '../../../views/facets.tsx'
import type { ActiveFilter, SortOption } from '../../../views/list.tsx'
import { listAddress, type ListQuery } from '../../../views/list-query.ts'
import type { Language } from '../../../views/words/language.ts'
import { listWords } from '../../../views/words/list.ts'
import { shortened } from '../../reader/text.ts'
import { readEntry } from '../../registry/search-chart.ts'
import { marked } from '../../registry/search-marks.ts'
import type { Facets, FacetValue, FoundChart } from '../../registry/search.ts'

/** What a row shows of a chart's own texts, which may be as long as their author liked. */
const most = { name: 200, description: 300, keyword: 40, keywords: 5, value: 100, version: 64 }

/** Values of a facet that are shown, besides those that are ticked. */
const mostOptions = { keywords: 8, maintainers: 5 }

/** A found chart as a row; its texts are cut, and what would hide or turn them is made visible. */
export function chartRow(
  { chart, version, deprecated, prerelease, updated }: FoundChart,
  words: string,
): ChartRow {
  const { description = '', keywords = [], appVersion, type } = readEntry(version)
  const texts = [shortened(chart.name, most.name), shortened(description, most.description)]
  const [title = [], text = []] = marked(texts, words)
  const named = [...new Set(keywords.map((each) => each.trim()))].filter(Boolean)
  return {
    name: chart.name,
    title,
    description: description.trim() === '' ? [] : text,
    keywords: named
      .slice(0, most.keywords)
      .map((value) => ({ value: value.slice(0, most.value), label: shortened(value, most.keyword) })),
    moreKeywords: Math.max(0, named.length - most.keywords),
    version: shortened(version.version, most.version),
    appVersion: appVersion === undefined ? undefined : shortened(appVersion, most.version),
    marks: { deprecated, prerelease, signed: version.signed, library: type === 'library' },
    updated,
  }
}

/** The boxes to tick beside a list. */
export function facetGroups(facets: Facets, query: ListQuery, language: Language): FacetGroup[] {
  const words = listWords[language]
  const box = (name: string, value: string, label: string, count: number, checked: boolean): FacetOption => ({
    name,
    value,
    label,
    count,
    checked,
  })
  const listed = (name: string, values: readonly FacetValue[]) =>
    values.map(({ label, count, selected }) =>
      box(name, label, shortened(label, most.keyword), count, selected),
    )
  const groups = [
    {
      title: words.type,
      options: (['application', 'library'] as const).map((type) => {
        const found = facets.types.find(({ label }) => label.toLowerCase() === type)
        return box('type', type, words.types[type], found?.count ?? 0, found?.selected ?? false)
      }),
    },
    {
      title: words.trust,
      options: [
        box('signed', 'true', words.signed, facets.signed, query.signed),
        box('schema', 'true', words.schema, facets.schema, query.schema),
      ],
    },
    {
      title: words.show,
      options: [
        box('show', 'pre', words.prereleases, facets.prerelease, query.prereleases),
        box('show', 'dep', words.deprecated, facets.deprecated, query.deprecated),
      ],
    },
    { title: words.keywords, options: listed('keyword', shownOf(facets.keywords, mostOptions.keywords)) },
    {
      title: words.maintainers,
      options: listed('maintainer', shownOf(facets.maintainers, mostOptions.maintainers)),
    },
  ]
  return groups.filter(({ options }) => options.length > 0)
}

function shownOf(values: readonly FacetValue[], count: number): FacetValue[] {
  return values.filter(({ selected }, at) => at < count || selected)
}

/** Each filter that is set, with the address of the list without it. */
export function activeFilters(base: string, query: ListQuery, language: Language): ActiveFilter[] {
  const words = listWords[language]
  const first = { ...query, page: 1 }
  const chip = (label: string, changes: Partial<ListQuery>): ActiveFilter => ({
    label,
    without: listAddress(base, { ...first, ...changes }),
  })
  const each = (key: 'types' | 'keywords' | 'maintainers', label: (value: string) => string) =>
    query[key].map((value) =>
      chip(label(value), {
        [key]: query[key].filter((other) => other !== value),
      } satisfies Partial<ListQuery>),
    )
  return [
    ...each('types', (type) =>
      type === 'application' || type === 'library' ? words.types[type] : shortened(type, most.keyword),
    ),
    ...(query.signed ? [chip(words.signed, { signed: false })] : []),
    ...(query.schema ? [chip(words.schema, { schema: false })] : []),
    ...(query.prereleases ? [chip(words.prereleases, { prereleases: false })] : []),
    ...(query.deprecated ? [chip(words.deprecated, { deprecated: false })] : []),
    ...each('keywords', (value) => shortened(value, most.keyword)),
    ...each('maintainers', (value) => shortened(value, most.keyword)),
  ]
}

/** The ways to sort; the usual one has no value, so that it may be another one when words are typed. */
export function sortOptions({ words: typed, sort }: ListQuery, language: Language): SortOption[] {
  const words = listWords[language].sorts
  const usual = typed.trim() === '' ? 'newest' : 'relevance'
  const others = (['newest', 'name', 'versions', 'size'] as const).filter((each) => each !== usual)
  return [
    { value: '', label: words[usual], selected: sort === undefined },
    ...others.map((each) => ({ value: each, label: words[each], selected: sort === each })),
  ]
}
