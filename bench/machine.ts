import { cpus, release, totalmem } from 'node:os'
import { join } from 'node:path'
import { helmBinary } from './rows/helm.ts'
import { textOf } from './processes.ts'
import type { Options } from './options.ts'

/** The machine, in words for a reader of the figures. */
export async function readMachine(options: Options): Promise<Record<string, string>> {
  const [first, ...others] = cpus()
  return {
    processor: `${others.length + 1} × ${first?.model ?? 'unknown processor'}`,
    cores: `server on core ${options.serverCore}, load on core ${options.loadCore}`,
    memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    system: `${await distribution()} (Linux ${release().split('-', 1)[0]})`,
  }
}

/** What was measured, and with what; programs that did not take part are left out. */
export async function readVersions(): Promise<Record<string, string>> {
  const { version } = await Bun.file(join(import.meta.dir, '../package.json')).json()
  const asked: [string, string[]][] = [
    ['nginx', ['nginx', '-v']],
    ['wrk', ['wrk', '-v']],
    ['ChartMuseum', [process.env['CHARTMUSEUM'] ?? '', '--version']],
    ['helm', [helmBinary() ?? '', 'version', '--short']],
  ]
  const versions: Record<string, string> = { Chartroom: version, Bun: Bun.version }
  for (const [name, command] of asked) {
    const found = await versionOf(command)
    if (found !== undefined) versions[name] = found
  }
  return versions
}

/** The first thing that looks like a version in what a program prints about itself. */
async function versionOf(command: string[]): Promise<string | undefined> {
  if (Bun.which(command[0] ?? '') === null) return undefined
  const child = Bun.spawn(command, { stdout: 'pipe', stderr: 'pipe' })
  const text = (await textOf(child.stdout)) + (await textOf(child.stderr))
  return /\d+\.\d+[\w.+-]*/.exec(text)?.[0] ?? 'of an unknown version'
}

async function distribution(): Promise<string> {
  const file = Bun.file('/etc/os-release')
  const text = (await file.exists()) ? await file.text() : ''
  return /^PRETTY_NAME="(.*)"/m.exec(text)?.[1] ?? 'Linux'
}
