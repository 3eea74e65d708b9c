/** @jsxImportSource preact */
import { archivePath, type Page } from './page.ts'
import { unreadableWords } from './words/unreadable.ts'

/** Files that lie where charts lie and are none. */
export interface UnreadableProps {
  readonly page: Page
  readonly files: readonly { readonly file: string; readonly reason: string }[]
  /** How many there are in all. */
  readonly count: number
}

/** Tells those who look after a repository which of its files are no charts, and why. */
export function Unreadable({ page, files, count }: UnreadableProps) {
  const words = unreadableWords[page.language]
  return (
    <details class="note bad">
      <summary>{words.count(count)}</summary>
      <ul class="links">
        {files.map(({ file, reason }) => (
          <li>
            <a href={archivePath(page, file)} download={file}>
              {file}
            </a>{' '}
            <span lang="en">{reason}</span>
          </li>
        ))}
      </ul>
    </details>
  )
}
