import type { ArchiveFile } from '../registry/archive.ts'
import type { ChartMetadata, Dependency } from '../registry/chart.ts'
import { listSubCharts } from './files.ts'
import type { SubChart } from './files.ts'

/** One chart that this chart needs. */
export interface Need {
  readonly name: string
  /** A version or a range, as Chart.yaml has it. */
  readonly version: string | undefined
  readonly repository: string
  readonly alias: string | undefined
  readonly condition: string | undefined
  readonly tags: readonly string[]
  /** The copy below charts/, or undefined: it has to come from the repository. */
  readonly vendored: SubChart | undefined
}

export interface Dependencies {
  /** In the order of Chart.yaml. */
  readonly needs: readonly Need[]
  /** Charts below charts/ that Chart.yaml does not ask for: Helm installs them too. */
  readonly undeclared: readonly SubChart[]
}

/** True for the files that readDependencies() has to see. */
export function concernsDependencies(name: string): boolean {
  return /^charts\/(?:[^/]+\/Chart\.yaml|[^/]+\.tgz)$/.test(name)
}

/** What a chart needs, and whether it brings it along. */
export function readDependencies(metadata: ChartMetadata, files: readonly ArchiveFile[]): Dependencies {
  const left = listSubCharts(files)
  const used = new Set<SubChart>()
  const needs = (metadata.dependencies ?? []).map((dependency) => {
    const vendored = left.find(({ name }) => name === dependency.name)
    if (vendored !== undefined) used.add(vendored)
    return needOf(dependency, vendored)
  })
  return { needs, undeclared: left.filter((subChart) => !used.has(subChart)) }
}

function needOf(dependency: Dependency, vendored: SubChart | undefined): Need {
  const { name, version, repository, alias, condition, tags } = dependency
  return { name, version, repository: repository ?? '', alias, condition, tags: tags ?? [], vendored }
}
