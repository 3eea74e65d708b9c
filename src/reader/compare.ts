import type { ChartMetadata } from '../registry/chart.ts'
import { parseYaml, YamlError } from '../registry/yaml.ts'
import { compareFiles } from './compare-files.ts'
import type { FileChange } from './compare-files.ts'
import { compareValues } from './compare-values.ts'
import type { ValueChanges } from './compare-values.ts'
import type { Side, SideFile } from './compare-sides.ts'
import { shortened } from './text.ts'

/** One fact of Chart.yaml that differs; undefined: it is not there. */
export interface FactChange {
  readonly name: string
  readonly from: string | undefined
  readonly to: string | undefined
}

export interface Comparison {
  readonly from: string
  readonly to: string
  /** Of Chart.yaml: appVersion, kubeVersion, type, deprecated … */
  readonly facts: readonly FactChange[]
  /** By name or alias: the versions that are asked for. */
  readonly dependencies: readonly FactChange[]
  /** Undefined when there are no defaults on either side, or they are too large to be read. */
  readonly values: ValueChanges | undefined
  /** Files that differ, by name. */
  readonly files: readonly FileChange[]
  /** What can break an upgrade: a raised kubeVersion, keys or CRDs that are gone. */
  readonly attention: readonly ('kubeVersion' | 'values' | 'crds')[]
  /** Some lines were left out, because there are too many. */
  readonly truncated: boolean
}

/** What changed from one version to another. Takes a second or two at worst, so it is done by a worker. */
export function compare(from: Side, to: Side): Comparison {
  const { changes: files, truncated } = compareFiles(from.files, to.files)
  const facts = factsOf(from.metadata, to.metadata)
  const values = defaultsChanged(from, to)
  const attention = [
    ...(facts.some(({ name }) => name === 'kubeVersion') ? (['kubeVersion'] as const) : []),
    ...(values !== undefined && values.removed.length > 0 ? (['values'] as const) : []),
    ...(files.some(({ area, change }) => area === 'crds' && change === 'removed') ? (['crds'] as const) : []),
  ]
  return {
    from: from.version,
    to: to.version,
    facts,
    dependencies: dependenciesChanged(from.metadata, to.metadata),
    values,
    files,
    attention,
    truncated: truncated || values?.truncated === true,
  }
}

function defaultsChanged(from: Side, to: Side): ValueChanges | undefined {
  const [before, after] = [from, to].map(({ files }) => files.find(({ name }) => name === 'values.yaml'))
  if (before === undefined && after === undefined) return undefined
  const same = before?.digest === after?.digest
  const trees = [before, after].map((file) => (same ? {} : treeOf(file)))
  if (trees.includes(undefined)) return undefined
  return compareValues(trees[0] ?? {}, trees[1] ?? {})
}

/** The default values; null for a version without, undefined for what cannot be read. */
function treeOf(file: SideFile | undefined) {
  if (file === undefined) return null
  if (file.text === undefined) return undefined
  try {
    return parseYaml(file.text)
  } catch (error) {
    if (error instanceof YamlError) return undefined
    throw error
  }
}

const facts = [
  'appVersion',
  'kubeVersion',
  'apiVersion',
  'type',
  'deprecated',
  'description',
  'home',
] as const

function factsOf(from: ChartMetadata, to: ChartMetadata): FactChange[] {
  return facts
    .filter((name) => from[name] !== to[name])
    .map((name) => ({ name, from: textOf(from[name]), to: textOf(to[name]) }))
}

function dependenciesChanged(from: ChartMetadata, to: ChartMetadata): FactChange[] {
  const [before, after] = [from, to].map(
    ({ dependencies = [] }) =>
      new Map(dependencies.map(({ alias, name, version }) => [alias || name, version ?? ''])),
  )
  const names = new Set([...(before?.keys() ?? []), ...(after?.keys() ?? [])])
  return [...names]
    .filter((name) => before?.get(name) !== after?.get(name))
    .map((name) => ({
      name: shortened(name, 200),
      from: textOf(before?.get(name)),
      to: textOf(after?.get(name)),
    }))
}

function textOf(value: string | boolean | undefined): string | undefined {
  return value === undefined ? undefined : shortened(String(value), 500)
}
