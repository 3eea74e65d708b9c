import { h } from 'preact'
import { Delete, type DeleteProps } from '../../../views/delete.tsx'
import { chartPage, chartPath, inside, type Page } from '../../../views/page.ts'
import type { ChartVersion } from '../../registry/catalog.ts'
import type { Repository } from '../../registry/repository.ts'
import type { Ask } from '../route.ts'
import { readFields } from './form.ts'
import { missingPage } from './missing.ts'
import { pageOf, sendPage } from './page.ts'
import type { WebParts } from './parts.ts'
import { seeOther } from './see-other.ts'
import { errandFor, ticketsOf, type Errand } from './ticket.ts'

/** What somebody wants to delete, as the store has it now. */
interface Wanted {
  readonly page: Page
  readonly repository: Repository
  readonly kind: DeleteProps['kind']
  readonly name: string
  /** All that goes, newest first. */
  readonly versions: readonly ChartVersion[]
  /** The chart has others, which stay. */
  readonly leavesOthers: boolean
}

/** Answers the question before one version or a whole chart is deleted; nothing is deleted by asking. */
export async function sendDelete(ask: Ask, parts: WebParts): Promise<Response> {
  const wanted = await wantedBy(ask, parts)
  return wanted instanceof Response ? wanted : confirm(ask, parts, wanted)
}

/** Deletes one version, or a chart whose name was typed. */
export async function receiveDelete(ask: Ask, parts: WebParts): Promise<Response> {
  const fields = await readFields(ask.request)
  const wanted = await wantedBy(ask, parts)
  if (wanted instanceof Response) return wanted
  if (!hasTicket(ask, parts, wanted, fields)) return confirm(ask, parts, wanted, 'expired')
  if (wanted.kind === 'chart' && fields.get('name')?.trim() !== wanted.name) {
    return confirm(ask, parts, wanted, 'other_name')
  }
  return remove(ask, wanted)
}

/** Deletes the selected versions of a chart: asks first, and does it when the answer brings a ticket. */
export async function receiveBulk(ask: Ask, parts: WebParts): Promise<Response> {
  const fields = await readFields(ask.request)
  const page = await pageOf(ask, parts)
  const repository = parts.registry.repository(ask.repo)
  const name = fields.get('chart') ?? ''
  const all = await repository.versions(name)
  if (all.length === 0) return missingPage(ask.request, page, repository, { name, version: undefined })
  const selected = new Set(fields.getAll('version'))
  const versions = all.filter(({ version }) => selected.has(version))
  const leavesOthers = versions.length < all.length
  const wanted = { page, repository, kind: 'many', name, versions, leavesOthers } as const
  if (versions.length === 0) return confirm(ask, parts, wanted, 'nothing')
  if (!fields.has('t')) return confirm(ask, parts, wanted)
  return hasTicket(ask, parts, wanted, fields) ? remove(ask, wanted) : confirm(ask, parts, wanted, 'expired')
}

async function wantedBy(ask: Ask, parts: WebParts): Promise<Wanted | Response> {
  const page = await pageOf(ask, parts)
  const repository = parts.registry.repository(ask.repo)
  const { name, version: wanted } = ask.params
  const all = await repository.versions(name)
  const kind = wanted === '' ? 'chart' : 'one'
  const versions = kind === 'chart' ? all : all.filter(({ version }) => version === wanted)
  if (versions.length === 0) {
    return missingPage(ask.request, page, repository, { name, version: wanted || undefined })
  }
  return { page, repository, kind, name, versions, leavesOthers: versions.length < all.length }
}

const verbs = { one: 'delete', chart: 'delete-chart', many: 'delete-many' } as const

/** The versions are part of it: what was added to a chart since the question was asked is not deleted with it. */
function errandOf({ caller, repo }: Ask, { kind, name, versions }: Wanted): Errand {
  const target = [repo, name, ...versions.map(({ version }) => version)]
  return { ...errandFor(caller), verb: verbs[kind], target }
}

function hasTicket(ask: Ask, parts: WebParts, wanted: Wanted, fields: URLSearchParams): boolean {
  return ticketsOf(parts).accepts(fields.get('t'), errandOf(ask, wanted))
}

const statuses = { expired: 403, other_name: 422, nothing: 422 } as const

function confirm(ask: Ask, parts: WebParts, wanted: Wanted, problem?: keyof typeof statuses): Response {
  const { page, kind, name, versions } = wanted
  const props = {
    page,
    kind,
    name,
    versions: versions.map(({ version, size }) => ({ version, size })),
    action: addressOf(wanted),
    back: kind === 'one' ? chartPath(page, name, versions[0]?.version) : chartPage(page, name, 'versions'),
    ticket: ticketsOf(parts).issue(errandOf(ask, wanted)),
    undoMs: parts.rules.trashMs,
    problem,
  }
  const status = problem === undefined ? 200 : statuses[problem]
  return sendPage(ask.request, h(Delete, props), { status })
}

function addressOf({ page, kind, name, versions }: Wanted): string {
  if (kind === 'many') return inside(page, 'delete')
  return kind === 'chart'
    ? chartPage(page, name, 'delete')
    : chartPath(page, name, versions[0]?.version, 'delete')
}

async function remove({ caller }: Ask, { page, repository, name, versions, leavesOthers }: Wanted) {
  const names = versions.map(({ version }) => ({ chart: name, version }))
  const { deletion } = await repository.removeVersions(names, caller.name)
  const done = encodeURIComponent(deletion?.id ?? 'deleted')
  const address = leavesOthers ? chartPage(page, name, 'versions') : page.list
  return seeOther(`${address}?done=${done}`)
}
