import { h } from 'preact'
import type { VersionRow } from '../../../views/version-table.tsx'
import { Versions } from '../../../views/versions.tsx'
import { comparePath, type Page } from '../../../views/page.ts'
import { shortened } from '../../reader/text.ts'
import type { ChartVersion } from '../../registry/catalog.ts'
import { isDeprecated, publishedAt } from '../../registry/releases.ts'
import { readEntry } from '../../registry/search-chart.ts'
import { listVersions, type ListedVersion, type VersionSort } from '../../registry/version-list.ts'
import { headersFor } from '../headers.ts'
import type { Ask } from '../route.ts'
import { chartPageOf } from './chart-page.ts'
import { deletedNoteOf } from './deleted-note.ts'
import { pageOf, sendPage } from './page.ts'
import type { WebParts } from './parts.ts'

/** A longer range is none; it is cut, and hidden characters in it are shown, so that the field stays readable. */
const longestRange = 1000

/** All versions of a chart. What cannot be read in the address is left out: a list is always there. */
export async function sendVersions(ask: Ask, parts: WebParts): Promise<Response> {
  const { query: asked, request } = ask
  const page = await pageOf(ask, parts)
  const found = await chartPageOf(ask, parts, page)
  if (found instanceof Response) return found
  const { versions, head } = found
  const selected = new Set(asked.getAll('version'))
  const comparing = asked.get('do') === 'compare'
  const pair = versions.filter(({ version }) => selected.has(version))
  if (comparing && pair.length === 2) return toComparison(page, head.name, pair)
  const query = {
    range: shortened(asked.get('range') ?? '', longestRange),
    prereleases: asked.getAll('show').includes('pre'),
    sort: sortOf(asked.get('sort')),
  }
  const list = listVersions(versions, { ...query, page: numberOf(asked.get('page')) })
  const rowOf = newRow(versions, selected)
  const groups = list.groups.map((group) => ({ major: group.major, rows: group.versions.map(rowOf) }))
  const { total, matching, hidden, pages, badRange } = list
  const deleted = await deletedNoteOf(ask, parts, page)
  const counts = { total, matching, hidden, pages, badRange, current: list.page }
  return sendPage(
    request,
    h(Versions, { page, head, query, groups, ...counts, selectTwo: comparing, deleted }),
  )
}

/** The versions stand newest first; a comparison goes from the older one to the newer one. */
function toComparison(page: Page, name: string, [newer, older]: readonly ChartVersion[]): Response {
  const headers = headersFor('page')
  headers.set('location', comparePath(page, name, older?.version ?? '', newer?.version ?? ''))
  return new Response(null, { status: 302, headers })
}

function sortOf(text: string | null): VersionSort {
  return text === 'published' || text === 'size' ? text : 'version'
}

function numberOf(text: string | null): number {
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) : 1
}

function newRow(versions: readonly ChartVersion[], selected: ReadonlySet<string>) {
  return ({ version: one, prerelease }: ListedVersion): VersionRow => {
    const { version, size, digest, file, signed } = one
    return {
      version,
      appVersion: shortened(readEntry(one).appVersion ?? '', 100),
      published: publishedAt(one),
      size,
      digest,
      file,
      signed,
      prerelease,
      deprecated: isDeprecated(one),
      previous: versions[versions.indexOf(one) + 1]?.version,
      selected: selected.has(version),
    }
  }
}
