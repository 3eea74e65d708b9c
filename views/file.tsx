/** @jsxImportSource preact */
import type { ComponentChildren } from 'preact'
import type { FileEntry } from '../src/reader/files.ts'
import { ChartShell, type ChartHead } from './chart-head.tsx'
import { Code, CopyAll } from './code.tsx'
import { chartPath, filePath, type Page } from './page.ts'
import { sizeText } from './words/language.ts'
import { filesWords } from './words/files.ts'
import { sourceWords } from './words/source.ts'

export interface FileProps {
  readonly page: Page
  readonly head: ChartHead
  readonly script: string
  readonly section: 'templates' | 'files'
  readonly entry: FileEntry
  readonly form: 'code' | 'picture' | 'large' | 'binary'
  /** Of `code`. */
  readonly html: string
  readonly lines: number
  /** Some names in it lead nowhere. */
  readonly unknown: boolean
  /** The list beside it. */
  readonly children: ComponentChildren
}

/** One file of an archive beside the list of all. */
export function FilePage(props: FileProps) {
  const { page, head, script, section, entry, children } = props
  return (
    <ChartShell page={page} head={head} section={section} title={entry.name} scripts={[script]}>
      <div class="wrap split">
        {children}
        <section class="viewbox" aria-labelledby="file">
          <Bar {...props} />
          <Content {...props} />
        </section>
      </div>
    </ChartShell>
  )
}

function Bar({ page, head, entry, form, lines }: FileProps) {
  const words = sourceWords[page.language]
  const raw = filePath(page, head.name, head.version, 'raw', entry.name)
  const name = entry.name.slice(entry.name.lastIndexOf('/') + 1)
  return (
    <div class="codebar">
      <div class="name">
        <h2 id="file" class="mono">
          {entry.name}
        </h2>
        <p class="hint">
          {form === 'code' && `${words.lines(lines)} · `}
          {sizeText(entry.size)}
        </p>
      </div>
      {form === 'code' && <CopyAll page={page} />}
      {entry.kind === 'text' && (
        <a class="btn" href={raw}>
          {words.raw}
        </a>
      )}
      <a class="btn" href={raw} download={name}>
        {words.downloadFile}
      </a>
    </div>
  )
}

function Content({ page, head, entry, form, html, unknown }: FileProps) {
  const words = filesWords[page.language].files
  if (form === 'code') {
    return (
      <>
        {unknown && <p class="hint">{filesWords[page.language].templates.dotted}</p>}
        <Code page={page} html={html} name={entry.name} />
      </>
    )
  }
  if (form !== 'picture') return <p class="note">{words[form]}</p>
  return (
    <img
      src={filePath(page, head.name, head.version, 'raw', entry.name)}
      alt={words.picture(entry.name)}
      loading="lazy"
    />
  )
}

export interface NoFileProps {
  readonly page: Page
  readonly head: ChartHead
  readonly section: 'templates' | 'files'
  /** What was asked for, as it may be shown. */
  readonly path: string
  /** Files of that name in other folders. */
  readonly near: readonly string[]
}

/** Says that there is no such file, and offers those of the same name. */
export function NoFilePage({ page, head, section, path, near }: NoFileProps) {
  const words = filesWords[page.language].files
  const { name, version } = head
  return (
    <ChartShell page={page} head={head} section={section} title={words.title}>
      <div class="wrap page">
        <div class="empty">
          <p class="status">404</p>
          <h2>{words.missing(path)}</h2>
          {near.length > 0 && (
            <>
              <h3>{words.near}</h3>
              <ul class="links mono">
                {near.map((file) => (
                  <li>
                    <a href={filePath(page, name, version, 'files', file)}>{file}</a>
                  </li>
                ))}
              </ul>
            </>
          )}
          <p>
            <a href={chartPath(page, name, version, section)}>
              {section === 'files' ? words.all : words.allTemplates}
            </a>
          </p>
        </div>
      </div>
    </ChartShell>
  )
}
