import type { Log } from '../../src/log.ts'
import type { Upload } from '../../src/registry/upload.ts'
import type { RepositoryOptions } from '../../src/registry/repository-options.ts'
import { Repository } from '../../src/registry/repository.ts'
import type { Storage } from '../../src/storage/storage.ts'

/** A log that keeps its lines, for tests that look at them. */
export interface KeptLog extends Log {
  readonly lines: string[]
}

export function keptLog(): KeptLog {
  const lines: string[] = []
  const keep = (level: string) => (message: string, fields?: object) => {
    lines.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`)
  }
  return { lines, debug: keep('DEBUG'), info: keep('INFO'), warn: keep('WARN'), error: keep('ERROR') }
}

/** How repositories are set unless a test says otherwise. */
export const usualOptions: RepositoryOptions = {
  limits: { overwrite: 'with-force', idempotent: false, maxObjects: 0, versionsPerChart: 0 },
  contextPath: '',
  chartUrl: undefined,
  statefile: 'yaml',
  adoptStatefile: true,
  refreshMs: 0,
  trashMs: 0,
}

/** The same for tests that care for what is published only: no statefile, and nothing is replaced. */
export const plainOptions: RepositoryOptions = {
  ...usualOptions,
  limits: { ...usualOptions.limits, overwrite: 'never' },
  statefile: undefined,
  adoptStatefile: false,
}

/** A repository over a store, as a server would have it. */
export function repositoryOver(
  storage: Storage,
  options: { log?: Log; name?: string } & Partial<RepositoryOptions> = {},
): Repository {
  const { log = keptLog(), name = '', ...changed } = options
  return new Repository(name, storage, { ...usualOptions, ...changed }, undefined, log)
}

/** Bytes as an upload that arrived in memory. */
export function uploadOf(body: Uint8Array): Upload {
  return { body, size: body.byteLength, discard: async () => undefined }
}

/** Publishes one archive. */
export function publishOne(repository: Repository, archive: Uint8Array, force = false) {
  return repository.publish({ archives: [uploadOf(archive)], provenances: [] }, { force })
}

/** The keys of a store that hold charts: not our own records, not the statefile. */
export async function storedKeys(storage: Storage): Promise<string[]> {
  const keys: string[] = []
  for await (const { key } of storage.list('')) if (!key.endsWith('index-cache.yaml')) keys.push(key)
  return keys
}
