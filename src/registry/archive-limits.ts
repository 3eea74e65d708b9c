import type { RegistryError } from '../errors.ts'
import { invalidArchive } from './archive-error.ts'

/**
 * What one archive may cost. The sizes are Helm's (pkg/chart/loader/archive.go); Helm has no number for entries, depth
 * and YAML, so those are ours, far above what charts have (the largest public ones: 400 entries, 4 levels, 1 MiB YAML).
 */
export const archiveLimits = {
  /** Bytes of one unpacked file: this many pass. */
  fileBytes: 5_242_880,
  /** Bytes of all unpacked files, those of nested archives included: it must stay below. */
  totalBytes: 104_857_600,
  /** Members of the tars, folders included. */
  entries: 20_000,
  /** Levels of sub-charts below the chart. */
  depth: 10,
  /** Bytes of a Chart.yaml, a requirements.yaml or a lock file; all of one chart's are held until its end. */
  metadataBytes: 1_048_576,
  /** Bytes of all YAML read for the verdict: seconds and 400 MB for this much at worst; public charts have 0.3 MB. */
  yamlBytes: 3_145_728,
  /**
   * So many bytes of YAML are read whatever their form; behind them, those that need the full reader are counted
   * against `slowYamlBytes`. It takes up to 7 µs and 350 bytes of memory per byte: 35 s for one file of 5 MiB.
   */
  anyYamlBytes: 262_144,
  slowYamlBytes: 524_288,
} as const

/** What is left of the limits while an archive and those nested in it are read: one for all of them. */
export interface Budget {
  /** Takes a member; throws RegistryError `invalid` when there are too many. */
  countEntry(): void
  /** Takes unpacked bytes; throws RegistryError `invalid` with Helm's text once nothing is left. */
  spend(bytes: number): void
  /** Takes bytes of YAML that is to be read; throws RegistryError `invalid`. */
  spendYaml(bytes: number): void
  /** True while YAML of any form may be read. */
  allowsAnyYaml(): boolean
  /** Takes bytes of YAML that need the full reader; throws RegistryError `invalid`. */
  spendSlowYaml(bytes: number): void
}

/** A full budget, for one archive from outside. */
export function newBudget(): Budget {
  let entries = archiveLimits.entries
  let total: number = archiveLimits.totalBytes
  let slow: number = archiveLimits.slowYamlBytes
  let yaml: number = archiveLimits.yamlBytes
  return {
    countEntry() {
      if (--entries < 0) throw tooMuch(`chart archive has more than ${archiveLimits.entries} entries`)
    },
    spend(bytes) {
      total -= bytes
      if (total <= 0) throw tooMuch(tooLarge)
    },
    spendYaml(bytes) {
      yaml -= bytes
      if (yaml < 0)
        throw invalidArchive(`chart archive has more than ${archiveLimits.yamlBytes} bytes of YAML to read`)
    },
    allowsAnyYaml: () => archiveLimits.yamlBytes - yaml <= archiveLimits.anyYamlBytes,
    spendSlowYaml(bytes) {
      slow -= bytes
      if (slow < 0) throw invalidArchive(tooSlow)
    },
  }
}

/** More than an archive may unpack to. */
function tooMuch(text: string): RegistryError {
  return invalidArchive(text, undefined, { reason: 'bomb' })
}

const tooLarge = `decompressed chart is larger than the maximum file size ${archiveLimits.totalBytes}`
const tooSlow = `chart archive has more than ${archiveLimits.slowYamlBytes} bytes of YAML that takes long to read (anchors, tags, carriage returns, tabs …)`
