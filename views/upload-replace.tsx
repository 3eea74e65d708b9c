/** @jsxImportSource preact */
import type { Page } from './page.ts'
import { Time } from './parts.tsx'
import type { UploadedBytes, UploadRowData } from './upload-data.ts'
import { sizeText } from './words/language.ts'
import { uploadWords } from './words/upload.ts'

/** The question before a version is replaced: what is there beside what comes. The script opens it. */
export function ReplaceDialog({ page, row, ticket }: { page: Page; row: UploadRowData; ticket: string }) {
  const words = uploadWords[page.language]
  const { name = '', version = '', existing, yours } = row
  const id = `replace-${yours?.digest.slice(0, 16) ?? ''}`
  return (
    <dialog aria-labelledby={id} data-ticket={ticket}>
      <h2 id={id}>{words.askReplace(`${name} ${version}`)}</h2>
      <p>{words.replaceWarns(version)}</p>
      <table class="t">
        <thead>
          <tr>
            <td />
            <th scope="col">{words.existing}</th>
            <th scope="col">{words.yours}</th>
          </tr>
        </thead>
        <tbody>
          <tr>
            <th scope="row">{words.digest}</th>
            <Digest bytes={existing} />
            <Digest bytes={yours} />
          </tr>
          <tr>
            <th scope="row">{words.size}</th>
            <td>{existing === undefined ? '–' : sizeText(existing.size)}</td>
            <td>{yours === undefined ? '–' : sizeText(yours.size)}</td>
          </tr>
          <tr>
            <th scope="row">{words.date}</th>
            <td>{existing?.published === undefined ? '–' : <Time page={page} at={existing.published} />}</td>
            <td>{words.now}</td>
          </tr>
        </tbody>
      </table>
      <p class="actions">
        <button type="button" class="btn danger" data-act="replace-now">
          {words.replaceNow}
        </button>
        <button type="button" class="btn" data-act="close" autofocus>
          {words.keep}
        </button>
      </p>
    </dialog>
  )
}

function Digest({ bytes }: { bytes: UploadedBytes | undefined }) {
  return <td>{bytes === undefined ? '–' : <code class="wrapped">sha256:{bytes.digest}</code>}</td>
}
