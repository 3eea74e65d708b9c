import { commandFlags, commandOptionOf, type CommandFlag } from './options-commands.ts'
import { flags, optionOf, type Flag } from './options.ts'
import { nearest } from './nearest.ts'

/** What the program can be asked to do; without a word it serves. */
export type Command = 'serve' | 'health' | 'doctor' | 'import' | 'export' | 'licenses' | 'version' | 'help'

/** The command line, taken apart but not yet judged by the options' readers. */
export interface CommandLine {
  readonly command: Command
  /** What the command works on: where an import comes from, where an export goes, what help is wanted about. */
  readonly subject: string | undefined
  /** The texts given for each flag, in order. */
  readonly given: ReadonlyMap<Flag, readonly string[]>
  /** The texts given for the flags that belong to single commands. */
  readonly own: ReadonlyMap<CommandFlag, readonly string[]>
  /** Sentences about what cannot be understood. */
  readonly mistakes: readonly string[]
}

const words: Readonly<Record<string, Command>> = {
  serve: 'serve',
  health: 'health',
  doctor: 'doctor',
  import: 'import',
  export: 'export',
  licenses: 'licenses',
  version: 'version',
  help: 'help',
  h: 'help',
}
/** What stands behind the word of a command that works on something. */
const subjects: Partial<Readonly<Record<Command, string>>> = {
  import: 'a repository URL, a folder or a bucket to copy from',
  export: 'a folder or a bucket to copy to',
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
const ownByName = new Map<string, CommandFlag>(commandFlags.map((flag) => [flag, flag]))

/**
 * Reads the arguments after the program's name, as Go's flag package spells them: `-flag`, `--flag`, `--flag=value`,
 * `--flag value`; a switch takes a value only after "=". Unlike ChartMuseum, which ignores it and every flag behind it,
 * an argument that is no flag is a command word or a mistake.
 */
export function readCommandLine(argv: readonly string[]): CommandLine {
  const given = new Map<Flag, string[]>()
  const own = new Map<CommandFlag, string[]>()
  const mistakes: string[] = []
  let command: Command | undefined
  let question: Command | undefined
  let before: string | undefined
  let subject: string | undefined
  for (let at = 0; at < argv.length; at++) {
    const argument = argv[at] ?? ''
    const match = /^--?([^-=][^=]*)(?:=([\s\S]*))?$/.exec(argument)
    if (!match) {
      const word = Object.hasOwn(words, argument) ? words[argument] : undefined
      const takesSubject = command === 'help' || (command !== undefined && subjects[command] !== undefined)
      if (word !== undefined && command === undefined) command = word
      else if (takesSubject && subject === undefined) subject = argument
      else mistakes.push(strayArgument(argument, before))
      continue
    }
    const name = match[1] ?? ''
    before = name
    if (Object.hasOwn(questions, name)) {
      if (match[2] === undefined || match[2] === 'true') question ??= questions[name]
      continue
    }
    const flag = byName.get(name) ?? ownByName.get(name)
    if (flag === undefined) {
      mistakes.push(unknownFlag(name))
      continue
    }
    const { takes } = readerOf(flag)
    let value = match[2]
    if (value === undefined && takes === '') value = 'true'
    if (value === undefined && at + 1 < argv.length) value = argv[++at]
    if (value === undefined) mistakes.push(`--${flag} needs a value: --${flag}=${takes}`)
    else if (isOwn(flag)) own.set(flag, [...(own.get(flag) ?? []), value])
    else given.set(flag, [...(given.get(flag) ?? []), value])
  }
  const asked = question ?? command ?? 'serve'
  mistakes.push(...misplaced(command ?? 'serve', subject, own))
  return { command: asked, subject: question === 'help' ? command : subject, given, own, mistakes }
}

function isOwn(flag: Flag | CommandFlag): flag is CommandFlag {
  return ownByName.has(flag)
}

function readerOf(flag: Flag | CommandFlag) {
  return isOwn(flag) ? commandOptionOf(flag).reader : optionOf(flag).reader
}

/** What does not go together with the command: its own flags at another one, nothing to work on. */
function misplaced(
  command: Command,
  subject: string | undefined,
  own: ReadonlyMap<CommandFlag, unknown>,
): string[] {
  const mistakes: string[] = []
  for (const flag of own.keys()) {
    const { commands } = commandOptionOf(flag)
    if (!commands.some((one) => one === command)) {
      mistakes.push(`--${flag} is a setting of ${commands.join(' and ')}, not of ${command}`)
    }
  }
  const wanted = subjects[command]
  if (wanted !== undefined && subject === undefined) mistakes.push(`${command} needs ${wanted}`)
  return mistakes
}

/** A sentence about an argument that is neither flag nor command; never shows what may be half of a password. */
function strayArgument(argument: string, before: string | undefined): string {
  const flag = before === undefined ? undefined : (byName.get(before) ?? ownByName.get(before))
  const secret = flag !== undefined && (isOwn(flag) ? commandOptionOf(flag) : optionOf(flag)).secret === true
  if (flag !== undefined && secret) {
    return `the argument after the value of --${flag} belongs to no setting: put a value with spaces in quotes`
  }
  if (flag !== undefined && readerOf(flag).takes === '' && /^(true|false|[01tf])$/i.test(argument)) {
    return `--${flag} is a switch and takes a value only after "=": --${flag}=${argument}`
  }
  const known = 'serve, health, doctor, import, export, licenses, version, help'
  return `${JSON.stringify(argument)} is neither a setting nor a command (commands: ${known})`
}

function unknownFlag(name: string): string {
  const guess = nearest(name, [...byName.keys(), ...ownByName.keys()])
  return `--${name} is not a setting${guess === undefined ? '' : `, did you mean --${guess}?`}`
}
