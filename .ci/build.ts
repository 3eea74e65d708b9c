/**
 * `bun run build [--all]`: makes the single file `dist/chartroom` for this machine, or with `--all` one for every
 * platform whose Bun runtime can be had. Everything it serves is inside.
 */
import { mkdirSync, statSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dir, '..')
const targets = [
  'bun-linux-x64',
  'bun-linux-arm64',
  'bun-linux-x64-musl',
  'bun-linux-arm64-musl',
  'bun-darwin-x64',
  'bun-darwin-arm64',
]

/** The revision that `--version` prints; a source archive without git has none. */
function revision(): string {
  const git = Bun.spawnSync(['git', 'rev-parse', '--short', 'HEAD'], { cwd: root, stderr: 'ignore' })
  return git.success ? git.stdout.toString().trim() : 'release'
}

/** Builds one executable. False when it cannot be made, with the reason printed. */
function build(outfile: string, target?: string): boolean {
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
    ...(target === undefined ? [] : [`--target=${target}`]),
    `--outfile=${outfile}`,
  ]
  const made = Bun.spawnSync([process.execPath, 'build', ...options, 'src/main.ts'], {
    cwd: root,
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const name = target ?? 'this machine'
  if (made.success) console.log(`${outfile} for ${name}: ${Math.round(statSync(outfile).size / 1048576)} MiB`)
  else console.error(`No executable for ${name}: ${made.stderr.toString().trim()}`)
  return made.success
}

mkdirSync(join(root, 'dist'), { recursive: true })
const own = build(join(root, 'dist', 'chartroom'))
if (process.argv.includes('--all')) {
  const made = targets.filter((target) =>
    build(join(root, 'dist', target.replace('bun-', 'chartroom-')), target),
  )
  console.log(`${made.length} of ${targets.length} platforms`)
}
process.exit(own ? 0 : 1)
