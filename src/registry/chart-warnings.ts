import type { OpenedArchive } from './archive.ts'

/** What is not wrong with a chart but may not be meant. */
export type ChartWarning =
  'other_folder' | 'short_version' | 'leading_v' | 'no_readme' | 'no_icon' | 'no_maintainers' | 'deprecated'

/** What somebody who published this should be told; it is published all the same. */
export function chartWarnings({ metadata, folder, hasReadme }: OpenedArchive): readonly ChartWarning[] {
  const { name, version, icon, maintainers = [], deprecated } = metadata
  const found: Record<ChartWarning, boolean> = {
    other_folder: folder !== name,
    // Helm takes "1.2" for 1.2.0; other tools do not.
    short_version: !/^v?\d+\.\d+\.\d+/.test(version),
    leading_v: version.startsWith('v'),
    no_readme: !hasReadme,
    no_icon: icon === undefined,
    no_maintainers: maintainers.length === 0,
    deprecated: deprecated === true,
  }
  return (Object.keys(found) as ChartWarning[]).filter((warning) => found[warning])
}
