import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { helpText, settingsTable } from '../../src/config/help.ts'
import { commandFlags, commandOptionOf } from '../../src/config/options-commands.ts'
import { flags, variableOf } from '../../src/config/options.ts'

const readme = join(import.meta.dir, '../../README.md')

test('--help names every flag and variable, within the width', () => {
  const text = helpText(80)
  for (const flag of flags) {
    expect(text).toContain(`--${flag}`)
    expect(text).toContain(`(${variableOf(flag)})`)
  }
  const options = text.slice(text.indexOf('\nServer'))
  expect(options.split('\n').filter((line) => line.startsWith('      ') && line.length > 80)).toEqual([])
})

test('--help says once how a secret is read from a file, and names --check-config', () => {
  for (const width of [80, 200]) {
    const text = helpText(width)
    for (const word of ['--basic-auth-pass-file FILE', 'BASIC_AUTH_PASS_FILE', 'basicauth.passfile']) {
      expect(text.split(word)).toHaveLength(2)
    }
    expect(text).toContain('--check-config')
  }
  expect(helpText(80, 'import')).toContain('--from-pass-file (FROM_PASS_FILE)')
})

test('the README shows the settings as they are; `bun .ci/settings.ts` writes them', () => {
  const [, shown = ''] =
    /<!-- settings -->\n([\s\S]*?)<!-- \/settings -->/.exec(readFileSync(readme, 'utf8')) ?? []
  expect(shown.trim()).toBe(settingsTable())
})

test('the table is one row per setting, with flag, variable and key', () => {
  const rows = settingsTable()
    .split('\n')
    .filter((line) => line.startsWith('| `--'))
  expect(rows).toHaveLength(flags.length)
  expect(rows.find((row) => row.startsWith('| `--cors-alloworigin`'))).toContain('`CORS_ALLOW_ORIGIN`')
})

test.each(['import', 'export', 'doctor'])(
  'help about %s names its own settings, and no others',
  (command) => {
    const text = helpText(80, command)
    expect(text).toStartWith(`Usage: chartroom ${command} `)
    for (const flag of commandFlags) {
      const own = commandOptionOf(flag).commands.some((one) => one === command)
      expect({ flag, named: text.includes(`\n  --${flag}`) }).toEqual({ flag, named: own })
    }
    expect(helpText(80, 'serve')).toBe(helpText(80))
  },
)
