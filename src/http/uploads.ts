import { isRegistryError, RegistryError } from '../errors.ts'
import type { Registry } from '../registry/registry.ts'
import type { Delivery } from '../registry/publish.ts'
import { isForm, type Receiver } from './body.ts'
import { json } from './headers.ts'
import type { FormFields } from './multipart.ts'
import type { Ask } from './route.ts'

export interface UploadParts {
  readonly registry: Registry
  readonly receiver: Receiver
  /** Form field names that hold charts and provenance files. */
  readonly fields: FormFields
}

/** POST /api/charts: one raw archive, or a form with any number of archives and provenance files. */
export async function publishCharts(ask: Ask, parts: UploadParts): Promise<Response> {
  if (!isForm(ask.request)) {
    const upload = await parts.receiver.receive(ask.request)
    return publish(ask, parts.registry, { archives: [upload], provenances: [] })
  }
  const form = await parts.receiver.receiveForm(ask.request, parts.fields)
  try {
    return await publish(ask, parts.registry, { archives: form.charts, provenances: form.provenances })
  } catch (error) {
    if (!isRegistryError(error, 'conflict')) throw error
    // ChartMuseum: the form path has a text of its own.
    throw new RegistryError('conflict', 'file', 'chart already exists', error.details)
  }
}

/** POST /api/prov: one raw provenance file. */
export async function publishProvenance(ask: Ask, parts: UploadParts): Promise<Response> {
  const upload = await parts.receiver.receive(ask.request)
  return publish(ask, parts.registry, { archives: [], provenances: [upload] })
}

async function publish({ repo, query }: Ask, registry: Registry, delivery: Delivery): Promise<Response> {
  try {
    await registry.repository(repo).publish(delivery, { force: isForced(query) })
    return json({ saved: true }, 201)
  } finally {
    await Promise.all([...delivery.archives, ...delivery.provenances].map((upload) => upload.discard()))
  }
}

/** The bare `?force` of helm cm-push, but not `?force=false` (which ChartMuseum takes for a yes). */
function isForced(query: URLSearchParams): boolean {
  const force = query.get('force')
  return force !== null && !['false', '0', 'f', 'no'].includes(force.toLowerCase())
}
