/** @jsxImportSource preact */
import type { Page } from './page.ts'
import { sourceWords } from './words/source.ts'

/** Source text with line numbers; `html` is what reader/code-html.ts made, the only HTML that stands here as it is. */
export function Code({
  page,
  html,
  name,
  attributes = {},
}: {
  page: Page
  html: string
  /** The file, for those who do not see where it begins. */
  name: string
  attributes?: Readonly<Record<string, string>>
}) {
  return (
    <pre
      class="y"
      id="code"
      tabIndex={0}
      role="region"
      aria-label={sourceWords[page.language].code(name)}
      {...attributes}
      dangerouslySetInnerHTML={{ __html: html }}
    />
  )
}

/** Copies all of the text that Code() shows. */
export function CopyAll({ page }: { page: Page }) {
  return (
    <button type="button" class="btn needs-js" data-copy-from="code">
      {sourceWords[page.language].copyAll}
    </button>
  )
}
