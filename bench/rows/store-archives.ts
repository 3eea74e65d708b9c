import { chartName, makeChart, makeLargeChart } from '../charts.ts'
import { connect, rawRequest } from '../connection.ts'
import { resetPeak, watchMemory } from '../processes.ts'
import { measureRow, wanted } from '../row.ts'
import type { Bench } from '../row.ts'
import { contestants, over } from '../store-subjects.ts'
import type { Store } from '../stores.ts'
import { measureGet } from '../wrk.ts'
import { publish } from './publish.ts'

/** Each archive row and the files of 2.5 MB in it. */
const archives = [
  ['2k', 0],
  ['5m', 2],
  ['60m', 24],
] as const

/** Archives from a store: how many per second, and by how much the memory of the server grows meanwhile. */
export async function measureArchives(bench: Bench, store: Store): Promise<void> {
  for (const [size, files] of archives) await measureArchive(bench, store, size, files)
}

async function measureArchive(bench: Bench, store: Store, size: string, files: number): Promise<void> {
  const id = `store-archive-${size}-${store.id}`
  if (!wanted(bench, id) || (files > 0 && store.mostBytes < files * 2_500_000)) return
  const chart =
    files === 0 ? makeChart(chartName(0), '1.0.0') : makeLargeChart(`large-${size}`, '1.0.0', files)
  const kilobytes = Math.round(chart.bytes.length / 1000)
  await measureRow(
    bench,
    id,
    `archive of ${kilobytes} KB from ${store.id}`,
    contestants(store, `archive${size}`, (place, subject) =>
      over(bench, subject, place, async (server) => {
        const connection = await connect(server.port)
        await publish(connection, rawRequest('POST', '/api/charts', {}, chart.bytes))
        connection.close()
        const path = `/charts/${chart.file}`
        await (await fetch(server.url + path)).arrayBuffer()
        await resetPeak(server)
        const before = server.memory().rss_mib
        const highest = watchMemory(server)
        const figures = await measureGet(bench, server, { path }, 4)
        const peak = Math.max(highest(), server.memory().peak_rss_mib)
        return { ...figures, grown_mib: peak - before, peak_rss_mib: peak }
      }),
    ),
  )
}
