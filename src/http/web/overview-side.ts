import type { SideNeed, SideProps, TrackStop } from '../../../views/overview-side.tsx'
import { chartPath, type Page } from '../../../views/page.ts'
import type { Need } from '../../reader/dependencies.ts'
import type { ProvenanceState } from '../../reader/provenance.ts'
import { resolveNeed, type Resolved } from '../../reader/resolve-needs.ts'
import { shortened } from '../../reader/text.ts'
import type { ChartVersion } from '../../registry/catalog.ts'
import { isDeprecated, isPrerelease, publishedAt, standingOf } from '../../registry/releases.ts'
import { hereOf } from '../here.ts'
import type { Ask } from '../route.ts'
import type { ChartContext } from './chart-page.ts'
import type { Front } from './overview-reading.ts'
import type { WebParts } from './parts.ts'

const most = { needs: 200, text: 200 }

/** The facts beside the README. Without the archive they are those of the index. */
export async function sideOf(
  ask: Ask,
  parts: WebParts,
  page: Page,
  { version, versions, facts, provenance }: ChartContext,
  front: Front | undefined,
): Promise<SideProps> {
  const { maintainers, home, links, sources, keywords, licence } = facts
  const { name, file, size, digest } = version
  return {
    page,
    name,
    version: version.version,
    file,
    size,
    digest,
    track: standingOf(version, versions).track.map((one) => stopOf(one, one === version)),
    versionCount: versions.length,
    provenance: signatureOf(provenance),
    licence,
    licenceFile: front?.licence,
    needs: front === undefined ? [] : await needsOf(ask, parts, page, front.dependencies.needs),
    maintainers,
    home,
    links,
    sources,
    keywords,
  }
}

function stopOf(version: ChartVersion, current: boolean): TrackStop {
  return {
    version: version.version,
    published: publishedAt(version),
    prerelease: isPrerelease(version),
    deprecated: isDeprecated(version),
    current,
  }
}

function signatureOf(provenance: ProvenanceState): SideProps['provenance'] {
  const signer = provenance.state === 'none' ? undefined : provenance.signer
  return {
    state: provenance.state === 'failed' ? provenance.reason : provenance.state,
    fingerprint: signer?.fingerprint ?? signer?.keyId,
    user:
      provenance.state === 'verified' && provenance.user !== undefined
        ? shortened(provenance.user, most.text)
        : undefined,
    signed: signer?.signed,
  }
}

async function needsOf(ask: Ask, parts: WebParts, page: Page, needs: readonly Need[]): Promise<SideNeed[]> {
  if (needs.length === 0) return []
  const here = await hereOf(ask, parts.registry, parts.settings)
  return Promise.all(
    needs.slice(0, most.needs).map(async (need) => {
      const resolved = await resolveNeed(need, here)
      return {
        name: shortened(need.name, most.text),
        version: versionText(need, resolved),
        address: resolved && addressOf(page, need.name, resolved),
        vendored: need.vendored !== undefined,
      }
    }),
  )
}

/** "2.x.x", and the version that it means here or that the archive brings along. */
export function versionText({ version = '*', vendored }: Need, resolved: Resolved | undefined): string {
  const asked = shortened(version, most.text)
  const got = resolved?.version ?? vendored?.version
  return got === undefined || got === version ? asked : `${asked} → ${shortened(got, most.text)}`
}

/** The page of a chart here, in whatever repository. */
export function addressOf(page: Page, name: string, { repository, version }: Resolved): string {
  const below = repository === '' ? '' : `/${repository}`
  return chartPath({ repository: page.contextPath + below }, name, version)
}
