import { RegistryError } from '../errors.ts'
import type { ChartVersion } from './catalog.ts'
import { matchVersion } from './versions.ts'

/** The one of a chart's versions that a text names. Throws RegistryError `not_found` with ChartMuseum's texts. */
export function chosenVersion(
  chart: string,
  versions: readonly ChartVersion[],
  wanted: string,
): ChartVersion {
  if (versions.length === 0) throw new RegistryError('not_found', 'chart', 'no chart name found')
  const found = matchVersion(versions, wanted)
  if (found !== undefined) return found
  // ChartMuseum: prints nothing for "latest", which leaves a dash at the end.
  const printed = wanted === 'latest' ? '' : wanted
  throw new RegistryError('not_found', 'version', `no chart version found for ${chart}-${printed}`)
}
