import { statSync } from 'node:fs'
import type { Loaded } from '../config/load.ts'
import type { CommandSettings } from '../config/options-commands.ts'
import type { Settings } from '../config/options.ts'
import type { Log } from '../log.ts'
import { isRepositoryName } from '../registry/keys.ts'
import type { Registry } from '../registry/registry.ts'
import { registryDestination } from '../registry/transfer-registry.ts'
import { storeSource } from '../registry/transfer-store.ts'
import type { Spooling } from '../registry/transfer-store.ts'
import { urlSource } from '../registry/transfer-url.ts'
import type { Offers, Source } from '../registry/transfer.ts'
import { StartError } from '../start-error.ts'
import { openStorage } from '../storage/open.ts'
import type { Scratch } from '../storage/scratch.ts'
import { readAuthorities, webFiles } from '../storage/web-files.ts'
import { copySpool, runCopy } from './copy.ts'
import { shownStore, type OtherPlace } from './other-store.ts'
import { storageSettings } from './storage-settings.ts'

/** How main.ts opens the registry of these settings. */
export type OpenRegistry = (
  settings: Settings,
  log: Log,
) => Promise<{ registry: Registry; scratch: Scratch | undefined }>

/**
 * `chartroom import SOURCE`: copies the charts of a repository, a folder or a bucket into the store that the settings
 * name, by publishing them there. Gives the exit code. Throws StartError and RegistryError, for the operator to read.
 */
export function importCharts(
  { settings, own }: Loaded,
  place: OtherPlace,
  { log, openRegistry }: { log: Log; openRegistry: OpenRegistry },
): Promise<number> {
  if (!isRepositoryName(own.repo)) {
    throw new StartError(
      `Cannot copy into ${JSON.stringify(own.repo)}: no repository can have this name (--repo)`,
    )
  }
  return runCopy({
    from: place.name,
    to: shownStore(storageSettings(settings)),
    own,
    log,
    async open(signal, quietLog) {
      const connect = await sourceOf(place, own, { settings, signal, log: quietLog })
      const { registry, scratch } = await openRegistry(publishingRules(settings), quietLog)
      const source = connect(copySpool(scratch, storageSettings(settings)))
      return {
        source,
        destination: registryDestination(registry),
        offered: (listed) => {
          const offers = below(listed, own.repo)
          return { offers, notes: depthNotes(offers, settings) }
        },
        async close() {
          await registry.close()
          await scratch?.close()
          return []
        },
      }
    },
  })
}

/**
 * The rules of the server, with what a copy needs: the same again is a success, only --force replaces, and no version
 * goes because another comes, or a second run would bring it back.
 */
function publishingRules(settings: Settings): Settings {
  return { ...settings, allowOverwrite: false, idempotentPublish: true, perChartLimit: 0, cacheInterval: 0 }
}

interface Around {
  readonly settings: Settings
  readonly signal: AbortSignal
  readonly log: Log
}

/** Makes sure that the source is there, and gives how to read it. */
async function sourceOf(
  place: OtherPlace,
  own: CommandSettings,
  { settings, signal, log }: Around,
): Promise<(spool: Spooling) => Source> {
  const maxBytes = settings.maxUploadSize
  if (place.kind === 'url') {
    const credentials = credentialsOf(place.url, own)
    const ca = own.fromCaFile === '' ? undefined : readAuthorities(own.fromCaFile)
    const files = webFiles({ origin: place.url.origin, credentials, ca, signal })
    const url = new URL(place.url)
    url.username = ''
    url.password = ''
    return (spool) => urlSource({ url, files, spool, maxBytes })
  }
  if (place.settings.backend === 'local') checkFolder(place.settings.rootdir)
  const storage = await openStorage(place.settings, log, place.env, { probe: false })
  return (spool) => storeSource(storage, { spool, maxBytes, log })
}

function checkFolder(folder: string): void {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) return
  throw new StartError(`Cannot copy from "${folder}": there is no such folder`)
}

function credentialsOf(url: URL, own: CommandSettings) {
  const user = own.fromUser || decoded(url.username)
  const password = own.fromPass || decoded(url.password)
  return user === '' && password === '' ? undefined : { user, password }
}

/** User and password stand escaped in an address; a "%" that escapes nothing stands for itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (error) {
    if (error instanceof URIError) return text
    throw error
  }
}

function below({ offers, leftOut }: Offers, repo: string): Offers {
  if (repo === '') return { offers, leftOut }
  const moved = offers.map((offer) => ({
    ...offer,
    repo: offer.repo === '' ? repo : `${repo}/${offer.repo}`,
  }))
  return { offers: moved, leftOut }
}

/** What a server needs so that everybody can reach what was imported. */
function depthNotes({ offers }: Offers, { depth, depthDynamic }: Settings): string[] {
  if (depthDynamic) return []
  const depths = new Set(offers.map(({ repo }) => (repo === '' ? 0 : repo.split('/').length)))
  const others = [...depths].filter((one) => one !== depth).sort()
  if (others.length === 0) return []
  const wish = depths.size > 1 ? '--depth-dynamic' : `--depth ${others[0]} or --depth-dynamic`
  const parts = others.map((one) =>
    one === 0 ? 'no name' : `names of ${one === 1 ? 'one part' : `${one} parts`}`,
  )
  return [`some repositories have ${parts.join(' or ')}: a server shows them with ${wish}`]
}
