import { test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { projectRoot } from './start-server.ts'

/**
 * Programs that tests talk to and that are not part of the project. A place is looked for in this order: the
 * variable, `.peers/bin` of the project (where `bun run peers` puts them), PATH.
 */
export const peers = {
  helm3: { variable: 'HELM3', programs: ['helm3', 'helm'], says: /v3\./ },
  helm4: { variable: 'HELM4', programs: ['helm4', 'helm'], says: /v4\./ },
  chromium: { variable: 'CHROMIUM', programs: ['chromium', 'chromium-browser', 'google-chrome'] },
  nginx: { variable: 'NGINX', programs: ['nginx'] },
  buildah: { variable: 'BUILDAH', programs: ['buildah'] },
  debootstrap: { variable: 'DEBOOTSTRAP', programs: ['debootstrap'] },
  curl: { variable: 'CURL', programs: ['curl'] },
  openssl: { variable: 'OPENSSL', programs: ['openssl'] },
  certutil: { variable: 'CERTUTIL', programs: ['certutil'] },
  promtool: { variable: 'PROMTOOL', programs: ['promtool'] },
  minio: { variable: 'MINIO', programs: ['minio'] },
  etcd: { variable: 'ETCD', programs: ['etcd'] },
  // Reads units without systemd running.
  'systemd-analyze': { variable: 'SYSTEMD_ANALYZE', programs: ['systemd-analyze'] },
  'fake-gcs-server': { variable: 'FAKE_GCS_SERVER', programs: ['fake-gcs-server'] },
  // Run by the Bun that runs the tests.
  azurite: { variable: 'AZURITE', programs: ['azurite-blob'] },
} satisfies Record<string, Peer>

export type PeerName = keyof typeof peers

interface Peer {
  readonly variable: string
  /** Names under which it may lie in PATH. */
  readonly programs: readonly string[]
  /** What `<program> version --short` must say, where one name stands for several generations. */
  readonly says?: RegExp
}

/** How a person gets a missing peer, as one clause. */
export function howToGet(name: PeerName): string {
  return `"bun run peers ${name}" finds or builds it; ${peers[name].variable}=<path> names one`
}

/** Debian keeps servers where an ordinary user's PATH does not look. */
const searchPath = [process.env.PATH, '/usr/local/sbin', '/usr/sbin', '/sbin'].filter(Boolean).join(':')
const found = new Map<PeerName, string | undefined>()

/** The path of a peer, or undefined when it is not there. Throws when the variable names no file. */
export function peer(name: PeerName): string | undefined {
  if (!found.has(name)) found.set(name, look(name, peers[name]))
  return found.get(name)
}

function look(name: PeerName, { variable, programs, says }: Peer): string | undefined {
  const named = process.env[variable]
  if (named) {
    if (existsSync(named)) return named
    throw new Error(`Cannot use ${variable}="${named}" for the peer ${name}: there is no such file`)
  }
  const own = join(projectRoot, '.peers', 'bin', name)
  if (existsSync(own)) return own
  for (const program of programs) {
    const path = Bun.which(program, { PATH: searchPath })
    if (path && (!says || says.test(versionOf(path)))) return path
  }
  return undefined
}

function versionOf(path: string): string {
  return Bun.spawnSync([path, 'version', '--short'], { stderr: 'ignore' }).stdout.toString()
}

/** The paths of the peers that a test asked for. */
export type PeerPaths<Name extends PeerName> = Readonly<Record<Name, string>>

/** Longest time of one test with peers, in milliseconds, where it names none: they are whole programs. */
const peerTestTimeout = 60_000

/**
 * Registers a test that needs peers. A missing one makes it a skip that says why (once per peer), or a failure when
 * PEERS=required, as in CI.
 */
export function peerTest<Name extends PeerName>(
  needed: readonly Name[],
  name: string,
  run: (paths: PeerPaths<Name>) => Promise<void>,
  timeout = peerTestTimeout,
): void {
  const paths = needed.map((wanted) => [wanted, peer(wanted)] as const)
  const missing = paths.filter(([, path]) => path === undefined).map(([wanted]) => wanted)
  if (missing.length === 0) {
    const complete = Object.fromEntries(paths) as PeerPaths<Name>
    test(name, () => run(complete), timeout)
    return
  }
  if (process.env.PEERS === 'required') {
    test(name, () => {
      throw new Error(
        `PEERS=required, and ${missing.join(', ')} is missing: ${missing.map(howToGet).join('; ')}`,
      )
    })
    return
  }
  for (const wanted of missing) sayOnce(`skipped: tests that need ${wanted} (${howToGet(wanted)})`)
  test.skipIf(true)(name, () => undefined)
}

/** The variable carries what was said from one test file to the next: each has its own module registry. */
const saidVariable = 'CHARTROOM_TEST_SAID'

/** Prints a line to stderr the first time it is said in this test run. */
export function sayOnce(line: string): void {
  const said = process.env[saidVariable]?.split('\n') ?? []
  if (said.includes(line)) return
  process.env[saidVariable] = [...said, line].join('\n')
  process.stderr.write(`${line}\n`)
}
