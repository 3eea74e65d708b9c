/**
 * `bun run build [--all] [--into FOLDER]`: makes the single file `dist/chartroom` for this machine; with `--all` also
 * one for every platform whose Bun runtime can be had. Everything that it serves is inside.
 */
import { mkdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'

const root = join(import.meta.dir, '..')
const { values: wanted } = parseArgs({
  options: { all: { type: 'boolean' }, into: { type: 'string', default: join(root, 'dist') } },
})
const into = resolve(wanted.into)
/** Milliseconds for one platform: its runtime, 40 MB, may have to be fetched first. */
const buildTimeout = 300_000
/** The program, and what it runs in threads of their own: those are found inside the executable as entries only. */
const entries = ['src/main.ts', ...new Bun.Glob('src/**/worker.ts').scanSync(root)]
const platforms = [
  'linux-x64',
  'linux-arm64',
  'linux-x64-musl',
  'linux-arm64-musl',
  'darwin-x64',
  'darwin-arm64',
]

/** The revision that `--version` prints: named by REVISION, or git's. An image is built without git. */
function revision(): string {
  const named = process.env['REVISION']
  if (named) return named
  if (!Bun.which('git')) return 'release'
  const git = Bun.spawnSync(['git', 'rev-parse', '--short', 'HEAD'], { cwd: root, stderr: 'ignore' })
  return git.success ? git.stdout.toString().trim() : 'release'
}

/** Builds one executable. False when it cannot be made, with the reason printed. */
function build(outfile: string, platform?: string): boolean {
  const options = [
    '--compile',
    '--minify',
    '--bytecode',
    '--sourcemap=none',
    '--define',
    `CHARTROOM_BUILD=${JSON.stringify(revision())}`,
    '--define',
    'process.env.NODE_ENV="production"',
    // The executable must not change with files that happen to lie where it runs.
    '--no-compile-autoload-dotenv',
    '--no-compile-autoload-bunfig',
    ...(platform === undefined ? [] : [`--target=bun-${platform}`]),
    `--outfile=${outfile}`,
  ]
  const made = Bun.spawnSync([process.execPath, 'build', ...options, ...entries], {
    cwd: root,
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: buildTimeout,
  })
  const name = platform ?? 'this machine'
  if (made.success) console.log(`${outfile} for ${name}: ${Math.round(statSync(outfile).size / 2 ** 20)} MiB`)
  else
    console.error(
      `No executable for ${name}: ${withoutProgress(made.stderr.toString()) || 'not within five minutes'}`,
    )
  return made.success
}

function withoutProgress(output: string): string {
  return output
    .split(/[\r\n]+/)
    .filter((line) => !/^(Downloading|Decompressing)\b/.test(line))
    .join('\n')
    .trim()
}

mkdirSync(into, { recursive: true })
const own = build(join(into, 'chartroom'))
if (own && wanted.all) {
  const made = platforms.filter((platform) => build(join(into, `chartroom-${platform}`), platform))
  console.log(`${made.length} of ${platforms.length} platforms`)
}
process.exit(own ? 0 : 1)
