import type { ChartHead } from '../../../views/chart-head.tsx'
import { chartPath, type Page } from '../../../views/page.ts'
import { chartFacts, type ChartFacts } from '../../reader/facts.ts'
import type { ProvenanceState } from '../../reader/provenance.ts'
import type { ChartVersion } from '../../registry/catalog.ts'
import type { ChartMetadata, EntryFacts } from '../../registry/chart.ts'
import { isPrerelease, newestRelease, publishedAt } from '../../registry/releases.ts'
import type { Repository } from '../../registry/repository.ts'
import { readEntry } from '../../registry/search-chart.ts'
import { headersFor } from '../headers.ts'
import type { Ask } from '../route.ts'
import { missingPage } from './missing.ts'
import type { WebParts } from './parts.ts'
import { provenanceOf } from './provenance-state.ts'

/** What every page of a chart starts from. */
export interface ChartContext {
  readonly repository: Repository
  readonly version: ChartVersion
  /** All versions of the chart, newest first. */
  readonly versions: readonly ChartVersion[]
  /** The entry of the index: Chart.yaml as Helm reads it. */
  readonly entry: ChartMetadata & EntryFacts
  /** The same, ready to be shown. */
  readonly facts: ChartFacts
  readonly provenance: ProvenanceState
  /** For `<ChartShell head=…>`. */
  readonly head: ChartHead
  /** The address names this version; without one it is the newest. */
  readonly pinned: boolean
}

/**
 * Finds the chart and the version that an address names. The answer is a Response where the page has none: a 404 that
 * offers what may have been meant, or a redirect from "latest" to the version that it stands for now.
 */
export async function chartPageOf(
  { params, repo, request }: Pick<Ask, 'params' | 'repo' | 'request'>,
  parts: Pick<WebParts, 'registry' | 'keyring'>,
  page: Page,
): Promise<ChartContext | Response> {
  const repository = parts.registry.repository(repo)
  const { name, version: wanted } = params
  const versions = await repository.versions(name)
  const newest = newestRelease(versions)
  if (newest === undefined)
    return missingPage(request, page, repository, { name, version: wanted || undefined })
  if (wanted === 'latest') return toVersion(page, newest)
  const version = wanted === '' ? newest : versionOf(versions, wanted)
  if (version === undefined) return missingPage(request, page, repository, { name, version: wanted })
  const entry = readEntry(version)
  const facts = chartFacts(entry)
  const provenance = await provenanceOf(repository, version, parts.keyring)
  const pinned = wanted !== ''
  const head = headOf({ version, versions, facts, provenance, entry })
  return { repository, version, versions, entry, facts, provenance, head, pinned }
}

/** Some proxies turn the "+" of build metadata into a space on the way. */
function versionOf(versions: readonly ChartVersion[], wanted: string): ChartVersion | undefined {
  return (
    versions.find(({ version }) => version === wanted) ??
    versions.find(({ version }) => version === wanted.replaceAll(' ', '+'))
  )
}

/** The same page of the version that "latest" stands for now; another one tomorrow, so nobody may keep it. */
function toVersion(page: Page, { name, version }: ChartVersion): Response {
  const [path = '', query] = page.address.split('?', 2)
  const below = path.slice(path.indexOf('/-/chart/')).split('/').slice(5)
  const headers = headersFor('page')
  const place = [chartPath(page, name, version), ...below].join('/')
  headers.set('location', query === undefined ? place : `${place}?${query}`)
  headers.set('cache-control', 'no-store')
  return new Response(null, { status: 302, headers })
}

interface HeadSource {
  readonly version: ChartVersion
  readonly versions: readonly ChartVersion[]
  readonly facts: ChartFacts
  readonly provenance: ProvenanceState
  readonly entry: ChartMetadata
}

function headOf({ version, versions, facts, provenance, entry }: HeadSource): ChartHead {
  const { description, appVersion, type, kubeVersion, deprecated } = facts
  const { state } = provenance
  return {
    name: version.name,
    version: version.version,
    file: version.file,
    digest: version.digest,
    description,
    appVersion,
    type,
    kubeVersion,
    marks: {
      deprecated,
      prerelease: isPrerelease(version),
      signed: state === 'signed',
      verified: state === 'verified',
      library: type === 'library',
    },
    failure: provenance.state === 'failed' ? provenance.reason : undefined,
    published: publishedAt(version),
    hasSchema: version.hasSchema,
    versions: versions.length,
    dependencies: entry.dependencies?.length ?? 0,
    other: comparedWith(version, versions),
  }
}

/** A stable version is compared with the stable one before it, every other with its neighbour. */
function comparedWith(version: ChartVersion, versions: readonly ChartVersion[]): ChartHead['other'] {
  const at = versions.indexOf(version)
  const older = versions.slice(at + 1)
  const found = (isPrerelease(version) ? undefined : older.find((one) => !isPrerelease(one))) ?? older[0]
  if (found !== undefined) return { version: found.version, older: true }
  const newer = versions[at - 1]
  return newer && { version: newer.version, older: false }
}
