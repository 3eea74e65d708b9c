import { mkdir, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { chartsOf, makeChart } from '../charts.ts'
import { measureListing } from '../listing.ts'
import type { Server } from '../processes.ts'
import { measureRow, wanted } from '../row.ts'
import type { Bench, Contestant, Measurement, SubjectId } from '../row.ts'
import { madeOnce, seededCharts } from '../seed.ts'
import { firstIndex, helmAgent, repositoryServers, startOver } from '../servers.ts'
import { bucket, minioClient, startStore, storesHere } from '../stores.ts'
import type { Store, StoreId } from '../stores.ts'

/** Versions in one repository. ChartMuseum starts with the smaller number only: with the larger one it takes minutes. */
const sizes = { small: 10_000, large: 100_000 }

const patienceMs = 20 * 60_000

/** Starts over large stores, and the memory that the largest takes. */
export async function measureStoreStarts(bench: Bench): Promise<void> {
  for (const id of ['local', 'minio'] as const) {
    if (!storesHere().includes(id)) continue
    for (const size of Object.values(sizes)) {
      const rows = ['start-cold', 'start-warm', 'memory'].map((row) => `store-${row}-${size}-${id}`)
      if (!rows.some((row) => wanted(bench, row))) continue
      const folder = await filledStore(bench, id, size)
      await using store = await startStore(bench, id, folder)
      await measureStarts(bench, store, size)
      if (size === sizes.large) await measureMemory(bench, store, size)
    }
  }
}

/** What a store keeps with so many versions, made once: links to the seeded archives, or the data of a MinIO. */
function filledStore(bench: Bench, id: StoreId, size: number): Promise<string> {
  return madeOnce(`store-${id}-${size}`, async (folder) => {
    if (id === 'local') {
      const seed = await seededCharts(size)
      await Bun.spawn(['cp', '-al', `${seed}/.`, folder]).exited
      return
    }
    process.stderr.write(`filling ${id} with ${size} versions, once\n`)
    await mkdir(folder, { recursive: true })
    await using store = await startStore(bench, id, folder)
    const client = await minioClient(store.url)
    const charts = chartsOf(size)
    const worker = async () => {
      for (const { name, version } of charts) {
        const { file, bytes } = makeChart(name, version)
        await client.putObject(bucket, file, Buffer.from(bytes), bytes.length)
      }
    }
    await Promise.all(Array.from({ length: 16 }, worker))
  })
}

/** Removes what servers have saved beside the archives. */
async function forget(store: Store): Promise<void> {
  if (store.id === 'local') {
    for (const name of await readdir(store.url)) {
      if (!name.endsWith('.tgz')) await rm(join(store.url, name), { recursive: true })
    }
    return
  }
  const client = await minioClient(store.url)
  const keys = ['index-cache.yaml']
  for await (const { name } of client.listObjectsV2(bucket, '.chartroom/', true)) keys.push(name)
  await client.removeObjects(bucket, keys)
}

async function measureStarts(bench: Bench, store: Store, size: number): Promise<void> {
  for (const kind of ['cold', 'warm'] as const) {
    const id = `store-start-${kind}-${size}-${store.id}`
    if (!wanted(bench, id)) continue
    const beside = size === sizes.small ? repositoryServers().filter((one) => one === 'chartmuseum-json') : []
    const subjects: SubjectId[] = ['chartroom', ...beside]
    const contestants: Contestant[] = subjects.map((subject) => ({
      id: subject,
      async measure() {
        if (kind === 'cold') await forget(store)
        else await started(bench, store, subject, size, saved)
        return started(bench, store, subject, size, async (server, wall_ms) => {
          return { wall_ms, cpu_ms: server.cpuMs(), ...server.memory() }
        })
      },
    }))
    if (kind === 'warm') contestants.push({ id: 'bare', measure: () => measureListing(bench, store) })
    await measureRow(
      bench,
      id,
      `${kind} start on ${store.id}, ${size.toLocaleString('en')} versions`,
      contestants,
    )
  }
}

/** Gives a server the time to save what it read. */
async function saved(): Promise<Measurement> {
  await Bun.sleep(3_000)
  return {}
}

/** Starts a server, waits for its first whole index, works with it, and ends it in order, so that it saves what it knows. */
async function started(
  bench: Bench,
  store: Store,
  subject: SubjectId,
  versions: number,
  work: (server: Server, wallMs: number) => Promise<Measurement>,
): Promise<Measurement> {
  const place = store.place(subject, '')
  if (place === undefined) throw new Error('it cannot be pointed at this store')
  const server = await startOver(bench, subject, place)
  try {
    const wall = await firstIndex(server, versions, patienceMs)
    return await work(server, wall)
  } finally {
    await server.stop()
  }
}

/** After the index has been read in all its forms, and the garbage had its time. */
async function measureMemory(bench: Bench, store: Store, size: number): Promise<void> {
  const id = `store-memory-${size}-${store.id}`
  if (!wanted(bench, id)) return
  const measure = () =>
    started(bench, store, 'chartroom', size, async (server) => {
      const forms = [
        { 'user-agent': helmAgent, 'accept-encoding': 'identity' },
        { 'user-agent': helmAgent, 'accept-encoding': 'gzip' },
        { 'user-agent': 'curl/8.0', 'accept-encoding': 'identity' },
      ]
      for (const headers of forms) await (await fetch(`${server.url}/index.yaml`, { headers })).arrayBuffer()
      await Bun.sleep(10_000)
      const { rss_mib, peak_rss_mib } = server.memory()
      return { rss_mib, peak_rss_mib }
    })
  const title = `memory on ${store.id}, ${size.toLocaleString('en')} versions, after the index was read`
  await measureRow(bench, id, title, [{ id: 'chartroom', measure }])
}
