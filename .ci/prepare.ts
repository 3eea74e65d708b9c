/**
 * Runs before `bun run start` and `bun run test`: says so when this Bun is too old, and installs the dependencies. It
 * imports nothing that is not in Bun, and starts Bun by the path it runs from, never by name.
 */
import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dir, '..')
const needed = readFileSync(join(root, 'package.json'), 'utf8').match(/"bun": ">=([\d.]+)"/)?.[1] ?? '0.0.0'

function isOlder(version: string, than: string): boolean {
  const [a, b] = [version, than].map((text) => text.split('.').map(Number))
  for (const at of [0, 1, 2]) {
    const difference = (a?.[at] ?? 0) - (b?.[at] ?? 0)
    if (difference !== 0) return difference < 0
  }
  return false
}

if (isOlder(Bun.version, needed)) {
  console.error(
    `Chartroom needs Bun ${needed} or newer, this is Bun ${Bun.version}: npm install --global bun@${needed}`,
  )
  process.exit(1)
}

/** Installing again costs a second, so it is left out when nothing changed since the last time. */
function isInstalled(): boolean {
  const marker = join(root, 'node_modules', '.chartroom-installed')
  return existsSync(marker) && statSync(marker).mtimeMs >= statSync(join(root, 'bun.lock')).mtimeMs
}

// No package needs its install script, and one of them reports to a server: Bun would run it unasked.
if (!isInstalled()) {
  console.error('Installing the dependencies …')
  const install = Bun.spawnSync([process.execPath, 'install', '--frozen-lockfile', '--ignore-scripts'], {
    cwd: root,
    stdout: 'pipe',
    stderr: 'pipe',
  })
  if (!install.success) {
    console.error(`Cannot install the dependencies:\n${install.stderr.toString()}`)
    process.exit(1)
  }
  await Bun.write(join(root, 'node_modules', '.chartroom-installed'), '')
}
