/** @jsxImportSource preact */
import { inside, type Page } from './page.ts'
import { Command } from './parts.tsx'
import { Shell } from './shell.tsx'
import { DropHere } from './drop-here.tsx'
import { isPublished, type UploadCode, type UploadRowData } from './upload-data.ts'
import { UploadRow, WaitingRow } from './upload-row.tsx'
import { trashWords } from './words/trash.ts'
import { uploadWords } from './words/upload.ts'

export interface UploadProps {
  readonly page: Page
  /** The address of the script that sends files one by one. */
  readonly script: string
  readonly overwrite: 'never' | 'with-force' | 'always'
  /** Bytes of one file. */
  readonly maxBytes: number
  /** Lets the form replace versions; undefined: nobody may. */
  readonly ticket: string | undefined
  /** What came of the files that were sent; none before. */
  readonly rows: readonly UploadRowData[]
  readonly problem: 'nothing' | 'expired' | undefined
  /** How a program uploads to the same place. */
  readonly commands: readonly string[]
}

/** The page on which charts are uploaded: with script one by one with their progress, without it as one form. */
export function Upload(props: UploadProps) {
  const { page, script, overwrite, maxBytes, commands } = props
  const words = uploadWords[page.language]
  const place = page.repo.split('/').join(' / ')
  return (
    <Shell
      page={page}
      title={words.title}
      scripts={[script]}
      masthead={
        <>
          <h1 tabIndex={-1}>{words.titleTo(place)}</h1>
          <p class="facts">
            {words.limit(maxBytes)} · {words.overwriting[overwrite]}
          </p>
        </>
      }
    >
      <div class="wrap page">
        <Uploader {...props} />
        <details class="terminal">
          <summary>{words.terminal}</summary>
          {commands.map((command) => (
            <Command page={page}>{command}</Command>
          ))}
        </details>
        {page.canDelete && (
          <p class="act">
            <a class="btn ghost" href={inside(page, 'trash')}>
              {trashWords[page.language].title}
            </a>
          </p>
        )}
      </div>
      <DropHere page={page} />
    </Shell>
  )
}

/** The form and its queue. Other pages take it over into a dialog when files are dropped on them. */
function Uploader(props: UploadProps) {
  const { page, maxBytes, ticket, rows, problem } = props
  const words = uploadWords[page.language]
  const { done, running, attention } = words.counts
  return (
    <div
      id="uploader"
      data-limit={String(maxBytes)}
      data-done={done}
      data-running={running}
      data-attention={attention}
      data-judging={words.judging}
      data-leave={words.leave}
    >
      {problem !== undefined && (
        <p class="note bad" role="alert">
          {words[problem]}
        </p>
      )}
      <form method="post" action={inside(page, 'upload')} enctype="multipart/form-data">
        {ticket !== undefined && <input type="hidden" name="t" value={ticket} />}
        <div class="drop">
          <p class="needs-js">{words.drop}</p>
          <label for="files">{words.choose}</label>
          <input id="files" type="file" name="chart" multiple accept=".tgz,.prov" />
          {ticket !== undefined && (
            <div class="no-js">
              <label class="check">
                <input type="checkbox" name="replace" value="yes" aria-describedby="replace-hint" />{' '}
                {words.replaceAll}
              </label>
              <p class="hint" id="replace-hint">
                {words.replaceHint}
              </p>
            </div>
          )}
          <button class="btn pri no-js">{words.submit}</button>
        </div>
      </form>
      <h2 class="vh">{rows.length === 0 ? words.files : words.results}</h2>
      <ol id="queue" class="queue" aria-label={words.files}>
        {rows.map((row) => (
          <UploadRow page={page} row={row} />
        ))}
      </ol>
      <p id="upload-summary" class="hint">
        {rows.length > 0 && summaryOf(page, rows)}
      </p>
      <Templates page={page} maxBytes={maxBytes} />
    </div>
  )
}

function summaryOf(page: Page, rows: readonly UploadRowData[]): string {
  const done = rows.filter(({ code }) => isPublished(code)).length
  return uploadWords[page.language].summary(done, rows.length - done)
}

/** Rows that the script needs without asking the server, because it may be out of reach. */
const ownRows = [
  'NOT_GZIP',
  'TOO_LARGE',
  'NETWORK',
  'SIGNED_OUT',
  'FORBIDDEN',
  'FAILED',
  'CANCELLED',
] as const satisfies readonly UploadCode[]

function Templates({ page, maxBytes }: { page: Page; maxBytes: number }) {
  return (
    <>
      <template id="row-WAITING">
        <WaitingRow page={page} />
      </template>
      {ownRows.map((code) => (
        <template id={`row-${code}`}>
          <UploadRow page={page} row={{ code, file: '', withProvenance: true, size: 0, limit: maxBytes }} />
        </template>
      ))}
    </>
  )
}
