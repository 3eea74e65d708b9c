import { firstGiven, lineLevel, readTexts, variableLevel, type Line } from './given.ts'
import { commandFlags, commandOptionOf, commandTwinOf, type CommandSettings } from './options-commands.ts'
import type { ReadText } from './text-file.ts'

/** What was given for the commands' own settings, and how to speak of it. */
export interface ReadCommandSettings {
  readonly settings: CommandSettings
  readonly mistakes: readonly string[]
}

/** Reads the commands' own settings: flags before variables before defaults. */
export function readCommandSettings(
  line: Line<string>,
  env: Readonly<Record<string, string | undefined>>,
  readText: ReadText,
): ReadCommandSettings {
  const values: Record<string, unknown> = {}
  const mistakes: string[] = []
  for (const flag of commandFlags) {
    const option = commandOptionOf(flag)
    const twin = commandTwinOf(flag)
    const levels = [lineLevel(line, flag, twin), variableLevel(env, option.variable, twin)]
    const about = `--${flag}${option.variable === undefined ? '' : ` (${option.variable})`}`
    const given = firstGiven(levels, about, readText)
    const name = flag.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase())
    values[name] = option.default
    if (given?.kind === 'mistake') mistakes.push(given.sentence)
    if (given?.kind !== 'given') continue
    const value = readTexts(option, given.texts)
    const shown = option.secret === true ? 'the value' : JSON.stringify(given.texts.at(-1))
    if (value === undefined) mistakes.push(`${given.place}: ${shown} is not ${option.reader.expected}`)
    else values[name] = value
  }
  // Every flag of the table was just given a value that its own reader made.
  return { settings: values as unknown as CommandSettings, mistakes }
}
