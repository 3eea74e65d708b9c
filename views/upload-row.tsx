/** @jsxImportSource preact */
import type { ComponentChildren } from 'preact'
import { chartPath, type Page } from './page.ts'
import { Time } from './parts.tsx'
import { isPublished, type UploadCode, type UploadRowData } from './upload-data.ts'
import { ReplaceDialog } from './upload-replace.tsx'
import { UploadMessage } from './upload-message.tsx'
import { sizeText } from './words/language.ts'
import { uploadWords } from './words/upload.ts'

const askable: ReadonlySet<UploadCode> = new Set(['EXISTS', 'CANCELLED'])
/** What may end otherwise when the same bytes are sent once more. */
const retried: ReadonlySet<UploadCode> = new Set([
  'NETWORK',
  'SIGNED_OUT',
  'FAILED',
  'BUSY',
  'STORE_FULL',
  'QUOTA',
  'CANCELLED',
])

/** The row of one file. The script puts it in the place of the one that showed the progress. */
export function UploadRow({ page, row }: { page: Page; row: UploadRowData }) {
  const kind = isPublished(row.code) ? 'good' : askable.has(row.code) ? 'warn' : 'bad'
  return (
    <li data-code={row.code} data-end={kind} tabIndex={-1}>
      <FileName row={row} />
      <span class="size" data-slot="size">
        {sizeText(row.size)}
      </span>
      <div>
        <p class={`${kind}-text`}>
          <span aria-hidden="true">{{ good: '✓', warn: '⚠', bad: '✕' }[kind]} </span>
          <UploadMessage page={page} row={row} />
        </p>
        <Existing page={page} row={row} />
        <Warnings page={page} row={row} />
      </div>
      <Actions page={page} row={row} />
    </li>
  )
}

/** The row of a file that is on its way, for the script to fill in. */
export function WaitingRow({ page }: { page: Page }) {
  const words = uploadWords[page.language]
  return (
    <li data-code="WAITING" tabIndex={-1}>
      <FileName row={{ file: '', withProvenance: true }} />
      <span class="size" data-slot="size" />
      <div>
        <progress max={100} value={0} aria-label={words.progress} />{' '}
        <span data-slot="state">{words.waiting}</span>
      </div>
      <Buttons>
        <Act act="cancel">{words.cancel}</Act>
      </Buttons>
    </li>
  )
}

function FileName({ row }: { row: Pick<UploadRowData, 'file' | 'withProvenance'> }) {
  return (
    <span class="name">
      <span class="mono" data-slot="name">
        {row.file}
      </span>
      {row.withProvenance && <span data-slot="prov"> + .prov</span>}
    </span>
  )
}

function Existing({
  page,
  row: { code, existing, yours, replaceTicket },
}: {
  page: Page
  row: UploadRowData
}) {
  const words = uploadWords[page.language]
  if (code !== 'EXISTS') return null
  return (
    <p class="hint">
      {existing !== undefined && (
        <>
          {words.existing}: <code>sha256:{existing.digest.slice(0, 12)}…</code>{' '}
          {existing.published !== undefined && <Time page={page} at={existing.published} />}
          {' · '}
        </>
      )}
      {yours !== undefined && (
        <>
          {words.yours}: <code>sha256:{yours.digest.slice(0, 12)}…</code>{' '}
        </>
      )}
      {replaceTicket === undefined ? words.notAllowed : <span class="no-js">{words.chooseAgain}</span>}
    </p>
  )
}

function Warnings({ page, row: { warnings = [] } }: { page: Page; row: UploadRowData }) {
  const words = uploadWords[page.language]
  if (warnings.length === 0) return null
  return (
    <ul class="hint">
      {warnings.map((warning) => (
        <li data-warning={warning}>{words.warnings[warning]}</li>
      ))}
    </ul>
  )
}

function Actions({ page, row }: { page: Page; row: UploadRowData }) {
  const words = uploadWords[page.language]
  const { code, name, version } = row
  if (isPublished(code)) {
    return (
      <Buttons>
        {name !== undefined && version !== undefined && (
          <a class="btn" href={chartPath(page, name, version)}>
            {words.open}
            <span class="vh">
              {' '}
              {name} {version}
            </span>
          </a>
        )}
      </Buttons>
    )
  }
  return (
    <Buttons>
      {row.replaceTicket !== undefined && (
        <>
          <Act act="replace">{words.replace}</Act>
          <ReplaceDialog page={page} row={row} ticket={row.replaceTicket} />
        </>
      )}
      {code === 'SIGNED_OUT' && page.authentication === 'basic' && (
        <a class="btn" href={`${page.contextPath}/?signin`} target="_blank" rel="noopener">
          {words.signIn}
        </a>
      )}
      {retried.has(code) && <Act act="retry">{words.retry}</Act>}
      <Act act="remove">{code === 'EXISTS' ? words.keep : words.remove}</Act>
    </Buttons>
  )
}

function Buttons({ children }: { children: ComponentChildren }) {
  return <div class="act">{children}</div>
}

/** Means something to the script only. */
function Act({ act, children }: { act: string; children: string }) {
  return (
    <button type="button" class="btn needs-js" data-act={act}>
      {children}
    </button>
  )
}
