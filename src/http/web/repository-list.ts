import type { DeletedNoteProps } from '../../../views/deleted-note.tsx'
import type { Page } from '../../../views/page.ts'
import type { Ask } from '../route.ts'
import { assetUrl } from './assets.ts'
import { deletedNoteOf } from './deleted-note.ts'
import type { WebParts } from './parts.ts'

/** The names of all repositories that the caller may read, in order. Throws RegistryError `unavailable`. */
export async function readableNames(
  { caller }: Pick<Ask, 'caller'>,
  { settings, registry }: Pick<WebParts, 'settings' | 'registry'>,
): Promise<readonly string[]> {
  const { depth, dynamic } = settings
  const names = await registry.names({ depth, dynamic })
  return names.filter((name) => caller.may('pull', name))
}

/** What the first page of a repository has besides its charts: what was just deleted there, and a place to drop files. */
export async function besidesCharts(
  ask: Ask,
  parts: WebParts,
  page: Page,
): Promise<{ readonly note: DeletedNoteProps | undefined; readonly uploadScript: string | undefined }> {
  return {
    note: await deletedNoteOf(ask, parts, page),
    uploadScript: page.canUpload ? await assetUrl(page.contextPath, 'upload.js') : undefined,
  }
}
