import type { Settings } from '../config/options.ts'
import type { Log } from '../log.ts'
import { lateRegistry } from '../registry/late-registry.ts'
import type { Limits } from '../registry/limits.ts'
import type { Registry } from '../registry/registry.ts'
import { createRegistry } from '../registry/registry.ts'
import { openLate } from '../storage/late.ts'
import { openStorage } from '../storage/open.ts'
import type { Scratch } from '../storage/scratch.ts'
import { openScratch } from '../storage/scratch.ts'
import type { Storage } from '../storage/storage.ts'
import { storageSettings } from './storage-settings.ts'

/** The registry of a server: while its store is away, one that says so. `opened` is the real one. */
export async function registryToServe(settings: Settings, log: Log) {
  const scratch = openScratch()
  const opening = openLate(
    () => openStorage(storageSettings(settings), log, process.env, { wait: false }),
    log,
  )
  const opened = opening.storage.then((storage) => registryOver(storage, settings, scratch, log))
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
): Registry {
  const chartUrl = settings.chartUrl.replace(/\/+$/, '')
  const options = {
    limits: {
      overwrite: overwriteRule(settings),
      idempotent: settings.idempotentPublish,
      maxObjects: settings.maxStorageObjects,
      versionsPerChart: settings.perChartLimit,
    },
    contextPath: settings.contextPath,
    chartUrl: chartUrl === '' ? undefined : chartUrl,
    statefile: settings.disableStatefiles ? undefined : settings.jsonIndex ? 'json' : 'yaml',
    adoptStatefile: !settings.disableStatefiles,
    refreshMs: settings.cacheInterval,
    trashMs: settings.trashTtl,
    freshness: { single: settings.singleReplica, maxStaleMs: settings.maxStale },
  } as const
  return createRegistry(storage, options, scratch, log)
}

/** When a chart version may be uploaded again. */
export function overwriteRule({ allowOverwrite, disableForceOverwrite }: Settings): Limits['overwrite'] {
  if (allowOverwrite) return 'always'
  return disableForceOverwrite ? 'never' : 'with-force'
}
