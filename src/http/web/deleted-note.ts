import type { DeletedNoteProps } from '../../../views/deleted-note.tsx'
import type { Page } from '../../../views/page.ts'
import { shortened } from '../../reader/text.ts'
import type { Deletion } from '../../registry/deletion.ts'
import type { Ask } from '../route.ts'
import type { WebParts } from './parts.ts'
import { errandFor, ticketsOf, type Errand } from './ticket.ts'

/** What a page says of the deletion, or its undoing, that led to it (`?done=…`); undefined where nothing did. */
export async function deletedNoteOf(
  ask: Ask,
  parts: Pick<WebParts, 'registry' | 'ticketSecret'>,
  page: Page,
): Promise<DeletedNoteProps | undefined> {
  const done = ask.query.get('done')
  if (done === null || !page.canDelete) return undefined
  if (done === 'deleted' || done === 'restored') return { page, kind: done }
  const deletion = await parts.registry.repository(ask.repo).deletion(done)
  if (deletion === undefined) return undefined
  const { id, until, versions } = deletion
  const ticket = ticketsOf(parts).issue(restoreErrand(ask, id))
  return { page, kind: 'undoable', id, what: namesOf(versions), until: until.getTime(), ticket }
}

/** What a ticket for bringing a deletion back is good for. */
export function restoreErrand({ caller, repo }: Ask, id: string): Errand {
  return { ...errandFor(caller), verb: 'restore', target: [repo, id] }
}

/** What a deletion took away, in as few words as it needs. */
export function namesOf(versions: Deletion['versions']): {
  chart: string
  version: string | undefined
  count: number
} {
  const [first] = versions
  // A file that was copied in by hand and is no chart may be called anything.
  const chart = shortened(first?.chart ?? '', 255)
  return { chart, version: versions.length === 1 ? first?.version : undefined, count: versions.length }
}
