import { isRepositoryName } from '../registry/keys.ts'
import type { Match, Matcher, PathOptions } from './match.ts'
import { compilePages } from './page-paths.ts'
import { looksLikeFile, segmentsOf } from './path-segments.ts'
import type { Method, RouteParams, Row } from './route.ts'

/** Whether the path begins (or, for `/<repo>/api/…`, continues) with `api`. */
type Face = 'files' | 'api'

/** One segment of a row: what must stand there, or the parameter that takes what stands there. */
interface Part {
  readonly literal: string
  readonly param: keyof RouteParams | undefined
}

/** Rows that differ only in their method, as the segments behind the repository. */
interface Shape {
  readonly face: Face
  readonly parts: readonly Part[]
  readonly rows: Map<string, Row>
  /** True where `…/charts/` or `…/charts/mychart/` counts: the last parameter of a read may be empty. */
  readonly openEnd: boolean
}

/** S3 takes 1,024 bytes in a key; a file name of 255 and the slash must fit behind it. */
const maxRepositoryLength = 700

/**
 * Compiles the repository-scoped rows of a route table into a matcher (the other rows are Elysia's).
 *
 * The rules are those of ChartMuseum (pkg/chartmuseum/router/match.go), read structurally: a path is `<repo>`
 * and the row's segments behind it; API paths have `api` before the repository. What differs, on purpose:
 * - a path of N segments at depth N is not the welcome page but 404, and so is `/org1/health` and
 *   `/org1/info`;
 * - the context path ends at a segment (`/xyz` is not below `/x`), and is removed only at the front;
 * - `/<repo>/api/…` is the same as `/api/<repo>/…`: many clients and people build it so. Where both readings
 *   are possible, ChartMuseum's wins (at depth 2 `/api/x/api/charts` lists the repository `x/api`);
 * - a row is looked for with its method, so that a chart called "prov" can be read where "prov" is posted to;
 * - pages for people lie behind a `-` segment, or at the repository's address with a slash; see page-paths.ts;
 * - `%2F`, `%5C`, control characters, broken percent signs or UTF-8 and a `-` segment never match (the
 *   original takes `%2F` for a separator); repository segments keep to `[A-Za-z0-9._-]+`, never only dots;
 * - literals are literals (the original reads the dot of `index.yaml` as "any character");
 * - a file name that ends like a file is tried as a file first, then as the name of a chart or version.
 */
export function compile(rows: readonly Row[], options: PathOptions): Matcher {
  const shapes = shapesOf(rows)
  const context = new URL(options.contextPath, 'http://localhost').pathname
  const prefix = context === '/' ? '' : context
  const resolve = options.dynamic ? matchDynamic(shapes) : matchFixed(shapes, options.depth)
  const pages = compilePages(rows, options)
  const match = (method: string, rawPath: string) => {
    const segments = segmentsOf(rawPath, prefix)
    if (segments === undefined) return undefined
    const asked = method === 'HEAD' ? 'GET' : method
    return resolve(asked, segments) ?? pages(asked, segments)
  }
  return { match, methods: (rawPath) => methodsOf(match, rawPath) }
}

type Resolve = (method: string, segments: string[]) => Match | undefined

/** At a fixed depth the number of segments decides; at most three readings are left to try. */
function matchFixed(shapes: readonly Shape[], depth: number): Resolve {
  const files = byLength(shapes.filter((shape) => shape.face === 'files'))
  const api = byLength(shapes.filter((shape) => shape.face === 'api'))
  const nothing: readonly Shape[] = []
  return (method, segments) => {
    const count = segments.length
    const fileShapes = files[count - depth] ?? nothing
    const apiShapes = api[count - depth - 1] ?? nothing
    const fileFirst = fileShapes.length > 0 && looksLikeFile(segments)
    const found = fileFirst ? firstMatch(fileShapes, method, segments, 0, depth) : undefined
    if (found) return found
    if (segments[0] === 'api') {
      const match = firstMatch(apiShapes, method, segments, 1, depth + 1)
      if (match) return match
    }
    if (depth > 0 && segments[depth] === 'api') {
      const match = firstMatch(apiShapes, method, segments, 0, depth)
      if (match) return match
    }
    // A path that begins with `api` is a file's only when it ends like one.
    if (fileFirst || segments[0] === 'api') return undefined
    return firstMatch(fileShapes, method, segments, 0, depth)
  }
}

/**
 * With dynamic depth the row's own length decides how long the repository is; shorter rows are tried first.
 */
