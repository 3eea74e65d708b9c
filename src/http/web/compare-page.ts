import { h } from 'preact'
import { ComparePage } from '../../../views/compare.tsx'
import type { ComparedVersion } from '../../../views/compare.tsx'
import { comparePath, type Page } from '../../../views/page.ts'
import { isRegistryError } from '../../errors.ts'
import type { Comparison } from '../../reader/compare.ts'
import type { ValueChange } from '../../reader/compare-values.ts'
import { numberedFile } from '../../reader/diff-lines.ts'
import type { NumberedComparison } from '../../reader/diff-lines.ts'
import { visible } from '../../reader/text.ts'
import type { ChartVersion } from '../../registry/catalog.ts'
import type { Repository } from '../../registry/repository.ts'
import { readJson } from '../archive-readings.ts'
import type { ChartReader } from '../chart-reader.ts'
import { headersFor } from '../headers.ts'
import { readComparison } from '../reader-answers.ts'
import type { Ask } from '../route.ts'
import { missingPage } from './missing.ts'
import { pageOf, sendPage } from './page.ts'
import type { WebParts } from './parts.ts'

/**
 * `…/:name/compare/:a...:b`: what changed from one version to another. Without versions it offers to choose them; with
 * `?from=&to=`, as its form sends them, it leads to the address of the two, the older one first.
 */
export async function sendCompare(ask: Ask, parts: WebParts): Promise<Response> {
  const { request, params, query } = ask
  const { name } = params
  const page = await pageOf(ask, parts)
  const repository = parts.registry.repository(ask.repo)
  const versions = await repository.versions(name)
  const asked = askedPair(params.version, query)
  if (versions.length === 0) return missingPage(request, page, repository, { name, version: undefined })
  const found = asked?.map((version) => versionOf(versions, version)) ?? []
  const missing = asked?.find((_, at) => found[at] === undefined)
  if (missing !== undefined) return missingPage(request, page, repository, { name, version: missing })
  const [from, to] = found
  if (from === undefined || to === undefined) {
    const props = { page, name, versions: namesOf(versions), pair: undefined, backwards: false }
    return sendPage(request, h(ComparePage, { ...props, comparison: undefined }))
  }
  // Versions stand newest first.
  const backwards = versions.indexOf(from) < versions.indexOf(to)
  if (params.version === '') return toAddress(page, name, backwards ? [to, from] : [from, to])
  return sendPair(ask, parts.reader, { page, repository, versions, from, to, backwards })
}

interface Pair {
  readonly page: Page
  readonly repository: Repository
  readonly versions: readonly ChartVersion[]
  readonly from: ChartVersion
  readonly to: ChartVersion
  readonly backwards: boolean
}

async function sendPair(ask: Ask, reader: ChartReader, pair: Pair): Promise<Response> {
  const { page, versions, from, to, backwards } = pair
  const comparison = await comparisonOf(reader, pair)
  const props = {
    page,
    name: from.name,
    versions: namesOf(versions),
    pair: { from: compared(from), to: compared(to) },
    backwards,
    comparison: comparison && shown(comparison),
  }
  return sendPage(ask.request, h(ComparePage, props), { status: comparison === undefined ? 503 : 200 })
}

/** Undefined when it took too long, or too many others wait. */
async function comparisonOf(reader: ChartReader, { repository, from, to }: Pair) {
  const other = { repository, version: to }
  try {
    return await readJson<Comparison>(reader, { repository, version: from }, readComparison(reader, other))
  } catch (error) {
    if (isRegistryError(error, 'unavailable')) return undefined
    throw error
  }
}

function compared({ version, file }: ChartVersion): ComparedVersion {
  return { version, file }
}

function namesOf(versions: readonly ChartVersion[]): string[] {
  return versions.map(({ version }) => version)
}

/** With numbered lines, and with names and paths that hide nothing: everything else in it is visible already. */
function shown(comparison: Comparison): NumberedComparison {
  const { values } = comparison
  const files = comparison.files.map((file) => ({ ...numberedFile(file), name: visible(file.name) }))
  if (values === undefined) return { ...comparison, files }
  const { added, removed, changed } = values
  const keys = {
    ...values,
    added: visiblePaths(added),
    removed: visiblePaths(removed),
    changed: visiblePaths(changed),
  }
  return { ...comparison, files, values: keys }
}

function visiblePaths(changes: readonly ValueChange[]): ValueChange[] {
  return changes.map((change) => ({ ...change, path: visible(change.path) }))
}

/** The two versions that an address names; no version has "..." in it. */
function askedPair(path: string, query: URLSearchParams): readonly [string, string] | undefined {
  if (path !== '') {
    const [from = '', to = ''] = path.split('...', 2)
    return [from, to]
  }
  const [from, to] = [query.get('from'), query.get('to')]
  return from === null || to === null ? undefined : [from, to]
}

/** Some proxies turn the "+" of build metadata into a space on the way. */
function versionOf(versions: readonly ChartVersion[], wanted: string): ChartVersion | undefined {
  return (
    versions.find(({ version }) => version === wanted) ??
    versions.find(({ version }) => version === wanted.replaceAll(' ', '+'))
  )
}

function toAddress(page: Page, name: string, [from, to]: readonly [ChartVersion, ChartVersion]): Response {
  const headers = headersFor('page')
  headers.set('location', comparePath(page, name, from.version, to.version))
  // Which version is the newer one stays, but what stands there does not.
  headers.set('cache-control', 'no-store')
  return new Response(null, { status: 302, headers })
}
