import type { Element, ElementContent, RootContent } from 'hast'
import type { ReadmeLanguage, ReadmeWords } from './readme-rules.ts'

/** One heading of a README. */
export interface TocEntry {
  /** With its prefix: "readme-install". */
  readonly id: string
  readonly text: string
  /** 1 to 6, as the author wrote it. */
  readonly level: number
}

export interface ReadmeOptions {
  /** The name of the chart: a first heading that says only this is left out. */
  readonly chart: string
  /** Where a file of the archive is shown; undefined when the archive has none of that name. */
  readonly resolve: (path: string, use: 'link' | 'image') => string | undefined
  /** Of our own words in it; English by default. */
  readonly language?: ReadmeLanguage
}

/** What the parts of a README are rewritten with. */
export interface Rewriting {
  readonly options: ReadmeOptions
  readonly words: ReadmeWords
  /** The level that each heading has on its page. */
  readonly levels: ReadonlyMap<Element, number>
  /** Every id there is, with its prefix. */
  readonly ids: ReadonlySet<string>
  /** The children of an element, rewritten. */
  rewrite(nodes: readonly (ElementContent | RootContent)[], place: Place): ElementContent[]
}

/** What an element stands in. */
export interface Place {
  readonly inLink: boolean
  readonly inItem: boolean
}

export type Handler = (node: Element, place: Place, rewriting: Rewriting) => ElementContent[]

/** 1 to 6; undefined for what is no heading. */
export function levelOf({ tagName }: Element): number | undefined {
  return /^h[1-6]$/.test(tagName) ? Number(tagName[1]) : undefined
}

/** All text in an element. */
export function textOf(node: Element): string {
  return node.children
    .map((child) => (child.type === 'text' ? child.value : child.type === 'element' ? textOf(child) : ''))
    .join('')
}
