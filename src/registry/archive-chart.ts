import { RegistryError } from '../errors.ts'
import { invalidArchive, quote, withoutChartYaml } from './archive-error.ts'
import type { Budget } from './archive-limits.ts'
import { archiveLimits } from './archive-limits.ts'
import type { ChartMetadata } from './chart.ts'
import { parseMetadata, validateMetadata } from './chart.ts'
import { placed, yamlVerdict } from './chart-lines.ts'
import { checkYamlCost } from './yaml-cost.ts'
import { checkMapping, kindOf, parseYaml, YamlError } from './yaml.ts'

/**
 * A chart of which the files arrive one by one: the archive's own, or a sub-chart's. It asks for the files that decide
 * the verdict, reads what it can at once, and keeps the failures until all is there, because Helm complains about
 * Chart.yaml first, then about the other files in their order, then about sub-charts (pkg/chart/loader/load.go).
 */
export interface ArrivingChart {
  /** True when the chart wants the data of the file. Throws RegistryError `invalid` when a limit of ours is passed. */
  meet(path: string, size: number): boolean
  /** Gets the data it wanted. */
  take(path: string, data: Uint8Array): void | Promise<void>
  /** The verdict: the metadata, or RegistryError `invalid` with Helm's text. */
  finish(): ChartMetadata
  /** The error with the line of Chart.yaml that its verdict is about. */
  placed(error: unknown): unknown
}

/** What a chart needs to know to judge its sub-charts. */
export interface Surroundings {
  readonly budget: Budget
  /** Opens an archive that lies in another, `depth` levels below the first one. */
  openNested(archive: Uint8Array, depth: number): Promise<void>
}

const metadataFiles = new Set(['Chart.yaml', 'requirements.yaml'])
const checks: Readonly<Record<string, (data: Uint8Array) => void>> = {
  'values.yaml': checkMapping,
  'Chart.lock': checkLock,
  'requirements.lock': checkLock,
}

/** Starts a chart without files, `depth` levels below the archive's own. */
export function newArrivingChart(surroundings: Surroundings, depth = 0): ArrivingChart {
  const { budget } = surroundings
  const documents: Uint8Array[] = []
  const requirements: Uint8Array[] = []
  const subcharts = newSubCharts(surroundings, depth + 1)
  let metadataBytes = 0
  let failure: RegistryError | undefined

  return {
    meet(path, size) {
      if (path.startsWith('charts/')) return subcharts.meet(path.slice('charts/'.length), size)
      if (path in checks) {
        budget.spendYaml(size)
        return true
      }
      if (!metadataFiles.has(path)) return false
      metadataBytes += size
      if (metadataBytes > archiveLimits.metadataBytes) throw tooLong(path)
      budget.spendYaml(size)
      return true
    },
    take(path, data) {
      if (path.startsWith('charts/')) return subcharts.take(path.slice('charts/'.length), data)
      checkYamlCost(path, data, budget)
      if (path === 'Chart.yaml') documents.push(data)
      else if (path === 'requirements.yaml') requirements.push(data)
      else failure ??= failureOf(path, data)
    },
    finish() {
      if (documents.length === 0) throw failure ?? withoutChartYaml('Chart.yaml file is missing')
      try {
        return judge()
      } catch (error) {
        throw placed(error, documents)
      }
    },
    placed: (error) => placed(error, documents),
  }

  function judge(): ChartMetadata {
    // Helm merges several; nobody means that, and the reader of ours takes one.
    if (requirements.length > 1)
      throw invalidArchive('cannot load requirements.yaml: it is there more than once')
    const metadata = parseMetadata(documents, requirements[0])
    if (failure !== undefined) throw failure
    validateMetadata(metadata)
    subcharts.finish(metadata.name)
    return metadata
  }
}

/** A sub-chart on its way: a folder's files, or the verdict on a nested archive. */
type SubChart =
  | { readonly kind: 'folder'; readonly chart: ArrivingChart }
  | { readonly kind: 'archive'; failure?: string }
  | { readonly kind: 'misplaced'; readonly got: string }

