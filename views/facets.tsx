/** @jsxImportSource preact */
import { choosingAttributes } from './list-query.ts'
import type { Page } from './page.ts'
import { numberText } from './words/language.ts'
import { listWords } from './words/list.ts'

/** One box to tick. */
export interface FacetOption {
  readonly name: string
  readonly value: string
  readonly label: string
  /** Charts it would leave, among those that the other filters leave. */
  readonly count: number
  readonly checked: boolean
}

export interface FacetGroup {
  readonly title: string
  readonly options: readonly FacetOption[]
}

export interface FacetsProps {
  readonly page: Page
  readonly base: string
  readonly groups: readonly FacetGroup[]
  /** The language that the address names: it stays with the list. */
  readonly language: string | undefined
}

/** The filters of a list: one form, sent by a button, or at each change. On a phone it is a sheet that a button opens. */
export function Facets({ page, base, groups, language }: FacetsProps) {
  const words = listWords[page.language]
  return (
    <div class="facets" id="filters-panel" popover="auto">
      <form id="filters" action={base} aria-label={words.filters} {...choosingAttributes(base)}>
        {language !== undefined && <input type="hidden" name="lang" value={language} />}
        <div id="facets">
          {groups.map((group) => (
            <Group page={page} group={group} />
          ))}
        </div>
        <button class="btn no-js">{words.apply}</button>
      </form>
    </div>
  )
}

function Group({ page, group }: { page: Page; group: FacetGroup }) {
  return (
    <fieldset>
      <legend>{group.title}</legend>
      {group.options.map(({ name, value, label, count, checked }) => (
        <label>
          <input
            type="checkbox"
            // Known by it after the list was renewed: then the box that was ticked has the focus again.
            id={`f-${name}-${encodeURIComponent(value.toWellFormed())}`}
            name={name}
            value={value}
            checked={checked}
            disabled={count === 0 && !checked}
          />{' '}
          {label}
          <span>{numberText(page.language, count)}</span>
        </label>
      ))}
    </fieldset>
  )
}
