/**
 * `bun run test [bun test arguments]`: runs the tests, says again which failed and which were skipped, and ends with
 * one line, `N passed, N failed, N skipped`. With PEERS=required a skipped test is a failure: then every program that
 * the tests talk to must be there.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const root = join(import.meta.dir, '..')
const required = process.env['PEERS'] === 'required'
const folder = mkdtempSync(join(tmpdir(), 'chartroom-report-'))
const given = process.argv.slice(2)
/**
 * The tests against whole programs wait much of their time, so that the others run beside them. No third lane: those that
 * hold the server to its ten seconds while a store is silent then fail on two cores (measured). The second lane would end
 * earlier, and takes the longest file of the first. Its output follows when it has ended.
 */
const longest = 'every-page.test.ts'
const lanes =
  given.length > 0 ? [given] : [liveTests(), [...filesOf('test', 'live'), join('test/live', longest)]]
const results = await Promise.all(lanes.map((tests, lane) => run(tests, lane)))
const cases = results.flatMap((result) => result.cases)
const code = results.find((result) => result.code !== 0)?.code ?? 0
rmSync(folder, { recursive: true })

const failed = cases.filter(({ outcome }) => outcome === 'failure')
const skipped = cases.filter(({ outcome }) => outcome === 'skipped')
list('Failed', failed)
list(required ? 'Failed, because PEERS=required and skipped (see "bun run peers")' : 'Skipped', skipped)
// An error outside of any test, or no report at all, fails the run without counting as a failed test.
const broken =
  results.some((result) => result.cases.length === 0) || (code !== 0 && failed.length === 0) ? 1 : 0
if (broken > 0) console.log(`\nThe run itself failed (exit code ${code}), see above`)
const passed = cases.length - failed.length - skipped.length
const allFailed = failed.length + broken + (required ? skipped.length : 0)
console.log(`\n${passed} passed, ${allFailed} failed, ${required ? 0 : skipped.length} skipped`)
process.exit(allFailed === 0 ? 0 : 1)

interface Case {
  readonly name: string
  readonly outcome: 'passed' | 'failure' | 'skipped'
}

/** The tests against whole programs, but the longest. */
function liveTests(): string[] {
  return filesOf('test/live', longest).filter((name) => name.endsWith('.test.ts'))
}

/** All that stands in a folder of the project but one. */
function filesOf(folder: string, but: string): string[] {
  return readdirSync(join(root, folder))
    .filter((name) => name !== but)
    .map((name) => join(folder, name))
}

async function run(tests: readonly string[], lane: number): Promise<{ code: number; cases: Case[] }> {
  const report = join(folder, `junit-${lane}.xml`)
  const options = ['--timeout=60000', '--reporter=junit', `--reporter-outfile=${report}`]
  const output = lane === 0 ? 'inherit' : 'pipe'
  const child = Bun.spawn([process.execPath, 'test', ...options, ...tests], {
    cwd: root,
    stdin: 'ignore',
    stdout: output,
    stderr: output,
  })
  const written = await Promise.all(
    [child.stdout, child.stderr].map((stream) =>
      stream instanceof ReadableStream ? new Response(stream).text() : '',
    ),
  )
  const ended = await child.exited
  process.stdout.write(written.join(''))
  return { code: ended, cases: read(report) }
}

/** Every test that a report lists; none when there is no report. */
function read(report: string): Case[] {
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
