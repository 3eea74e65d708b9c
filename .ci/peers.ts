// `bun run peers [name…]`: finds the programs that the tests talk to, and builds or installs those that are missing.
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, symlink } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { baseSystem, peerCache } from '../test/support/base-system.ts'
import { peer, peers } from '../test/support/peers.ts'
import type { PeerName } from '../test/support/peers.ts'
import { projectRoot } from '../test/support/start-server.ts'

interface GoProgram {
  /** The last part of it is the name of the program. */
  readonly package: string
  readonly version: string
}

/** Built from source by Go: these versions, no others, so that every machine tests with the same programs. */
const goPrograms: Partial<Record<PeerName, GoProgram>> = {
  helm3: { package: 'helm.sh/helm/v3/cmd/helm', version: 'v3.20.2' },
  helm4: { package: 'helm.sh/helm/v4/cmd/helm', version: 'v4.2.4' },
  // MinIO's releases are no version of a Go module, so that the last of its commits stands here.
  minio: { package: 'github.com/minio/minio', version: 'v0.0.0-20260212201848-7aac2a2c5b7c' },
  'fake-gcs-server': { package: 'github.com/fsouza/fake-gcs-server', version: 'v1.56.1' },
}

interface NpmPackage {
  readonly package: string
  readonly version: string
  /** The program, below `node_modules`: Bun runs it. */
  readonly program: string
}

/** Packages of npm, installed as they are, without running any script of theirs. */
const npmPackages: Partial<Record<PeerName, NpmPackage>> = {
  azurite: { package: 'azurite', version: '3.37.0', program: 'azurite/dist/src/blob/main.js' },
}

/** Installed by apt-get, when root on Debian or Ubuntu. */
const debianPackages: Partial<Record<PeerName, readonly string[]>> = {
  chromium: ['chromium'],
  nginx: ['nginx-light', 'nginx'],
  buildah: ['buildah'],
  debootstrap: ['debootstrap'],
  curl: ['curl'],
  openssl: ['openssl'],
  certutil: ['libnss3-tools'],
  etcd: ['etcd-server'],
  'systemd-analyze': ['systemd'],
  promtool: ['prometheus'],
}

const binaries = join(projectRoot, '.peers', 'bin')

let missing = 0
for (const name of wantedPeers(process.argv.slice(2))) {
  const started = performance.now()
  const line = await provide(name)
  const seconds = Math.round((performance.now() - started) / 1000)
  console.log(`${name.padEnd(12)} ${line}${seconds > 2 ? ` (${seconds} s)` : ''}`)
}
if (missing > 0)
  console.log(`${missing} missing: the tests that need them are skipped, each with its reason.`)
process.exit(missing === 0 ? 0 : 1)

function wantedPeers(names: readonly string[]): PeerName[] {
  const all = Object.keys(peers) as PeerName[]
  const unknown = names.filter((name) => !(name in peers))
  if (unknown.length > 0) {
    console.error(`Cannot find "${unknown.join('", "')}": the peers are ${all.join(', ')}`)
    process.exit(2)
  }
  return names.length === 0 ? all : all.filter((name) => names.includes(name))
}

/** Makes one peer available; gives what to tell about it. */
async function provide(name: PeerName): Promise<string> {
  try {
    const program = goPrograms[name]
    const named = process.env[peers[name].variable]
    if (program && !named) return await fromGo(name, program)
    const fromRegistry = npmPackages[name]
    if (fromRegistry && !named) return await fromNpm(name, fromRegistry)
    const present = peer(name)
    const line = present ? `found      ${present}` : await fromDebian(name, debianPackages[name] ?? [])
    return name === 'debootstrap' ? `${line}, ${await base()}` : line
  } catch (error) {
    missing += 1
    return `could not  ${error instanceof Error ? error.message : String(error)}`
  }
}

