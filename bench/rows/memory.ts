import { join } from 'node:path'
import { connect, rawRequest } from '../connection.ts'
import { chartName, makeChart } from '../charts.ts'
import { startNginx } from '../nginx.ts'
import { resetPeak, watchMemory } from '../processes.ts'
import type { Server } from '../processes.ts'
import { measureRow, wanted } from '../row.ts'
import type { Bench, Contestant, Measurement } from '../row.ts'
import { copyOf } from '../seed.ts'
import { adoptedCharts, helmAgent, repositoryServers, withRepository } from '../servers.ts'
import { startWrk } from '../wrk.ts'

const size = 10_000

/** Resident memory with 10,000 versions: at rest, under mixed load, and with readers that do not read. */
export async function measureMemory(bench: Bench): Promise<void> {
  const rest = (server: Server) => atRest(bench, server)
  await memoryRow(bench, 'memory-rest', 'memory at rest, 10,000 versions', rest, true)
  const mixed = (server: Server) => peakDuring(server, () => mixedLoad(bench, server))
  await memoryRow(bench, 'memory-mixed', 'memory under mixed load, 10,000 versions (peak)', mixed, false)
  const stalled = (server: Server) => peakDuring(server, () => stalledReaders(bench, server))
  await memoryRow(
    bench,
    'memory-stalled',
    'memory with 50 stalled readers of a 10 MB index (peak)',
    stalled,
    true,
  )
}

async function memoryRow(
  bench: Bench,
  id: string,
  title: string,
  work: (server: Server) => Promise<Measurement>,
  besideNginx: boolean,
): Promise<void> {
  if (!wanted(bench, id)) return
  const contestants: Contestant[] = []
  for (const subject of repositoryServers()) {
    const seed = await adoptedCharts(bench, subject, size)
    contestants.push({
      id: subject,
      async measure() {
        const folder = await copyOf(seed, join(bench.scratch, `${subject}-memory`))
        return withRepository(bench, subject, folder, size, work)
      },
    })
  }
  if (besideNginx) contestants.push({ id: 'nginx', measure: () => nginxMemory(bench, work) })
  await measureRow(bench, id, title, contestants)
}

async function nginxMemory(
  bench: Bench,
  work: (server: Server) => Promise<Measurement>,
): Promise<Measurement> {
  const server = await startNginx(bench, { log: true })
  try {
    await server.offer(
      'index.yaml',
      Buffer.alloc(11_000_000, '{"digest":"of one of ten thousand versions"}\n'),
    )
    await Bun.sleep(300)
    return await work(server)
  } finally {
    await server.stop()
  }
}

/** After one index has been read (withRepository did that) and the garbage had its time. */
async function atRest(bench: Bench, server: Server): Promise<Measurement> {
  await Bun.sleep(bench.options.quick ? 8_000 : 20_000)
  const { rss_mib, peak_rss_mib } = server.memory()
  return { rss_mib, peak_rss_mib }
}

async function peakDuring(server: Server, work: () => Promise<void>): Promise<Measurement> {
  await Bun.sleep(2_000)
  await resetPeak(server)
  const highest = watchMemory(server)
  await work()
  const sampled = highest()
  const { rss_mib, peak_rss_mib } = server.memory()
  return { rss_mib, peak_rss_mib: Math.max(sampled, peak_rss_mib) }
}

/** Helm clients, browsers and a publisher at once, as fast as they can. */
async function mixedLoad(bench: Bench, server: Server): Promise<void> {
  const helm = { 'user-agent': helmAgent }
  const loads = [
    startWrk(bench, server, { path: '/index.yaml', headers: helm }, { connections: 2 }),
    startWrk(
      bench,
      server,
      { path: '/index.yaml', headers: { ...helm, 'accept-encoding': 'gzip' } },
      { connections: 2 },
    ),
    startWrk(bench, server, { path: `/charts/${chartName(0)}-1.0.0.tgz`, headers: helm }, { connections: 2 }),
    startWrk(bench, server, { path: '/api/charts' }, { connections: 1 }),
    startWrk(bench, server, { path: `/api/charts/${chartName(1)}` }, { connections: 1 }),
  ]
  const connection = await connect(server.port)
  const until = performance.now() + (bench.options.quick ? 5_000 : 15_000)
  for (let index = 0; performance.now() < until; index++) {
    const chart = makeChart(chartName(size + Math.floor(index / 20)), `1.${index % 20}.0`)
    const answer = await connection.send(rawRequest('POST', '/api/charts', {}, chart.bytes))
    if (answer.status !== 201) throw new Error(`an upload answered ${answer.status}`)
  }
  connection.close()
  for (const load of loads) load.stop()
  await Promise.all(loads.map((load) => load.finished))
}

/** Fifty clients ask for the index and then read nothing for some seconds. */
async function stalledReaders(bench: Bench, server: Server): Promise<void> {
  const request = rawRequest('GET', '/index.yaml', { 'user-agent': helmAgent })
  const sockets = await Promise.all(
    Array.from({ length: 50 }, () =>
      Bun.connect({
        hostname: '127.0.0.1',
        port: server.port,
        socket: {
          open(socket) {
            socket.write(request)
            socket.pause()
          },
          data() {},
        },
      }),
    ),
  )
  await Bun.sleep(bench.options.quick ? 3_000 : 8_000)
  for (const socket of sockets) socket.terminate()
}
