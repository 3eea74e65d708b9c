import { chown, mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { filesBelow, tempFolder } from './temp-folder.ts'

/** Where the project lies: for entries, fixtures and programs started from it. */
export const projectRoot = join(import.meta.dir, '..', '..')

export interface StartOptions {
  /** Added behind the defaults; a default that is named here is left out. */
  readonly flags?: readonly string[]
  /** Added to an otherwise clean environment (PATH, HOME, TMPDIR). */
  readonly env?: Readonly<Record<string, string>>
  /** The charts folder. One that is given stays when the server is disposed. */
  readonly folder?: string
  /** The program and its first arguments; without it, this Bun and src/main.ts. */
  readonly entry?: readonly string[]
  /** Runs as this user (needs root and util-linux's setpriv). */
  readonly uid?: number
  /** Where the process stands; without it, a temp folder of its own, so that nothing depends on the project's. */
  readonly cwd?: string
  /** What is shown to a server that asks for a certificate, PEM: else nobody hears that it has started. */
  readonly certificate?: { readonly cert: string; readonly key: string }
  /** The address of this computer by which it is asked, as in a URL; without it, 127.0.0.1. */
  readonly reachedAt?: string
}

/** The program, running as its own process on a free port of 127.0.0.1. Disposing kills it and removes its folders. */
export interface RunningServer extends AsyncDisposable {
  /** "http://127.0.0.1:40123", or https with TLS flags; no context path, no trailing slash. */
  readonly url: string
  readonly port: number
  /** The charts folder. */
  readonly folder: string
  /** The process's TMPDIR: empty again after every request. */
  readonly tmp: string
  readonly pid: number
  /** All it wrote to stdout and stderr until now, in order of arrival. */
  logs(): string
  /** What it wrote to stdout alone. */
  stdout(): string
  /** Every file in the charts folder but Chartroom's own (`.chartroom/`) and the saved index, in order. */
  charts(): Promise<string[]>
  /** Ends it (SIGTERM by default) and gives its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number>
}

/** Most milliseconds between the start of the process and its first answer. A busy machine of two cores needs a few. */
const startTimeout = 20_000

/** Starts the real program and waits until `/livez` answers. Throws with everything it logged when it does not. */
export async function startServer(options: StartOptions = {}): Promise<RunningServer> {
  const own = await tempFolder()
  const place = {
    home: join(own.path, 'home'),
    tmp: join(own.path, 'tmp'),
    folder: options.folder ?? join(own.path, 'charts'),
  }
  for (const folder of Object.values(place)) {
    await mkdir(folder, { recursive: true })
    const isTheirs = options.uid === undefined || (await stat(folder)).uid === options.uid
    if (!isTheirs && options.uid !== undefined) await chown(folder, options.uid, options.uid)
  }
  if (options.uid !== undefined) await chown(own.path, options.uid, options.uid)
  try {
    for (let attempt = 1; ; attempt++) {
      const port = freePort()
      const running = launch(port, place, options)
      const scheme = servesTls(options) ? 'https' : 'http'
      const url = `${scheme}://${options.reachedAt ?? '127.0.0.1'}:${port}`
      if (await answers(`${url}/livez`, running, options.certificate)) {
        return server(url, port, place, running, () => own[Symbol.asyncDispose]())
      }
      const code = await end(running, 'SIGKILL')
      const taken =
        running.output.all.includes(String(port)) && /in use|taken|EADDRINUSE/i.test(running.output.all)
      if (!taken || attempt === 3) {
        throw new Error(`The server did not start (exit code ${code}). It wrote:\n${running.output.all}`)
      }
    }
  } catch (error) {
    await own[Symbol.asyncDispose]()
    throw error
  }
}

/** What a program that ends by itself left: `--version`, a refused setting, `health`. */
export interface Finished {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Runs the program to its end with exactly these arguments. Killed after `timeout` milliseconds (default 20 000). */
export async function runProgram(
  flags: readonly string[],
  options: Pick<StartOptions, 'env' | 'entry' | 'uid' | 'cwd'> & { timeout?: number } = {},
): Promise<Finished> {
  await using own = await tempFolder()
  if (options.uid !== undefined) await chown(own.path, options.uid, options.uid)
  const child = Bun.spawn([...command(options), ...flags], {
    cwd: options.cwd ?? own.path,
    env: environment(own.path, own.path, options.env),
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
    timeout: options.timeout ?? 20_000,
  })
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ])
  return { code, stdout, stderr }
}

/** A port of 127.0.0.1 that nobody listened on a moment ago. */
export function freePort(): number {
  const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } })
  const { port } = listener
  listener.stop(true)
  return port
}

