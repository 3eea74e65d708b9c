import { join } from 'node:path'
import { connect, rawRequest } from '../connection.ts'
import type { Connection } from '../connection.ts'
import { chartName, makeChart } from '../charts.ts'
import { measureDisk } from '../disk.ts'
import type { Server } from '../processes.ts'
import { measureRow, wanted } from '../row.ts'
import type { Bench, Measurement, SubjectId } from '../row.ts'
import { copyOf, sizes } from '../seed.ts'
import { adoptedCharts, helmAgent, repositoryServers, withRepository } from '../servers.ts'
import { latencies } from '../statistics.ts'
import { startWrk } from '../wrk.ts'

/** One way of publishing that is a row at each size. */
interface PublishRow {
  id: string
  title: string
  writers: number
  readers: boolean
}

const kinds: PublishRow[] = [
  { id: 'publish-1', title: 'publish, one after another', writers: 1, readers: false },
  { id: 'publish-8', title: 'publish, 8 at once', writers: 8, readers: false },
  {
    id: 'publish-1-readers',
    title: 'publish, one after another, four busy readers',
    writers: 1,
    readers: true,
  },
  { id: 'publish-8-readers', title: 'publish, 8 at once, four busy readers', writers: 8, readers: true },
]

/** Publishing: beside the bare disk, because that is what a durable 201 has to pay at least. */
export async function measurePublishing(bench: Bench): Promise<void> {
  for (const size of sizes) {
    for (const kind of kinds) {
      const id = `${kind.id}-${size}`
      if (wanted(bench, id)) await measurePublish(bench, id, `${kind.title}, ${size} versions`, kind, size)
    }
    for (const coding of ['identity', 'gzip'] as const) {
      const id = `publish-then-index-${coding === 'gzip' ? 'gzip-' : ''}${size}`
      const title = `publish + next index GET (${coding === 'gzip' ? 'gzip' : 'plain'}), ${size} versions`
      if (wanted(bench, id)) await measureWithIndex(bench, id, title, coding, size)
    }
  }
}

async function measurePublish(
  bench: Bench,
  id: string,
  title: string,
  kind: PublishRow,
  size: number,
): Promise<void> {
  const most = bench.options.quick ? 240 : 600
  await measureRow(bench, id, title, [
    { id: 'disk', measure: () => measureDisk(bench, kind.writers, most) },
    ...repositoryServers().map((subject) => ({
      id: subject,
      measure: () =>
        onFreshCopy(bench, subject, size, async (server) => {
          if (subject === 'chartroom') await warmUp(server)
          const uploads = makeUploads(size, uploadCount(subject, size, most))
          if (!kind.readers) return publishAndSettle(server, uploads, kind.writers, settleMs(subject))
          const readers = startWrk(bench, server, indexRequest('gzip'), { connections: 4 })
          await Bun.sleep(500)
          const figures = await publishAll(server, uploads, kind.writers)
          readers.stop()
          return { ...figures, reads_per_second: (await readers.finished).per_second }
        }),
    })),
  ])
}

async function measureWithIndex(
  bench: Bench,
  id: string,
  title: string,
  coding: 'identity' | 'gzip',
  size: number,
): Promise<void> {
  const count = bench.options.quick ? 40 : 100
  await measureRow(
    bench,
    id,
    title,
    repositoryServers().map((subject) => ({
      id: subject,
      measure: () =>
        onFreshCopy(bench, subject, size, async (server) => {
          if (subject === 'chartroom') await warmUp(server)
          return publishAndRead(server, makeUploads(size, count), coding)
        }),
    })),
  )
}

/** Every measurement starts from the same repository, so that one does not grow under the next. */
async function onFreshCopy<T>(
  bench: Bench,
  subject: SubjectId,
  size: number,
  work: (server: Server) => Promise<T>,
): Promise<T> {
  const folder = await copyOf(
    await adoptedCharts(bench, subject, size),
    join(bench.scratch, `${subject}-publish`),
  )
  return withRepository(bench, subject, folder, size, work)
}

/**
 * ChartMuseum answers before its index is done and works off one whole index per upload later: so many uploads that
 * this takes about ten seconds say the same as many more.
 */
