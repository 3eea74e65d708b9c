/** @jsxImportSource preact */
import type { Page } from './page.ts'
import { Shell } from './shell.tsx'
import { explorerWords } from './words/explorer.ts'

export interface ExplorerProps {
  readonly page: Page
  /** There is an API below /api. */
  readonly api: boolean
  /** The address of the OpenAPI document. */
  readonly document: string
  /** Addresses of Swagger UI and of the script that starts it. */
  readonly stylesheet: string
  readonly scripts: readonly string[]
}

/** The page of the API explorer: three words of introduction, then Swagger UI, which speaks English. */
export function Explorer({ page, api, document, stylesheet, scripts }: ExplorerProps) {
  const words = explorerWords[page.language]
  const faces = api ? [words.helm, words.api, words.health] : [words.helm, words.health]
  return (
    <Shell
      page={page}
      title={words.title}
      stylesheets={[stylesheet]}
      classicScripts={scripts}
      masthead={
        <>
          <h1>{words.title}</h1>
          <p class="facts">{words.lede}</p>
        </>
      }
    >
      <div class="wrap page">
        <dl class="faces">
          {faces.map(([name, what]) => (
            <div>
              <dt>{name}</dt>
              <dd>{what}</dd>
            </div>
          ))}
        </dl>
        <div id="explorer" lang="en" data-document={document}>
          <p class="note" lang={page.language}>
            {words.needsScript} <a href={document}>{words.document}</a>
          </p>
        </div>
      </div>
    </Shell>
  )
}
