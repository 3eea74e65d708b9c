import { rmdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Loaded } from '../config/load.ts'
import type { Log } from '../log.ts'
import { collectIndex } from '../registry/transfer-index.ts'
import { storeDestination, storeSource } from '../registry/transfer-store.ts'
import { StartError } from '../start-error.ts'
import { systemCode } from '../storage/file-calls.ts'
import { openStorage } from '../storage/open.ts'
import { openScratch } from '../storage/scratch.ts'
import { copySpool, runCopy } from './copy.ts'
import { shownStore, type OtherPlace } from './other-store.ts'
import { storageSettings } from './storage-settings.ts'

/**
 * `chartroom export DESTINATION`: copies the charts of the store that the settings name into a folder or a bucket, as
 * the files that they are. Gives the exit code. Throws StartError and RegistryError, for the operator to read.
 */
export function exportCharts(
  { settings, own }: Loaded,
  place: OtherPlace,
  { log }: { log: Log },
): Promise<number> {
  if (place.kind === 'url') {
    throw new StartError(
      'Cannot copy to a URL: export writes into a folder or a bucket. To fill another Chartroom, run "chartroom import" ' +
        'with the settings of its storage and the address of this one',
    )
  }
  const ours = storageSettings(settings)
  return runCopy({
    from: shownStore(ours),
    to: place.name,
    own,
    log,
    async open(_signal, quietLog) {
      if (ours.backend === 'local') checkFolder(ours.rootdir)
      const scratch = openScratch()
      const [from, to] = [
        await openStorage(ours, silent, process.env, { probe: false }),
        await openStorage(place.settings, quietLog, place.env),
      ]
      const index = collectIndex()
      const spool = copySpool(scratch, place.settings)
      const repo = own.repo === '' ? undefined : own.repo
      return {
        // No limit: what is there was published once.
        source: storeSource(from, { spool, maxBytes: Number.MAX_SAFE_INTEGER, repo, log: quietLog }),
        destination: storeDestination(to, own.index ? index.add : undefined),
        async close(whole) {
          const written = own.index && whole ? await index.write(to, scratch) : []
          await Promise.all([from.close(), to.close()])
          await scratch?.close()
          if (place.settings.backend === 'local') tidy(place.settings.rootdir)
          if (!own.index || whole)
            return written.length > 0 ? [`wrote ${written.slice(0, 5).join(', ')}`] : []
          return ['index.yaml was not written, because the copy is not complete']
        },
      }
    },
  })
}

/** Nobody publishes here, so that the folder cannot be written is no news. */
const silent: Log = { debug() {}, info() {}, warn() {}, error() {} }

function checkFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return
  throw new StartError(`Cannot copy from "${folder}": there is no such folder (--storage-local-rootdir)`)
}

/** The driver's folder for unfinished files is of no use to whoever takes the copy. */
function tidy(root: string): void {
  for (const own of ['.chartroom/tmp', '.chartroom']) {
    try {
      rmdirSync(join(root, own))
    } catch (error) {
      // It may be missing, or hold something that is none of ours.
      if (!['ENOENT', 'ENOTEMPTY', 'EEXIST'].includes(systemCode(error) ?? '')) throw error
    }
  }
}
