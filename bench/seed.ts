import { cp, mkdir, mkdtemp, rename, rm, utimes } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { chartName, chartsOf, makeChart, makeLargeChart } from './charts.ts'

/** Sizes of the repositories that are measured, in chart versions. */
export const sizes = [10, 1_000, 10_000] as const

/** The archives that the archive rows ask for; they lie in every seeded folder of archives. */
export const smallArchive = { name: chartName(0), version: '1.0.0' }
export const largeArchive = { name: 'large', version: '1.0.0' }

/** Where seeds are kept between runs: they are always the same, and making 10,000 archives takes seconds. */
export const seedsFolder = join(tmpdir(), 'chartroom-bench-seeds-2')

/** A folder with `size` chart versions, made once and kept; nobody may write into it. */
export function seededCharts(size: number): Promise<string> {
  return madeOnce(`charts-${size}`, async (folder) => {
    let minute = 0
    for (const { name, version } of chartsOf(size)) {
      const chart = makeChart(name, version)
      await writeChart(folder, chart.file, chart.bytes, minute++)
    }
  })
}

/** A folder with so many charts of one version each. */
export function seededManyCharts(count: number): Promise<string> {
  return madeOnce(`many-charts-${count}`, async (folder) => {
    for (let index = 0; index < count; index++) {
      const chart = makeChart(chartName(index), '1.0.0')
      await writeChart(folder, chart.file, chart.bytes, index)
    }
  })
}

/** A folder with ten small charts and one of 5 MB. */
export function seededArchives(): Promise<string> {
  return madeOnce('archives', async (folder) => {
    await cp(await seededCharts(10), folder, { recursive: true, preserveTimestamps: true })
    const large = makeLargeChart(largeArchive.name, largeArchive.version)
    await writeChart(folder, large.file, large.bytes, 0)
  })
}

/** A folder made by `make` and kept under a name; a half-made one is never taken for a whole. */
export async function madeOnce(name: string, make: (folder: string) => Promise<void>): Promise<string> {
  const folder = join(seedsFolder, name)
  const done = Bun.file(`${folder}.done`)
  if (await done.exists()) return folder
  const unfinished = `${folder}.unfinished`
  await rm(unfinished, { recursive: true, force: true })
  await rm(folder, { recursive: true, force: true })
  await mkdir(unfinished, { recursive: true })
  await make(unfinished)
  await rename(unfinished, folder)
  await Bun.write(done, '')
  return folder
}

/**
 * A copy of a seed to serve from and to write into, with the seed's times, in a folder of its own. Nothing is removed
 * before the end of the run, so that removing one measurement's 10,000 files cannot disturb the next one's writes.
 */
export async function copyOf(seed: string, target: string): Promise<string> {
  const folder = await mkdtemp(`${target}-`)
  await cp(seed, folder, { recursive: true, preserveTimestamps: true })
  return folder
}

/** Times are given by order, so that `created` in an index, and with it every byte, is the same in every run. */
async function writeChart(folder: string, file: string, bytes: Uint8Array, minute: number): Promise<void> {
  const path = join(folder, file)
  await Bun.write(path, bytes)
  const time = new Date(Date.UTC(2026, 0, 1) + minute * 60_000)
  await utimes(path, time, time)
}
