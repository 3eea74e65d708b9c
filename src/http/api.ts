import type { Ready } from '../ready.ts'
import { whenReady } from '../ready.ts'
import type { Registry } from '../registry/registry.ts'
import {
  chartDoc,
  deleteChartDoc,
  deleteVersionDoc,
  listDoc,
  templatesDoc,
  valuesDoc,
  versionDoc,
} from './docs/api.ts'
import { provenanceDoc, publishDoc } from './docs/upload.ts'
import { responseOf } from './body-bytes.ts'
import { headersFor, json, jsonType } from './headers.ts'
import { sendDocument } from './helm.ts'
import { pageOf } from './query-values.ts'
import type { Ask, Row } from './route.ts'
import { get, post, remove } from './route.ts'
import { sendSearch } from './search.ts'
import type { UploadParts } from './uploads.ts'
import { publishCharts, publishProvenance } from './uploads.ts'
import { sendTemplates, sendValues } from './version-files.ts'

export interface ApiParts extends UploadParts {
  readonly registry: Registry
  /** Without: no DELETE routes at all, as ChartMuseum does with --disable-delete. */
  readonly deletes: boolean
}

const version = '/api/:repo/charts/:name/:version'

/** What curl, scripts and `helm cm-push` ask: ChartMuseum's JSON API. */
export function apiRows(parts: ApiParts): Row[] {
  const { registry } = parts
  const rows = [
    get('/api/:repo/charts', 'pull', (ask) => sendList(ask, registry), listDoc),
    get('/api/:repo/charts/:name', 'pull', (ask) => sendChart(ask, registry), chartDoc),
    get(version, 'pull', (ask) => sendVersion(ask, registry), versionDoc),
    get(`${version}/templates`, 'pull', (ask) => sendTemplates(ask, registry), templatesDoc),
    get(`${version}/values`, 'pull', (ask) => sendValues(ask, registry), valuesDoc),
    post('/api/:repo/charts', 'push', (ask) => publishCharts(ask, parts), publishDoc),
    post('/api/:repo/prov', 'push', (ask) => publishProvenance(ask, parts), provenanceDoc),
  ]
  if (!parts.deletes) return rows
  return [
    ...rows,
    remove('/api/:repo/charts/:name', 'push', (ask) => deleteChart(ask, registry), deleteChartDoc),
    remove(version, 'push', (ask) => deleteVersion(ask, registry), deleteVersionDoc),
  ]
}

async function sendList(ask: Ask, registry: Registry): Promise<Response> {
  const { request, repo, query } = ask
  if (query.has('q')) return sendSearch(ask, registry)
  const { offset, limit } = pageOf(query)
  const repository = registry.repository(repo)
  if (limit === undefined && offset === 0) {
    return sendDocument(request, await repository.document('list'), jsonType)
  }
  const text = await repository.page({ offset, limit })
  return responseOf(text, { headers: headersFor('protocol', jsonType) })
}

function sendChart({ request, repo, params }: Ask, registry: Registry): Ready<Response> {
  return whenReady(registry.repository(repo).chartDocument(params.name), (document) =>
    sendDocument(request, document, jsonType),
  )
}

async function sendVersion({ repo, params }: Ask, registry: Registry): Promise<Response> {
  const found = await registry.repository(repo).version(params.name, params.version)
  return responseOf(found.entry, { headers: headersFor('protocol', jsonType) })
}

async function deleteVersion({ repo, params, caller }: Ask, registry: Registry): Promise<Response> {
  await registry.repository(repo).remove(params.name, params.version, caller.name)
  return json({ deleted: true })
}

async function deleteChart({ repo, params, caller }: Ask, registry: Registry): Promise<Response> {
  const { versions } = await registry.repository(repo).removeChart(params.name, caller.name)
  return json({ deleted: true, versions })
}
