import { program } from '../version.ts'

/** What `--version` prints, in ChartMuseum's form. */
export function versionText(): string {
  return `Chartroom version ${program.version} (build ${program.build})`
}
