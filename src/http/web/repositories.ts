import { h } from 'preact'
import { Repositories, type RepositoryRow } from '../../../views/repositories.tsx'
import type { Page } from '../../../views/page.ts'
import { isRegistryError, RegistryError } from '../../errors.ts'
import type { Registry } from '../../registry/registry.ts'
import { folded } from '../../registry/search-words.ts'
import type { Ask } from '../route.ts'
import { repoAddCommand, uploadCommand } from './commands.ts'
import { pageNumber, typed } from './list-query.ts'
import { pageOf, sendPage } from './page.ts'
import type { WebParts } from './parts.ts'
import { readableNames } from './repository-list.ts'
import { rightsOf } from './rights.ts'

/** Repositories on one page: each of them is opened to be counted. */
const perPage = 24
/** Above so many there is a field to find one. */
const mostWithoutField = 12
/** Repositories opened at once. */
const parallel = 4

/**
 * Answers the page of the repositories below a path: each of them, or where their paths have several parts more, what
 * the next part may be. Throws RegistryError `not_found` where there is none below a path.
 */
export async function sendRepositories(ask: Ask, parts: WebParts): Promise<Response> {
  const page = await pageOf(ask, parts, { inRepository: false })
  const names = await readableNames(ask, parts)
  const below = ask.repo === '' ? names : names.filter((name) => name.startsWith(`${ask.repo}/`))
  if (below.length === 0 && ask.repo !== '') {
    throw new RegistryError('not_found', 'repository', `There is no repository below "${ask.repo}"`)
  }
  const all = placesOf(below, ask.repo, parts.settings)
  const find = typed(ask.query.get('find')).trim().slice(0, 200)
  const wanted = folded(find)
  const found = all.filter(({ name }) => folded(name).includes(wanted))
  const lastPage = Math.max(1, Math.ceil(found.length / perPage))
  const current = Math.min(pageNumber(ask.query.get('page')), lastPage)
  const shown = found.slice((current - 1) * perPage, current * perPage)
  const rows = await rowsOf(shown, ask.caller, parts)
  const first = below.find((name) => shown.some((place) => place.name === name)) ?? below[0]
  const props = {
    page,
    base: page.list,
    find,
    rows,
    total: found.reduce((sum, { repositories }) => sum + Math.max(1, repositories), 0),
    many: all.length > mostWithoutField,
    current,
    lastPage,
    addCommand: first === undefined ? undefined : addCommandOf(page, first, parts),
    uploadCommand: all.length === 0 && page.canUpload ? firstUpload(page, parts) : undefined,
  }
  return sendPage(ask.request, h(Repositories, props))
}

/** A repository, or what the paths of several begin with. */
interface Place {
  readonly name: string
  /** Repositories below it; 0 for a repository. */
  readonly repositories: number
}

function placesOf(
  names: readonly string[],
  repo: string,
  { depth, dynamic }: { readonly depth: number; readonly dynamic: boolean },
): Place[] {
  const length = (repo === '' ? 0 : repo.split('/').length) + 1
  if (dynamic || length === depth) return names.map((name) => ({ name, repositories: 0 }))
  const counts = new Map<string, number>()
  for (const name of names) {
    const start = name.split('/').slice(0, length).join('/')
    counts.set(start, (counts.get(start) ?? 0) + 1)
  }
  return Array.from(counts, ([name, repositories]) => ({ name, repositories }))
}

async function rowsOf(
  places: readonly Place[],
  caller: Ask['caller'],
  { registry, settings }: WebParts,
): Promise<RepositoryRow[]> {
  const rows: RepositoryRow[] = []
  const queue = places.entries()
  const workers = Array.from({ length: parallel }, async () => {
    for (const [at, { name, repositories }] of queue) {
      const facts = repositories > 0 ? undefined : await factsOf(registry, name)
      rows[at] = { name, repositories, facts, canUpload: rightsOf(caller, name, settings).canUpload }
    }
  })
  await Promise.all(workers)
  return rows
}

/** One repository that cannot be read must not hide the others. */
async function factsOf(registry: Registry, name: string): Promise<RepositoryRow['facts']> {
  try {
    return await registry.repository(name).facts()
  } catch (error) {
    if (!isRegistryError(error, 'unavailable')) throw error
    return undefined
  }
}

function addCommandOf(page: Page, name: string, { settings }: WebParts): string {
  const alias = settings.repositoryAlias || (name.split('/').at(-1) ?? '') || 'chartroom'
  const repositoryUrl = name === '' ? page.publicUrl : `${page.publicUrl}/${name}`
  return repoAddCommand({ alias, repositoryUrl, user: page.user }, settings.caHint ?? '')
}

/** With a name of our own making: whoever uploads there has made a repository. */
function firstUpload(page: Page, { settings: { depth, dynamic } }: WebParts): string {
  const names = [
    'org1',
    'repoa',
    ...Array.from({ length: Math.max(0, depth - 2) }, (_, at) => `part${at + 3}`),
  ]
  const repo = dynamic ? 'org1/repoa' : names.slice(0, depth).join('/')
  return uploadCommand({ ...page, repo })
}