function matchDynamic(shapes: readonly Shape[]): Resolve {
  // ChartMuseum: `/api/charts/` and `/api/charts/mychart/` are 404 with --depth-dynamic.
  const ordered = shapes
    .map((shape) => ({ ...shape, openEnd: false }))
    .sort((one, other) => one.parts.length - other.parts.length)
  const files = ordered.filter((shape) => shape.face === 'files')
  const api = ordered.filter((shape) => shape.face === 'api')
  const tryAll = (
    face: readonly Shape[],
    method: string,
    segments: string[],
    apiAt: 'front' | 'behind' | 'none',
  ) => {
    for (const shape of face) {
      const end = segments.length - shape.parts.length
      const from = apiAt === 'front' ? 1 : 0
      if (end < from || (apiAt === 'behind' && (end < 2 || segments[end - 1] !== 'api'))) continue
      const match = matchShape(shape, method, segments, from, apiAt === 'behind' ? end - 1 : end, end)
      if (match) return match
    }
    return undefined
  }
  return (method, segments) => {
    const fileFirst = looksLikeFile(segments)
    return (
      (fileFirst ? tryAll(files, method, segments, 'none') : undefined) ??
      (segments[0] === 'api' ? tryAll(api, method, segments, 'front') : undefined) ??
      tryAll(api, method, segments, 'behind') ??
      (fileFirst || segments[0] === 'api' ? undefined : tryAll(files, method, segments, 'none'))
    )
  }
}

function firstMatch(shapes: readonly Shape[], method: string, segments: string[], from: number, to: number) {
  for (const shape of shapes) {
    const match = matchShape(shape, method, segments, from, to, segments.length - shape.parts.length)
    if (match) return match
  }
  return undefined
}

/** One reading of a path: the repository is segments[from..to), the row's parts begin at `start`. */
function matchShape(
  shape: Shape,
  method: string,
  segments: string[],
  from: number,
  to: number,
  start: number,
): Match | undefined {
  const row = shape.rows.get(method)
  if (!row || !hasLiterals(shape, segments, start)) return undefined
  const params = { name: '', version: '', filename: '', path: '' }
  for (let i = 0; i < shape.parts.length; i++) {
    const part = shape.parts[i] as Part
    const segment = segments[start + i] as string
    if (part.param === undefined) continue
    if (segment === '' ? !mayBeEmpty(shape, method, i) : segment === '-') return undefined
    params[part.param] = segment
  }
  if (from === to) return { row, repo: '', params }
  const repo = to - from === 1 ? (segments[from] as string) : segments.slice(from, to).join('/')
  if (repo === '' || repo.length > maxRepositoryLength || !isRepositoryName(repo)) return undefined
  return { row, repo, params }
}

/** Asked before anything is put together: most readings of a path fail here. */
function hasLiterals({ parts }: Shape, segments: string[], start: number): boolean {
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] as Part
    if (part.param === undefined && part.literal !== segments[start + i]) return false
  }
  return true
}

// ChartMuseum: `/api/charts/mychart/` is the newest version, `/api/charts/` a chart without a name ("chart
// not found"). Only for reads: an empty version must never reach a DELETE.
function mayBeEmpty(shape: Shape, method: string, index: number): boolean {
  return shape.openEnd && method === 'GET' && index === shape.parts.length - 1
}

function methodsOf(match: Matcher['match'], rawPath: string): string[] {
  const candidates: Method[] = ['GET', 'POST', 'DELETE']
  const found: string[] = candidates.filter((method) => match(method, rawPath))
  return found[0] === 'GET' ? ['GET', 'HEAD', ...found.slice(1)] : found
}

function shapesOf(rows: readonly Row[]): Shape[] {
  const shapes = new Map<string, Shape>()
  for (const row of rows) {
    const found = /^(\/api)?\/:repo\/(?!-\/)(.+)$/.exec(row.path)
    if (!found) continue
    const shape = shapes.get(row.path) ?? shapeOf(found[1] ? 'api' : 'files', found[2] as string)
    shape.rows.set(row.method, row)
    shapes.set(row.path, shape)
  }
  return [...shapes.values()]
}

function shapeOf(face: Face, path: string): Shape {
  const parts = path.split('/').map(partOf)
  const last = parts.at(-1)
  const openEnd = last?.param !== undefined && last.param !== 'filename'
  return { face, parts, rows: new Map(), openEnd }
}

function partOf(segment: string): Part {
  if (!segment.startsWith(':')) return { literal: segment, param: undefined }
  const param = segment.slice(1)
  if (param === 'name' || param === 'version' || param === 'filename') return { literal: '', param }
  throw new Error(`A route names the parameter ":${param}", which RouteParams does not have.`)
}

/** Shapes by their number of segments, so that the length of a path finds them. */
function byLength(shapes: readonly Shape[]): (readonly Shape[] | undefined)[] {
  const table: Shape[][] = []
  for (const shape of shapes) {
    const length = shape.parts.length
    table[length] = [...(table[length] ?? []), shape]
  }
  return table
}
