import type { Row } from './row.ts'
import { atMost, divide, median } from './verdict.ts'
import type { Verdict } from './verdict.ts'

/** What is promised of signing in, the log and metrics: how little they add, and that guessing is nobody else's trouble. */
export function accessAims(row: Row): Verdict[] {
  if (row.id === 'access-all') {
    const [mine, without] = [median(row, 'chartroom', 'cpu_us'), median(row, 'without', 'cpu_us')]
    if (mine === undefined || without === undefined) return []
    return atMost('≤ 15 µs more', mine - without, 15)
  }
  if (!row.id.startsWith('access-flood-')) return []
  const slower = divide(median(row, 'chartroom', 'p50_ms'), median(row, 'without', 'p50_ms'))
  return atMost('p50 ≤ 1.1 × without', slower, 1.1)
}
