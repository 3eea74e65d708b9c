import { nearest } from './nearest.ts'
import type { Option } from './option.ts'
import { commandFlags, commandOptionOf, commandTwinOf, type CommandFlag } from './options-commands.ts'
import { flags, optionOf, fileTwinOf, type Flag } from './options.ts'

/** What the program can be asked to do; without a word it serves. */
export type Command = 'serve' | 'health' | 'doctor' | 'import' | 'export' | 'licenses' | 'version' | 'help'

/** Texts by flag: those of the server and those that belong to single commands, whose names differ. */
export type GivenTexts = ReadonlyMap<Flag | CommandFlag, readonly string[]>

/** The command line, taken apart but not yet judged by the options' readers. */
export interface CommandLine {
  readonly command: Command
  /** What the command works on: where an import comes from, where an export goes, what help is wanted about. */
  readonly subject: string | undefined
  /** The texts given for each flag, in order. */
  readonly given: GivenTexts
  /** The paths of files that hold values, by the flag whose value it is. */
  readonly files: GivenTexts
  /** True when only the settings are to be judged and printed. */
  readonly checkConfig: boolean
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
/** A flag as it may be spelled: the setting it belongs to, and what stands behind it. */
interface Spelling {
  readonly flag: Flag | CommandFlag
  /** True for `--x-file`, which takes the path of a file that holds the value of `--x`. */
  readonly inFile: boolean
  /** What the help shows behind it; "" for a switch. */
  readonly takes: string
  readonly secret: boolean
}

const spellings = new Map<string, Spelling>([
  ...flags.flatMap((flag) => spellingsOf(flag, optionOf(flag), fileTwinOf(flag)?.flag)),
  ...commandFlags.flatMap((flag) => spellingsOf(flag, commandOptionOf(flag), commandTwinOf(flag)?.flag)),
])

function spellingsOf(
  flag: Flag | CommandFlag,
  { short, reader, secret }: Option<unknown>,
  twin: string | undefined,
): [string, Spelling][] {
  const own = { flag, inFile: false, takes: reader.takes, secret: secret === true }
  const found: [string, Spelling][] = [[flag, own]]
  if (short !== undefined) found.push([short, own])
  if (twin !== undefined) found.push([twin, { flag, inFile: true, takes: 'FILE', secret: false }])
  return found
}

const checkFlag = 'check-config'

/**
 * Reads the arguments after the program's name, as Go's flag package spells them: `-flag`, `--flag`, `--flag=value`,
 * `--flag value`; a switch takes a value only after "=". Unlike ChartMuseum, which ignores it and every flag behind it,
 * an argument that is no flag is a command word or a mistake.
 */
export function readCommandLine(argv: readonly string[]): CommandLine {
  const given = new Map<Flag | CommandFlag, string[]>()
  const files = new Map<Flag | CommandFlag, string[]>()
  const mistakes: string[] = []
  let command: Command | undefined
  let question: Command | undefined
  let before: string | undefined
  let subject: string | undefined
  let checkConfig = false
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
    if (Object.hasOwn(questions, name) || name === checkFlag) {
      const asked = match[2] === undefined || match[2] === 'true'
      if (asked && name === checkFlag) checkConfig = true
      else if (asked) question ??= questions[name]
      continue
    }
    const spelling = spellings.get(name)
    if (spelling === undefined) {
      mistakes.push(unknownFlag(name))
      continue
    }
    const { flag, inFile, takes } = spelling
    let value = match[2]
    if (value === undefined && takes === '') value = 'true'
    if (value === undefined && at + 1 < argv.length) value = argv[++at]
    const into = inFile ? files : given
    if (value === undefined) mistakes.push(`--${name} needs a value: --${name}=${takes}`)
    else into.set(flag, [...(into.get(flag) ?? []), value])
  }
  const asked = question ?? command ?? 'serve'
  mistakes.push(...misplaced(command ?? 'serve', subject, [...given.keys(), ...files.keys()]))
  const about = question === 'help' ? command : subject
  return { command: asked, subject: about, given, files, checkConfig, mistakes }
}

const ownFlags: ReadonlySet<string> = new Set(commandFlags)

function isOwn(flag: Flag | CommandFlag): flag is CommandFlag {
  return ownFlags.has(flag)
}

/** What does not go together with the command: its own flags at another one, nothing to work on. */
function misplaced(
  command: Command,
  subject: string | undefined,
  given: readonly (Flag | CommandFlag)[],
): string[] {
  const mistakes: string[] = []
  for (const flag of given.filter(isOwn)) {
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
  const { takes, secret } = spellings.get(before ?? '') ?? { takes: undefined, secret: false }
  if (secret) {
    return `the argument after the value of --${before} belongs to no setting: put a value with spaces in quotes`
  }
  if (takes === '' && /^(true|false|[01tf])$/i.test(argument)) {
    return `--${before} is a switch and takes a value only after "=": --${before}=${argument}`
  }
  const known = 'serve, health, doctor, import, export, licenses, version, help'
  return `${JSON.stringify(argument)} is neither a setting nor a command (commands: ${known})`
}

function unknownFlag(name: string): string {
  const guess = nearest(name, [...spellings.keys(), checkFlag])
  return `--${name} is not a setting${guess === undefined ? '' : `, did you mean --${guess}?`}`
}
