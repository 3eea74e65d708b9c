import { h } from 'preact'
import { Overview, ReadmePage } from '../../../views/overview.tsx'
import type { Banner, ReadmePart } from '../../../views/overview.tsx'
import { chartPath, type Page } from '../../../views/page.ts'
import { isRegistryError } from '../../errors.ts'
import { standingOf } from '../../registry/releases.ts'
import { sentenceOf } from '../errors.ts'
import type { Ask } from '../route.ts'
import { chartPageOf, type ChartContext } from './chart-page.ts'
import { commandsFor } from './commands.ts'
import { deletedNoteOf } from './deleted-note.ts'
import { readFront, readReadmePage, type Front } from './overview-reading.ts'
import { sideOf } from './overview-side.ts'
import { pageOf, sendPage } from './page.ts'
import type { WebParts } from './parts.ts'

/**
 * Milliseconds after which a page no longer waits for its README: the thread that renders takes 0.3 s to start and 3 ms
 * per KB, and everything else is there at once. The browser then asks for it by itself.
 */
const patienceMs = 45

/** The overview of a version, or, without one in the address, of the newest. */
export async function sendOverview(ask: Ask, parts: WebParts): Promise<Response> {
  const started = performance.now()
  const page = await pageOf(ask, parts)
  const found = await chartPageOf(ask, parts, page)
  if (found instanceof Response) return found
  const { version, head, pinned } = found
  const { front, problem } = await frontOf(parts, found)
  const readme = await readmeOf(parts, found, front, page, started + patienceMs)
  const props = {
    page,
    head,
    canonical: pinned
      ? undefined
      : page.publicUrl + chartPath(page, version.name, version.version).slice(page.contextPath.length),
    banners: await bannersOf(found),
    commands: commandsFor(page, version, parts.settings.caHint ?? ''),
    readme,
    problem,
    side: await sideOf(ask, parts, page, found, front),
    deleted: await deletedNoteOf(ask, parts, page),
  }
  return sendPage(ask.request, h(Overview, props))
}

/** The README of a version alone; waits for it. */
export async function sendReadme(ask: Ask, parts: WebParts): Promise<Response> {
  const page = await pageOf(ask, parts)
  const found = await chartPageOf(ask, parts, page)
  if (found instanceof Response) return found
  const front = await readFront(parts.reader, found)
  const readme = await readmeOf(parts, found, front, page, Number.POSITIVE_INFINITY)
  return sendPage(ask.request, h(ReadmePage, { page, head: found.head, readme }))
}

/** A broken archive is told on the page: the rest is known from the index, and the file can still be downloaded. */
export async function frontOf(
  { reader }: WebParts,
  found: ChartContext,
): Promise<{ front: Front | undefined; problem: string | undefined }> {
  try {
    return { front: await readFront(reader, found), problem: undefined }
  } catch (error) {
    if (!isRegistryError(error)) throw error
    return { front: undefined, problem: sentenceOf(error) }
  }
}

/** The README when it is there before `until` (as performance.now() counts). */
async function readmeOf(
  { reader }: WebParts,
  found: ChartContext,
  front: Front | undefined,
  page: Page,
  until: number,
): Promise<ReadmePart> {
  const source = front?.readme
  if (source === undefined) return { kind: 'none', values: front?.values.map(({ tokens }) => tokens) ?? [] }
  const { path, language } = source
  const rendered = readReadmePage(reader, found, source, page).then((readme): ReadmePart => ({
    kind: 'ready',
    ...readme,
    path,
    language,
  }))
  if (until === Number.POSITIVE_INFINITY) return rendered
  return Promise.race([orLater(rendered), later(until - performance.now())])
}

/** Too many wait for the thread that renders: the browser may ask again. Other failures are told, too, when it does. */
async function orLater(rendered: Promise<ReadmePart>): Promise<ReadmePart> {
  try {
    return await rendered
  } catch (error) {
    if (isRegistryError(error) || error instanceof Error) return { kind: 'later' }
    throw error
  }
}

async function later(ms: number): Promise<ReadmePart> {
  await Bun.sleep(Math.max(0, ms))
  return { kind: 'later' }
}

async function bannersOf({ repository, version, versions, facts }: ChartContext): Promise<Banner[]> {
  const { prerelease, newer, upcoming } = standingOf(version, versions)
  const banners: Banner[] = []
  if (facts.deprecated) banners.push({ kind: 'deprecated', successor: await successorOf() })
  if (newer !== undefined) banners.push({ kind: 'newer', version: newer.version })
  if (prerelease) banners.push({ kind: 'prerelease' })
  if (upcoming !== undefined) banners.push({ kind: 'upcoming', version: upcoming.version })
  return banners.slice(0, 2)

  /** The first chart that the description names and that is there. */
  async function successorOf(): Promise<string | undefined> {
    for (const name of facts.successors) {
      if (name !== version.name && (await repository.versions(name)).length > 0) return name
    }
    return undefined
  }
}
