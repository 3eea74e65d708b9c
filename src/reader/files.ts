import type { ArchiveFile } from '../registry/archive.ts'
import { decodeText, isText, visible } from './text.ts'

/** Languages that are coloured; `text` is everything else that can be read. */
export type Language =
  'yaml' | 'go-template' | 'json' | 'markdown' | 'bash' | 'dockerfile' | 'toml' | 'diff' | 'text'

export interface FileEntry {
  /** As seen from the chart: "templates/service.yaml". */
  readonly name: string
  /** Bytes. */
  readonly size: number
  readonly kind: 'text' | 'binary'
  /** Of texts only. */
  readonly language: Language | undefined
}

/** A chart inside the chart. */
export interface SubChart {
  readonly name: string
  /** From the archive's file name; of a folder, from its Chart.yaml; undefined when neither says it. */
  readonly version: string | undefined
  /** "charts/common" or "charts/common-2.31.10.tgz". */
  readonly path: string
  readonly form: 'folder' | 'archive'
}

/** The files of an archive by name, in byte order. Of files with one name the last counts, as it does for Helm. */
export function listFiles(files: readonly ArchiveFile[]): FileEntry[] {
  return [...latest(files).values()].map(entryOf).sort((a, b) => (a.name < b.name ? -1 : 1))
}

/**
 * Whether a file goes by a name: its own, or the one that is shown for it where its own has characters that nobody sees
 * (`visible()`).
 */
export function isCalled(file: string, name: string): boolean {
  return file === name || visible(file) === name
}

/** The file of that name, or of a name that is shown so; undefined when there is none. */
export function findFile(files: readonly ArchiveFile[], name: string): ArchiveFile | undefined {
  return files.findLast((file) => file.name === name) ?? files.findLast((file) => isCalled(file.name, name))
}

/** Files by name, the last of each. */
export function latest(files: readonly ArchiveFile[]): Map<string, ArchiveFile> {
  return new Map(files.map((file) => [file.name, file]))
}

export function entryOf({ name, data }: ArchiveFile): FileEntry {
  const text = isText(data)
  return {
    name,
    size: data.byteLength,
    kind: text ? 'text' : 'binary',
    language: text ? languageOf(name) : undefined,
  }
}

/** The README of the chart itself: the file that Helm shows, whatever its case. */
export function isReadme(name: string): boolean {
  return /^readme\.md$/i.test(name)
}

const byEnding: Readonly<Record<string, Language>> = {
  yaml: 'yaml',
  yml: 'yaml',
  lock: 'yaml',
  json: 'json',
  md: 'markdown',
  sh: 'bash',
  bash: 'bash',
  toml: 'toml',
  diff: 'diff',
  patch: 'diff',
  tpl: 'go-template',
  gotmpl: 'go-template',
}

/** What a file is written in, by its name: what lies in a `templates` folder goes through the template engine. */
export function languageOf(name: string): Language {
  const last = name.slice(name.lastIndexOf('/') + 1)
  const ending = last.slice(last.lastIndexOf('.') + 1).toLowerCase()
  const known = Object.hasOwn(byEnding, ending) ? byEnding[ending] : undefined
  if (/(?:^|\/)templates\//.test(name) && (known === 'yaml' || known === 'json' || ending === 'txt')) {
    return 'go-template'
  }
  if (/^Dockerfile(?:\.|$)/.test(last)) return 'dockerfile'
  return last.endsWith('.md.gotmpl') ? 'markdown' : (known ?? 'text')
}

const mostName = 500
const archiveName = /^charts\/([^/]+?)-(v?\d+\.\d+\.\d+(?:[-+][^/]*)?)\.tgz$/
const looseArchiveName = /^charts\/([^/]+)-(v?\d[^/]*)\.tgz$/
const folderName = /^charts\/([^/]+)\/Chart\.yaml$/

/**
 * The charts below `charts/`, by name. Helm skips those whose name begins with "_" or "."; so does this.
 * A folder's name and version are read from its Chart.yaml where that is among the files.
 */
export function listSubCharts(files: readonly ArchiveFile[]): SubChart[] {
  const found: SubChart[] = []
  for (const file of latest(files).values()) {
    // No real name is longer, and the expressions take more than proportional time.
    if (file.name.length > mostName) continue
    const [, folder] = folderName.exec(file.name) ?? []
    if (folder !== undefined && !/^[_.]/.test(folder)) found.push(subChartOf(folder, file))
    const [, name, version] = archiveName.exec(file.name) ?? looseArchiveName.exec(file.name) ?? []
    if (name !== undefined && !/^[_.]/.test(name))
      found.push({ name, version, path: file.name, form: 'archive' })
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
}

/** A line `key: value` of a Chart.yaml; the whole of it was read when the archive was judged. */
function topLevel(text: string, key: 'name' | 'version'): string | undefined {
  const line = new RegExp(`^${key}:[ \\t]*(?:"([^"\\n]*)"|'([^'\\n]*)'|([^\\s#"'][^\\s#]*))`, 'm').exec(text)
  return line?.[1] ?? line?.[2] ?? line?.[3]
}

function subChartOf(folder: string, { data }: ArchiveFile): SubChart {
  const text = decodeText(data.subarray(0, 64 * 1024))
  return {
    name: topLevel(text, 'name') ?? folder,
    version: topLevel(text, 'version'),
    path: `charts/${folder}`,
    form: 'folder',
  }
}
