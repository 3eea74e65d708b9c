import type { Settings } from '../config/options.ts'
import type { Log } from '../log.ts'
import type { BuildObserver } from '../registry/index-file.ts'
import { lateRegistry } from '../registry/late-registry.ts'
import type { Limits } from '../registry/limits.ts'
import type { Registry } from '../registry/registry.ts'
import { createRegistry } from '../registry/registry.ts'
import { openLate } from '../storage/late.ts'
import { measured, type StorageObserver } from '../storage/measured.ts'
import { openStorage } from '../storage/open.ts'
import type { Scratch } from '../storage/scratch.ts'
import { openScratch } from '../storage/scratch.ts'
import type { Storage } from '../storage/storage.ts'
import { storageSettings } from './storage-settings.ts'

/** Who is told how long the store and the making of an index take. */
export interface RegistryObservers {
  readonly observeStorage: StorageObserver
  readonly observeBuild: BuildObserver
}

/** The registry of a server: while its store is away, one that says so. `opened` is the real one. */
export async function registryToServe(settings: Settings, log: Log, observers?: RegistryObservers) {
  const scratch = openScratch()
  const opening = openLate(
    () => openStorage(storageSettings(settings), log, process.env, { wait: false }),
    log,
  )
  const opened = opening.storage.then((storage) => registryOver(storage, settings, scratch, log, observers))
  try {
    const soon = await Promise.race([opened, opening.away])
    const registry = soon ?? lateRegistry(opened, opening.reason)
    return { registry, opened, scratch, stopOpening: opening.stop }
  } catch (error) {
    await scratch?.close()
    throw error
  }
}

/** The registry of a command that ends, over a store that must be there. */
export async function openRegistry(settings: Settings, log: Log) {
  const storage = await openStorage(storageSettings(settings), log)
  const scratch = openScratch()
  return { registry: registryOver(storage, settings, scratch, log), scratch }
}

function registryOver(
  storage: Storage,
  settings: Settings,
  scratch: Scratch | undefined,
  log: Log,
  observers?: RegistryObservers,
): Registry {
  const chartUrl = settings.chartUrl.replace(/\/+$/, '')
  const options = {
    limits: {
      overwrite: overwriteRule(settings),
      idempotent: settings.idempotentPublish,
      maxObjects: settings.maxStorageObjects,
      statefile: !settings.disableStatefiles,
      versionsPerChart: settings.perChartLimit,
    },
    contextPath: settings.contextPath,
    chartUrl: chartUrl === '' ? undefined : chartUrl,
    statefile: settings.disableStatefiles ? undefined : writesJson(settings) ? 'json' : 'yaml',
    adoptStatefile: !settings.disableStatefiles,
    refreshMs: settings.cacheInterval,
    trashMs: settings.trashTtl,
    built: observers?.observeBuild,
    freshness: { single: settings.singleReplica, maxStaleMs: settings.maxStale },
  } as const
  const observed = observers === undefined ? storage : measured(storage, observers.observeStorage)
  return createRegistry(observed, options, scratch, log)
}

/** True when the index is JSON text for everybody. */
export function writesJson({ jsonIndex, indexFormat }: Settings): boolean {
  return jsonIndex || indexFormat === 'json'
}

/** When a chart version may be uploaded again. */
export function overwriteRule({ allowOverwrite, disableForceOverwrite }: Settings): Limits['overwrite'] {
  if (allowOverwrite) return 'always'
  return disableForceOverwrite ? 'never' : 'with-force'
}
