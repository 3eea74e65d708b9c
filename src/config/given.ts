import type { Option } from './option.ts'
import { noTextBecause, type ReadText } from './text-file.ts'
import type { Twin } from './file-twins.ts'

/** Where a setting's value came from. */
export type Source = 'flag' | 'variable' | 'file' | 'default'

/** Texts, and where they stand: `--port`, `PORT`, `chartroom.yaml line 3`. */
export interface Said {
  readonly texts: readonly string[]
  readonly place: string
}

/** One place that may say something about a setting: its value, or the path of a file that holds it. */
export interface Level {
  readonly source: Source
  readonly value: Said | undefined
  readonly path: Said | undefined
}

/** What was given for a setting, a sentence about why that is not known, or nothing. */
export type Given =
  | (Said & { readonly kind: 'given'; readonly source: Source })
  | { readonly kind: 'mistake'; readonly sentence: string }
  | undefined

/** What a command line says, by flag: values, and the paths of files that hold values. */
export interface Line<F> {
  readonly given: ReadonlyMap<F, readonly string[]>
  readonly files: ReadonlyMap<F, readonly string[]>
}

/** What the command line says about a flag. */
export function lineLevel<F extends string>(line: Line<F>, flag: F, twin: Twin | undefined): Level {
  const value = said(line.given.get(flag), `--${flag}`)
  return { source: 'flag', value, path: said(line.files.get(flag), `--${twin?.flag}`) }
}

/** What variables say. One that is set but empty counts as set. */
export function variableLevel(
  env: Readonly<Record<string, string | undefined>>,
  variable: string | undefined,
  twin: Twin | undefined,
): Level {
  const of = (name: string | undefined): Said | undefined => {
    const text = name === undefined ? undefined : env[name]
    return text === undefined ? undefined : said([text], name ?? '')
  }
  return { source: 'variable', value: of(variable), path: of(twin?.variable) }
}

/** Texts with their place, where there are any. */
export function said(texts: readonly string[] | undefined, place: string): Said | undefined {
  return texts === undefined ? undefined : { texts, place }
}

/** A password is a line; keys and tokens are longer, and none comes near this. */
const maxValueBytes = 64 * 1024

/**
 * What the first of the levels that says anything says. A value and a file beside each other on one level contradict
 * each other; a level above another one wins, whichever form it takes.
 *
 * `about` names the setting in sentences.
 */
export function firstGiven(levels: readonly Level[], about: string, readText: ReadText): Given {
  const level = levels.find(({ value, path }) => value !== undefined || path !== undefined)
  if (level === undefined) return undefined
  const { value, path, source } = level
  if (value !== undefined && path !== undefined) {
    return mistake(`${value.place} and ${path.place} are both given: keep one of them`)
  }
  if (path !== undefined) return readValue(path, { source, about, readText })
  return value === undefined ? undefined : { kind: 'given', source, ...value }
}

function readValue(
  { texts, place }: Said,
  { source, about, readText }: { source: Source; about: string; readText: ReadText },
): Given {
  const path = texts.at(-1) ?? ''
  const expected = `expected a file with the value of ${about}`
  if (path === '') return mistake(`${place}: the path is empty, ${expected}`)
  const named = `${place}: ${JSON.stringify(path)}`
  try {
    const text = readText(path, maxValueBytes)
    if (text.startsWith('\uFEFF')) return mistake(`${named}: it begins with a byte order mark, ${expected}`)
    const content = text.replace(/\r?\n$/, '')
    if (content === '') return mistake(`${named}: it is empty, ${expected}`)
    return { kind: 'given', source, texts: [content], place: `${place}=${path}` }
  } catch (error) {
    return mistake(`${named}: ${noTextBecause(error)}, ${expected}`)
  }
}

function mistake(sentence: string): Given {
  return { kind: 'mistake', sentence }
}

/** The value of the last text, or of all of them where the setting may be given several times; undefined when none fits. */
export function readTexts({ reader }: Pick<Option<unknown>, 'reader'>, texts: readonly string[]): unknown {
  if (!reader.join) return reader.read(texts.at(-1) ?? '')
  const values = texts.map((text) => reader.read(text))
  return values.includes(undefined) ? undefined : reader.join(values)
}
