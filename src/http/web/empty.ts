import { h } from 'preact'
import { Empty } from '../../../views/empty.tsx'
import type { Page } from '../../../views/page.ts'
import { nearestNames } from '../../registry/nearest.ts'
import type { Ask } from '../route.ts'
import { repoAddCommand, uploadCommand } from './commands.ts'
import { sendPage } from './page.ts'
import type { WebParts } from './parts.ts'
import { besidesCharts, readableNames } from './repository-list.ts'

/** Names that are suggested. */
const mostNearest = 5

/**
 * Answers a repository without charts. Where repositories have names this one does not exist until somebody publishes
 * to it: that is a 404 for those who cannot.
 */
export async function sendEmpty(ask: Ask, parts: WebParts, page: Page): Promise<Response> {
  const { repo } = ask
  const unknown = repo !== '' && !page.canUpload
  const nearest = repo === '' ? [] : nearestNames(await readableNames(ask, parts), repo, mostNearest)
  const caFile = parts.settings.caHint ?? ''
  const commands = {
    package: 'helm package mychart',
    upload: uploadCommand(page),
    add: repoAddCommand(page, caFile),
    install: `helm install my-release ${page.alias}/mychart`,
  }
  const besides = await besidesCharts(ask, parts, page)
  return sendPage(ask.request, h(Empty, { page, commands, caFile, nearest, unknown, ...besides }), {
    status: unknown ? 404 : 200,
  })
}
