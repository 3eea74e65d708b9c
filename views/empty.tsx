/** @jsxImportSource preact */
import { DeletedNote, type DeletedNoteProps } from './deleted-note.tsx'
import { DropHere } from './drop-here.tsx'
import { inside, type Page } from './page.ts'
import { Command } from './parts.tsx'
import { Shell } from './shell.tsx'
import { emptyWords } from './words/empty.ts'

export interface EmptyProps {
  readonly page: Page
  /** Commands with the real address and user in them. */
  readonly commands: {
    readonly package: string
    readonly upload: string
    readonly add: string
    readonly install: string
  }
  /** File name of the certificate authority that helm needs to know; "" for none. */
  readonly caFile: string
  /** Repositories with names like this one. */
  readonly nearest: readonly string[]
  /** There is no such repository, and the reader cannot make it one. */
  readonly unknown: boolean
  /** What was just deleted or brought back. */
  readonly note: DeletedNoteProps | undefined
  /** The script that uploads what is dropped on the page; undefined for those who may not. */
  readonly uploadScript: string | undefined
}

/** A repository without charts: how to begin, for those who may; for the others what to do when there are some. */
export function Empty(props: EmptyProps) {
  const { page, commands, nearest, unknown, note, uploadScript } = props
  const words = emptyWords[page.language]
  const name = page.repo.split('/').join(' / ')
  return (
    <Shell
      page={page}
      title={unknown ? words.unknownTitle : words.title}
      scripts={uploadScript === undefined ? [] : [uploadScript]}
      masthead={
        <>
          {unknown && <p class="status">404</p>}
          <h1>{unknown ? words.unknown(page.repo) : name || words.charts}</h1>
          <p class="facts">{page.canUpload ? words.lede : unknown ? words.unknownHint : words.nothing}</p>
        </>
      }
    >
      {note !== undefined && <DeletedNote {...note} />}
      <div class="wrap page">
        {nearest.length > 0 && <Nearest page={page} nearest={nearest} />}
        {!unknown && (
          <div class="steps">
            {page.canUpload && (
              <section>
                <h2>{words.upload}</h2>
                <p>
                  <a class="btn pri" href={inside(page, 'upload')}>
                    {words.choose}
                  </a>
                </p>
                <p>{words.orCommands}</p>
                <Command page={page}>{commands.package}</Command>
                <Command page={page}>{commands.upload}</Command>
              </section>
            )}
            <Use {...props} />
          </div>
        )}
        {unknown && (
          <p>
            <a href={`${page.contextPath}/`}>{words.all}</a>
          </p>
        )}
      </div>
      {uploadScript !== undefined && <DropHere page={page} />}
    </Shell>
  )
}

function Use({ page, commands, caFile }: EmptyProps) {
  const words = emptyWords[page.language]
  return (
    <>
      <section>
        <h2>{words.add}</h2>
        <Command page={page}>{commands.add}</Command>
        {caFile !== '' && page.repositoryUrl.startsWith('https:') && (
          <p class="hint">{words.caHint(caFile)}</p>
        )}
      </section>
      <section>
        <h2>{words.install}</h2>
        <Command page={page}>{commands.install}</Command>
      </section>
    </>
  )
}

function Nearest({ page, nearest }: { page: Page; nearest: readonly string[] }) {
  const words = emptyWords[page.language]
  return (
    <section class="panel">
      <h2>{words.nearest}</h2>
      <ul class="links">
        {nearest.map((name) => (
          <li>
            <a href={`${page.contextPath}/${name}/`}>{name}</a>
          </li>
        ))}
      </ul>
    </section>
  )
}
