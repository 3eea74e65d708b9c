import { codeLines } from './code-lines.ts'
import type { CodeLine } from './code-lines.ts'
import { compare } from './compare.ts'
import type { Comparison } from './compare.ts'
import type { Side } from './compare-sides.ts'
import type { Language } from './files.ts'
import { renderReadme } from './readme.ts'
import type { Readme } from './readme-plain.ts'
import type { ReadmeLanguage } from './readme-rules.ts'

/** Where files of an archive are shown: the start of their address, to which their encoded path is added. */
export interface FileAddresses {
  readonly link: string
  readonly image: string
}

/** What a worker reads, as plain data. */
export interface Jobs {
  readonly readme: {
    readonly input: {
      readonly markdown: string
      readonly chart: string
      /** Names of all files of the archive. */
      readonly files: readonly string[]
      readonly addresses: FileAddresses
      readonly language: ReadmeLanguage
    }
    readonly output: Readme
  }
  /** Source text in a language that highlight.js colours. */
  readonly code: {
    readonly input: { readonly language: Language; readonly text: string }
    readonly output: readonly CodeLine[]
  }
  readonly compare: {
    readonly input: { readonly from: Side; readonly to: Side }
    readonly output: Comparison
  }
}

export type JobKind = keyof Jobs

type Runners = { readonly [K in JobKind]: (input: Jobs[K]['input']) => Jobs[K]['output'] }

const runners: Runners = {
  readme({ markdown, chart, files, addresses, language }) {
    const known = new Set(files)
    const resolve = (path: string, use: 'link' | 'image') =>
      known.has(path) && (use === 'link' || isPicture(path))
        ? addresses[use] + path.split('/').map(encodeURIComponent).join('/')
        : undefined
    return renderReadme(markdown, { chart, resolve, language })
  },
  code: ({ language, text }) => codeLines(language, text),
  compare: ({ from, to }) => compare(from, to),
}

/** Pictures that browsers show in a page without running anything in them. */
export function isPicture(path: string): boolean {
  return /\.(?:png|jpe?g|gif|webp|svg)$/i.test(path)
}

export function runJob<K extends JobKind>(kind: K, input: Jobs[K]['input']): Jobs[K]['output'] {
  return runners[kind](input)
}
