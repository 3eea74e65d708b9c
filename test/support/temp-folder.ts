import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A folder of its own for one test; removed with everything in it when the test ends. */
export interface TempFolder extends AsyncDisposable {
  readonly path: string
  /** Every file in it, relative paths in order: what a test looks at after bad input. */
  files(): Promise<string[]>
}

/** Makes an empty folder: `await using folder = await tempFolder()`. */
export async function tempFolder(parent = tmpdir()): Promise<TempFolder> {
  const path = await mkdtemp(join(parent, 'chartroom-test-'))
  return {
    path,
    files: () => filesBelow(path),
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  }
}

/** Every file below a folder, as relative paths in order. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort()
}
