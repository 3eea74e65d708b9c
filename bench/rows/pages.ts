import { join } from 'node:path'
import { chartName } from '../charts.ts'
import { measureRow, wanted } from '../row.ts'
import type { Bench, Measurement } from '../row.ts'
import { copyOf, seededManyCharts } from '../seed.ts'
import { withRepository } from '../servers.ts'
import { measureGet } from '../wrk.ts'
import { measureBrowser } from './browser.ts'

/** Charts in the repository that pages are measured with, one version each. */
const charts = 10_000

/** What a browser sends with a request for a page; gzip, because that is what the size limits count. */
const browser = {
  'user-agent': 'Mozilla/5.0',
  accept: 'text/html',
  'accept-encoding': 'gzip',
}

const one = chartName(4321)
const [word = ''] = one.split('-')
const mistyped = `${word.slice(0, 3)}${word.slice(4)}`

const pages = [
  { id: 'page-list', title: 'page: list of charts', path: '/' },
  { id: 'page-list-last', title: 'page: list of charts, page 300, by name', path: '/?sort=name&page=300' },
  { id: 'page-search', title: 'page: search for a word', path: `/?q=${word}` },
  { id: 'page-search-typo', title: 'page: search for a word with a letter missing', path: `/?q=${mistyped}` },
  { id: 'page-chart', title: 'page: chart', path: `/-/chart/${one}/1.0.0` },
  { id: 'page-values', title: 'page: values of a chart', path: `/-/chart/${one}/1.0.0/values` },
  { id: 'page-versions', title: 'page: versions of a chart', path: `/-/chart/${one}/versions` },
  { id: 'page-icon', title: 'icon of a chart', path: `/-/chart/${one}/icon` },
] as const

/** Pages for people, by server CPU and by bytes on the wire, and what Chromium makes of them. */
export async function measurePages(bench: Bench): Promise<void> {
  const asked = pages.filter(({ id }) => wanted(bench, id))
  if (asked.length > 0) {
    process.stderr.write(`pages with ${charts} charts\n`)
    const folder = await copyOf(await seededManyCharts(charts), join(bench.scratch, 'pages'))
    await withRepository(bench, 'chartroom', folder, charts, async (server) => {
      for (const { id, title, path } of asked) {
        const measure = () => measurePage(bench, server, path)
        await measureRow(bench, id, `${title}, ${charts} charts`, [{ id: 'chartroom', measure }])
      }
    })
  }
  await measureBrowser(bench)
}

async function measurePage(
  bench: Bench,
  server: Parameters<typeof measureGet>[1],
  path: string,
): Promise<Measurement> {
  const measured = await measureGet(bench, server, { path, headers: browser })
  const answer = await fetch(server.url + path, { headers: browser, decompress: false })
  return { ...measured, wire_kb: (await answer.bytes()).byteLength / 1000 }
}
