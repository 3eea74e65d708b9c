import { connect } from 'node:net'
import { chart } from './chart-builder.ts'
import { openFiles, residentBytes } from './process-state.ts'
import { exact, sha256 } from './site.ts'
import type { RunningServer, StartOptions } from './start-server.ts'
import { startServer } from './start-server.ts'

/** What a mixed load left behind. */
export interface SoakReport {
  readonly wrong: readonly string[]
  readonly requests: number
  readonly openFiles: { readonly before: number; readonly after: number }
  /** How much more memory the process needed at least in the last quarter than in the second, MiB. */
  readonly growthMiB: number
  /** The least memory of each quarter, MiB. */
  readonly memoryMiB: readonly number[]
}

const workers = 8
const mib = 1024 * 1024

/**
 * Does everything that clients do, right and wrong, so many times over a repository that stays as large as it is:
 * publish, overwrite, delete, read the index in all its forms, download, search, look at pages, break off uploads and
 * downloads, send nonsense.
 */
export async function soak(options: { requests: number; start: StartOptions }): Promise<SoakReport> {
  await using server = await startServer(options.start)
  const state: SoakState = { server, wrong: [], requests: 0, archives: await buildArchives() }
  for (const archives of state.archives) await call(state, 'POST', '/api/charts?force', [201], archives[0])
  // What is made once, at the first request of its kind, is not counted.
  for (const act of everything) await act(state, 0)
  const before = openFiles(server.pid)
  const samples: number[] = []
  const sampling = setInterval(() => samples.push(residentBytes(server.pid) / mib), 100)
  await Promise.all(Array.from({ length: workers }, (_, worker) => work(state, worker, options.requests)))
  clearInterval(sampling)
  const after = await settledFiles(server, before)
  // The least, because the garbage collector lets it rise and fall.
  const memoryMiB = [0, 1, 2, 3].map((quarter) => {
    const [from, to] = [quarter, quarter + 1].map((place) => Math.floor((samples.length * place) / 4))
    return Math.round(Math.min(...samples.slice(from, to)))
  })
  const growthMiB = (memoryMiB[3] ?? 0) - (memoryMiB[1] ?? 0)
  if (server.logs().includes('Unexpected error')) state.wrong.push(server.logs())
  return { wrong: state.wrong, requests: state.requests, openFiles: { before, after }, growthMiB, memoryMiB }
}

interface SoakState {
  readonly server: RunningServer
  readonly wrong: string[]
  readonly archives: readonly (readonly Uint8Array[])[]
  requests: number
}

async function work(state: SoakState, worker: number, requests: number): Promise<void> {
  for (let turn = worker; state.requests < requests; turn++)
    await everything[turn % everything.length]?.(state, worker)
}

/** Each worker has a chart of its own, so that it knows what it has to be answered. */
const everything: readonly ((state: SoakState, worker: number) => Promise<void>)[] = [
  (state, worker) => call(state, 'POST', '/api/charts?force', [201], state.archives[worker]?.[0]),
  (state, worker) => call(state, 'POST', '/api/charts?force', [201], state.archives[worker]?.[1]),
  (state, worker) => call(state, 'POST', '/api/charts', [409], state.archives[worker]?.[1]),
  (state) => call(state, 'POST', '/api/charts', [400], new Uint8Array(200_000)),
  (state) => call(state, 'GET', '/index.yaml', [200]),
  (state) => call(state, 'GET', '/index.yaml', [200], undefined, { 'accept-encoding': 'gzip' }),
  (state) => call(state, 'GET', '/api/charts', [200]),
  (state) => call(state, 'GET', '/api/charts?q=soak', [200]),
  (state) => call(state, 'GET', '/', [200], undefined, { accept: 'text/html' }),
  (state, worker) => call(state, 'GET', `/charts/soak-${worker}-1.0.0.tgz`, [200]),
  (state) => call(state, 'GET', '/charts/unknown-1.0.0.tgz', [404]),
  (state, worker) => call(state, 'GET', `/api/charts/soak-${worker}/1.0.0/values`, [200]),
  (state, worker) => breakOff(state, `GET /charts/soak-${worker}-1.0.0.tgz HTTP/1.1\r\nHost: x\r\n\r\n`),
  (state) => breakOff(state, 'POST /api/charts HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\nhalf'),
  async (state, worker) => {
    await call(state, 'DELETE', `/api/charts/soak-${worker}/1.0.0`, [200])
    await call(state, 'POST', '/api/charts', [201], state.archives[worker]?.[0])
  },
]

async function call(
  state: SoakState,
  method: string,
  path: string,
  wanted: readonly number[],
  body?: Uint8Array,
  headers: Readonly<Record<string, string>> = {},
): Promise<void> {
  const answer = await fetch(state.server.url + path, { method, headers, ...(body && { body: exact(body) }) })
  const bytes = await answer.bytes()
  state.requests += 1
  if (!wanted.includes(answer.status))
    state.wrong.push(`${method} ${path}: ${answer.status} ${new TextDecoder().decode(bytes.slice(0, 200))}`)
  const tag = /^"([0-9a-f]{64})"$/.exec(answer.headers.get('etag') ?? '')?.[1]
  if (answer.status === 200 && path.endsWith('.tgz') && tag !== sha256(bytes))
    state.wrong.push(`${path}: not the bytes of its tag`)
}

/** Sends something and goes away before it is answered. */
async function breakOff(state: SoakState, text: string): Promise<void> {
  const socket = connect(state.server.port, '127.0.0.1')
  await new Promise<void>((resolve) => {
    socket.on('error', () => resolve())
    socket.on('close', () => resolve())
    socket.on('connect', () => {
      socket.write(text)
      setTimeout(() => socket.destroy(), 5)
    })
  })
  state.requests += 1
}

/** Connections of clients that went away are closed a little later. */
async function settledFiles(server: RunningServer, wanted: number): Promise<number> {
  const deadline = performance.now() + 45_000
  while (openFiles(server.pid) > wanted && performance.now() < deadline) await Bun.sleep(200)
  return openFiles(server.pid)
}

async function buildArchives(): Promise<Uint8Array[][]> {
  return await Promise.all(
    Array.from({ length: workers }, (_, worker) =>
      Promise.all(
        [0, 1].map((i) => chart(`soak-${worker}`, '1.0.0').with('NOTES.txt', String(i)).sized(200_000).tgz()),
      ),
    ),
  )
}
