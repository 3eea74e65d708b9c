import { isRegistryError, RegistryError } from '../errors.ts'
import type { ChartVersion } from './catalog.ts'
import { archiveFile, fileKey, provenanceFile } from './keys.ts'
import { readProvenance } from './provenance.ts'
import type { Registry } from './registry.ts'
import type { Arrived, Destination, Known, Offer, Stored } from './transfer.ts'
import type { Upload } from './upload.ts'

/**
 * A registry as a place to copy to: what arrives is published as an upload is, under the same rules, and every server on
 * the same store hears of it.
 */
export function registryDestination(registry: Registry): Destination {
  return {
    known: (offer) => knownVersion(registry, offer),
    async store(arrived, { force }) {
      const { offer, archive, provenance, created } = arrived
      const file = fileOf(arrived)
      const wrong = provenance && (await whyWrong(provenance, file))
      const archives =
        archive === undefined
          ? []
          : [{ ...archive.upload, opened: archive.opened, ...(created && { created }) }]
      const provenances = provenance === undefined || wrong !== undefined ? [] : [provenance]
      const repository = registry.repository(offer.repo)
      const { charts } = await repository.publish({ archives, provenances }, { force }).catch(toldAsCopy)
      const outcome = charts[0]?.outcome ?? 'added'
      return {
        outcome: outcome === 'added' ? 'copied' : outcome,
        path: fileKey(offer.repo, file),
        incomplete: wrong,
      } satisfies Stored
    },
  }
}

/** A conflict in words for somebody who copies. */
function toldAsCopy(error: unknown): never {
  if (!isRegistryError(error, 'conflict')) throw error
  const { identical } = error.details
  if (identical === undefined) throw error
  throw new RegistryError('conflict', 'file', 'other bytes are there', error.details, { cause: error })
}

/** What the registry has of an offer, by the digest or the version that the source promises. */
async function knownVersion(registry: Registry, offer: Offer): Promise<Known | undefined> {
  const { repo, chart, version, digest, signed } = offer
  if (chart === undefined || digest === undefined) return undefined
  const versions = await registry.repository(repo).versions(chart)
  const same = versions.find((one) => one.digest === digest)
  const found = same ?? versions.find((one) => one.version === version)
  if (found === undefined) return undefined
  const at = { path: fileKey(repo, found.file), digest: found.digest, signed: found.signed }
  if (same === undefined) return { ...at, state: 'other' }
  return { ...at, state: isComplete(same, signed) ? 'same' : 'unsigned' }
}

function isComplete(version: ChartVersion, signed: boolean | undefined): boolean {
  return version.signed || signed === false
}

function fileOf({ offer, archive }: Arrived): string {
  if (archive === undefined) return offer.file
  const { name, version } = archive.opened.metadata
  return archiveFile(name, version)
}

/** Why a provenance cannot be published beside a file, or undefined when it can. */
async function whyWrong({ body }: Upload, file: string): Promise<string | undefined> {
  try {
    const provenance = readProvenance(body instanceof Blob ? await body.bytes() : body)
    if (provenance.file === provenanceFile(file)) return undefined
    return `its provenance was left out, because it belongs to ${provenance.file.slice(0, 200)}`
  } catch (error) {
    if (!isRegistryError(error, 'invalid')) throw error
    return `its provenance was left out: ${error.message}`
  }
}
