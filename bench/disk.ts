/**
 * The bare disk: what a durable write of one small file costs without any server. Each writer repeats: temporary
 * file, fdatasync, rename, fsync of the folder, all by blocking calls.
 *
 *   bun bench/disk.ts <folder> <writers> <files in all>    prints JSON
 *
 * As a module it only offers measureDisk(), which runs this program on the server's core.
 */
import { closeSync, fdatasyncSync, fsyncSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { Worker, isMainThread, parentPort, workerData } from 'node:worker_threads'
import { onCore, textOf } from './processes.ts'
import { latencies } from './statistics.ts'
import type { Bench, Measurement } from './row.ts'

/** Bytes of one file: as large as the small archives that are published. */
const fileBytes = 2048

/** Measures the disk below the bench's folder with some writers at once. */
export async function measureDisk(bench: Bench, writers: number, files: number): Promise<Measurement> {
  const folder = await mkdtemp(join(bench.scratch, 'disk-'))
  const self = [process.execPath, import.meta.path]
  const command = onCore(bench.options.serverCore, ...self, folder, String(writers), String(files))
  const child = Bun.spawn(command, { stdout: 'pipe', stderr: 'inherit' })
  const text = await textOf(child.stdout)
  return JSON.parse(text)
}

function writeFiles(folder: string, prefix: string, count: number): number[] {
  const bytes = Buffer.alloc(fileBytes, prefix)
  const directory = openSync(folder, 'r')
  const times: number[] = []
  for (let index = 0; index < count; index++) {
    const started = performance.now()
    const temporary = join(folder, 'temporary', `${prefix}-${index}`)
    const file = openSync(temporary, 'wx', 0o644)
    writeSync(file, bytes)
    fdatasyncSync(file)
    closeSync(file)
    renameSync(temporary, join(folder, `${prefix}-${index}`))
    fsyncSync(directory)
    times.push(performance.now() - started)
  }
  closeSync(directory)
  return times
}

async function run(folder: string, writers: number, files: number): Promise<Measurement> {
  mkdirSync(join(folder, 'temporary'))
  const each = Math.ceil(files / writers)
  const cpuBefore = process.cpuUsage()
  const started = performance.now()
  const times = writers === 1 ? writeFiles(folder, 'w0', each) : await inWorkers(folder, writers, each)
  const seconds = (performance.now() - started) / 1000
  const cpu = process.cpuUsage(cpuBefore)
  return {
    ...latencies(times),
    per_second: times.length / seconds,
    // With workers it is mostly the cost of starting them.
    ...(writers === 1 && { cpu_us: (cpu.user + cpu.system) / times.length }),
    requests: times.length,
  }
}

async function inWorkers(folder: string, writers: number, each: number): Promise<number[]> {
  const runs = Array.from({ length: writers }, (_, index) => {
    const worker = new Worker(import.meta.path, { workerData: { folder, prefix: `w${index}`, each } })
    return new Promise<number[]>((resolve, reject) => {
      worker.once('message', resolve)
      worker.once('error', reject)
    })
  })
  return (await Promise.all(runs)).flat()
}

if (!isMainThread && parentPort !== null && workerData?.each !== undefined) {
  parentPort.postMessage(writeFiles(workerData.folder, workerData.prefix, workerData.each))
} else if (import.meta.main && isMainThread) {
  const [folder = '', writers = '1', files = '1'] = process.argv.slice(2)
  console.log(JSON.stringify(await run(folder, Number(writers), Number(files))))
}