/** The base system is made here, so that no test takes the minutes which that can last. */
async function base(): Promise<string> {
  if (process.getuid?.() !== 0) return 'no base system: only root can make one'
  const { whole, fresh } = await baseSystem(peer('debootstrap') ?? inSystem('debootstrap') ?? 'debootstrap')
  return `${fresh ? 'made' : 'found'} ${whole}`
}

/** The cache holds one folder per version, so an older build is never taken for a newer one. */
async function fromGo(name: PeerName, program: GoProgram): Promise<string> {
  const folder = join(peerCache, `${name}-${program.version}`)
  const built = join(folder, basename(program.package))
  const known = existsSync(built)
  if (!known) {
    const go = Bun.which('go')
    if (!go) throw new Error(`build ${program.package}@${program.version}: needs Go, see https://go.dev/dl`)
    console.log(`${name.padEnd(12)} building ${program.package}@${program.version}, which takes minutes …`)
    await intoFolder(folder, (fresh) =>
      run([go, 'install', `${program.package}@${program.version}`], { GOBIN: fresh, CGO_ENABLED: '0' }),
    )
  }
  await link(name, built)
  return `${known ? 'found' : 'built'}      ${built} (${program.version})`
}

async function fromNpm(name: PeerName, wanted: NpmPackage): Promise<string> {
  const folder = join(peerCache, `${name}-${wanted.version}`)
  const program = join(folder, 'node_modules', wanted.program)
  const known = existsSync(program)
  if (!known) {
    await intoFolder(folder, async (fresh) => {
      await mkdir(fresh, { recursive: true })
      await Bun.write(join(fresh, 'package.json'), '{ "private": true }\n')
      const what = `${wanted.package}@${wanted.version}`
      await run([process.execPath, 'add', '--exact', '--ignore-scripts', '--cwd', fresh, what], {})
    })
  }
  await link(name, program)
  return `${known ? 'found' : 'installed'}  ${program} (${wanted.version})`
}

/** Fills a folder beside its place, so that one that is there is complete. */
async function intoFolder(folder: string, fill: (fresh: string) => Promise<void>): Promise<void> {
  const fresh = `${folder}.${process.pid}`
  try {
    await fill(fresh)
    await rm(folder, { recursive: true, force: true })
    await rename(fresh, folder)
  } finally {
    await rm(fresh, { recursive: true, force: true })
  }
}

async function link(name: PeerName, program: string): Promise<void> {
  await mkdir(binaries, { recursive: true })
  const place = join(binaries, name)
  await rm(place, { force: true })
  await symlink(program, place)
}

let listsUpdated = false

async function fromDebian(name: PeerName, packages: readonly string[]): Promise<string> {
  const apt = Bun.which('apt-get')
  if (!apt || process.getuid?.() !== 0) throw new Error(`install it: needs root and apt-get (${packages[0]})`)
  const quiet = { DEBIAN_FRONTEND: 'noninteractive' }
  if (!listsUpdated) await run([apt, 'update', '-qq'], quiet)
  listsUpdated = true
  let trouble: unknown
  for (const candidate of packages) {
    try {
      await run([apt, 'install', '-y', '-qq', '--no-install-recommends', candidate], quiet)
      const path = inSystem(name)
      if (path) return `installed  ${path} (${candidate})`
    } catch (error) {
      trouble = error
    }
  }
  throw trouble ?? new Error(`install it: ${packages.join(', ')} gave no such program`)
}

/** `peer` remembers what it did not find, so that a program just installed is looked for anew. */
function inSystem(name: PeerName): string | undefined {
  return (
    Bun.which(peers[name].programs[0] ?? name, { PATH: `${process.env.PATH}:/usr/sbin:/sbin` }) ?? undefined
  )
}

/** Runs to the end; throws with the last lines it wrote when it fails. */
async function run(command: string[], env: Record<string, string>): Promise<void> {
  const child = Bun.spawn(command, {
    env: { ...process.env, ...env },
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  if (code === 0) return
  const last = `${out}\n${err}`.trim().split('\n').slice(-4).join(' | ')
  throw new Error(`${command.slice(0, 3).join(' ')} …: exit code ${code}: ${last}`)
}
