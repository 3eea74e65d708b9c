import type { Here } from '../reader/resolve-needs.ts'
import type { Registry } from '../registry/registry.ts'
import type { Ask } from './route.ts'
import type { WebSettings } from './web/parts.ts'

/** How repositories are named here. */
export type Naming = Pick<WebSettings, 'depth' | 'dynamic' | 'repositoryAlias'>

/** What this server has for the caller: the places where the needs of a chart are looked for. */
export async function hereOf(
  { repo, caller, publicUrl }: Pick<Ask, 'repo' | 'caller' | 'publicUrl'>,
  registry: Registry,
  { depth, dynamic, repositoryAlias = '' }: Naming,
): Promise<Here> {
  const names = await registry.names({ depth, dynamic })
  return {
    publicUrls: [publicUrl],
    own: repo,
    repositories: names.filter((name) => caller.may('pull', name)),
    aliasOf: (name) => repositoryAlias || name.slice(name.lastIndexOf('/') + 1) || 'chartroom',
    versions: (repository, chart) => registry.repository(repository).versions(chart),
  }
}
