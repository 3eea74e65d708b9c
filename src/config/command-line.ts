import { flags, optionOf, type Flag } from './options.ts'
import { nearest } from './nearest.ts'

/** What the program can be asked to do; without a word it serves. */
export type Command = 'serve' | 'health' | 'licenses' | 'version' | 'help'

/** The command line, taken apart but not yet judged by the options' readers. */
export interface CommandLine {
  readonly command: Command
  /** The texts given for each flag, in order. */
  readonly given: ReadonlyMap<Flag, readonly string[]>
  /** Sentences about what cannot be understood. */
  readonly mistakes: readonly string[]
}

const words: Readonly<Record<string, Command>> = {
  serve: 'serve',
  health: 'health',
  licenses: 'licenses',
  version: 'version',
  help: 'help',
  h: 'help',
}
const questions: Readonly<Record<string, Command>> = {
  help: 'help',
  h: 'help',
  version: 'version',
  v: 'version',
  licenses: 'licenses',
}
const byName = new Map<string, Flag>(
  flags.flatMap((flag) => {
    const short = optionOf(flag).short
    return short === undefined ? [[flag, flag] as const] : [[flag, flag] as const, [short, flag] as const]
  }),
)

/**
 * Reads the arguments after the program's name, as Go's flag package spells them: `-flag`, `--flag`, `--flag=value`,
 * `--flag value`; a switch takes a value only after "=". Unlike ChartMuseum, which ignores it and every flag behind it,
 * an argument that is no flag is a command word or a mistake.
 */
export function readCommandLine(argv: readonly string[]): CommandLine {
  const given = new Map<Flag, string[]>()
  const mistakes: string[] = []
  let command: Command | undefined
  let question: Command | undefined
  let before: string | undefined
  for (let at = 0; at < argv.length; at++) {
    const argument = argv[at] ?? ''
    const match = /^--?([^-=][^=]*)(?:=([\s\S]*))?$/.exec(argument)
    if (!match) {
      const word = Object.hasOwn(words, argument) ? words[argument] : undefined
      if (word !== undefined && command === undefined) command = word
      else mistakes.push(strayArgument(argument, before))
      continue
    }
    const name = match[1] ?? ''
    before = name
    if (Object.hasOwn(questions, name)) {
      if (match[2] === undefined || match[2] === 'true') question ??= questions[name]
      continue
    }
    const flag = byName.get(name)
    if (flag === undefined) {
      mistakes.push(unknownFlag(name))
      continue
    }
    let value = match[2]
    if (value === undefined && optionOf(flag).reader.takes === '') value = 'true'
    if (value === undefined && at + 1 < argv.length) value = argv[++at]
    if (value === undefined)
      mistakes.push(`--${flag} needs a value: --${flag}=${optionOf(flag).reader.takes}`)
    else given.set(flag, [...(given.get(flag) ?? []), value])
  }
  return { command: question ?? command ?? 'serve', given, mistakes }
}

/** A sentence about an argument that is neither flag nor command; never shows what may be half of a password. */
function strayArgument(argument: string, before: string | undefined): string {
  const flag = before === undefined ? undefined : byName.get(before)
  if (flag !== undefined && optionOf(flag).secret) {
    return `the argument after the value of --${flag} belongs to no setting: put a value with spaces in quotes`
  }
  if (flag !== undefined && optionOf(flag).reader.takes === '' && /^(true|false|[01tf])$/i.test(argument)) {
    return `--${flag} is a switch and takes a value only after "=": --${flag}=${argument}`
  }
  const known = 'serve, health, licenses, version, help'
  return `${JSON.stringify(argument)} is neither a setting nor a command (commands: ${known})`
}

function unknownFlag(name: string): string {
  const guess = nearest(name, byName.keys())
  return `--${name} is not a setting${guess === undefined ? '' : `, did you mean --${guess}?`}`
}
