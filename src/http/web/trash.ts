import { h } from 'preact'
import { chartPage } from '../../../views/page.ts'
import { Trash, type DeletionRow, type TrashProps } from '../../../views/trash.tsx'
import { isRegistryError } from '../../errors.ts'
import type { Deletion } from '../../registry/deletion.ts'
import type { Ask } from '../route.ts'
import { namesOf, restoreErrand } from './deleted-note.ts'
import { readFields } from './form.ts'
import { pageOf, sendPage } from './page.ts'
import type { WebParts } from './parts.ts'
import { seeOther } from './see-other.ts'
import { ticketsOf } from './ticket.ts'

/** Deletions that the page lists, the newest; versions that it names of each. */
const most = { deletions: 200, versions: 5 }

/** Answers the list of what was deleted lately. */
export async function sendTrash(ask: Ask, parts: WebParts): Promise<Response> {
  return send(ask, parts, undefined)
}

/** Brings a deletion back. What stands in the way is said on the page of the list. */
export async function receiveRestore(ask: Ask, parts: WebParts): Promise<Response> {
  const id = ask.params.name
  const fields = await readFields(ask.request)
  const repository = parts.registry.repository(ask.repo)
  const deletion = await repository.deletion(id)
  const what = deletion && namesOf(deletion.versions)
  if (!ticketsOf(parts).accepts(fields.get('t'), restoreErrand(ask, id))) {
    return send(ask, parts, { kind: 'expired', what })
  }
  try {
    const { versions } = await repository.restore(id)
    const page = await pageOf(ask, parts)
    const names = new Set(versions.map(({ name }) => name))
    const [name] = names
    const address = names.size === 1 && name !== undefined ? chartPage(page, name, 'versions') : page.list
    return seeOther(`${address}?done=restored`)
  } catch (error) {
    if (isRegistryError(error, 'not_found')) return send(ask, parts, { kind: 'gone', what })
    if (!isRegistryError(error, 'conflict')) throw error
    return send(ask, parts, { kind: error.details['busy'] === true ? 'busy' : 'taken', what })
  }
}

const statuses = { expired: 403, gone: 404, taken: 409, busy: 409 } as const

async function send(ask: Ask, parts: WebParts, problem: TrashProps['problem']): Promise<Response> {
  const page = await pageOf(ask, parts)
  const deletions = await parts.registry.repository(ask.repo).trash()
  const rows = deletions.slice(0, most.deletions).map((deletion) => rowOf(ask, parts, deletion))
  const props = { page, keptMs: parts.rules.trashMs, deletions: rows, problem }
  const status = problem === undefined ? 200 : statuses[problem.kind]
  return sendPage(ask.request, h(Trash, props), { status })
}

function rowOf(ask: Ask, parts: WebParts, { id, by, deleted, until, versions }: Deletion): DeletionRow {
  const named = versions.slice(0, most.versions).map(({ version }) => version)
  return {
    id,
    what: namesOf(versions),
    versions: named.length < versions.length ? [...named, '…'] : named,
    size: versions.reduce((sum, { size }) => sum + size, 0),
    by,
    deleted: deleted.getTime(),
    until: until.getTime(),
    ticket: ticketsOf(parts).issue(restoreErrand(ask, id)),
  }
}
