/** @jsxImportSource preact */
import type { MarkedPart } from '../src/registry/search-marks.ts'
import { listAddress } from './list-query.ts'
import { chartPath, type Page } from './page.ts'
import { Badges, ChartIcon, Time, type Marks } from './parts.tsx'
import { numberText } from './words/language.ts'
import { listWords } from './words/list.ts'

/** A chart in a list. */
export interface ChartRow {
  readonly name: string
  /** The name and the description, with what the search found in them. */
  readonly title: readonly MarkedPart[]
  readonly description: readonly MarkedPart[]
  readonly keywords: readonly { readonly label: string; readonly value: string }[]
  /** Keywords that are not shown. */
  readonly moreKeywords: number
  readonly version: string
  readonly appVersion: string | undefined
  readonly marks: Marks
  /** Milliseconds since 1970. */
  readonly updated: number
}

export interface ChartRowProps {
  readonly page: Page
  readonly row: ChartRow
  /** The address of the list that keywords lead to. */
  readonly base: string
  /** The level of headings that the name of a chart has. */
  readonly level: 2 | 3
}

/** One row: the link of the name covers it, the keywords lie above that. */
export function ChartRowItem({ page, row, base, level }: ChartRowProps) {
  const words = listWords[page.language]
  const Heading = `h${level}` as const
  const { name, description, keywords, moreKeywords, marks, appVersion } = row
  return (
    <li class="row" data-row>
      <ChartIcon page={page} name={name} size={48} />
      <Heading>
        <a href={chartPath(page, name)}>
          <MarkedText parts={row.title} />
        </a>{' '}
        <Badges page={page} marks={marks} />
      </Heading>
      {description.length > 0 && (
        <p class="d">
          <MarkedText parts={description} />
        </p>
      )}
      {keywords.length > 0 && (
        <p class="tags">
          {keywords.map(({ label, value }) => (
            <a class="chip" href={listAddress(base, { keywords: [value] })}>
              {label}
            </a>
          ))}
          {moreKeywords > 0 && (
            <a class="chip" href={chartPath(page, name)}>
              +{numberText(page.language, moreKeywords)}
              <span class="vh"> {words.moreKeywords(name)}</span>
            </a>
          )}
        </p>
      )}
      <p class="v">
        <b {...(marks.prerelease === true && { class: 'pre' })}>{row.version}</b>
        {appVersion !== undefined && (
          <>
            {words.app(appVersion)}
            <br />
          </>
        )}{' '}
        <Time page={page} at={row.updated} />
      </p>
    </li>
  )
}

/** A text with what was looked for in it. */
export function MarkedText({ parts }: { parts: readonly MarkedPart[] }) {
  return <>{parts.map(({ text, hit }) => (hit ? <mark>{text}</mark> : text))}</>
}
