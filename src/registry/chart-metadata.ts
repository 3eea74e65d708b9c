import { anything, flag, list, record, text, texts } from './chart-fields.ts'
import type { Field } from './chart-fields.ts'

/**
 * The metadata of a chart as Helm prints it into an index: the keys of Chart.yaml that Helm knows, in the order of
 * Helm's JSON (pkg/chart/metadata.go), empty ones left out. Values are typed as Helm types them.
 */
export interface ChartMetadata {
  name: string
  home?: string
  sources?: string[]
  version: string
  description?: string
  keywords?: string[]
  maintainers?: Maintainer[]
  icon?: string
  apiVersion?: string
  condition?: string
  tags?: string
  appVersion?: string
  deprecated?: boolean
  annotations?: Record<string, string>
  kubeVersion?: string
  dependencies?: Dependency[]
  type?: string
}

export interface Maintainer {
  name?: string
  email?: string
  url?: string
}

export interface Dependency {
  name: string
  version?: string
  repository: string
  condition?: string
  tags?: string[]
  enabled?: boolean
  'import-values'?: unknown[]
  alias?: string
}

/** Metadata before it is judged: anything may be missing, list items may be null. */
export type ChartDraft = Partial<Omit<ChartMetadata, 'maintainers' | 'dependencies'>> & {
  maintainers?: (Partial<Maintainer> | null)[]
  dependencies?: (Partial<Dependency> | null)[]
}

const maintainerFields = record<Required<Maintainer>>({ name: text, email: text, url: text })

const dependencyFields = record<Required<Dependency>>({
  name: text,
  version: text,
  repository: text,
  condition: text,
  tags: list(text, ''),
  enabled: flag,
  'import-values': anything,
  alias: text,
})

/** Reads a Chart.yaml onto what earlier documents gave. */
export const chartFields = record<Required<ChartDraft>>({
  name: text,
  home: text,
  sources: list(text, ''),
  version: text,
  description: text,
  keywords: list(text, ''),
  maintainers: list<Partial<Maintainer> | null>(maintainerFields, null),
  icon: text,
  apiVersion: text,
  condition: text,
  tags: text,
  appVersion: text,
  deprecated: flag,
  annotations: texts,
  kubeVersion: text,
  dependencies: list<Partial<Dependency> | null>(dependencyFields, null),
  type: text,
}) as Field<ChartDraft>

/** The draft in the order of Helm's JSON, without what is empty, with the texts cleaned that Helm cleans. */
export function cleaned(draft: ChartDraft): ChartDraft {
  const maintainers = draft.maintainers?.map(
    (each) => each && filled({ name: clean(each.name), email: clean(each.email), url: clean(each.url) }),
  )
  return filled({
    name: clean(draft.name),
    home: clean(draft.home),
    sources: draft.sources?.map(clean),
    version: draft.version,
    description: clean(draft.description),
    keywords: draft.keywords?.map(clean),
    maintainers,
    icon: clean(draft.icon),
    apiVersion: draft.apiVersion,
    condition: clean(draft.condition),
    tags: clean(draft.tags),
    appVersion: clean(draft.appVersion),
    deprecated: draft.deprecated,
    annotations: draft.annotations,
    kubeVersion: clean(draft.kubeVersion),
    dependencies: draft.dependencies?.map((each) => each && cleanedDependency(each)),
    type: draft.type,
  }) as ChartDraft
}

function cleanedDependency(draft: Partial<Dependency>): Partial<Dependency> {
  const { name, version, repository, ...rest } = filled({
    name: clean(draft.name),
    version: clean(draft.version),
    repository: clean(draft.repository),
    condition: clean(draft.condition),
    tags: draft.tags?.map(clean),
    enabled: draft.enabled,
    'import-values': draft['import-values'],
    alias: draft.alias,
  })
  return {
    name: name ?? '',
    ...(version !== undefined && { version }),
    repository: repository ?? '',
    ...rest,
  }
}

/** Line breaks and other white space become spaces, what cannot be printed goes (sanitizeString in pkg/chart). */
function clean(value = ''): string {
  if (/^[\x20-\x7e]*$/.test(value)) return value
  return value.replace(/[\t-\r\x85\p{Z}]/gu, ' ').replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S} ]/gu, '')
}

function filled<T extends object>(value: T): T {
  const result: Partial<T> = {}
  for (const key in value) if (!isEmpty(value[key])) result[key] = value[key]
  return result as T
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null || value === '' || value === false) return true
  if (typeof value !== 'object') return false
  return Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0
}
