/** @jsxImportSource preact */
import type { ListQuery } from './list-query.ts'
import { listAddress, wholeList } from './list-query.ts'
import type { Page } from './page.ts'
import { listWords } from './words/list.ts'

export interface NothingFoundProps {
  readonly page: Page
  readonly base: string
  readonly query: ListQuery
  /** Charts that the words find but that are not shown for what they are. */
  readonly hidden: { readonly deprecated: number; readonly prereleases: number }
  /** Names that may have been meant. */
  readonly nearest: readonly string[]
  readonly tooLong: boolean
  /** Some filter is set. */
  readonly filtered: boolean
}

/** What to do when nothing matches: other words, other filters. */
export function NothingFound({ page, base, query, hidden, nearest, tooLong, filtered }: NothingFoundProps) {
  const words = listWords[page.language]
  const first = { ...query, page: 1 }
  const narrowed = filtered ? words.noMatchFiltered(query.words) : words.noMatchFor(query.words)
  const sentence = query.words.trim() === '' ? words.noMatch : narrowed
  const ways = [
    ...(hidden.prereleases > 0
      ? [[words.withPrereleases(hidden.prereleases), { ...first, prereleases: true }] as const]
      : []),
    ...(hidden.deprecated > 0
      ? [[words.withDeprecated(hidden.deprecated), { ...first, deprecated: true }] as const]
      : []),
    ...(filtered
      ? [[words.clearFilters, { ...wholeList, words: query.words, language: query.language }] as const]
      : []),
    [words.allCharts, { ...wholeList, language: query.language }] as const,
  ]
  return (
    <>
      <h2>{tooLong ? words.tooLong : sentence}</h2>
      {nearest.length > 0 && (
        <p>
          {words.didYouMean}{' '}
          {nearest.map((name, at) => (
            <>
              {at > 0 && words.or}
              <a href={listAddress(base, { words: name, language: query.language })}>
                <b>{name}</b>
              </a>
            </>
          ))}
          {words.questionMark}
        </p>
      )}
      <p class="actions">
        {ways.map(([label, asked]) => (
          <a href={listAddress(base, asked)}>{label}</a>
        ))}
      </p>
    </>
  )
}
