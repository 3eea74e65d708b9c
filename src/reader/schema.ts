import { shortened, visible } from './text.ts'

/** One line of the table of a values.schema.json. */
export interface SchemaRow {
  /** From the root, "" for the root itself: `master.ports[].name`; `*` stands for any other key. */
  readonly path: string
  /** How deep it stands, from 0. */
  readonly level: number
  /** "string", "string, null", "" where the schema does not say. */
  readonly type: string
  readonly required: boolean
  /** JSON text. */
  readonly default: string | undefined
  /** JSON texts of the values that are allowed, of `enum` and `const`. */
  readonly enum: readonly string[]
  /** Limits by their keyword: `minimum`, `pattern`, `format` … */
  readonly limits: Readonly<Record<string, string | number | boolean>>
  readonly description: string | undefined
  /** Where it is one of several: "oneOf 2". */
  readonly group: string | undefined
  /** A reference that is not followed: to elsewhere, to nothing, or to what it is itself a part of. */
  readonly reference: string | undefined
  readonly deprecated: boolean
}

export interface Schema {
  readonly title: string | undefined
  readonly rows: readonly SchemaRow[]
  /** Rows were left out. */
  readonly truncated: boolean
  /** Why there are no rows: the text is not JSON, or no schema. */
  readonly problem: string | undefined
}

const limit = { rows: 5000, level: 24, references: 32, text: 2000, values: 100, required: 2000 } as const

const limitKeywords = (
  'minimum maximum exclusiveMinimum exclusiveMaximum multipleOf pattern format minLength maxLength ' +
  'minItems maxItems uniqueItems minProperties maxProperties additionalProperties'
).split(' ')
const groupKeywords = ['oneOf', 'anyOf', 'allOf'] as const

type Node = Readonly<Record<string, unknown>>

/** Where a part of a schema stands. */
interface At {
  readonly path: string
  readonly level: number
  readonly required: boolean
  readonly group?: string
  /** References that led here, so that none is followed in a circle. */
  readonly through: readonly string[]
}

/**
 * Reads a values.schema.json into flat rows, in the order of the file. Only references inside the file are followed;
 * nothing is ever fetched, and a part that refers to itself is shown as a reference.
 */
export function readSchema(text: string): Schema {
  let root: unknown
  try {
    root = JSON.parse(text)
  } catch (error) {
    if (!(error instanceof SyntaxError || error instanceof RangeError)) throw error
    return nothing(`It is not JSON: ${shortened(error.message, 200)}`)
  }
  if (!isNode(root)) return nothing('It is not a JSON object')
  const rows: SchemaRow[] = []
  addRows({ root, rows }, root, { path: '', level: 0, required: false, through: [] })
  return {
    title: textOf(root['title']),
    rows,
    truncated: rows.length >= limit.rows,
    problem: undefined,
  }
}

function nothing(problem: string): Schema {
  return { title: undefined, rows: [], truncated: false, problem }
}

interface Reading {
  readonly root: Node
  readonly rows: SchemaRow[]
}

function addRows(reading: Reading, schema: unknown, at: At): void {
  const { rows } = reading
  if (rows.length >= limit.rows) return
  const { node, beside, reference, through } = followed(reading.root, schema, at.through)
  const tooDeep = at.level >= limit.level
  rows.push(rowOf(node, beside, at, reference ?? (tooDeep ? '…' : undefined)))
  if (reference !== undefined || tooDeep) return
  const below = { level: at.level + 1, through }
  const properties = entries(node['properties'])
  const required = new Set(properties.length > 0 ? listOf(node['required']).slice(0, limit.required) : [])
  for (const [key, part] of properties)
    addRows(reading, part, { ...below, path: join(at.path, key), required: required.has(key) })
  for (const [pattern, part] of entries(node['patternProperties']))
    addRows(reading, part, { ...below, path: join(at.path, `/${pattern}/`), required: false })
  const others = node['additionalProperties']
  if (isNode(others) && Object.keys(others).length > 0)
    addRows(reading, others, { ...below, path: join(at.path, '*'), required: false })
  for (const items of [node['items']].flat()) {
    if (isNode(items) && Object.keys(items).length > 0)
      addRows(reading, items, { ...below, path: `${at.path}[]`, required: false })
  }
  for (const keyword of groupKeywords) {
    for (const [index, part] of listOf(node[keyword]).entries())
      addRows(reading, part, {
        ...below,
        path: at.path,
        required: at.required,
        group: `${keyword} ${index + 1}`,
      })
  }
}

