import type { Storage } from '../storage/storage.ts'
import type { Catalog } from './catalog.ts'
import type { Turns } from './in-turn.ts'
import { fileKey, provenanceFile } from './keys.ts'

export interface RemoveParts {
  readonly storage: Storage
  readonly repo: string
  readonly catalog: Catalog
  readonly turns: Turns
  /** Called after the catalog changed. */
  changed(): void
}

/**
 * Removes archives with their provenance, by file name: hides them first and deletes them then, so that no index ever
 * names what is not there. Gives the number of archives that were there. Throws what the store throws.
 */
export async function removeFiles(parts: RemoveParts, files: readonly string[]): Promise<number> {
  const { storage, repo, catalog, turns } = parts
  return turns.run(files, async () => {
    const hidden = new Map(files.map((file) => [file, catalog.file(file)]))
    for (const file of files) catalog.drop(file)
    let removed = 0
    try {
      for (const file of files) {
        if (await storage.delete(fileKey(repo, file))) removed += 1
        hidden.delete(file)
        await storage.delete(fileKey(repo, provenanceFile(file)))
      }
    } finally {
      // After a failure what could not be deleted is shown again.
      for (const file of hidden.values()) if (file !== undefined) catalog.put(file)
      parts.changed()
    }
    return removed
  })
}
