import type { FileEntry } from './files.ts'

/** A folder of an archive; the top one has the name "". */
export interface Folder {
  /** Its own name, without what lies above. */
  readonly name: string
  /** As seen from the chart: "templates/tests". */
  readonly path: string
  readonly folders: readonly Folder[]
  readonly files: readonly FileEntry[]
  /** Bytes of all files below it. */
  readonly size: number
}

interface Growing {
  readonly path: string
  readonly folders: Map<string, Growing>
  readonly files: FileEntry[]
}

/** Deeper folders are shown as part of a file's name: nobody has them, and they would nest without bound. */
const mostDeep = 16

/** The files of an archive by their folders, both in the order of their names. */
export function fileTree(entries: readonly FileEntry[]): Folder {
  const top: Growing = { path: '', folders: new Map(), files: [] }
  for (const entry of entries) {
    let folder = top
    for (const step of entry.name.split('/').slice(0, -1).slice(0, mostDeep)) {
      const path = folder.path === '' ? step : `${folder.path}/${step}`
      const next = folder.folders.get(step) ?? { path, folders: new Map(), files: [] }
      folder.folders.set(step, next)
      folder = next
    }
    folder.files.push(entry)
  }
  return grown('', top)
}

function grown(name: string, { path, folders, files }: Growing): Folder {
  const below = [...folders].map(([step, folder]) => grown(step, folder))
  const size = [...below, ...files].reduce((sum, one) => sum + one.size, 0)
  return { name, path, folders: below, files, size }
}
