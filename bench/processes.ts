import { readdirSync, readFileSync } from 'node:fs'
import { openSync, closeSync } from 'node:fs'
import { createServer } from 'node:net'

/** A server under measurement: pinned to its core, its log in a file. */
export interface Server {
  readonly pid: number
  readonly url: string
  readonly port: number
  /** performance.now() at the moment before the process was started. */
  readonly startedAt: number
  /** CPU milliseconds, user and system, of the process and all its children so far. */
  cpuMs(): number
  /** Resident memory of the process tree, and the part of it that is not files. */
  memory(): Memory
  /** True when the process has ended by itself. */
  hasEnded(): boolean
  /** Ends it with SIGTERM (SIGKILL after 20 s) and waits. */
  stop(): Promise<void>
}

export interface Memory {
  rss_mib: number
  anonymous_mib: number
  /** The kernel's high-water mark since the start or the last resetPeak(), summed over the tree. */
  peak_rss_mib: number
}

/** /proc counts CPU time in hundredths of a second on every Linux that Bun runs on (USER_HZ is part of the ABI). */
const tickMs = 10

/** A command that runs on one core. */
export function onCore(core: number, ...command: string[]): string[] {
  return ['taskset', '-c', String(core), ...command]
}

/** All that a child writes, as text. */
export function textOf(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  return new Response(stream).text()
}

/** Starts a server on one core. `command` is given the port; output goes to `logFile`. */
export function startServer(
  command: (port: number) => string[],
  options: { core: number; port: number; logFile: string; cwd?: string; env?: Record<string, string> },
): Server {
  const log = openSync(options.logFile, 'a')
  const startedAt = performance.now()
  const child = Bun.spawn(onCore(options.core, ...command(options.port)), {
    stdin: 'ignore',
    stdout: log,
    stderr: log,
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
  })
  closeSync(log)
  const { pid } = child
  return {
    pid,
    port: options.port,
    url: `http://127.0.0.1:${options.port}`,
    startedAt,
    cpuMs: () => sum(tree(pid).map(cpuMsOf)),
    memory: () => treeMemory(pid),
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    async stop() {
      child.kill('SIGTERM')
      const hard = setTimeout(() => child.kill('SIGKILL'), 20_000)
      await child.exited
      clearTimeout(hard)
    },
  }
}

/** A TCP port nobody listens on now. */
export async function freePort(): Promise<number> {
  const probe = createServer()
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve))
  const address = probe.address()
  await new Promise((resolve) => probe.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port could be had')
  return address.port
}

/** Sets the kernel's high-water marks of a process tree back to what it uses now (Linux: clear_refs 5). */
export async function resetPeak(server: Server): Promise<void> {
  for (const pid of tree(server.pid)) await Bun.write(`/proc/${pid}/clear_refs`, '5')
}

/** Samples the resident memory of a server every 20 ms until stopped; gives the highest value seen. */
export function watchMemory(server: Server): () => number {
  let highest = 0
  const sample = () => {
    highest = Math.max(highest, treeMemory(server.pid).rss_mib)
  }
  const timer = setInterval(sample, 20)
  return () => {
    clearInterval(timer)
    sample()
    return highest
  }
}

/** A process and all that descend from it, by their parents in /proc. */
function tree(root: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of readdirSync('/proc')) {
    const pid = Number(name)
    if (!Number.isInteger(pid)) continue
    const parent = Number(statFields(pid)?.[1])
    children.set(parent, [...(children.get(parent) ?? []), pid])
  }
  const found = [root]
  for (const pid of found) found.push(...(children.get(pid) ?? []))
  return found
}

/** Fields of /proc/<pid>/stat after the name (which may hold spaces): [0] is the state, [1] the parent. */
function statFields(pid: number): string[] | undefined {
  const text = readProc(`/proc/${pid}/stat`)
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')
}

/** utime + stime of a process, and of its children that have ended (proc(5): fields 14 to 17). */
function cpuMsOf(pid: number): number {
  const fields = statFields(pid)
  if (fields === undefined) return 0
  return sum(fields.slice(11, 15).map(Number)) * tickMs
}

function treeMemory(root: number): Memory {
  const texts = tree(root).map((pid) => readProc(`/proc/${pid}/status`) ?? '')
  const mib = (field: string) =>
    sum(texts.map((text) => Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0))) / 1024
  return { rss_mib: mib('VmRSS'), anonymous_mib: mib('RssAnon'), peak_rss_mib: mib('VmHWM') }
}

/** A file of /proc, or undefined when its process has ended in the meantime. */
function readProc(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ESRCH'))
      return undefined
    throw error
  }
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0)
}
