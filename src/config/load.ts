import { resolve } from 'node:path'
import { readCommandLine } from './command-line.ts'
import { readConfigFile, type ConfigFile } from './config-file.ts'
import { readCommandSettings, type CommandSettings } from './options-commands.ts'
import { flags, optionOf, settingOf, variableOf, type Flag, type Settings } from './options.ts'
import { checkTogether } from './rules.ts'

/** Where a setting's value came from. */
export type Source = 'flag' | 'variable' | 'file' | 'default'

/** The settings, ready to use. */
export interface Loaded {
  readonly settings: Settings
  readonly sources: Readonly<Record<keyof Settings, Source>>
  /** Sentences for the log: settings without effect, unknown keys of the file. */
  readonly warnings: readonly string[]
  /** True when no storage was named: the folder ./data, on this computer only. */
  readonly trial: boolean
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

/** What loadSettings reads: the arguments after the program's name, the environment, and files as UTF-8 text. */
export interface LoadInput {
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly readFile: (path: string) => string
}

/** What was given for one setting, and how to speak of it. */
interface Given {
  readonly texts: readonly string[]
  readonly source: Source
  readonly place: string
}

/**
 * The settings: flags before variables before the config file before defaults. A variable that is set but empty counts
 * as set.
 *
 * @throws SettingsError with every mistake, never with a secret.
 */
export function loadSettings({ argv, env, readFile }: LoadInput): Loaded {
  const line = readCommandLine(argv)
  const own = readCommandSettings(line.own, env)
  const mistakes = [...line.mistakes, ...own.mistakes]
  const file = configFile(line.given.get('config')?.at(-1) ?? env['CONFIG'] ?? '', readFile)
  mistakes.push(...file.mistakes)

  const values: Record<string, unknown> = {}
  const sources: Record<string, Source> = {}
  const unread = new Set<Flag>()
  for (const flag of flags) {
    const given = givenFor(flag, line.given, env, file)
    const name = settingOf(flag)
    sources[name] = given?.source ?? 'default'
    values[name] = optionOf(flag).default
    if (!given) continue
    const value = readValue(flag, given.texts)
    if (value === undefined) {
      mistakes.push(unreadable(flag, given))
      unread.add(flag)
    } else values[name] = value
  }

  // Every flag of the table was just given a value that its own reader made.
  const settings = values as unknown as Settings
  const from = sources as Loaded['sources']
  const isGiven = (flag: Flag) => from[settingOf(flag)] !== 'default' && !unread.has(flag)
  const together = checkTogether(settings, isGiven)
  mistakes.push(...together.mistakes)
  if (mistakes.length > 0) throw new SettingsError(mistakes)
  const warnings = [...file.warnings, ...together.warnings]
  return { ...withPlaces(settings, from), sources: from, warnings, subject: line.subject, own: own.settings }
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

function givenFor(
  flag: Flag,
  line: ReadonlyMap<Flag, readonly string[]>,
  env: LoadInput['env'],
  file: ConfigFile,
): Given | undefined {
  const variable = variableOf(flag)
  const onLine = line.get(flag)
  if (onLine) return { texts: onLine, source: 'flag', place: `--${flag}` }
  const inEnv = env[variable]
  if (inEnv !== undefined) return { texts: [inEnv], source: 'variable', place: variable }
  const inFile = file.given.get(flag)
  if (!inFile) return undefined
  return { texts: inFile.texts, source: 'file', place: `line ${inFile.line} of the config file` }
}

/** The value of the last text, or of all of them where the setting may be given several times. */
function readValue(flag: Flag, texts: readonly string[]): unknown {
  const { reader } = optionOf(flag)
  if (!reader.join) return reader.read(texts.at(-1) ?? '')
  const values = texts.map((text) => reader.read(text))
  return values.includes(undefined) ? undefined : reader.join(values)
}

function unreadable(flag: Flag, { texts, place }: Given): string {
  const { secret, reader, key } = optionOf(flag)
  const shown = secret ? 'the value' : JSON.stringify(texts.join(','))
  const names = `--${flag}, ${variableOf(flag)}${key === '' ? '' : `, file key ${key}`}`
  return `${place}: ${shown} is not ${reader.expected} (${names})`
}

const noFile: ConfigFile = { given: new Map(), mistakes: [], warnings: [] }

/** Reads the named file and no other: ChartMuseum may take one beside it with another ending. */
function configFile(path: string, readFile: LoadInput['readFile']): ConfigFile {
  if (path === '') return noFile
  const said = `--config ${JSON.stringify(path)} (CONFIG)`
  if (!/(^|\/)[^/.]+$|\.ya?ml$/.test(path)) {
    return { ...noFile, mistakes: [`${said}: expected a file that ends in .yaml, .yml or has no ending`] }
  }
  try {
    return readConfigFile(readFile(path), path)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    const why: Readonly<Record<string, string>> = {
      ENOENT: 'there is no such file',
      EACCES: 'the file cannot be read, its permissions forbid it',
      EISDIR: 'that is a folder, not a file',
    }
    return {
      ...noFile,
      mistakes: [`${said}: ${why[String(error.code)] ?? `cannot be read (${error.code})`}`],
    }
  }
}
