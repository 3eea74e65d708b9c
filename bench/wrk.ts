import { onCore, textOf } from './processes.ts'
import type { Server } from './processes.ts'
import type { Bench, Measurement } from './row.ts'

/** A GET as a load generator repeats it. */
export interface Request {
  path: string
  headers?: Record<string, string>
}

/** What one run of wrk found. */
export interface WrkRun {
  requests: number
  per_second: number
  p50_ms: number
}

/**
 * Loads a server with one GET over eight connections, from the load's core, and gives CPU per request, requests per
 * second and p50. Throws when an answer was not 2xx or 3xx.
 */
export async function measureGet(
  bench: Bench,
  server: Server,
  request: Request,
  connections = 8,
): Promise<Measurement> {
  const asked = performance.now()
  const answered = await probe(server, request)
  // Long enough that every connection gets some answers even from a server that takes seconds for one.
  const enough = Math.ceil(((performance.now() - asked) * connections * 2) / 1000)
  // Whoever compiles while running gets a second to do so, and all alike a second to fill their caches.
  await startWrk(bench, server, request, { connections, seconds: Math.max(1, Math.ceil(enough / 2)) })
    .finished
  const before = server.cpuMs()
  const run = await startWrk(bench, server, request, {
    connections,
    seconds: Math.max(bench.options.seconds, enough),
  }).finished
  const cpu = server.cpuMs() - before
  if (run.requests === 0) throw new Error(`${request.path} was not answered in time`)
  return {
    cpu_us: (cpu * 1000) / run.requests,
    per_second: run.per_second,
    p50_ms: run.p50_ms,
    requests: run.requests,
    answered,
  }
}

/** A running wrk: how it ends, and how to end it early. */
export interface Load {
  finished: Promise<WrkRun>
  stop(): void
}

/** Starts wrk (one thread, on the load's core). Without `seconds` it runs until stopped. */
export function startWrk(
  bench: Bench,
  server: Server,
  request: Request,
  load: { connections: number; seconds?: number },
): Load {
  const headers = Object.entries(request.headers ?? {}).flatMap(([name, value]) => [
    '-H',
    `${name}: ${value}`,
  ])
  const shape = [
    '-t1',
    `-c${load.connections}`,
    '--latency',
    `-d${load.seconds ?? 3600}s`,
    '--timeout',
    '30s',
  ]
  const command = onCore(bench.options.loadCore, 'wrk', ...shape, ...headers, server.url + request.path)
  const child = Bun.spawn(command, { stdout: 'pipe', stderr: 'pipe' })
  const finished = textOf(child.stdout).then(readWrk)
  return {
    finished,
    /** wrk prints its figures on SIGINT and ends. */
    stop: () => child.kill('SIGINT'),
  }
}

/** Reads what wrk prints; p50 is NaN when no answer came in time. Throws when answers failed, or wrk itself. */
export function readWrk(text: string): WrkRun {
  const failed = /Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1]
  if (failed !== undefined) throw new Error(`${failed} answers were neither 2xx nor 3xx`)
  const requests = /(\d+) requests in/.exec(text)?.[1]
  if (requests === undefined) throw new Error(`wrk failed: ${text.trim().split('\n', 1)[0]}`)
  const median = /50%\s+([\d.]+)(us|ms|s|m)\b/.exec(text)
  const unit = { us: 0.001, ms: 1, s: 1000, m: 60_000 }[median?.[2] ?? 'ms'] ?? 1
  return {
    requests: Number(requests),
    per_second: Number(/Requests\/sec:\s+([\d.]+)/.exec(text)?.[1]),
    p50_ms: requests === '0' ? Number.NaN : Number(median?.[1]) * unit,
  }
}

/** Asks once by hand and says what came: status, size on the wire, coding. */
async function probe(server: Server, request: Request): Promise<string> {
  const response = await fetch(server.url + request.path, {
    headers: agent(request.headers),
    decompress: false,
  })
  const bytes = await response.arrayBuffer()
  const coding = response.headers.get('content-encoding')
  return [String(response.status), `${bytes.byteLength} bytes`, ...(coding === null ? [] : [coding])].join(
    ', ',
  )
}

/** Bun's fetch asks for gzip by itself; what the row wants is asked and nothing else. */
function agent(headers: Record<string, string> = {}): Record<string, string> {
  return { 'user-agent': 'bench', 'accept-encoding': 'identity', ...headers }
}
