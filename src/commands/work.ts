import type { LoadInput, Loaded } from '../config/load.ts'
import type { Log } from '../log.ts'
import type { OpenRegistry } from './import.ts'
import { otherPlace, type Side } from './other-store.ts'

/** What the commands need that do something once and end. */
export interface WorkParts {
  /** What the settings were read from: those of the other side of a copy are read from the same. */
  readonly input: LoadInput
  readonly log: Log
  readonly openRegistry: OpenRegistry
}

/**
 * Runs a command that does something once and ends; gives the exit code. What only one of them needs is loaded for that
 * one. Throws SettingsError, StartError and RegistryError.
 */
export async function runWork(
  command: 'import' | 'export' | 'doctor',
  loaded: Loaded,
  { input, log, openRegistry }: WorkParts,
): Promise<number> {
  const place = (side: Side) => otherPlace(loaded.subject ?? '', side, input)
  switch (command) {
    case 'import':
      return (await import('./import.ts')).importCharts(loaded, place('FROM_'), { log, openRegistry })
    case 'export':
      return (await import('./export.ts')).exportCharts(loaded, place('TO_'), { log })
    case 'doctor':
      return (await import('./doctor.ts')).examineStore(loaded)
  }
}
