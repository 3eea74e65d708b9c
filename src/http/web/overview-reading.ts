import { chartPath, type Page } from '../../../views/page.ts'
import { concernsDependencies, readDependencies } from '../../reader/dependencies.ts'
import type { Dependencies } from '../../reader/dependencies.ts'
import { licenceFile } from '../../reader/facts.ts'
import { isReadme } from '../../reader/files.ts'
import { plainReadme } from '../../reader/readme-plain.ts'
import type { Readme } from '../../reader/readme-plain.ts'
import { decodeText } from '../../reader/text.ts'
import type { YamlLine } from '../../reader/yaml-tokens.ts'
import { yamlLines } from '../../reader/yaml-tokens.ts'
import type { ArchiveFile } from '../../registry/archive.ts'
import type { ChartReader, Found } from '../chart-reader.ts'

/** What the overview of a version needs of its archive, all but the rendered README. */
export interface Front {
  readonly dependencies: Dependencies
  /** The name of the file with the licence. */
  readonly licence: string | undefined
  readonly readme: ReadmeSource | undefined
  /** The first lines of values.yaml, where there is no README to show. */
  readonly values: readonly YamlLine[]
}

export interface ReadmeSource {
  /** "README.md" in whatever case. */
  readonly path: string
  readonly markdown: string
  /** Names of all files of the archive. */
  readonly files: readonly string[]
  /** The language it seems to be written in, by its script. */
  readonly language: 'en' | 'zh' | 'ja' | 'ko'
}

const shownLines = 20

/** Opens the archive once for all of it; kept by digest. */
export function readFront(reader: ChartReader, found: Found): Promise<Front> {
  return reader.keep(
    found,
    'front',
    async (open) => {
      const names: string[] = []
      const wanted = (name: string) => isReadme(name) || name === 'values.yaml' || concernsDependencies(name)
      const { metadata, files } = await open((name) => names.push(name) > 0 && wanted(name))
      const readme = readmeIn(files, names)
      const values = readme === undefined ? files.findLast(({ name }) => name === 'values.yaml') : undefined
      return {
        dependencies: readDependencies(
          metadata,
          files.filter(({ name }) => concernsDependencies(name)),
        ),
        licence: licenceFile(names),
        readme,
        values: values === undefined ? [] : firstLines(decodeText(values.data)),
      }
    },
    sizeOf,
  )
}

function readmeIn(files: readonly ArchiveFile[], names: readonly string[]): ReadmeSource | undefined {
  const readmes = files.filter(({ name }) => isReadme(name))
  const file = readmes.findLast(({ name }) => name === 'README.md') ?? readmes.at(-1)
  if (file === undefined) return undefined
  const markdown = decodeText(file.data)
  return { path: file.name, markdown, files: names, language: languageOf(markdown) }
}

function firstLines(text: string): YamlLine[] {
  return yamlLines(text.slice(0, 20_000)).slice(0, shownLines)
}

/** JavaScript keeps a character in one or two bytes, and some 100 bytes for each thing. */
function sizeOf({ readme, dependencies, values }: Front): number {
  const names = readme?.files.reduce((sum, name) => sum + name.length + 50, 0) ?? 0
  const needs = (dependencies.needs.length + dependencies.undeclared.length) * 500
  return (readme?.markdown.length ?? 0) * 2 + names + needs + values.length * 2000 + 500
}

/** By the letters at its beginning: enough to tell a screen reader which voice to take. */
function languageOf(markdown: string): ReadmeSource['language'] {
  const start = markdown.slice(0, 5000)
  const count = (script: RegExp) => start.match(script)?.length ?? 0
  const latin = count(/[a-z]/gi)
  const kana = count(/[\p{Script=Hiragana}\p{Script=Katakana}]/gu)
  const hangul = count(/\p{Script=Hangul}/gu)
  const han = count(/\p{Script=Han}/gu)
  // A character of these scripts says as much as three letters.
  if ((han + kana + hangul) * 3 < latin) return 'en'
  if (hangul > han) return 'ko'
  return kana * 5 > han ? 'ja' : 'zh'
}

/** A README that took too long is tried again after so many milliseconds: a busy machine may have been the reason. */
const secondTryMs = 10 * 60_000

interface Rendered {
  readonly readme: Readme
  /** When it was given up, milliseconds since 1970; undefined when it was rendered. */
  readonly gaveUp: number | undefined
}

/** The README as HTML whose links lead to the pages of this version; rendered in a thread of its own, kept by digest. */
export async function readReadmePage(
  reader: ChartReader,
  found: Found,
  { markdown, files }: ReadmeSource,
  page: Pick<Page, 'repository' | 'language'>,
): Promise<Readme> {
  const { name, version } = found.version
  const base = chartPath(page, name, version)
  const language = page.language === 'en' ? 'en' : 'zh'
  const kind = `readme/${language}${base}`
  const render = async (): Promise<Rendered> => {
    const addresses = { link: `${base}/files/`, image: `${base}/raw/` }
    const input = { markdown, chart: name, files, addresses, language } as const
    const readme = await reader.readings.run('readme', input)
    if (readme !== undefined) return { readme, gaveUp: undefined }
    return { readme: plainReadme(markdown), gaveUp: Date.now() }
  }
  const { readme, gaveUp } = await reader.keep(found, kind, render, renderedSize)
  const span = Math.floor(Date.now() / secondTryMs)
  if (gaveUp === undefined || span === Math.floor(gaveUp / secondTryMs)) return readme
  return (await reader.keep(found, `${kind}/${span}`, render, renderedSize)).readme
}

function renderedSize({ readme: { html, toc } }: Rendered): number {
  return html.length * 2 + toc.length * 300
}
