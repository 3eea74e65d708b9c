import type { Log } from '../log.ts'
import type { Storage } from '../storage/storage.ts'
import { blobOf } from './judge.ts'
import { fileKey, statefile } from './keys.ts'

/** A statefile over this size is not read: it would cost more than it saves. */
const maxBytes = 256 * 1024 * 1024

/**
 * Reads ChartMuseum's `index-cache.yaml` when a store is adopted and gives the `created` time it had for each
 * archive, by digest; the archives themselves are always read. ChartMuseum can leave a damaged one behind (empty,
 * `null`, half a document): all of these count as absent.
 */
export async function readStatefile(
  storage: Storage,
  repo: string,
  log: Log,
): Promise<ReadonlyMap<string, string>> {
  const object = await storage.get(fileKey(repo, statefile))
  const created = new Map<string, string>()
  if (object === undefined || object.size === 0 || object.size > maxBytes) return created
  try {
    const text = await (await blobOf(object)).text()
    collectCreated(text.startsWith('{') ? JSON.parse(text) : Bun.YAML.parse(text), created)
  } catch (error) {
    const reason = error instanceof SyntaxError ? error.message : 'it cannot be read'
    log.warn(`${statefile} found but could not be parsed`, { repo, error: reason })
  }
  return created
}

function collectCreated(index: unknown, created: Map<string, string>): void {
  for (const versions of Object.values(fields(fields(index)['entries']))) {
    if (!Array.isArray(versions)) continue
    for (const version of versions) {
      const entry = fields(version)
      const { digest, created: time } = entry
      if (typeof digest === 'string' && typeof time === 'string' && isTime(time)) created.set(digest, time)
    }
  }
}

function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}

/** RFC 3339, which Helm insists on: one bad time makes it refuse the whole index. */
export function isTime(text: string): boolean {
  return (
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/.test(text) && !Number.isNaN(Date.parse(text))
  )
}
