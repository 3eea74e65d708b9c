import { resolve } from 'node:path'
import { readCommandLine, type Command, type CommandLine } from './command-line.ts'
import { readCommandSettings } from './command-settings.ts'
import { readConfigFile, type ConfigFile } from './config-file.ts'
import { credentialsFromFiles } from './credentials.ts'
import { firstGiven, lineLevel, readTexts, said, variableLevel, type Given, type Source } from './given.ts'
import { namesOf, shownText } from './names.ts'
import type { CommandSettings } from './options-commands.ts'
import { fileTwinOf, flags, optionOf, settingOf, variableOf, type Flag, type Settings } from './options.ts'
import { checkTogether } from './rules.ts'
import { noTextBecause, type ReadText } from './text-file.ts'

/** The settings, ready to use. */
export interface Loaded {
  readonly settings: Settings
  readonly sources: Readonly<Record<keyof Settings, Source>>
  /** Where each setting that is not a default was given: `--port`, `PORT`, `chartroom.yaml line 3`. */
  readonly places: Readonly<Partial<Record<keyof Settings, string>>>
  /** Variables to set, or with undefined to take away, before a storage is opened: keys that were read from files. */
  readonly credentials: Variables
  /** Sentences for the log: settings without effect. */
  readonly warnings: readonly string[]
  /** True when no storage was named: the folder ./data, on this computer only. */
  readonly trial: boolean
  readonly command: Command
  /** What the command works on, where it works on something. */
  readonly subject: string | undefined
  /** The settings of the commands beside serve. */
  readonly own: CommandSettings
}

/** Everything that is wrong with the settings, told at once. The program ends with exit 2. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'

  constructor(readonly mistakes: readonly string[]) {
    const count = mistakes.length === 1 ? 'a mistake' : `${mistakes.length} mistakes`
    const list = mistakes.map((mistake) => `  - ${mistake}`).join('\n')
    super(`Chartroom cannot start: ${count} in the settings\n${list}\n--help lists every setting.`)
  }
}

type Variables = Readonly<Record<string, string | undefined>>

/** What loadSettings reads: the arguments after the program's name, the environment, and files as text. */
export interface LoadInput {
  readonly argv: readonly string[]
  readonly env: Variables
  readonly readFile: ReadText
  /** Variables that win over the flags too. */
  readonly above?: Variables
}

/**
 * The settings: flags before variables before the config file before defaults. A variable that is set but empty counts
 * as set.
 *
 * @throws SettingsError with every mistake, never with a secret.
 */
export function loadSettings({ argv, env, readFile, above = {} }: LoadInput): Loaded {
  const line = readCommandLine(argv)
  const own = readCommandSettings(line, env, readFile)
  const file = configFile(line.given.get('config')?.at(-1) ?? env['CONFIG'] ?? '', readFile)
  const credentials = credentialsFromFiles(env, readFile)
  const mistakes = [...line.mistakes, ...own.mistakes, ...file.mistakes, ...credentials.mistakes]
  const values: Record<string, unknown> = {}
  const sources: Record<string, Source> = {}
  const places: Record<string, string> = {}
  const unread = new Set<Flag>()
  for (const flag of flags) {
    const given = firstGiven(levelsOf(flag, { above, line, env, file }), namesOf(flag), readFile)
    const { value, mistake, place } = valueOf(flag, given)
    const name = settingOf(flag)
    values[name] = value
    sources[name] = given?.kind === 'given' ? given.source : 'default'
    if (place !== undefined) places[name] = place
    if (mistake === undefined) continue
    mistakes.push(mistake)
    unread.add(flag)
  }

  // Every flag of the table was just given a value that its own reader made.
  const settings = values as unknown as Settings
  const from = sources as Loaded['sources']
  const isGiven = (flag: Flag) => from[settingOf(flag)] !== 'default' && !unread.has(flag)
  const together = checkTogether(settings, isGiven)
  mistakes.push(...together.mistakes)
  if (mistakes.length > 0) throw new SettingsError(mistakes)
  const { command, subject } = line
  const { warnings } = together
  return {
    ...withPlaces(settings, from),
    sources: from,
    places,
    credentials: credentials.changes,
    warnings,
    command,
    subject,
    own: own.settings,
  }
}

/** Fills in what depends on the mode, and makes folders absolute. */
function withPlaces(settings: Settings, sources: Loaded['sources']): Pick<Loaded, 'settings' | 'trial'> {
  const trial = settings.storage === ''
  const loopback = trial && sources.listenHost === 'default'
  return {
    trial,
    settings: {
      ...settings,
      storage: settings.storage || 'local',
      storageLocalRootdir: resolve(settings.storageLocalRootdir || 'data'),
      listenHost: loopback ? '127.0.0.1' : settings.listenHost,
      tlsSelfSignedDir: resolve(settings.tlsSelfSignedDir),
    },
  }
}

interface Said {
  readonly above: Variables
  readonly line: CommandLine
  readonly env: Variables
  readonly file: ConfigFile
}

/** Whatever says something about a setting, the first to be believed first. */
function levelsOf(flag: Flag, { above, line, env, file }: Said) {
  const twin = fileTwinOf(flag)
  const variable = variableOf(flag)
  const value = file.given.get(flag)
  const path = file.files.get(flag)
  return [
    variableLevel(above, variable, twin),
    lineLevel(line, flag, twin),
    variableLevel(env, variable, twin),
    {
      source: 'file',
      value: said(value?.texts, value?.place ?? ''),
      path: said(path?.texts, path?.place ?? ''),
    } as const,
  ]
}

/** What a setting is after all that was said about it. */
function valueOf(flag: Flag, given: Given): { value: unknown; mistake?: string; place?: string } {
  const option = optionOf(flag)
  if (given === undefined) return { value: option.default }
  if (given.kind === 'mistake') {
    // Something stands in, so that no rule calls missing what is only unreadable. Nothing starts with it.
    return { value: option.reader.read('unread') ?? option.default, mistake: given.sentence }
  }
  const value = readTexts(option, given.texts)
  if (value !== undefined) return { value, place: given.place }
  return { value: option.default, mistake: unreadable(flag, given) }
}

function unreadable(flag: Flag, { texts, place }: { texts: readonly string[]; place: string }): string {
  const { reader, key } = optionOf(flag)
  const names = `--${flag}, ${variableOf(flag)}${key === '' ? '' : `, file key ${key}`}`
  return `${place}: ${shownText(flag, texts.join(','))} is not ${reader.expected} (${names})`
}

const noFile: ConfigFile = { given: new Map(), files: new Map(), mistakes: [] }

/** Nobody writes so much by hand. */
const maxFileBytes = 1024 * 1024

/** Reads the named file and no other: ChartMuseum may take one beside it with another ending. */
function configFile(path: string, readFile: ReadText): ConfigFile {
  if (path === '') return noFile
  const said = `--config ${JSON.stringify(path)} (CONFIG)`
  if (!/(^|\/)[^/.]+$|\.ya?ml$/.test(path)) {
    return { ...noFile, mistakes: [`${said}: expected a file that ends in .yaml, .yml or has no ending`] }
  }
  let text: string
  try {
    text = readFile(path, maxFileBytes)
  } catch (error) {
    return { ...noFile, mistakes: [`${said}: ${noTextBecause(error)}`] }
  }
  return readConfigFile(text, path)
}