function newSubCharts(surroundings: Surroundings, depth: number) {
  const found = new Map<string, SubChart>()

  const meetFirst = (name: string, path: string): SubChart => {
    if (depth > archiveLimits.depth) {
      throw invalidArchive(`chart archive has more than ${archiveLimits.depth} levels of sub-charts`)
    }
    if (!name.endsWith('.tgz')) return { kind: 'folder', chart: newArrivingChart(surroundings, depth) }
    return name === path ? { kind: 'archive' } : { kind: 'misplaced', got: path }
  }

  return {
    meet(path: string, size: number): boolean {
      const name = nameOf(path)
      if (/^[_.]/.test(name) || path.endsWith('.prov')) return false
      const known = found.get(name)
      const subchart = known ?? meetFirst(name, path)
      if (known === undefined) found.set(name, subchart)
      if (subchart.kind === 'folder')
        return name !== path && subchart.chart.meet(path.slice(name.length + 1), size)
      // Of several archives under one name Helm opens the first.
      return subchart.kind === 'archive' && known === undefined
    },
    take(path: string, data: Uint8Array): void | Promise<void> {
      const name = nameOf(path)
      const subchart = found.get(name)
      if (subchart?.kind === 'folder') return subchart.chart.take(path.slice(name.length + 1), data)
      if (subchart?.kind === 'archive') return openInto(subchart, data)
    },
    finish(parent: string): void {
      for (const [name, subchart] of found) {
        if (subchart.kind === 'misplaced') {
          const got = quote(subchart.got).slice(1, -1)
          throw invalidArchive(`error unpacking subchart tar in ${parent}: expected ${name}, got ${got}`)
        }
        const failure =
          subchart.kind === 'archive' ? subchart.failure : verdictOf(() => subchart.chart.finish())
        if (failure === undefined) continue
        throw invalidArchive(`error unpacking subchart ${quote(name).slice(1, -1)} in ${parent}: ${failure}`)
      }
    },
  }

  async function openInto(subchart: { failure?: string }, data: Uint8Array): Promise<void> {
    try {
      await surroundings.openNested(data, depth)
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error
      subchart.failure = error.message
    }
  }
}

/** The first element of a path. */
function nameOf(path: string): string {
  const slash = path.indexOf('/')
  return slash < 0 ? path : path.slice(0, slash)
}

function verdictOf(judge: () => unknown): string | undefined {
  try {
    judge()
  } catch (error) {
    if (error instanceof RegistryError) return error.message
    throw error
  }
}

function failureOf(path: string, data: Uint8Array): RegistryError | undefined {
  try {
    checks[path]?.(data)
  } catch (error) {
    if (!(error instanceof YamlError)) throw error
    return invalidArchive(`cannot load ${path}: ${error.message}`, error, yamlVerdict(path, error))
  }
}

const timestamp = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/

/** A lock file is read by Helm into generated (a time), digest and dependencies (pkg/chart/dependency.go). */
function checkLock(data: Uint8Array): void {
  if (data.byteLength > archiveLimits.metadataBytes) {
    throw new YamlError(`it has more than the limit of ${archiveLimits.metadataBytes} bytes`)
  }
  const lock = parseYaml(data)
  if (lock === null) return
  if (typeof lock !== 'object' || Array.isArray(lock)) {
    throw new YamlError(`a mapping of keys to values is wanted, not ${kindOf(lock)}`)
  }
  for (const [key, value] of Object.entries(lock)) {
    const name = key.toLowerCase()
    if (value === null) continue
    if (name === 'generated' && !(typeof value === 'string' && timestamp.test(value))) {
      throw new YamlError('generated must be a time such as "2024-01-31T00:00:00Z"')
    }
    if (name === 'dependencies' && !(Array.isArray(value) && value.every(isMapping))) {
      throw new YamlError('dependencies must be a list of mappings')
    }
  }
}

function isMapping(value: unknown): boolean {
  return typeof value === 'object' && !Array.isArray(value)
}

function tooLong(path: string): RegistryError {
  return invalidArchive(
    `cannot load ${path}: it has more than the limit of ${archiveLimits.metadataBytes} bytes`,
  )
}
