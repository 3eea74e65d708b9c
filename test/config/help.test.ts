import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { helpText, settingsTable } from '../../src/config/help.ts'
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
