import type { Scratch } from '../storage/scratch.ts'
import type { Storage } from '../storage/storage.ts'
import { Catalog } from './catalog.ts'
import type { ChartVersion } from './catalog.ts'
import { createIndexFiles } from './index-file.ts'
import { describe, goTime } from './judge.ts'
import { fileKey } from './keys.ts'
import type { Arrived } from './transfer.ts'

/** Collects what was copied, for an index.yaml beside it. */
export interface IndexCollector {
  add(arrived: Arrived): void
  /** Writes one index.yaml per repository; gives their keys. */
  write(storage: Storage, scratch: Scratch | undefined): Promise<readonly string[]>
}

/** What any web server needs to be a Helm repository: the archives lie beside the index, so their names are addresses. */
export function collectIndex(): IndexCollector {
  const versions = new Map<string, ChartVersion[]>()
  return {
    add({ offer, archive, provenance, created = goTime(new Date()) }) {
      if (archive === undefined) return
      const stored = { file: offer.file, size: archive.upload.size, modified: new Date(created), etag: '' }
      const version = describe(archive.opened, stored, {
        urlPrefix: '',
        signed: provenance !== undefined,
        created,
      })
      const others = versions.get(offer.repo)
      if (others === undefined) versions.set(offer.repo, [version])
      else others.push(version)
    },
    async write(storage, scratch) {
      const written: string[] = []
      for (const [repo, files] of versions) {
        const catalog = new Catalog()
        catalog.putAll(files, 'any')
        const index = createIndexFiles(catalog, { contextPath: '', scratch })
        const key = fileKey(repo, 'index.yaml')
        await storage.put(key, (await index.get('yaml')).body)
        index.close()
        written.push(key)
      }
      return written
    },
  }
}
