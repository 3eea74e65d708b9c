import { lstat, mkdir, readdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { chart } from './chart-builder.ts'
import { sha256 } from './site.ts'

/** The time that the old index gives to every chart. */
export const oldTime = '2021-02-03T04:05:06.789Z'

/** One archive as ChartMuseum keeps it. */
export interface OldChart {
  readonly name: string
  readonly version: string
  readonly file: string
  readonly bytes: Uint8Array
}

/** Builds archives: `oldCharts('mychart 1.0.0', 'mychart 1.1.0')`. */
export function oldCharts(...specs: readonly string[]): Promise<OldChart[]> {
  return Promise.all(
    specs.map(async (spec) => {
      const [name = '', version = ''] = spec.split(' ')
      const built = chart(name, version)
      return { name, version, file: built.file, bytes: await built.tgz() }
    }),
  )
}

/** A provenance that names an archive, as far as a server reads it. */
export function oldProvenance({ name, version, file, bytes }: OldChart): string {
  return [
    '-----BEGIN PGP SIGNED MESSAGE-----',
    'Hash: SHA512',
    '',
    'apiVersion: v2',
    `name: ${name}`,
    `version: ${version}`,
    '',
    '...',
    'files:',
    `  ${file}: sha256:${sha256(bytes)}`,
    '-----BEGIN PGP SIGNATURE-----',
    '',
    'wsBcBAEBCgAQBQJdy0ReCRCEO7+YH8GHYgAAfhUIADx3pHHLLINv0MFkiEYpX/Kd',
    '-----END PGP SIGNATURE-----',
    '',
  ].join('\n')
}

/** An index-cache.yaml as ChartMuseum writes it: keys in byte order, two blanks, times with what Go prints. */
export function oldIndex(charts: readonly OldChart[]): string {
  const names = [...new Set(charts.map(({ name }) => name))].sort()
  const entries = names.map((name) => {
    const versions = charts.filter((one) => one.name === name)
    return `  ${name}:\n${versions.map(oldEntry).join('')}`
  })
  return `apiVersion: v1\nentries:\n${entries.join('')}generated: "${oldTime}"\nserverInfo: {}\n`
}

function oldEntry({ name, version, file, bytes }: OldChart): string {
  return [
    '  - apiVersion: v2',
    '    appVersion: 1.2.3',
    `    created: "${oldTime}"`,
    `    description: A chart named ${name}`,
    `    digest: ${sha256(bytes)}`,
    `    name: ${name}`,
    '    urls:',
    `    - charts/${file}`,
    `    version: ${version}`,
    '',
  ].join('\n')
}

/** What may lie in ChartMuseum's index-cache.yaml, by what is the matter with it. */
export function oldIndexes(charts: readonly OldChart[], gone: readonly OldChart[]) {
  const whole = oldIndex(charts)
  return {
    present: whole,
    stale: oldIndex([...charts.slice(1), ...gone]),
    json: JSON.stringify(Bun.YAML.parse(whole)),
    empty: '',
    null: 'null',
    braces: '{}',
    'no-entries': 'apiVersion: v1\nentries: null\n',
    'null-chart': 'apiVersion: v1\nentries:\n  mychart: [null]\n',
    cut: whole.slice(0, 300),
    zeros: '\0\0\0\0',
    missing: undefined,
  } as const
}

/** Writes files into a folder. */
export async function fillFolder(
  folder: string,
  files: ReadonlyMap<string, string | Uint8Array>,
): Promise<void> {
  for (const [name, content] of files) {
    await mkdir(dirname(join(folder, name)), { recursive: true })
    await Bun.write(join(folder, name), content)
  }
}

/** Everything in a folder that a program could have changed, by path: kind, bytes, mode, owner, time, place on the disk. */
export async function factsOf(folder: string): Promise<Map<string, string>> {
  const facts = new Map<string, string>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    const { mode, uid, gid, mtimeMs, ino, size } = await lstat(path)
    const kind = entry.isDirectory() ? 'folder' : sha256(await Bun.file(path).bytes())
    const rest = entry.isDirectory() ? [] : [mtimeMs, ino, size]
    facts.set(path.slice(folder.length + 1), [kind, mode, uid, gid, ...rest].join(' '))
  }
  return facts
}

/** The paths that differ between two looks, without Chartroom's own prefix. */
export function changedPaths(
  before: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, string>,
): string[] {
  return [...new Set([...before.keys(), ...after.keys()])]
    .filter((path) => path !== '.chartroom' && !path.startsWith('.chartroom/'))
    .filter((path) => before.get(path) !== after.get(path))
    .sort()
}
