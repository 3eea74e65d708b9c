import { test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { chmod, mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Ended } from './container.ts'
import { peerTest, sayOnce } from './peers.ts'
import type { PeerName, PeerPaths } from './peers.ts'
import { projectRoot } from './start-server.ts'
import { tempFolder } from './temp-folder.ts'

/** What a container engine or systemd shuts a process in. */
export interface Sealing {
  /** Runs as this user and group, without further groups, capabilities or a way to get any. */
  readonly uid: number
  /** All of its environment. */
  readonly env: Readonly<Record<string, string>>
  /** Path inside → file or folder of this machine. Everything else that is inside cannot be written. */
  readonly writable?: Readonly<Record<string, string>>
  readonly readable?: Readonly<Record<string, string>>
  /** Of /proc only what concerns processes, as with systemd's ProcSubset=pid. */
  readonly processesOnly?: boolean
  /** The only system calls that do not fail with EPERM. */
  readonly calls?: AllowedCalls
}

/** System calls by name, and the address families that `socket` may be asked for (2 is AF_INET). */
export interface AllowedCalls {
  readonly names: readonly string[]
  readonly families: readonly number[]
}

/** Registers a test that needs peers, and root on Linux to shut a process in; elsewhere it is a skip that says why. */
export function sealedTest<Name extends PeerName>(
  needed: readonly Name[],
  name: string,
  run: (paths: PeerPaths<Name>) => Promise<void>,
): void {
  if (process.getuid?.() === 0) {
    peerTest(needed, name, run)
    return
  }
  sayOnce(
    'skipped: tests that shut a process in (they mount and change the root: run them as root, on Linux)',
  )
  test.skipIf(true)(name, () => undefined)
}

/** This project's program at a path inside, as `readable` has it. It runs from source, so that nothing needs to be built. */
export async function sealedProgram(path: string, folder: string): Promise<Record<string, string>> {
  const file = join(folder, 'chartroom.sh')
  await Bun.write(file, '#!/bin/sh\nexec /program/bun /program/source/src/main.ts "$@"\n')
  await chmod(file, 0o755)
  await chmod(folder, 0o755)
  return { [path]: file, '/program/bun': process.execPath, '/program/source': projectRoot }
}

/** A program that runs sealed. Disposing kills it. */
export interface Sealed extends AsyncDisposable {
  /** All it wrote until now. */
  output(): string
  signal(signal: NodeJS.Signals): void
  /** Its number as this machine has it. */
  pid(): number
  /** Ends it by SIGTERM, or waits until it has ended. */
  stop(): Promise<Ended>
}

/** Most milliseconds of a program that ends by itself, and of a server until it answers. */
const programTimeout = 30_000

/** Runs a program to its end. Needs root, on Linux. */
export async function runSealed(command: readonly string[], sealing: Sealing): Promise<Ended> {
  await using sealed = await launch(command, sealing)
  return await sealed.ended(programTimeout)
}

/** Starts a server and waits until the address gives any answer. Throws with all it wrote when it does not. */
export async function startSealed(
  command: readonly string[],
  sealing: Sealing,
  url: string,
): Promise<Sealed> {
  const sealed = await launch(command, sealing)
  const deadline = Date.now() + programTimeout
  while (!(await answers(url))) {
    if (sealed.hasEnded() || Date.now() > deadline) {
      await sealed[Symbol.asyncDispose]()
      throw new Error(`It did not start: ${command.join(' ')} wrote:\n${sealed.output()}`)
    }
    await Bun.sleep(20)
  }
  return sealed
}

/**
 * $1 an empty folder that becomes the root, $2 user, $3 options of /proc; then triples of mode, source and target up to
 * "--"; then the command. Inside are the programs and libraries of this machine, a little of /etc, and /dev.
 */
const script = `
root=$1 user=$2 proc=$3; shift 3
mount -t tmpfs -o mode=0755 chartroom-sealed "$root"
mkdir "$root/usr" "$root/proc" "$root/dev" "$root/etc"
mount --rbind -o ro /usr "$root/usr"
mount -t tmpfs -o mode=0755 chartroom-sealed "$root/usr/local"
for name in bin sbin lib lib64; do [ ! -e "/$name" ] || cp -a "/$name" "$root/$name"; done
for name in hosts resolv.conf nsswitch.conf passwd group ssl; do cp -aL "/etc/$name" "$root/etc/" 2>/dev/null || true; done
mount -t proc -o "$proc" proc "$root/proc"
mount --rbind /dev "$root/dev"
while [ "$1" != -- ]; do
  target=$root$3
  if [ -d "$2" ]; then mkdir -p "$target"; else mkdir -p "$(dirname "$target")"; touch "$target"; fi
  mount --bind "$2" "$target"
  [ "$1" = rw ] || mount -o remount,bind,ro "$target"
  shift 3
done
shift
mount -o remount,ro "$root"
mount -o remount,ro "$root/usr/local"
exec chroot "$root" setpriv --reuid="$user" --regid="$user" --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all -- "$@"
`

interface Launched extends Sealed {
  hasEnded(): boolean
  ended(timeout: number): Promise<Ended>
}

async function launch(command: readonly string[], sealing: Sealing): Promise<Launched> {
  const own = await tempFolder()
  const root = join(own.path, 'root')
  await mkdir(root)
  const readable: Record<string, string> = { ...sealing.readable }
  const inside = [...command]
  if (sealing.calls) {
    const calls = join(own.path, 'calls.json')
    await Bun.write(calls, JSON.stringify(sealing.calls))
    readable['/filter/bun'] = process.execPath
    readable['/filter/filter.ts'] = join(import.meta.dir, 'system-call-filter.ts')
    readable['/filter/calls.json'] = calls
    inside.unshift('/filter/bun', '/filter/filter.ts', '/filter/calls.json')
  }
  const mounts = [
    ...Object.entries(readable).map(([target, source]) => ['ro', source, target]),
    ...Object.entries(sealing.writable ?? {}).map(([target, source]) => ['rw', source, target]),
  ]
  const child = Bun.spawn(
    ['unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-euc', script, 'sh'].concat(
      root,
      String(sealing.uid),
      sealing.processesOnly ? 'subset=pid' : 'rw',
      mounts.flat(),
      '--',
      inside,
    ),
    {
      env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...sealing.env },
      stdin: 'ignore',
      stdout: 'pipe',
      stderr: 'pipe',
    },
  )
  let output = ''
  const read = Promise.all(
    [child.stdout, child.stderr].map(async (stream) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) output += text
    }),
  )
  const signal = (name: NodeJS.Signals) => {
    if (child.exitCode === null) process.kill(firstOf(child.pid), name)
  }
  const ended = async (timeout: number): Promise<Ended> => {
    const late = setTimeout(() => child.kill('SIGKILL'), timeout)
    const code = await child.exited
    clearTimeout(late)
    await read
    return { code, output }
  }
  return {
    output: () => output,
    signal,
    pid: () => firstOf(child.pid),
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    ended,
    stop() {
      signal('SIGTERM')
      return ended(programTimeout)
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await child.exited
      await own[Symbol.asyncDispose]()
    },
  }
}

/** The first process of the namespace that `unshare` made; a signal to unshare itself would not reach it. */
function firstOf(pid: number): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  return Number(children.split(' ')[0] || pid)
}

async function answers(url: string): Promise<boolean> {
  const answer = await fetch(url, {
    tls: { rejectUnauthorized: false },
    signal: AbortSignal.timeout(2_000),
  }).catch(() => undefined) // not listening yet
  return answer !== undefined
}