/**
 * The schema that a chain of local references leads to, or the reference that cannot be followed. `beside` is what
 * stands next to the first one: it is said about this place, so it wins.
 */
function followed(root: Node, schema: unknown, before: readonly string[]) {
  const beside = isNode(schema) ? schema : {}
  let node = beside
  const through = [...before]
  for (let reference = node['$ref']; typeof reference === 'string'; reference = node['$ref']) {
    const known = through.includes(reference) || through.length >= limit.references
    const target = known ? undefined : pointed(root, reference)
    if (target === undefined) return { node, beside, reference: shortened(reference, limit.text), through }
    through.push(reference)
    node = target
  }
  return { node, beside, reference: undefined, through }
}

/** What a local JSON pointer (RFC 6901) names: "#/definitions/port". */
function pointed(root: Node, reference: string): Node | undefined {
  if (reference === '#') return root
  if (!reference.startsWith('#/')) return undefined
  let found: unknown = root
  for (const part of reference.slice(2).split('/')) {
    const key = decoded(part).replaceAll('~1', '/').replaceAll('~0', '~')
    if ((!isNode(found) && !Array.isArray(found)) || !Object.hasOwn(found, key)) return undefined
    found = (found as Node)[key]
  }
  return isNode(found) ? found : undefined
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part)
  } catch (error) {
    if (error instanceof URIError) return part
    throw error
  }
}

function rowOf(node: Node, beside: Node, at: At, reference: string | undefined): SchemaRow {
  const { path, level, required, group } = at
  const holder = 'default' in beside ? beside : node
  const allowed = 'const' in node ? [node['const']] : listOf(node['enum'])
  return {
    path,
    level,
    type: typeOf(node),
    required,
    default: 'default' in holder ? jsonText(holder['default']) : undefined,
    enum: allowed.slice(0, limit.values).map(jsonText),
    limits: limitsOf(node),
    description: [beside['description'], node['description'], beside['title'], node['title']]
      .map(textOf)
      .find((text) => text !== undefined),
    group,
    reference,
    deprecated: beside['deprecated'] === true || node['deprecated'] === true,
  }
}

function typeOf(node: Node): string {
  const type = node['type']
  if (typeof type === 'string') return shortened(type, 100)
  if (Array.isArray(type)) return shortened(type.filter((one) => typeof one === 'string').join(', '), 100)
  if (isNode(node['properties'])) return 'object'
  return isNode(node['items']) ? 'array' : ''
}

function limitsOf(node: Node): Record<string, string | number | boolean> {
  const limits: Record<string, string | number | boolean> = {}
  for (const keyword of limitKeywords) {
    const value = node[keyword]
    if (typeof value === 'string') limits[keyword] = shortened(value, limit.text)
    else if (typeof value === 'number' || typeof value === 'boolean') limits[keyword] = value
  }
  return limits
}

function jsonText(value: unknown): string {
  return shortened(JSON.stringify(value) ?? 'null', 500)
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? visible(value.slice(0, limit.text)) : undefined
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function entries(value: unknown): [string, unknown][] {
  return isNode(value) ? Object.entries(value) : []
}

function join(path: string, key: string): string {
  const name = shortened(key, 200)
  return path === '' ? name : `${path}.${name}`
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
