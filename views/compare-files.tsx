/** @jsxImportSource preact */
import type { DiffLine, NumberedFile, NumberedHunk } from '../src/reader/diff-lines.ts'
import { filePath, type Page } from './page.ts'
import { compareWords } from './words/compare.ts'

export interface FileDiffsProps {
  readonly page: Page
  readonly name: string
  readonly from: string
  readonly to: string
  readonly files: readonly NumberedFile[]
}

/** Files that differ, each with its lines. */
export function FileDiffs({ files, ...rest }: FileDiffsProps) {
  return (
    <>
      {files.map((file) => (
        <FileDiff {...rest} file={file} />
      ))}
    </>
  )
}

/** Files that are not compared line by line, because they belong to other charts. */
export function FileChanges({ files, ...rest }: FileDiffsProps) {
  const words = compareWords[rest.page.language]
  return (
    <>
      <p class="hint">{words.notByLine}</p>
      <ul class="changes plain">
        {files.map((file) => (
          <li class={kinds[file.change]}>
            <span aria-hidden="true">{signs[file.change]} </span>
            {file.name} <About {...rest} file={file} />
          </li>
        ))}
      </ul>
    </>
  )
}

const kinds = { added: 'add', removed: 'del', changed: 'mod' } as const
const signs = { added: '+', removed: '−', changed: '~' } as const

type OneFile = Omit<FileDiffsProps, 'files'> & { file: NumberedFile }

function FileDiff(props: OneFile) {
  const { page, file } = props
  const words = compareWords[page.language]
  const { change, hunks } = file
  return (
    <div class="file-diff">
      <h3 class="mono">{file.name}</h3>
      <p>
        <About {...props} />
      </p>
      {change === 'changed' && hunks === undefined && <p class="note">{words.tooMuch}</p>}
      {hunks !== undefined && <Diff page={page} name={file.name} hunks={hunks} />}
    </div>
  )
}

/** What happened to a file, in words, with links to it in either version. */
function About({ page, name, from, to, file }: OneFile) {
  const words = compareWords[page.language]
  const { change, lines } = file
  return (
    <span class="hint">
      {words[change]}
      {lines !== undefined && ` · ${words.lines(lines.added, lines.removed)}`}
      {change !== 'added' && (
        <>
          {' · '}
          <a href={filePath(page, name, from, 'files', file.name)}>{words.view(from)}</a>
        </>
      )}
      {change !== 'removed' && (
        <>
          {' · '}
          <a href={filePath(page, name, to, 'files', file.name)}>{words.view(to)}</a>
        </>
      )}
    </span>
  )
}

function Diff({ page, name, hunks }: { page: Page; name: string; hunks: readonly NumberedHunk[] }) {
  const words = compareWords[page.language]
  return (
    <div class="scroll" role="region" tabIndex={0} aria-label={words.differences(name)}>
      <table class="diff">
        <thead class="vh">
          <tr>
            <th scope="col">{words.oldLine}</th>
            <th scope="col">{words.newLine}</th>
            <th scope="col">{words.sign}</th>
            <th scope="col">{words.text}</th>
          </tr>
        </thead>
        {hunks.map((hunk) => (
          <tbody>
            <tr class="hunk">
              <td colSpan={4}>
                @@ −{hunk.from} +{hunk.to} @@
              </td>
            </tr>
            {hunk.lines.map((line) => (
              <Line page={page} line={line} />
            ))}
          </tbody>
        ))}
      </table>
    </div>
  )
}

function Line({ page, line: { change, from, to, text } }: { page: Page; line: DiffLine }) {
  const words = compareWords[page.language]
  if (change === 'same') {
    return (
      <tr>
        <td class="n">{from}</td>
        <td class="n">{to}</td>
        <td class="g" />
        <td class="x">{text}</td>
      </tr>
    )
  }
  const added = change === 'added'
  return (
    <tr class={added ? 'add' : 'del'}>
      <td class="n">{from}</td>
      <td class="n">{to}</td>
      <td class="g">
        <span aria-hidden="true">{added ? '+' : '−'}</span>
        <span class="vh">{words[change]}</span>
      </td>
      <td class="x">{text}</td>
    </tr>
  )
}