function uploadCount(subject: SubjectId, size: number, most: number): number {
  const indexedVersions = { chartmuseum: 30_000, 'chartmuseum-json': 300_000 }[String(subject)]
  if (indexedVersions === undefined) return most
  // Its cost grows with the repository: a small one must stay small.
  return Math.max(8, Math.min(most, 3 * size, Math.round(indexedVersions / size)))
}

/** Ready-made uploads: new charts beside those that exist, twenty versions each. */
export function makeUploads(size: number, count: number): Buffer[] {
  return Array.from({ length: count }, (_, index) => {
    const chart = makeChart(chartName(size + Math.floor(index / 20)), `1.${index % 20}.0`)
    const headers = { 'content-type': 'application/octet-stream', 'user-agent': 'curl/8.0' }
    return rawRequest('POST', '/api/charts', headers, chart.bytes)
  })
}

/**
 * Publishes, then waits until the server is quiet, and counts all CPU time up to then: what is written later (saved
 * catalog, index-cache.yaml) belongs to the publishes that caused it.
 */
async function publishAndSettle(
  server: Server,
  uploads: Buffer[],
  writers: number,
  atLeastMs: number,
): Promise<Measurement> {
  const before = server.cpuMs()
  const figures = await publishAll(server, uploads, writers)
  await quiet(server, atLeastMs)
  return { ...figures, cpu_us: ((server.cpuMs() - before) * 1000) / (figures.requests ?? 1) }
}

/** Lets the compiler of Bun see publishing; programs in Go come compiled. */
async function warmUp(server: Server): Promise<void> {
  await publishAll(server, makeUploads(50_000, 200), 1)
  await quiet(server, settleMs('chartroom'))
}

/** Publishes with some writers at once, for at most ten seconds. */
export async function publishAll(server: Server, uploads: Buffer[], writers: number): Promise<Measurement> {
  const connections = await Promise.all(Array.from({ length: writers }, () => connect(server.port)))
  const times: number[] = []
  const started = performance.now()
  const write = async (connection: Connection) => {
    for (let upload = uploads.pop(); upload !== undefined; upload = uploads.pop()) {
      const sent = performance.now()
      await publish(connection, upload)
      times.push(performance.now() - sent)
      if (performance.now() - started > 10_000) return
    }
  }
  await Promise.all(connections.map(write))
  const seconds = (performance.now() - started) / 1000
  for (const connection of connections) connection.close()
  return { ...latencies(times), per_second: times.length / seconds, requests: times.length }
}

/** Publishes and reads the index in turns; the times are those of a whole turn. */
async function publishAndRead(server: Server, uploads: Buffer[], coding: string): Promise<Measurement> {
  const connection = await connect(server.port)
  const { path, headers } = indexRequest(coding)
  const read = rawRequest('GET', path, headers)
  const times: number[] = []
  const before = server.cpuMs()
  const started = performance.now()
  for (const upload of uploads) {
    const sent = performance.now()
    await publish(connection, upload)
    const answer = await connection.send(read)
    if (answer.status !== 200) throw new Error(`the index answered ${answer.status}`)
    times.push(performance.now() - sent)
    if (performance.now() - started > 10_000 && times.length >= 2) break
  }
  const cpu = server.cpuMs() - before
  const seconds = (performance.now() - started) / 1000
  connection.close()
  return {
    ...latencies(times),
    per_second: times.length / seconds,
    cpu_us: (cpu * 1000) / times.length,
    requests: times.length,
  }
}

export async function publish(connection: Connection, upload: Buffer): Promise<void> {
  const answer = await connection.send(upload)
  if (answer.status !== 201)
    throw new Error(`an upload answered ${answer.status}: ${answer.body.toString().slice(0, 200)}`)
}

/** What helm sends for an index: it always asks for gzip. */
function indexRequest(coding: string): { path: string; headers: Record<string, string> } {
  return { path: '/index.yaml', headers: { 'user-agent': helmAgent, 'accept-encoding': coding } }
}

/** Chartroom saves its catalog within a second of a change and again after five: both are waited for. */
function settleMs(subject: SubjectId): number {
  return subject === 'chartroom' ? 6_500 : 0
}

/** Waits at least some time, and until the server used no CPU time for a second. */
async function quiet(server: Server, atLeastMs: number): Promise<void> {
  await Bun.sleep(atLeastMs)
  for (let last = -1, still = 0; still < 4;) {
    const now = server.cpuMs()
    still = now - last <= 10 ? still + 1 : 0
    last = now
    await Bun.sleep(250)
  }
}
