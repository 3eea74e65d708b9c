import { parseVersion } from '../registry/versions.ts'
import { ConstraintError, parseRange, satisfies } from '../registry/version-ranges.ts'
import type { VersionRange } from '../registry/version-ranges.ts'
import type { Need } from './dependencies.ts'

/** What this server has, as far as one reader may see it. */
export interface Here {
  /** Addresses of the server without a slash at the end: "https://charts.example.com/ctx". */
  readonly publicUrls: readonly string[]
  /** The repository of the chart whose needs these are. */
  readonly own: string
  readonly repositories: readonly string[]
  /** The name under which people are told to add a repository: "stable" of "org/stable". */
  readonly aliasOf: (repository: string) => string
  /** The versions of a chart, newest first; none when there is no such chart. */
  readonly versions: (repository: string, chart: string) => Promise<readonly { readonly version: string }[]>
}

/** The version of a chart here that a need gets. */
export interface Resolved {
  readonly repository: string
  readonly version: string
}

/**
 * Finds what Helm would fetch for a need, when this server is where Helm would ask: the newest version in its range.
 * Undefined when it comes from elsewhere, or when nothing here fits.
 */
export async function resolveNeed(need: Need, here: Here): Promise<Resolved | undefined> {
  if (need.repository === '' || /^file:/i.test(need.repository)) return copyOf(need, here)
  const repository = repositoryOf(need.repository, here)
  const range = need.version === undefined ? undefined : rangeOf(need.version)
  if (repository === undefined || range === undefined) return undefined
  const versions = await here.versions(repository, need.name)
  const found = versions.find(({ version }) => {
    const parsed = parseVersion(version)
    return parsed !== undefined && satisfies(parsed, range)
  })
  return found && { repository, version: found.version }
}

/** Helm asks nobody for it: what the archive brings along is that very version, which is published here or not. */
async function copyOf({ name, vendored }: Need, here: Here): Promise<Resolved | undefined> {
  if (vendored?.version === undefined) return undefined
  const versions = await here.versions(here.own, name)
  const found = versions.find(({ version }) => version === vendored.version)
  return found && { repository: here.own, version: found.version }
}

function rangeOf(text: string): VersionRange | undefined {
  try {
    return parseRange(text)
  } catch (error) {
    if (error instanceof ConstraintError) return undefined
    throw error
  }
}

/** The repository here that `repository:` of a Chart.yaml names, by address or by the name it was added under. */
function repositoryOf(address: string, here: Here): string | undefined {
  const alias = /^(?:@|alias:)(.+)$/.exec(address)?.[1]
  return alias === undefined ? byAddress(address, here) : byAlias(alias, here)
}

function byAddress(address: string, { publicUrls, repositories }: Here): string | undefined {
  const asked = placeOf(address)
  if (asked === undefined) return undefined
  for (const publicUrl of publicUrls) {
    const ours = placeOf(publicUrl)
    if (ours === undefined) continue
    if (asked !== ours && !asked.startsWith(`${ours}/`)) continue
    const name = asked.slice(ours.length + 1)
    if (repositories.includes(name)) return name
  }
  return undefined
}

/** Host and path: the same server answers with and without TLS, and a slash at the end says nothing. */
function placeOf(address: string): string | undefined {
  const url = URL.parse(address)
  if (url === null || !/^https?:$/.test(url.protocol)) return undefined
  return url.host + url.pathname.replace(/\/+$/, '')
}

/** Of several repositories with one name the chart's own counts, else none: it would be a guess. */
function byAlias(alias: string, { repositories, aliasOf, own }: Here): string | undefined {
  const named = repositories.filter((repository) => aliasOf(repository) === alias)
  return named.includes(own) ? own : named.length === 1 ? named[0] : undefined
}
