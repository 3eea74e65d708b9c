import { codeHtml } from '../../reader/code-html.ts'
import { codeLines, isQuick, plainLines } from '../../reader/code-lines.ts'
import { entryOf, findFile, isCalled, languageOf } from '../../reader/files.ts'
import type { FileEntry, Language } from '../../reader/files.ts'
import { indexDefines, linkedTemplate, valueTargets } from '../../reader/template-links.ts'
import type { LinkWords } from '../../reader/template-links.ts'
import { isTemplate, listTemplates } from '../../reader/template-list.ts'
import type { TemplateEntry } from '../../reader/template-list.ts'
import { decodeText, shortened } from '../../reader/text.ts'
import { readValues } from '../../reader/values.ts'
import { valuesCode } from '../../reader/values-code.ts'
import type { ValuesCode } from '../../reader/values-code.ts'
import { splitLines } from '../../reader/yaml-tokens.ts'
import type { ArchiveFile } from '../../registry/archive.ts'
import { parseYaml, YamlError } from '../../registry/yaml.ts'
import { typeOf } from '../archive-readings.ts'
import type { ChartReader, Reading } from '../chart-reader.ts'

/** What only pages read in an archive; all of it ready to be shown. */

/** The outcome of `valuesReading`; null: there is no values.yaml. */
export type ValuesView = (ValuesCode & { readonly problem?: string }) | null

export const valuesReading: Reading = {
  kind: 'values',
  async make({ open }) {
    const { files } = await open((name) => name === 'values.yaml')
    const found = findFile(files, 'values.yaml')
    if (found === undefined) return { json: 'null' }
    const text = decodeText(found.data)
    const code = valuesCode(text)
    // A text without any key is empty, or it is no YAML of values.
    const problem = code.keys.length === 0 ? problemOf(text) : undefined
    return { json: JSON.stringify({ ...code, ...(problem !== undefined && { problem }) }) }
  },
}

/** Archives with a broken values.yaml are refused when they are opened; what is left is what only looks broken. */
function problemOf(text: string): string | undefined {
  try {
    parseYaml(text)
    return undefined
  } catch (error) {
    if (error instanceof YamlError) return shortened(error.message, 300)
    throw error
  }
}

/** The outcome of `templatesReading`. */
export type TemplateList = readonly TemplateEntry[]

export const templatesReading: Reading = {
  kind: 'templates',
  async make({ open }) {
    const { files } = await open(isTemplate)
    return { json: JSON.stringify(listTemplates(files)) }
  },
}

/** One file as its page shows it; null: the archive has none of that name. */
export type FileView =
  | { readonly form: 'code'; readonly entry: FileEntry; readonly html: string; readonly lines: number }
  | { readonly form: 'picture' | 'large' | 'binary'; readonly entry: FileEntry }
  | null

/** A text up to here has a page, bytes; of larger ones there is the download. */
const mostShown = 1024 * 1024

/**
 * One file as source text. `root` leads from its page to the address of the version, `language` is that of the words:
 * both stand in the HTML of a template.
 */
export function codeReading(
  { readings }: Pick<ChartReader, 'readings'>,
  path: string,
  { root, language, words }: { root: string; language: string; words: LinkWords },
): Reading {
  const linked = languageOf(path) === 'go-template'
  return {
    kind: `code/${linked ? `${language}/${root}` : ''}/${path}`,
    async make({ open }) {
      const { files } = await open((name) => isCalled(name, path) || (linked && concernsLinks(name)))
      const file = findFile(files, path)
      if (file === undefined) return { json: 'null' }
      return {
        json: JSON.stringify(await viewOf(file, (language, text) => htmlOf(files, file, language, text))),
      }
    },
  }

  async function htmlOf(files: readonly ArchiveFile[], file: ArchiveFile, of: Language, text: string) {
    if (of === 'go-template') return templateHtml(files, file, text)
    const lines = isQuick(of) ? codeLines(of, text) : await readings.run('code', { language: of, text })
    // One that takes too long is shown without colours.
    return codeHtml(lines ?? plainLines(text))
  }

  function templateHtml(files: readonly ArchiveFile[], { name }: ArchiveFile, text: string): string {
    // In the templates of a sub-chart the values are its own.
    const own = name.startsWith('templates/')
    const values = own ? findFile(files, 'values.yaml') : undefined
    const read = values && readValues(decodeText(values.data))
    const targets = {
      defines: indexDefines(files),
      values: own ? valueTargets(read) : { find: () => undefined },
    }
    return codeHtml(codeLines('go-template', text), {
      template: (piece) => linkedTemplate(piece, targets, root, words),
    })
  }
}

function concernsLinks(name: string): boolean {
  return name === 'values.yaml' || /(?:^|\/)templates\//.test(name)
}

async function viewOf(
  file: ArchiveFile,
  htmlOf: (language: Language, text: string) => Promise<string>,
): Promise<FileView> {
  const entry = entryOf(file)
  if (typeOf(file.data).startsWith('image/')) return { form: 'picture', entry }
  if (entry.kind === 'binary') return { form: 'binary', entry }
  if (entry.size > mostShown) return { form: 'large', entry }
  const text = decodeText(file.data)
  const html = await htmlOf(entry.language ?? 'text', text)
  return { form: 'code', entry, html, lines: splitLines(text).length }
}
