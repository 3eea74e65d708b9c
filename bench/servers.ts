import { cp } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { freePort, startServer } from './processes.ts'
import type { Server } from './processes.ts'
import type { Bench, SubjectId } from './row.ts'
import { madeOnce, seededCharts } from './seed.ts'
import type { Place } from './stores.ts'

/** The user agent whose index is JSON by default. */
export const helmAgent = 'Helm/3.20.2'

const project = resolve(import.meta.dir, '..')

/** The single executable that `bun run build` makes. */
export const executable = join(project, 'dist', 'chartroom')

/** The ways of starting Chartroom; `silent` is from source without its access log. */
export type Program = 'source' | 'executable' | 'silent'

/** The Helm repository servers that take part in this run, Chartroom first. */
export function repositoryServers(): SubjectId[] {
  return process.env['CHARTMUSEUM'] === undefined
    ? ['chartroom']
    : ['chartroom', 'chartmuseum', 'chartmuseum-json']
}

/** The ways of starting Chartroom that can be measured here. */
export function programs(): Program[] {
  return existsSync(executable) ? ['executable', 'source'] : ['source']
}

/**
 * Starts a Helm repository server over a folder on the server's core. It does not wait until the server answers.
 * Every server logs one line per request into a file, as it does by its defaults.
 */
export async function startRepository(
  bench: Bench,
  subject: SubjectId,
  folder: string,
  program: Program = bench.options.executable ? 'executable' : 'source',
): Promise<Server> {
  const flags = ['--storage=local', `--storage-local-rootdir=${folder}`]
  return startOver(bench, subject, { flags, env: {} }, program)
}

/** The same over any store. */
export async function startOver(
  bench: Bench,
  subject: SubjectId,
  { flags, env }: Place,
  program: Program = bench.options.executable ? 'executable' : 'source',
): Promise<Server> {
  const address = (port: number) => [`--port=${port}`, '--listen-host=127.0.0.1']
  return startServer((port) => [...command(subject, program), ...flags, ...address(port)], {
    core: bench.options.serverCore,
    port: await freePort(),
    logFile: join(bench.scratch, `${subject}.log`),
    cwd: bench.scratch,
    env: { NODE_ENV: 'production', ...env },
  })
}

function command(subject: SubjectId, program: Program): string[] {
  const source = program === 'silent' ? 'bench/silent.ts' : 'src/main.ts'
  const own = program === 'executable' ? [executable] : [process.execPath, join(project, source)]
  if (subject === 'chartroom') return own
  if (subject === 'chartroom-single') return [...own, '--single-replica']
  const binary = process.env['CHARTMUSEUM'] ?? 'chartmuseum'
  if (subject === 'chartmuseum') return [binary, '--cache-interval=0']
  if (subject === 'chartmuseum-json') return [binary, '--cache-interval=0', '--json-index']
  throw new Error(`no command is known for ${subject}`)
}

/** Waits until a server answers its index with every expected version; gives the milliseconds since its start. */
export async function firstIndex(server: Server, versions: number, patienceMs = 120_000): Promise<number> {
  for (;;) {
    const body = await tryIndex(server)
    const at = performance.now()
    if (body !== undefined && countVersions(body) >= versions) return at - server.startedAt
    if (server.hasEnded()) throw new Error('the server ended before it answered')
    if (at - server.startedAt > patienceMs)
      throw new Error(`no index with ${versions} versions in ${patienceMs} ms`)
    await Bun.sleep(2)
  }
}

/** How many versions an index tells of, JSON or YAML: each has exactly one `digest`. */
export function countVersions(index: string): number {
  return index.split(/(?:^[\s-]+|")digest"?:/m).length - 1
}

async function tryIndex(server: Server): Promise<string | undefined> {
  try {
    // As helm asks: fetch by itself would ask for compression.
    const headers = { 'user-agent': helmAgent, 'accept-encoding': 'identity' }
    const response = await fetch(`${server.url}/index.yaml`, { headers })
    return response.ok ? await response.text() : undefined
  } catch (error) {
    if (error instanceof Error && 'code' in error && notYet.has(String(error.code))) return undefined
    // A cold start over a bucket of 100,000 archives takes longer than fetch waits.
    if (error instanceof Error && error.name === 'TimeoutError') return undefined
    throw error
  }
}

const notYet = new Set(['ConnectionRefused', 'ECONNREFUSED', 'ECONNRESET', 'ConnectionClosed'])

/** Runs work against a started server that answers, and always stops it. */
export async function withRepository<T>(
  bench: Bench,
  subject: SubjectId,
  folder: string,
  versions: number,
  work: (server: Server) => Promise<T>,
): Promise<T> {
  const server = await startRepository(bench, subject, folder)
  try {
    await firstIndex(server, versions)
    return await work(server)
  } finally {
    await server.stop()
  }
}

/**
 * The charts of a size in a folder that a server has served before, made once: ChartMuseum starts from its own saved
 * index instead of reading 10,000 archives for each measurement. Chartroom gets the bare charts.
 */
export async function adoptedCharts(bench: Bench, subject: SubjectId, size: number): Promise<string> {
  const seed = await seededCharts(size)
  if (subject === 'chartroom') return seed
  return madeOnce(`${subject}-${size}`, async (folder) => {
    await cp(seed, folder, { recursive: true, preserveTimestamps: true })
    await withRepository(bench, subject, folder, size, () => Bun.sleep(3_000))
  })
}
