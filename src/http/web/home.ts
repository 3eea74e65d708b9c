import { h } from 'preact'
import { Home } from '../../../views/home.tsx'
import type { Ask } from '../route.ts'
import { placeOf, sendPage } from './page.ts'
import type { WebParts } from './parts.ts'

/** Answers the home page. */
export async function sendHome(
  { request, caller, publicUrl }: Ask,
  { settings, chartCount }: Pick<WebParts, 'settings' | 'chartCount'>,
): Promise<Response> {
  const oneRepository = settings.depth === 0 && !settings.dynamic
  const [place, charts] = await Promise.all([placeOf(settings), oneRepository ? chartCount() : undefined])
  const page = h(Home, {
    place,
    publicUrl,
    charts,
    exampleRepository: exampleRepository(settings.depth, settings.dynamic),
    dynamic: settings.dynamic,
    user: settings.authenticated ? (caller.name ?? 'NAME') : undefined,
  })
  return sendPage(request, page, 'page')
}

/** A repository path as this server has them: "org1" at depth 1, "org1/team1" at depth 2. */
function exampleRepository(depth: number, dynamic: boolean): string {
  if (dynamic) return ''
  return [
    'org1',
    'team1',
    ...Array.from({ length: Math.max(0, depth - 2) }, (_, index) => `part${index + 3}`),
  ]
    .slice(0, depth)
    .join('/')
}