type Child = Bun.Subprocess<'ignore', 'pipe', 'pipe'>
interface Running {
  readonly child: Child
  readonly output: { all: string; stdout: string }
  readonly finished: Promise<unknown>
}

interface Place {
  readonly home: string
  readonly tmp: string
  readonly folder: string
}

function launch(port: number, place: Place, options: StartOptions): Running {
  const flags = options.flags ?? []
  const defaults: Record<string, string> = {
    '--storage': 'local',
    '--storage-local-rootdir': place.folder,
    '--listen-host': '127.0.0.1',
    '--port': String(port),
  }
  const wanted = Object.entries(defaults).filter(
    ([name]) => !flags.some((flag) => flag === name || flag.startsWith(`${name}=`)),
  )
  const child = Bun.spawn([...command(options), ...wanted.flat(), ...flags], {
    cwd: options.cwd ?? place.home,
    env: environment(place.home, place.tmp, options.env),
    stdin: 'ignore',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const output = { all: '', stdout: '' }
  const finished = Promise.all([
    collect(child.stdout, (text) => {
      output.all += text
      output.stdout += text
    }),
    collect(child.stderr, (text) => {
      output.all += text
    }),
  ])
  return { child, output, finished }
}

function command(options: Pick<StartOptions, 'entry' | 'uid'>): string[] {
  const entry = options.entry ?? [process.execPath, join(projectRoot, 'src', 'main.ts')]
  if (options.uid === undefined) return [...entry]
  const { uid } = options
  return ['setpriv', `--reuid=${uid}`, `--regid=${uid}`, '--clear-groups', '--', ...entry]
}

function environment(home: string, tmp: string, extra: StartOptions['env'] = {}): Record<string, string> {
  return { PATH: process.env.PATH ?? '/usr/bin:/bin', HOME: home, TMPDIR: tmp, ...extra }
}

function servesTls({ flags = [], env = {} }: StartOptions): boolean {
  return (
    flags.some((flag) => /^--?tls-(cert|self-signed)(=(?!false)|$)/.test(flag)) ||
    Boolean(env.TLS_CERT) ||
    /^(1|true)$/i.test(env.TLS_SELF_SIGNED ?? '')
  )
}

async function collect(stream: ReadableStream<Uint8Array>, add: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder()
  for await (const chunk of stream) add(decoder.decode(chunk, { stream: true }))
}

/** True as soon as the address gives any answer; false when the process ends or takes too long. */
async function answers(
  url: string,
  { child }: Running,
  certificate: StartOptions['certificate'],
): Promise<boolean> {
  const deadline = Date.now() + startTimeout
  while (child.exitCode === null && child.signalCode === null && Date.now() < deadline) {
    const response = await fetch(url, {
      tls: { rejectUnauthorized: false, ...certificate },
      signal: AbortSignal.timeout(2_000),
    }).catch(() => undefined) // not listening yet
    if (response) return true
    await Bun.sleep(15)
  }
  return false
}

async function end({ child, finished }: Running, signal: NodeJS.Signals): Promise<number> {
  child.kill(signal)
  await child.exited
  await finished
  return child.exitCode ?? 128
}

function server(
  url: string,
  port: number,
  place: Place,
  running: Running,
  remove: () => PromiseLike<void>,
): RunningServer {
  return {
    url,
    port,
    folder: place.folder,
    tmp: place.tmp,
    pid: running.child.pid,
    logs: () => running.output.all,
    stdout: () => running.output.stdout,
    charts: async () => (await filesBelow(place.folder)).filter((file) => !isOwnFile(file)),
    stop: (signal = 'SIGTERM') => end(running, signal),
    [Symbol.asyncDispose]: async () => {
      await end(running, 'SIGKILL')
      await remove()
    },
  }
}

function isOwnFile(file: string): boolean {
  return file.startsWith('.chartroom/') || file === 'index-cache.yaml' || file.endsWith('/index-cache.yaml')
}
