/**
 * `bun run test [bun test arguments]`: runs the tests, says again which failed and which were skipped, and ends with
 * one line, `N passed, N failed, N skipped`. With PEERS=required a skipped test is a failure: then every program that
 * the tests talk to must be there.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dir, '..')
const required = process.env['PEERS'] === 'required'
const folder = mkdtempSync(join(tmpdir(), 'chartroom-report-'))
const report = join(folder, 'junit.xml')
const options = ['--timeout=60000', '--reporter=junit', `--reporter-outfile=${report}`]
const tests = Bun.spawn([process.execPath, 'test', ...options, ...process.argv.slice(2)], {
  cwd: root,
  stdin: 'ignore',
  stdout: 'inherit',
  stderr: 'inherit',
})
const code = await tests.exited
const cases = read()
rmSync(folder, { recursive: true })

const failed = cases.filter(({ outcome }) => outcome === 'failure')
const skipped = cases.filter(({ outcome }) => outcome === 'skipped')
list('Failed', failed)
list(required ? 'Failed, because PEERS=required and skipped (see "bun run peers")' : 'Skipped', skipped)
// An error outside of any test, or no report at all, fails the run without counting as a failed test.
const broken = cases.length === 0 || (code !== 0 && failed.length === 0) ? 1 : 0
if (broken > 0) console.log(`\nThe run itself failed (exit code ${code}), see above`)
const passed = cases.length - failed.length - skipped.length
const allFailed = failed.length + broken + (required ? skipped.length : 0)
console.log(`\n${passed} passed, ${allFailed} failed, ${required ? 0 : skipped.length} skipped`)
process.exit(allFailed === 0 ? 0 : 1)

interface Case {
  readonly name: string
  readonly outcome: 'passed' | 'failure' | 'skipped'
}

/** Every test that the report lists; none when there is no report. */
function read(): Case[] {
  let xml = ''
  try {
    xml = readFileSync(report, 'utf8')
  } catch {
    // A run that broke down leaves no report, and no case is what stands for that.
  }
  return [...xml.matchAll(/<testcase ([^>]*?)(?:\/>|>([^]*?)<\/testcase>)/g)].map(
    ([, head = '', body = '']) => ({
      name: ['file', 'classname', 'name'].map((key) => attribute(head, key)).join(' > '),
      outcome: body.includes('<skipped') ? 'skipped' : body.includes('<failure') ? 'failure' : 'passed',
    }),
  )
}

function attribute(head: string, key: string): string {
  const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }
  const value = new RegExp(`(?:^| )${key}="([^"]*)"`).exec(head)?.[1] ?? ''
  return value.replaceAll(/&(\w+);/g, (whole, name: string) => entities[name] ?? whole)
}

function list(title: string, cases: readonly Case[]): void {
  if (cases.length > 0) console.log(`\n${title}:\n${cases.map(({ name }) => `  ${name}`).join('\n')}`)
}
