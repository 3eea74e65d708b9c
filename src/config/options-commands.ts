import { special, text, toggle, whole, type Option } from './option.ts'
import { twinOf, type Twin } from './file-twins.ts'

/** The commands that have settings of their own beside those of the server. */
export type WorkCommand = 'import' | 'export' | 'doctor'

/** What an option may be given to. */
interface CommandOption<T> extends Option<T> {
  readonly commands: readonly WorkCommand[]
}

function of<T>(commands: readonly WorkCommand[], option: Option<T>): CommandOption<T> {
  return { ...option, commands }
}

const repositoryPath = {
  takes: 'NAME',
  expected: 'the name of a repository, such as org or org/team',
  read: (given: string): string | undefined =>
    given === '' || /^[A-Za-z0-9_-][A-Za-z0-9._-]*(\/[A-Za-z0-9_-][A-Za-z0-9._-]*)*$/.test(given)
      ? given
      : undefined,
}

const copying = ['import', 'export'] as const

/**
 * Settings of single commands. They have no key in the config file, and a variable only where a secret needs one: a
 * variable named FORCE may stand in any environment.
 */
export const commandOptions = {
  repo: of(
    copying,
    special('', repositoryPath, '', 'Import: into this repository, or below it. Export: this one only'),
  ),
  parallel: of(copying, whole('', { default: 8, min: 1, max: 64 }, 'How many charts are copied at once')),
  force: of(copying, toggle('', 'Replace what is there under the same name with other bytes')),
  index: of(
    ['export'],
    toggle('', 'Write an index.yaml beside the charts, so that any web server can serve them'),
  ),
  digests: of(
    copying,
    text('', 'FILE', 'Write the digest of every chart to this file, as `sha256sum --check` reads it'),
  ),
  json: of(['import', 'export', 'doctor'], toggle('', 'Print the summary as JSON')),
  'from-user': of(
    ['import'],
    text('', 'NAME', 'User name for the repository that charts come from', {
      variable: 'FROM_USER',
      inFile: true,
    }),
  ),
  'from-pass': of(
    ['import'],
    text('', 'PASSWORD', 'Password for it', { variable: 'FROM_PASS', secret: true }),
  ),
  'from-ca-file': of(
    ['import'],
    text('', 'FILE', "Certificate authorities (PEM) to trust for it in place of the system's", {
      variable: 'FROM_CA_FILE',
    }),
  ),
}

type Camel<T extends string> = T extends `${infer Head}-${infer Tail}`
  ? `${Head}${Capitalize<Camel<Tail>>}`
  : T

/** A flag of a command without its dashes in front. */
export type CommandFlag = keyof typeof commandOptions

/** The values of the commands' own settings, named like their flags: `fromUser`. */
export type CommandSettings = {
  readonly [F in CommandFlag as Camel<F>]: (typeof commandOptions)[F] extends CommandOption<infer T>
    ? T
    : never
}

/** Every flag of a command, in the order of the table. */
export const commandFlags = Object.keys(commandOptions) as CommandFlag[]

/** The option without its exact type, for code that treats all alike. */
export const commandOptionOf = (flag: CommandFlag): CommandOption<unknown> =>
  commandOptions[flag] as CommandOption<unknown>

/** How a file with the value of a command's flag is named. */
export const commandTwinOf = (flag: CommandFlag): Twin | undefined => {
  const option = commandOptionOf(flag)
  return twinOf({ flag, variable: option.variable }, option)
}
