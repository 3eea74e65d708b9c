import { h } from 'preact'
import { Missing } from '../../../views/missing.tsx'
import type { Page } from '../../../views/page.ts'
import { shortened } from '../../reader/text.ts'
import { archiveFile } from '../../registry/keys.ts'
import type { Repository } from '../../registry/repository.ts'
import { sendPage } from './page.ts'

/** What was asked for; without a version it is the chart that is unknown. */
export interface Wanted {
  readonly name: string
  readonly version: string | undefined
}

const most = { nearest: 5, versions: 10, text: 200, reason: 1000 }

/** The 404 of a chart or a version: what may have been meant, which versions there are, whether it was deleted. */
export async function missingPage(
  request: Request,
  page: Page,
  repository: Repository,
  { name, version }: Wanted,
): Promise<Response> {
  const versions = await repository.versions(name)
  const known = versions.length > 0
  const props = {
    page,
    name: shortened(name, most.text),
    version: known && version !== undefined ? shortened(version, most.text) : undefined,
    nearest: known ? [] : await repository.nearest(name, most.nearest),
    versions: versions.slice(0, most.versions).map((one) => one.version),
    versionCount: versions.length,
    deleted: await deletionOf(repository, { name, version }),
    broken: await brokenFile(repository, { name, version }),
  }
  return sendPage(request, h(Missing, props), { status: 404 })
}

/** A file that should be this chart by its name, and is none. */
async function brokenFile(repository: Repository, { name, version }: Wanted) {
  const { unreadable } = await repository.facts()
  const found = unreadable.find(({ file }) =>
    version === undefined ? file.startsWith(`${name}-`) : file === archiveFile(name, version),
  )
  return found && { file: found.file, reason: shortened(found.reason, most.reason) }
}

async function deletionOf(repository: Repository, { name, version }: Wanted) {
  const deletions = await repository.trash()
  const found = deletions.find(({ versions }) =>
    versions.some((one) => one.chart === name && (version === undefined || one.version === version)),
  )
  return found && { at: found.deleted.getTime(), by: found.by }
}
