// Writes the table of who may do what into README.md, between its two markers.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { accessMarkdown } from '../test/support/access-table.ts'

const readme = join(import.meta.dir, '../README.md')
const between = /(<!-- access -->\n)[\s\S]*?(<!-- \/access -->)/
const text = readFileSync(readme, 'utf8')
if (!between.test(text)) throw new Error('README.md lacks the lines <!-- access --> and <!-- /access -->')
writeFileSync(
  readme,
  text.replace(between, (_, start: string, end: string) => `${start}\n${accessMarkdown()}\n\n${end}`),
)
