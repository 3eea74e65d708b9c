/**
 * The bare listing: what it takes to list a store once by the driver of Chartroom, without any server.
 *
 *   bun bench/listing.ts local|minio <folder or address>    prints JSON
 *
 * As a module it only offers measureListing(), which runs this program on the server's core.
 */
import { minioKeys } from '../test/support/minio.ts'
import { openStorage } from '../src/storage/open.ts'
import type { StorageSettings } from '../src/storage/open.ts'
import { onCore, textOf } from './processes.ts'
import type { Bench, Measurement } from './row.ts'

/** Lists a store once; the time does not count the start of the process. */
export async function measureListing(bench: Bench, store: { id: string; url: string }): Promise<Measurement> {
  const command = onCore(bench.options.serverCore, process.execPath, import.meta.path, store.id, store.url)
  const child = Bun.spawn(command, { stdout: 'pipe', stderr: 'inherit' })
  return JSON.parse(await textOf(child.stdout))
}

function settings(id: string, url: string): StorageSettings {
  if (id === 'local') return { backend: 'local', rootdir: url }
  const none = { prefix: '', region: '', caFile: '', sse: '', sseKmsKey: '' }
  const keys = { accessKey: minioKeys.accessKey, secretKey: minioKeys.secretKey }
  return {
    backend: 'minio',
    endpoint: url,
    bucket: 'charts',
    style: 'path',
    createBucket: false,
    ...none,
    ...keys,
  }
}

async function list(id: string, url: string): Promise<Measurement> {
  const ignore = () => undefined
  const log = { debug: ignore, info: ignore, warn: ignore, error: ignore }
  const storage = await openStorage(settings(id, url), log)
  const before = process.cpuUsage()
  const started = performance.now()
  let requests = 0
  for await (const _ of storage.list('', { shallow: true })) requests += 1
  const cpu = process.cpuUsage(before)
  const wall = performance.now() - started
  await storage.close()
  return { wall_ms: wall, cpu_ms: (cpu.user + cpu.system) / 1000, requests }
}

if (import.meta.main) {
  const [id = '', url = ''] = process.argv.slice(2)
  console.log(JSON.stringify(await list(id, url)))
  process.exit(0)
}
