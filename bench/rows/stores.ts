import { chartName, makeChart } from '../charts.ts'
import { connect, rawRequest } from '../connection.ts'
import { measureDisk } from '../disk.ts'
import { measureRow, wanted } from '../row.ts'
import type { Bench, Contestant, Measurement } from '../row.ts'
import { firstIndex, helmAgent } from '../servers.ts'
import { latencies } from '../statistics.ts'
import { contestants, over } from '../store-subjects.ts'
import { bucket, minioClient, startStore, storesHere } from '../stores.ts'
import type { Store } from '../stores.ts'
import { makeUploads, publish, publishAll } from './publish.ts'
import { measureArchives } from './store-archives.ts'

/** Versions in the repository whose index is read. */
const indexVersions = 300

/** Every store beside what it costs by itself: publishing, the index with its freshness check, two servers, archives. */
export async function measureStores(bench: Bench): Promise<void> {
  for (const id of storesHere()) {
    const rows = ['publish-1', 'publish-8', 'index', 'visible', 'archive-2k', 'archive-5m', 'archive-60m']
    if (!rows.some((row) => wanted(bench, `store-${row}-${id}`))) continue
    process.stderr.write(`store ${id}\n`)
    await using store = await startStore(bench, id)
    for (const writers of [1, 8]) await measurePublish(bench, store, writers)
    await measureIndex(bench, store)
    await measureVisible(bench, store)
    await measureArchives(bench, store)
  }
}

async function measurePublish(bench: Bench, store: Store, writers: number): Promise<void> {
  const id = `store-publish-${writers}-${store.id}`
  if (!wanted(bench, id)) return
  const count = bench.options.quick ? 100 : 300
  const how = writers === 1 ? 'one after another' : `${writers} at once`
  const bare = barePuts(bench, store, writers, count)
  await measureRow(bench, id, `publish to ${store.id}, ${how}`, [
    ...bare,
    ...contestants(store, `publish${writers}`, (place, subject) =>
      over(bench, subject, place, async (server) => {
        await publishAll(server, makeUploads(50_000, 100), 1)
        const before = server.cpuMs()
        const figures = await publishAll(server, makeUploads(0, count), writers)
        return { ...figures, cpu_us: ((server.cpuMs() - before) * 1000) / (figures.requests ?? 1) }
      }),
    ),
  ])
}

/** What the same bytes cost without a server between: durable files on a disk, PUTs by MinIO's own library. */
function barePuts(bench: Bench, store: Store, writers: number, count: number): Contestant[] {
  if (store.id === 'local') return [{ id: 'disk', measure: () => measureDisk(bench, writers, count) }]
  if (store.id !== 'minio') return []
  return [
    {
      id: 'bare',
      async measure(round) {
        const client = await minioClient(store.url)
        const charts = Array.from({ length: count + 50 }, (_, index) =>
          makeChart(chartName(index), `1.0.${round}`),
        )
        const put = ({ file, bytes }: (typeof charts)[number]) =>
          client.putObject(bucket, `bare${writers}/${file}`, Buffer.from(bytes), bytes.length)
        for (const chart of charts.splice(0, 50)) await put(chart)
        return timedAll(charts, writers, put)
      },
    },
  ]
}

/** Does work for every item, some at a time, and tells how long each took. */
async function timedAll<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<unknown>,
): Promise<Measurement> {
  const queue = items.values()
  const times: number[] = []
  const started = performance.now()
  const worker = async () => {
    for (const item of queue) {
      const begun = performance.now()
      await work(item)
      times.push(performance.now() - begun)
    }
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  const seconds = (performance.now() - started) / 1000
  return { ...latencies(times), per_second: times.length / seconds, requests: times.length }
}

/** One client that reads the index again and again: with the check for news of other servers, and without. */
async function measureIndex(bench: Bench, store: Store): Promise<void> {
  const id = `store-index-${store.id}`
  if (!wanted(bench, id)) return
  const title = `index on ${store.id}, ${indexVersions} versions, one reader`
  await measureRow(bench, id, title, [
    ...bareChecks(bench, store),
    ...contestants(store, 'index', (place, subject) =>
      over(bench, subject, place, async (server) => {
        // One at a time: ChartMuseum loses some of those that come at once.
        await publishAll(server, makeUploads(0, indexVersions), subject.startsWith('chartmuseum') ? 1 : 8)
        await firstIndex(server, indexVersions, 20_000)
        const connection = await connect(server.port)
        const read = rawRequest('GET', '/index.yaml', {
          'user-agent': helmAgent,
          'accept-encoding': 'identity',
        })
        const ask = async () => {
          const { status } = await connection.send(read)
          if (status !== 200) throw new Error(`the index answered ${status}`)
        }
        await repeated(0.5, ask)
        const before = server.cpuMs()
        const figures = await repeated(bench.options.seconds, ask)
        connection.close()
        return { ...figures, cpu_us: ((server.cpuMs() - before) * 1000) / (figures.requests ?? 1) }
      }),
    ),
  ])
}

/** One round trip to the store: it asks for what is known of an object. */
function bareChecks(bench: Bench, store: Store): Contestant[] {
  if (store.id !== 'minio') return []
  return [
    {
      id: 'bare',
      async measure() {
        const client = await minioClient(store.url)
        await client.putObject(bucket, 'bare/object', Buffer.from('{}'), 2)
        const ask = () => client.statObject(bucket, 'bare/object')
        await repeated(0.5, ask)
        return repeated(bench.options.seconds, ask)
      },
    },
  ]
}

async function repeated(seconds: number, ask: () => Promise<unknown>): Promise<Measurement> {
  const times: number[] = []
  const until = performance.now() + seconds * 1000
  while (performance.now() < until) {
    const begun = performance.now()
    await ask()
    times.push(performance.now() - begun)
  }
  return { ...latencies(times), per_second: times.length / seconds, requests: times.length }
}

/** From the 201 of one server to the 200 of another for the same version. */
async function measureVisible(bench: Bench, store: Store): Promise<void> {
  const id = `store-visible-${store.id}`
  if (!wanted(bench, id)) return
  const count = bench.options.quick ? 50 : 150
  const [own] = contestants(store, 'visible', (place, subject) =>
    over(bench, subject, place, (first) =>
      over(bench, subject, place, async (second) => {
        await publishAll(first, makeUploads(50_000, 50), 1)
        const [writer, reader] = [await connect(first.port), await connect(second.port)]
        const times: number[] = []
        for (const [index, upload] of makeUploads(0, count).entries()) {
          const path = `/api/charts/${chartName(Math.floor(index / 20))}/1.${index % 20}.0`
          await publish(writer, upload)
          const begun = performance.now()
          while ((await reader.send(rawRequest('GET', path, {}))).status !== 200) {
            if (performance.now() - begun > 10_000) throw new Error(`${path} did not show in 10 s`)
          }
          times.push(performance.now() - begun)
        }
        writer.close()
        reader.close()
        return { ...latencies(times), requests: times.length }
      }),
    ),
  )
  await measureRow(bench, id, `published on one server, shown by another, ${store.id}`, own ? [own] : [])
}
