import { markdownTable } from './markdown-table.ts'
import { groups, optionOf, variableOf, type Flag } from './options.ts'

const usage = `Usage: chartroom [COMMAND] [SETTING …]

Commands
  serve      Serve charts; what happens without a command
  health     Ask the server with the same settings whether it is well: exit 0 or 1
  licenses   Print the licences of what Chartroom is made of
  version    Print the version
  help       Print this

Without --storage Chartroom runs in local trial mode: charts in ./data, reachable from this computer only.
Each setting is a flag (-flag works too), a variable, or a key in the config file; flags win over variables, variables
over the file.
`

/** What `--help` prints: every setting in its group, at most `width` columns wide. */
export function helpText(width = 100): string {
  const parts = Object.entries(groups).map(([title, table]) => {
    const rows = (Object.keys(table) as Flag[]).map((flag) => helpRow(flag, width))
    return `\n${title}\n${rows.join('')}`
  })
  return usage + parts.join('')
}

/** The settings as Markdown tables, one per group, for the README. */
export function settingsTable(): string {
  const parts = Object.entries(groups).map(([title, table]) => {
    const rows = (Object.keys(table) as Flag[]).map(tableRow)
    return `**${title}**\n\n${markdownTable(['Flag', 'Variable', 'File key', 'Default', 'What it does'], rows)}`
  })
  return parts.join('\n\n')
}

function helpRow(flag: Flag, width: number): string {
  const { short, reader, help } = optionOf(flag)
  const takes = reader.takes === '' ? '' : ` ${reader.takes}`
  const spelled = `${short === undefined ? '' : `-${short}, `}--${flag}${takes}  (${variableOf(flag)})`
  const fallback = defaultOf(flag)
  const text = help + notesOf(flag) + (fallback === '' ? '' : ` [${fallback}]`)
  return `  ${spelled}\n${wrap(text, width - 6)
    .map((line) => `      ${line}\n`)
    .join('')}`
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
  const { later, noEffect } = optionOf(flag)
  if (later !== undefined) return `. Not there yet: refused, because ${later}`
  return noEffect === undefined ? '' : `. Accepted without effect: ${noEffect}`
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
