import { chartPath } from '../../views/page.ts'
import { someCharts } from '../registry/index-file.ts'
import type { Registry } from '../registry/registry.ts'
import type { RepositoryDepth } from '../registry/repository-names.ts'
import type { FoundSomewhere } from '../registry/search-all.ts'
import { searchAll } from '../registry/search-all.ts'
import { readEntry } from '../registry/search-chart.ts'
import type { SearchQuery } from '../registry/search.ts'
import { searchSorts } from '../registry/search.ts'
import { hubAllDoc, hubDoc } from './docs/search.ts'
import { responseOf } from './body-bytes.ts'
import { goJson, headersFor, jsonType } from './headers.ts'
import { oneOf, pageOf } from './query-values.ts'
import type { Ask, Row } from './route.ts'
import { get } from './route.ts'

/** Charts in an answer that no limit was asked for. */
const usualLimit = 100
/** The same for `helm search hub`, which cannot ask for a limit and shows everything it gets. */
const hubLimit = 1000

/** Helm appends this to the address that `--endpoint` names (internal/monocular/search.go). */
const hubPath = '/chartsvc/v1/charts/search'

/**
 * What `helm search hub --endpoint` asks. With the address of a repository that one is searched, with the address of
 * the server all that the caller may pull. Where a repository may be called "chartsvc/v1" that path is its own (its
 * chart "search"), so `/-` always works, too: no repository has that name.
 */
export function searchRows(
  registry: Registry,
  where: RepositoryDepth,
): { readonly scoped: readonly Row[]; readonly fixed: readonly Row[] } {
  const hub = get(`/api/:repo${hubPath}`, 'pull', (ask) => sendHub(ask, registry, [ask.repo]), hubDoc)
  const all = async (ask: Ask) => {
    const names = await registry.names(where)
    const allowed = names.filter((name) => ask.caller.may('pull', name))
    return sendHub({ ...ask, repo: '' }, registry, allowed)
  }
  const reserved = get(`/-/api${hubPath}`, 'pull', all, hubAllDoc('searchHubReserved'))
  const plain = get(`/api${hubPath}`, 'pull', all, hubAllDoc('searchHubAll'))
  const taken = where.dynamic || where.depth === 2 || where.depth === 0
  return { scoped: [hub], fixed: taken ? [reserved] : [reserved, plain] }
}

/** GET /api/charts?q=…: the charts found, best first, as the list of charts has them. */
export async function sendSearch({ repo, query, publicUrl }: Ask, registry: Registry): Promise<Response> {
  const asked = searchOf(query, usualLimit)
  const { total, charts } = await registry.repository(repo).find(asked)
  const text = [...someCharts(charts.map(({ chart }) => chart))].join('')
  return page(text, total, asked, `${publicUrl}${apiPath(repo)}/charts`, query)
}

type Paged = SearchQuery & { readonly offset: number; readonly limit: number }

/** Throws RegistryError `invalid` for a value that is none. */
function searchOf(query: URLSearchParams, limit: number): Paged {
  const { offset, limit: asked } = pageOf(query)
  return {
    words: query.get('q') ?? '',
    filters: {
      types: query.getAll('type'),
      keywords: query.getAll('keyword'),
      maintainers: query.getAll('maintainer'),
      deprecated: yesOrNo(query, 'deprecated'),
      prerelease: yesOrNo(query, 'prerelease'),
      signed: yesOrNo(query, 'signed'),
      schema: yesOrNo(query, 'schema'),
    },
    sort: oneOf(query, 'sort', searchSorts) ?? 'relevance',
    offset,
    limit: asked ?? limit,
  }
}

function yesOrNo(query: URLSearchParams, name: string): boolean | undefined {
  const word = oneOf(query, name, ['true', 'false'])
  return word === undefined ? undefined : word === 'true'
}

/** JSON text with the number of all results, and where the pages beside it are (RFC 8288). */
function page(
  text: string,
  total: number,
  { offset, limit }: Paged,
  address: string,
  query: URLSearchParams,
): Response {
  const headers = headersFor('protocol', jsonType)
  headers.set('x-total-count', String(total))
  const link = (relation: string, at: number) => {
    const there = new URLSearchParams(query)
    there.set('offset', String(at))
    there.set('limit', String(limit))
    return `<${address}?${there}>; rel="${relation}"`
  }
  const links = [
    ...(offset > 0 ? [link('prev', Math.max(0, offset - limit))] : []),
    ...(offset + limit < total ? [link('next', offset + limit)] : []),
  ]
  if (links.length > 0) headers.set('link', links.join(', '))
  return responseOf(text, { headers })
}

function apiPath(repo: string): string {
  return repo === '' ? '/api' : `/api/${repo}`
}

async function sendHub(
  { repo, query, publicUrl, request }: Ask,
  registry: Registry,
  names: readonly string[],
): Promise<Response> {
  const asked = searchOf(query, hubLimit)
  const { total, charts } = await searchAll(registry, names, asked)
  const text = goJson({ data: charts.map((chart) => hubChart(chart, publicUrl)) })
  const reserved = new URL(request.url).pathname.endsWith(`/-/api${hubPath}`)
  const address = `${publicUrl}${reserved ? '/-/api' : apiPath(repo)}${hubPath}`
  return page(text, total, asked, address, query)
}

/** A chart as Monocular described it, with what Artifact Hub added: the address that helm shows. */
function hubChart({ chart, version, repository }: FoundSomewhere, publicUrl: string): object {
  const { name, description, home, keywords, maintainers, sources, icon, appVersion, urls, ...entry } =
    readEntry(version)
  const address = repository === '' ? publicUrl : `${publicUrl}/${repository}`
  const api = `${publicUrl}${apiPath(repository)}/charts/${encodeURIComponent(name)}`
  const archives = urls.map((url) => new URL(url, `${address}/`).href)
  return {
    id: repository === '' ? name : `${repository}/${name}`,
    type: 'chart',
    artifactHub: { packageUrl: chartPath({ repository: address }, chart.name) },
    attributes: {
      name: chart.name,
      repo: { name: repository, url: address },
      description: description ?? '',
      home: home ?? '',
      keywords: keywords ?? [],
      maintainers: maintainers ?? [],
      sources: sources ?? [],
      icon: icon ?? '',
    },
    links: { self: api },
    relationships: {
      latestChartVersion: {
        data: {
          version: version.version,
          app_version: appVersion ?? '',
          created: entry.created,
          digest: entry.digest,
          urls: archives,
        },
        links: { self: `${api}/${encodeURIComponent(version.version)}` },
      },
    },
  }
}
