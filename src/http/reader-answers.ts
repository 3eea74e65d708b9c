import { RegistryError } from '../errors.ts'
import { sideOf } from '../reader/compare-sides.ts'
import type { Side } from '../reader/compare-sides.ts'
import { isReadme } from '../reader/files.ts'
import { plainReadme } from '../reader/readme-plain.ts'
import { decodeText } from '../reader/text.ts'
import { goJson } from './headers.ts'
import type { ChartReader, Found, Reading } from './chart-reader.ts'

/** Addresses of files as seen from `…/readme`. */
const addresses = { link: 'raw?path=', image: 'raw?path=' } as const

/** The README as it is written and as safe HTML. One that takes too long is shown as it is written. */
export function readReadme(reader: ChartReader): Reading {
  return {
    kind: 'readme',
    async make({ open, found }) {
      const names: string[] = []
      const { files } = await open((name) => names.push(name) > 0 && isReadme(name))
      const file = files.findLast(({ name }) => name === 'README.md') ?? files.at(-1)
      if (file === undefined) return { absent: 'README.md not found' }
      const markdown = decodeText(file.data)
      const chart = found.version.name
      const input = { markdown, chart, files: names, addresses, language: 'en' } as const
      const rendered = await reader.readings.run('readme', input)
      // A busy machine may have been the reason, so this outcome has a name of its own.
      if (rendered === undefined)
        return { json: goJson({ markdown, ...plainReadme(markdown) }), form: 'plain' }
      return { json: goJson({ markdown, ...rendered }) }
    },
  }
}

/** What changed from one version to another. */
export function readComparison(reader: ChartReader, other: Found): Reading {
  const { digest, version, file } = other.version
  return {
    kind: `compare/${digest}`,
    async make({ found }) {
      const from = await sideFrom(reader, found)
      const to = await sideFrom(reader, other)
      const comparison = await reader.readings.run('compare', { from, to })
      if (comparison !== undefined) return { json: goJson(comparison) }
      throw new RegistryError(
        'unavailable',
        'version',
        `Cannot compare "${found.version.file}" with "${file}": ${version} takes too long to read`,
      )
    },
  }
}

/** Made small before the next archive is opened: the files of both together could be 200 MB. */
async function sideFrom(reader: ChartReader, found: Found): Promise<Side> {
  const { metadata, files } = await reader.open(found, () => true)
  return sideOf(found.version.version, metadata, files)
}
