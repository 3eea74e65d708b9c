import { commandTexts } from './help-commands.ts'
import { markdownTable } from './markdown-table.ts'
import { commandFlags, commandOptionOf, commandTwinOf, type WorkCommand } from './options-commands.ts'
import { fileTwinOf, flags, groups, optionOf, variableOf, type Flag } from './options.ts'

const usage = `Usage: chartroom [COMMAND] [SETTING …]

Commands
  serve      Serve charts; what happens without a command
  health     Ask the server with the same settings whether it is well: exit 0 or 1
  doctor     Try everything that the storage has to allow, and say how to mend what fails
  import     Copy charts from a repository, a folder or a bucket into the storage
  export     Copy charts from the storage into a folder or a bucket
  licenses   Print the licences of what Chartroom is made of
  version    Print the version
  help       Print this; "help import" and the like tell more of one command

Without --storage Chartroom runs in local trial mode: charts in ./data, reachable from this computer only.
Each setting is a flag (-flag works too), a variable, or a key in the config file; flags win over variables, variables
over the file. --check-config prints the settings as they take effect and where each was given, and starts nothing.
`

/**
 * What `--help` prints, at most `width` columns wide: every setting in its group, or one command with the settings of
 * its own.
 */
export function helpText(width = 100, topic?: string): string {
  const command = topic === undefined ? undefined : workCommands.find((one) => one === topic)
  if (command !== undefined) return commandHelp(command, width)
  const parts = Object.entries(groups).map(([title, table]) => {
    const rows = (Object.keys(table) as Flag[]).map((flag) => helpRow(flag, width))
    return `\n${title}\n${rows.join('')}`
  })
  return usage + fromFilesText(width) + parts.join('')
}

/** How a value is read from a file, said once for all settings that can be. */
function fromFilesText(width: number): string {
  const example = 'basic-auth-pass'
  const twin = fileTwinOf(example)
  const others = flags.filter((flag) => flag !== example && fileTwinOf(flag) !== undefined)
  const names = others.map((flag) => `--${flag}`)
  const text =
    `A secret can be read from a file, so that it stands in no process list: --${twin?.flag} FILE, ${twin?.variable} ` +
    `or the key ${twin?.key} in place of --${example}. The same goes for ${names.join(', ')}.`
  return `${wrap(text, width).join('\n')}\n`
}

/** The settings as Markdown tables, one per group, for the README. */
export function settingsTable(): string {
  const parts = Object.entries(groups).map(([title, table]) => {
    const rows = (Object.keys(table) as Flag[]).map(tableRow)
    return `**${title}**\n\n${markdownTable(['Flag', 'Variable', 'File key', 'Default', 'What it does'], rows)}`
  })
  return parts.join('\n\n')
}

const workCommands: readonly WorkCommand[] = ['import', 'export', 'doctor']

function commandHelp(command: WorkCommand, width: number): string {
  const rows = commandFlags
    .filter((flag) => commandOptionOf(flag).commands.includes(command))
    .map((flag) => {
      const { variable, reader, help, default: fallback } = commandOptionOf(flag)
      const twin = commandTwinOf(flag)
      const takes = reader.takes === '' ? '' : ` ${reader.takes}`
      const known = typeof fallback === 'number' ? ` [${fallback}]` : ''
      const spelled = `--${flag}${takes}${variable === undefined ? '' : `  (${variable})`}`
      const inFile = twin === undefined ? '' : `; from a file with --${twin.flag} (${twin.variable})`
      return `  ${spelled}\n${indented(help + inFile + known, width)}`
    })
  return `${commandTexts[command]}\nSettings of this command\n${rows.join('')}
The storage is named by the same settings as for the server: "chartroom --help" lists them.
`
}

function indented(text: string, width: number): string {
  return wrap(text, width - 6)
    .map((line) => `      ${line}\n`)
    .join('')
}

function helpRow(flag: Flag, width: number): string {
  const { short, reader, help } = optionOf(flag)
  const takes = reader.takes === '' ? '' : ` ${reader.takes}`
  const spelled = `${short === undefined ? '' : `-${short}, `}--${flag}${takes}  (${variableOf(flag)})`
  const fallback = defaultOf(flag)
  const text = help + notesOf(flag) + (fallback === '' ? '' : ` [${fallback}]`)
  return `  ${spelled}\n${indented(text, width)}`
}

function tableRow(flag: Flag): string[] {
  const { short, key, help } = optionOf(flag)
  const code = (text: string): string => (text === '' ? '' : `\`${text}\``)
  return [
    code(`--${flag}`) + (short === undefined ? '' : `, ${code(`-${short}`)}`),
    code(variableOf(flag)),
    code(key),
    optionOf(flag).shown ?? code(defaultOf(flag)),
    help + notesOf(flag),
  ]
}

function notesOf(flag: Flag): string {
  const { deprecated, noEffect } = optionOf(flag)
  const why = noEffect ?? deprecated
  return why === undefined ? '' : `. Accepted without effect: ${why}`
}

/** The default as one would write it; "" for none, and for switches that are off. */
function defaultOf(flag: Flag): string {
  const option = optionOf(flag)
  const value = option.default
  if (option.shown !== undefined) return option.shown
  if (typeof value === 'number' || typeof value === 'string') return String(value)
  return value === true ? 'true' : ''
}

/** Breaks a text between words into lines of at most `width` characters. */
function wrap(text: string, width: number): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line)
      line = word
    } else {
      line = line === '' ? word : `${line} ${word}`
    }
  }
  return [...lines, line]
}
