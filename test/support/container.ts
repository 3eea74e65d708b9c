import { readFileSync } from 'node:fs'
import type { BuiltImage } from './image.ts'
import { freePort } from './start-server.ts'

export interface ContainerOptions {
  /** Runs as this user and group, without further groups. */
  readonly uid: number
  /** A folder of this machine, mounted on /charts; without it /charts is what the image has: not writable. */
  readonly charts?: string
  /** Mounted as further volumes: path in the container → folder of this machine. */
  readonly volumes?: Readonly<Record<string, string>>
  /** Added to the image's own. */
  readonly env?: Readonly<Record<string, string>>
}

/** What a program that ended left. */
export interface Ended {
  readonly code: number
  readonly output: string
}

/**
 * Runs a program of the image to its end as container engines do: its file system is the root and cannot be written,
 * /proc and /dev are mounted, the program is process 1. The network is this machine's.
 */
export async function runInImage(
  image: BuiltImage,
  command: readonly string[],
  options: ContainerOptions,
): Promise<Ended> {
  const child = launch(image, command, options)
  const late = setTimeout(() => child.kill('SIGKILL'), programTimeout)
  const [out, err, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  clearTimeout(late)
  return { code, output: out + err }
}

/** Most milliseconds of a program that ends by itself, and of the server until it answers. */
const programTimeout = 20_000

/** The server of the image, on a free port of this machine. Disposing kills it. */
export interface Container extends AsyncDisposable {
  readonly port: number
  /** Sends SIGTERM to process 1, as `docker stop` does. */
  stop(): Promise<Ended>
}

/** Starts the image's entrypoint and waits until its port answers. Throws with all it wrote when it does not. */
export async function startContainer(image: BuiltImage, options: ContainerOptions): Promise<Container> {
  const port = freePort()
  const child = launch(image, image.config.Entrypoint, {
    ...options,
    env: { PORT: String(port), ...options.env },
  })
  const output = Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()])
  const end = async (signal: NodeJS.Signals): Promise<Ended> => {
    if (child.exitCode === null) signalFirst(child.pid, signal)
    const code = await child.exited
    return { code, output: (await output).join('') }
  }
  const deadline = Date.now() + programTimeout
  while (!(await isListening(port))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      const ended = await end('SIGKILL')
      throw new Error(`The container did not start (exit code ${ended.code}). It wrote:\n${ended.output}`)
    }
    await Bun.sleep(20)
  }
  return {
    port,
    stop: () => end('SIGTERM'),
    [Symbol.asyncDispose]: async () => {
      await end('SIGKILL')
    },
  }
}

/** $1 root, $2 user, then pairs of source and target up to "--", then the command. */
const script = `
root=$1 user=$2; shift 2
mount --bind "$root" "$root"
mount -o remount,bind,ro "$root"
mount -t proc proc "$root/proc"
mount --bind /dev "$root/dev"
while [ "$1" != -- ]; do mount --bind "$1" "$root$2"; shift 2; done
shift
exec chroot --userspec="$user:$user" --groups= "$root" "$@"
`

function launch(image: BuiltImage, command: readonly string[], options: ContainerOptions) {
  const { uid, charts, volumes = {}, env = {} } = options
  const mounts = Object.entries({ ...volumes, ...(charts !== undefined && { '/charts': charts }) })
  const pairs = mounts.flatMap(([target, source]) => [source, target])
  const own = Object.fromEntries(image.config.Env.map((entry) => entry.split(/=(.*)/s).slice(0, 2)))
  return Bun.spawn(
    ['unshare', '--mount', '--pid', '--fork', '--kill-child', 'sh', '-euc', script, 'sh'].concat(
      image.root,
      String(uid),
      pairs,
      '--',
      command,
    ),
    { env: { ...own, HOME: '/', ...env }, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' },
  )
}

/** The first process of the namespace that `unshare` made; a signal to unshare itself would not reach it. */
function signalFirst(pid: number, signal: NodeJS.Signals): void {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim()
  process.kill(Number(children.split(' ')[0] || pid), signal)
}

async function isListening(port: number): Promise<boolean> {
  try {
    const socket = await Bun.connect({ hostname: '127.0.0.1', port, socket: { data: () => undefined } })
    socket.end()
    return true
  } catch {
    return false
  }
}
