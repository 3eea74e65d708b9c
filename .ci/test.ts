/**
 * `bun run test [bun test arguments]`: runs the tests and ends with one line, `N passed, N failed, N skipped`. With
 * PEERS=required a skipped test is a failure: then every program the tests talk to must be there.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dir, '..')
const folder = mkdtempSync(join(tmpdir(), 'chartroom-report-'))
const report = join(folder, 'junit.xml')

const tests = Bun.spawn(
  [process.execPath, 'test', '--timeout=60000', '--reporter=junit', `--reporter-outfile=${report}`, ...process.argv.slice(2)],
  { cwd: root, stdout: 'inherit', stderr: 'inherit' },
)
const code = await tests.exited

/** The counts of the whole run stand in the first element of the report. */
function counts(): { tests: number; failed: number; skipped: number } {
  try {
    const head = readFileSync(report, 'utf8').match(/<testsuites [^>]*>/)?.[0] ?? ''
    const number = (name: string) => Number(head.match(new RegExp(`\\b${name}="(\\d+)"`))?.[1] ?? Number.NaN)
    return { tests: number('tests'), failed: number('failures'), skipped: number('skipped') }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

const { tests: total, failed, skipped } = counts()
const required = process.env['PEERS'] === 'required'
const missing = required ? skipped : 0
if (missing > 0) console.log(`PEERS=required: ${missing} skipped tests count as failed (bun run peers)`)
// An error outside of any test fails the run without counting as a failed test.
const broken = code !== 0 && failed === 0 ? 1 : 0
const allFailed = failed + missing + broken
console.log(`${total - failed - skipped} passed, ${allFailed} failed, ${skipped - missing} skipped`)
process.exit(allFailed === 0 && total > 0 ? 0 : 1)
