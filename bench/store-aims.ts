import type { Row } from './row.ts'
import { atMost, divide, median } from './verdict.ts'
import type { Verdict } from './verdict.ts'

/** What is promised of stores: beside what the store costs by itself, or beside a folder. */
export function storeAims(row: Row, rows: readonly Row[]): Verdict[] {
  if (!row.id.startsWith('store-')) return []
  return [...publishAims(row), ...indexAims(row, rows), ...visibleAims(row), ...startAims(row)]
}

function publishAims(row: Row): Verdict[] {
  if (!row.id.startsWith('store-publish-1-')) return []
  const ratio = divide(median(row, 'chartroom', 'p50_ms'), median(row, 'bare', 'p50_ms'))
  return atMost('p50 ≤ 1.3 × bare PUT', ratio, 1.3)
}

/** A read asks the store whether anything changed: that may take one round trip, and nothing else may. */
function indexAims(row: Row, rows: readonly Row[]): Verdict[] {
  if (!row.id.startsWith('store-index-')) return []
  const local = rows.find(({ id }) => id === 'store-index-local')
  const [mine, trip] = [median(row, 'chartroom', 'p50_ms'), median(row, 'bare', 'p50_ms')]
  const folder = median(local, 'chartroom', 'p50_ms')
  const most = folder === undefined || trip === undefined ? undefined : folder + trip
  return atMost('p50 ≤ local + 1 round trip', divide(mine, most), 1)
}

function visibleAims(row: Row): Verdict[] {
  if (!row.id.startsWith('store-visible-')) return []
  return atMost('p99 ≤ 100 ms', median(row, 'chartroom', 'p99_ms'), 100)
}

function startAims(row: Row): Verdict[] {
  if (row.id.startsWith('store-memory-')) return atMost('≤ 500 MiB', median(row, 'chartroom', 'rss_mib'), 500)
  if (!row.id.startsWith('store-start-warm-100000-')) return []
  const [wall, listing] = [median(row, 'chartroom', 'wall_ms'), median(row, 'bare', 'wall_ms')]
  if (wall === undefined || listing === undefined) return []
  return atMost('≤ listing + 2000 ms', wall - listing, 2000)
}
