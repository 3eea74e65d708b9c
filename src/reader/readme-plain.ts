import { escapeHtml } from './html.ts'
import type { TocEntry } from './readme-parts.ts'
import { readmeLimits } from './readme-rules.ts'
import { visible } from './text.ts'

/** A README as a page shows it. */
export interface Readme {
  /** Safe HTML without `<article>` around it: only allowed elements, no request to another host. */
  readonly html: string
  readonly toc: readonly TocEntry[]
  /** `plain`: it could not be rendered, because it is too large or too deep, and is shown as it is written. */
  readonly form: 'rendered' | 'plain'
  /** Only the first part is shown. */
  readonly truncated: boolean
}

/** A README as it is written. */
export function plainReadme(markdown: string): Readme {
  const { text, truncated } = shownPart(markdown)
  const html = `<pre class="plain" tabindex="0">\n${escapeHtml(visible(text))}</pre>`
  return { html, toc: [], form: 'plain', truncated }
}

/** The part of a README that is shown: all of it, or whole lines from the front. */
export function shownPart(markdown: string): { text: string; truncated: boolean } {
  const length = markdown.length <= readmeLimits.wholeLength ? markdown.length : readmeLimits.partLength
  const end = affordable(markdown, length)
  if (end === markdown.length) return { text: markdown, truncated: false }
  const line = markdown.lastIndexOf('\n', end)
  return { text: markdown.slice(0, line > 0 ? line : end).toWellFormed(), truncated: true }
}

const marks = new Set([...'|*_~`[]<>&!:@\\(){}#-'].map((mark) => mark.charCodeAt(0)))
const lineFeed = 10

/** How many characters can be rendered for what a README may weigh; a mark weighs 40 letters, a line four marks. */
function affordable(markdown: string, length: number): number {
  let left: number = readmeLimits.weight
  for (let at = 0; at < length; at++) {
    const code = markdown.charCodeAt(at)
    left -= code === lineFeed ? 161 : marks.has(code) ? 41 : 1
    if (left < 0) return at
  }
  return length
}
