import { cp, mkdir } from 'node:fs/promises'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { chromium, type Browser } from 'playwright-core'
import { makeChart } from '../charts.ts'
import type { Server } from '../processes.ts'
import { measureRow, wanted } from '../row.ts'
import type { Bench, Measurement } from '../row.ts'
import { withRepository } from '../servers.ts'

/** The public charts to read, where they are: `BENCH_CHARTS` names the folder. */
const realCharts = process.env['BENCH_CHARTS'] ?? ''
/** The one with the largest values.yaml of those. */
const largest = /^kube-prometheus-stack-(.+)\.tgz$/

/**
 * What a reader waits for, in Chromium: bytes of a first and of a second visit, the first frame of the largest values
 * page and how much it moves. Skipped with a word where Chromium or the charts are missing.
 */
export async function measureBrowser(bench: Bench): Promise<void> {
  const ids = ['browser-first-visit', 'browser-second-visit', 'browser-values'] as const
  if (!ids.some((id) => wanted(bench, id))) return
  const executablePath = Bun.which('chromium') ?? Bun.which('google-chrome')
  if (executablePath === null) {
    process.stderr.write('pages in a browser are left out: there is no Chromium\n')
    return
  }
  const folder = join(bench.scratch, 'browser')
  const values = await fill(folder)
  const args = ['--no-sandbox', '--disable-gpu', '--disable-background-networking']
  const browser = await chromium.launch({ executablePath, args })
  try {
    await withRepository(bench, 'chartroom', folder, 1, async (server) => {
      const row = async (id: string, title: string, measure: () => Promise<Measurement>) => {
        if (wanted(bench, id)) await measureRow(bench, id, title, [{ id: 'chartroom', measure }])
      }
      await row('browser-first-visit', 'browser: first visit to the list', () => visit(browser, server, 1))
      await row('browser-second-visit', 'browser: second visit to the list', () => visit(browser, server, 2))
      if (values === undefined)
        process.stderr.write('browser-values is left out: BENCH_CHARTS names no folder\n')
      else
        await row('browser-values', 'browser: values of 5,981 lines', () =>
          firstFrame(browser, server, values),
        )
    })
  } finally {
    await browser.close()
  }
}

/** Fills a folder; gives the address of the largest values page there is. */
async function fill(folder: string): Promise<string | undefined> {
  await mkdir(folder, { recursive: true })
  if (realCharts !== '' && existsSync(realCharts)) {
    await cp(realCharts, folder, { recursive: true })
    const files = [...new Bun.Glob('*.tgz').scanSync(folder)]
    const version = files.map((file) => largest.exec(file)?.[1]).find((each) => each !== undefined)
    if (version !== undefined) return `/-/chart/kube-prometheus-stack/${version}/values`
    return undefined
  }
  for (let index = 0; index < 30; index++) {
    const { file, bytes } = makeChart(`chart-${index}`, '1.0.0')
    await Bun.write(join(folder, file), bytes)
  }
  return undefined
}

/** Opens the list so many times in one browser and counts what the last visit took, fonts apart. */
async function visit(browser: Browser, server: Server, times: number): Promise<Measurement> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 1000 } })
  try {
    let bytes = 0
    let requests = 0
    for (let time = 0; time < times; time++) {
      const page = await context.newPage()
      const session = await context.newCDPSession(page)
      await session.send('Network.enable')
      bytes = 0
      requests = 0
      const fonts = new Set<string>()
      session.on('Network.responseReceived', ({ requestId, type, response }) => {
        if (type === 'Font') fonts.add(requestId)
        else if (!response.fromDiskCache) requests += 1
      })
      session.on('Network.loadingFinished', ({ requestId, encodedDataLength }) => {
        if (!fonts.has(requestId)) bytes += encodedDataLength
      })
      await page.goto(server.url, { waitUntil: 'networkidle' })
      await page.close()
    }
    return { wire_kb: bytes / 1000, requests }
  } finally {
    await context.close()
  }
}

/** The time to the first frame with something on it, and the layout shift of the whole load. */
async function firstFrame(browser: Browser, server: Server, path: string): Promise<Measurement> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 1000 } })
  try {
    const page = await context.newPage()
    await page.goto(server.url + path, { waitUntil: 'networkidle' })
    await page.reload({ waitUntil: 'networkidle' })
    return await page.evaluate(async () => {
      const { promise, resolve } = Promise.withResolvers<number>()
      let shift = 0
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) shift += Number((entry as unknown as { value: number }).value)
      }).observe({ type: 'layout-shift', buffered: true })
      setTimeout(() => resolve(shift), 200)
      const [paint] = performance.getEntriesByName('first-contentful-paint')
      return { wall_ms: paint?.startTime ?? Number.NaN, layout_shift: await promise }
    })
  } finally {
    await context.close()
  }
}
