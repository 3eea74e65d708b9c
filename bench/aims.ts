import { accessAims } from './access-aims.ts'
import type { Row } from './row.ts'
import { storeAims } from './store-aims.ts'
import { atLeast, atMost, divide, median } from './verdict.ts'
import type { Metric, Verdict } from './verdict.ts'

/** What a row's own aims say, in the order in which they are printed; rows without an aim give none. */
export function verdicts(row: Row, rows: readonly Row[]): Verdict[] {
  return [
    ...readAims(row),
    ...publishAims(row, rows),
    ...startAims(row, rows),
    ...memoryAims(row),
    ...helmAims(row),
    ...pageAims(row),
    ...storeAims(row, rows),
    ...accessAims(row),
  ]
}

function readAims(row: Row): Verdict[] {
  const limit = readLimit(row.id)
  if (limit === undefined) return []
  const ratio = divide(median(row, 'chartroom', 'cpu_us'), median(row, 'nginx', 'cpu_us'))
  return atMost(`≤ ${limit} × nginx (CPU)`, ratio, limit)
}

function readLimit(id: string): number | undefined {
  if (/^index-.*-(304|gzip)$/.test(id)) return 1.5
  if (/^(index|archive)-/.test(id)) return 1
  return id.startsWith('list-') ? 2 : undefined
}

/** CPU flat in the number of versions, p50 and throughput beside the bare disk: all without readers. */
function publishAims(row: Row, rows: readonly Row[]): Verdict[] {
  const match = /^publish-([18])-(\d+)$/.exec(row.id)
  if (match === null) return []
  const [, writers, size] = match
  const small = rows.find((other) => other.id === `publish-${writers}-10`)
  const found: Verdict[] = []
  const cpu = divide(median(row, 'chartroom', 'cpu_us'), median(small, 'chartroom', 'cpu_us'))
  if (size === '10000') found.push(...atMost('CPU ≤ 1.2 × at 10 versions', cpu, 1.2))
  if (writers === '1') {
    const slower = divide(median(row, 'chartroom', 'p50_ms'), median(row, 'disk', 'p50_ms'))
    found.push(...atMost('p50 ≤ 3 × bare disk', slower, 3))
    return found
  }
  const share = divide(median(row, 'chartroom', 'per_second'), median(row, 'disk', 'per_second'))
  found.push(...atLeast('≥ 0.3 × bare disk', share, 0.3))
  const kept = divide(median(row, 'chartroom', 'per_second'), median(small, 'chartroom', 'per_second'))
  if (size === '10000') found.push(...atLeast('≥ 0.9 × as many as at 10', kept, 0.9))
  return found
}

/** ChartMuseum's cold start as it was measured once, for runs without it. */
const chartmuseumColdMs = 17_500

function startAims(row: Row, rows: readonly Row[]): Verdict[] {
  const wall = median(row, 'chartroom', 'wall_ms')
  if (row.id.startsWith('start-warm')) return atMost('≤ 400 ms', wall, 400)
  if (!row.id.startsWith('start-cold')) return []
  const theirs = rows
    .filter((other) => other.id.startsWith('start-cold'))
    .map((other) => median(other, 'chartmuseum', 'wall_ms'))
    .find((other) => other !== undefined)
  const name = theirs === undefined ? 'the 17.5 s of ChartMuseum' : 'ChartMuseum'
  return atMost(`≤ 0.1 × ${name}`, divide(wall, theirs ?? chartmuseumColdMs), 0.1)
}

function memoryAims(row: Row): Verdict[] {
  if (row.id === 'memory-rest') return atMost('≤ 150 MiB', median(row, 'chartroom', 'rss_mib'), 150)
  if (!row.id.startsWith('memory-')) return []
  return atMost('≤ 250 MiB', median(row, 'chartroom', 'peak_rss_mib'), 250)
}

function helmAims(row: Row): Verdict[] {
  if (row.id !== 'helm-repo-add') return []
  const ratio = divide(median(row, 'chartroom', 'cpu_ms'), median(row, 'nginx', 'cpu_ms'))
  return atMost('CPU ≤ 1.1 × bare JSON', ratio, 1.1)
}

/** Sizes are those of gzip. A first visit is counted without its fonts. */
function pageAims(row: Row): Verdict[] {
  const figure = (metric: Metric) => median(row, 'chartroom', metric)
  const size = { 'page-list': 12, 'page-list-last': 12, 'page-search': 12, 'page-chart': 10 }[row.id]
  const cpu = figure('cpu_us')
  if (row.id === 'page-search-typo') return atMost('CPU ≤ 10 ms', cpu && cpu / 1000, 10)
  if (size !== undefined) {
    const most = row.id === 'page-search' ? 10 : 3
    return [
      ...atMost(`CPU ≤ ${most} ms`, cpu && cpu / 1000, most),
      ...atMost(`≤ ${size} KB`, figure('wire_kb'), size),
    ]
  }
  if (row.id === 'browser-first-visit') return atMost('≤ 120 KB', figure('wire_kb'), 120)
  if (row.id === 'browser-second-visit') {
    return [...atMost('≤ 15 KB', figure('wire_kb'), 15), ...atMost('1 request', figure('requests'), 1)]
  }
  if (row.id !== 'browser-values') return []
  return [
    ...atMost('≤ 150 ms', figure('wall_ms'), 150),
    ...atMost('no layout shift', figure('layout_shift'), 0.001),
  ]
}
