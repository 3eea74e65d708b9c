import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Settings } from '../config/options.ts'
import { apiRows } from '../http/api.ts'
import { createReceiver } from '../http/body.ts'
import { createChartReader } from '../http/chart-reader.ts'
import { helmRows, serverIdRows } from '../http/helm.ts'
import type { Metrics } from '../http/metrics.ts'
import { readerRows } from '../http/reader-api.ts'
import type { Row } from '../http/route.ts'
import { searchRows } from '../http/search.ts'
import { infoRows, systemRows } from '../http/system.ts'
import type { OperatorFolder } from '../http/web/operator-folder.ts'
import { webRows } from '../http/web/pages.ts'
import type { WebSettings } from '../http/web/parts.ts'
import type { Keyring } from '../reader/keyring.ts'
import { reservedPrefix } from '../registry/keys.ts'
import type { Limits } from '../registry/limits.ts'
import type { Registry } from '../registry/registry.ts'
import type { Scratch } from '../storage/scratch.ts'
import { program } from '../version.ts'

/** Uploads up to this size, and this much of all of them together, wait in memory; more waits on disk. */
const uploadMemory = { memoryBytes: 128 * 1024, totalMemoryBytes: 64 * 1024 * 1024 }

/** What the routes are made of. */
export interface RouteParts {
  readonly settings: Settings
  readonly registry: Registry
  readonly scratch: Scratch | undefined
  readonly overwrite: Limits['overwrite']
  readonly web: WebSettings
  /** Whose signatures count; undefined: nobody's are checked. */
  readonly keyring: Keyring | undefined
  /** The operator's own pages, when there are any. */
  readonly operator: OperatorFolder | undefined
  readonly draining: { readonly now: boolean }
  /** Undefined: nothing is counted. */
  readonly metrics?: Metrics | undefined
}

/** Every route of the server: those at the root, those with a path of their own, those of a repository. */
export function createRoutes(parts: RouteParts) {
  const { settings, registry, scratch, overwrite, web, keyring, operator, draining, metrics } = parts
  const { depth, depthDynamic: dynamic, readTimeout, maxUploadSize } = settings
  const system = { registry, version: program.version, isDraining: () => draining.now }
  const receiver = createReceiver({
    limit: maxUploadSize,
    deadlineMs: readTimeout * 1000,
    folder: scratch?.folder ?? join(settings.storageLocalRootdir || tmpdir(), reservedPrefix, 'tmp'),
    ...uploadMemory,
    received: metrics?.observeUpload,
  })
  const fields = {
    chart: ['chart', settings.chartPostFormFieldName],
    prov: ['prov', settings.provPostFormFieldName],
  }
  const reader = createChartReader(registry)
  const deletes = !settings.disableDelete && !settings.disableApi
  const api = settings.disableApi ? { scoped: [], fixed: [] } : searchRows(registry, { depth, dynamic })
  const pages = webRows({
    documentRows: () => [...scoped, ...root, ...fixed],
    settings: web,
    registry,
    reader,
    receiver,
    fields,
    rules: { deletes, overwrite, maxUploadBytes: maxUploadSize, trashMs: settings.trashTtl },
    ticketSecret: ticketSecret(settings),
    keyring,
    operator,
  })
  const scoped: Row[] = [
    ...helmRows({
      registry,
      indexFormat: settings.jsonIndex ? 'json' : settings.indexFormat,
      artifactHubIds: settings.artifactHubRepoId,
    }),
    ...(settings.disableApi ? [] : apiRows({ registry, receiver, fields, deletes })),
    ...(settings.disableApi ? [] : readerRows(reader, { registry, ...web })),
    ...api.scoped,
    ...pages.scoped,
  ]
  const measuring = metrics?.rows(registry) ?? []
  const root = [...systemRows(system), ...measuring]
  const ids = serverIdRows({ artifactHubIds: settings.artifactHubRepoId }, { depth, dynamic })
  const fixed: Row[] = [...infoRows(system), ...ids, ...api.fixed, ...pages.fixed]
  return { root, fixed, scoped }
}

/**
 * Replicas with the same settings accept each other's tickets. The public key of bearer tokens is no secret: there replicas
 * need --ui-secret. Users of a file have keys of their own.
 */
function ticketSecret({ uiSecret, basicAuthUser, basicAuthPass }: Settings): string {
  if (uiSecret !== '') return uiSecret
  return basicAuthPass === '' ? '' : `${basicAuthUser}:${basicAuthPass}`
}
