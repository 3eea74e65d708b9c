// Writes what follows from the settings: their table in README.md, between its two markers, and in the schema of the
// Helm chart which of them its value `settings` takes.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { settingsTable } from '../src/config/help.ts'
import { chartSettings } from './chart-settings.ts'

const root = join(import.meta.dir, '..')
const readme = join(root, 'README.md')
const between = /(<!-- settings -->\n)[\s\S]*?(<!-- \/settings -->)/
const text = readFileSync(readme, 'utf8')
if (!between.test(text)) throw new Error('README.md lacks the lines <!-- settings --> and <!-- /settings -->')
writeFileSync(
  readme,
  text.replace(between, (_, start: string, end: string) => `${start}\n${settingsTable()}\n\n${end}`),
)

const schemaFile = join(root, 'deploy/chart/chartroom/values.schema.json')
const schema = JSON.parse(readFileSync(schemaFile, 'utf8'))
schema.properties.settings.propertyNames = { enum: chartSettings() }
writeFileSync(schemaFile, `${JSON.stringify(schema, undefined, 2)}\n`)
Bun.spawnSync([process.execPath, 'fmt', schemaFile], { cwd: root, stdout: 'ignore' })
