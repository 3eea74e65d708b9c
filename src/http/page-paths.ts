import { isRepositoryName } from '../registry/keys.ts'
import type { Match, PathOptions } from './match.ts'
import type { RouteParams, Row } from './route.ts'

/** One page behind the `-` segment: what must stand there, part by part. */
interface PageShape {
  readonly parts: readonly string[]
  /** The last part takes all segments that are left. */
  readonly openEnd: boolean
  readonly rows: Map<string, Row>
}

/** Finds the page of decoded segments. Asked after the rows of helm and the API: those always win. */
export type PageMatch = (method: string, segments: readonly string[]) => Match | undefined

/**
 * Compiles the rows of pages into a matcher.
 *
 * A segment that is exactly "-" parts the repository, of any depth, from the page: no repository, chart or version is
 * called so. The other page of a repository is its own address with a slash at the end, `/:repo/`; it is found for
 * shorter paths too, which lists the repositories below them.
 * Literal parts are tried before parameters, so `…/chart/redis/versions` is never the version "versions".
 */
export function compilePages(rows: readonly Row[], options: Omit<PathOptions, 'contextPath'>): PageMatch {
  const shapes = shapesOf(rows)
  const own = rows.find((row) => row.path === '/:repo/' && row.method === 'GET')
  return (method, segments) => {
    const dash = segments.indexOf('-')
    if (dash < 0) {
      const last = segments.length - 1
      if (own === undefined || method !== 'GET' || last < 1 || segments[last] !== '') return undefined
      const repo = segments.slice(0, last).join('/')
      if ((last > options.depth && !options.dynamic) || repo === '' || !isRepositoryName(repo))
        return undefined
      return { row: own, repo, params: noParams }
    }
    if (dash !== options.depth && !options.dynamic) return undefined
    const repo = segments.slice(0, dash).join('/')
    if ((dash > 0 && repo === '') || !isRepositoryName(repo)) return undefined
    return matchPage(shapes, method, repo, segments.slice(dash + 1))
  }
}

const noParams: RouteParams = { name: '', version: '', filename: '', path: '' }

function matchPage(
  shapes: readonly PageShape[],
  method: string,
  repo: string,
  segments: readonly string[],
): Match | undefined {
  for (const { parts, openEnd, rows } of shapes) {
    const row = rows.get(method)
    const fits = openEnd ? segments.length >= parts.length : segments.length === parts.length
    if (row === undefined || !fits || !parts.every((part, at) => isPart(part, segments[at] as string)))
      continue
    const params = { ...noParams }
    for (const [at, part] of parts.entries()) {
      if (part === ':path') params.path = segments.slice(at).join('/')
      else if (part === ':name' || part === ':version')
        params[part.slice(1) as 'name' | 'version'] = segments[at] as string
    }
    return { row, repo, params }
  }
  return undefined
}

function isPart(part: string, segment: string): boolean {
  if (part.startsWith(':')) return segment !== '' && segment !== '-'
  return part === segment
}

/** Longer ones and those with literals come first. */
function shapesOf(rows: readonly Row[]): PageShape[] {
  const shapes = new Map<string, PageShape>()
  for (const row of rows) {
    const behind = /^\/:repo\/-\/(.+)$/.exec(row.path)?.[1]
    if (behind === undefined) continue
    const parts = behind.split('/')
    const shape = shapes.get(row.path) ?? { parts, openEnd: parts.at(-1) === ':path', rows: new Map() }
    shape.rows.set(row.method, row)
    shapes.set(row.path, shape)
  }
  const spelled = ({ parts }: PageShape) => parts.map((part) => (part.startsWith(':') ? '1' : '0')).join('')
  return [...shapes.values()].sort((a, b) => (spelled(a) < spelled(b) ? -1 : 1))
}
