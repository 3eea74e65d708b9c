// Writes the table of settings into README.md, between its two markers.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { settingsTable } from '../src/config/help.ts'

const readme = join(import.meta.dir, '../README.md')
const between = /(<!-- settings -->\n)[\s\S]*?(<!-- \/settings -->)/
const text = readFileSync(readme, 'utf8')
if (!between.test(text)) throw new Error('README.md lacks the lines <!-- settings --> and <!-- /settings -->')
writeFileSync(
  readme,
  text.replace(between, (_, start: string, end: string) => `${start}\n${settingsTable()}\n\n${end}`),
)
