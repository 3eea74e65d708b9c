/** @jsxImportSource preact */
import type { Folder } from '../src/reader/file-tree.ts'
import type { FileEntry } from '../src/reader/files.ts'
import { ChartShell, type ChartHead } from './chart-head.tsx'
import { chartPath, filePath, type Page } from './page.ts'
import { Icon } from './parts.tsx'
import { sizeText } from './words/language.ts'
import { filesWords } from './words/files.ts'

/** A chart inside the archive that stands in this repository too. */
export interface KnownSubChart {
  /** "charts/common" or "charts/common-2.31.10.tgz" */
  readonly path: string
  readonly name: string
  readonly version: string | undefined
  /** That very version is in this repository. */
  readonly here: boolean
}

export interface FilesProps {
  readonly page: Page
  readonly head: ChartHead
  readonly tree: Folder
  readonly subCharts: readonly KnownSubChart[]
  readonly count: number
}

/** All files of the archive, by folder. */
export function FilesPage(props: FilesProps) {
  const { page, head, tree, count } = props
  const words = filesWords[page.language].files
  return (
    <ChartShell page={page} head={head} section="files" title={words.title}>
      <div class="wrap page">
        <h2 class="vh">{words.title}</h2>
        <p class="hint">
          {words.filesCount(count)} · {sizeText(tree.size)}
        </p>
        <FileNav {...props} current="" />
      </div>
    </ChartShell>
  )
}

/** The tree of files; the folders above the file that is shown are open. */
export function FileNav({
  page,
  head,
  tree,
  subCharts,
  current,
}: Omit<FilesProps, 'count'> & { current: string }) {
  const known = new Map(subCharts.map((subChart) => [subChart.path, subChart]))
  return (
    <nav class="tree" aria-label={filesWords[page.language].files.list}>
      <List page={page} head={head} folder={tree} known={known} current={current} />
    </nav>
  )
}

interface ListProps {
  readonly page: Page
  readonly head: ChartHead
  readonly folder: Folder
  readonly known: ReadonlyMap<string, KnownSubChart>
  readonly current: string
}

function List(props: ListProps) {
  const { folder } = props
  return (
    <ul>
      {folder.folders.map((below) => (
        <li>
          <FolderItem {...props} folder={below} />
        </li>
      ))}
      {folder.files.map((file) => (
        <li>
          <FileItem {...props} file={file} />
        </li>
      ))}
    </ul>
  )
}

function FolderItem(props: ListProps) {
  const { page, folder, known, current } = props
  const words = filesWords[page.language].files
  const subChart = known.get(folder.path)
  return (
    <details open={current.startsWith(`${folder.path}/`) || folder.path === 'templates'}>
      <summary>
        <Icon page={page} name="folder" />
        <span class="vh">{words.folder} </span>
        {folder.name}
        {subChart !== undefined && (
          <span class="chip">
            <span class={current === '' ? '' : 'vh'}>{words.subChart} </span>
            {subChart.version}
          </span>
        )}
        <span class="size">{sizeText(folder.size)}</span>
      </summary>
      {subChart?.here === true && <ToRegistry page={page} subChart={subChart} />}
      <List {...props} />
    </details>
  )
}

function FileItem({ page, head, known, current, file }: ListProps & { file: FileEntry }) {
  const words = filesWords[page.language].files
  const subChart = known.get(file.name)
  return (
    <>
      <a
        href={filePath(page, head.name, head.version, 'files', file.name)}
        {...(file.name === current && { 'aria-current': 'page' as const })}
      >
        <Icon page={page} name="file" />
        {file.name.slice(file.name.lastIndexOf('/') + 1)}
        {subChart !== undefined && <span class="chip">{words.subChart}</span>}
        <span class="size">{sizeText(file.size)}</span>
      </a>
      {subChart?.here === true && <ToRegistry page={page} subChart={subChart} />}
    </>
  )
}

function ToRegistry({ page, subChart }: { page: Page; subChart: KnownSubChart }) {
  const { name, version } = subChart
  return (
    <a class="in-registry" href={chartPath(page, name, version)}>
      {filesWords[page.language].files.inRegistry(`${name} ${version ?? ''}`)}
    </a>
  )
}
