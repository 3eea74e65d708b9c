import type { RepositoryInventory } from '../registry/inventory.ts'
import type { Definition, Sample } from './metrics-registry.ts'
import type { RequestCounts, RequestSeries } from './metrics-requests.ts'
import { requestBounds, type Sizes, type Timings } from './metrics-timings.ts'

/** The repositories as they are at this scrape. */
export type Inventory = () => readonly RepositoryInventory[]

/** What ChartMuseum measures, by its names and types; of the labels only the names are the same. */
export function museumDefinitions(requests: RequestCounts, inventory: Inventory): readonly Definition[] {
  return [
    {
      name: 'chartmuseum_charts_served_total',
      type: 'gauge',
      help: 'Current number of charts served',
      read: () => inventory().map(({ name, charts }) => gauge(charts, { repo: name })),
    },
    {
      name: 'chartmuseum_chart_versions_served_total',
      type: 'gauge',
      help: 'Current number of chart versions served',
      read: () => inventory().map(({ name, versions }) => gauge(versions, { repo: name })),
    },
    {
      name: 'chartmuseum_requests_total',
      type: 'counter',
      help: 'How many HTTP requests processed, partitioned by status code and HTTP method.',
      read: () => [...requests.series()].map(requestCount),
    },
    {
      name: 'chartmuseum_request_duration_seconds',
      type: 'histogram',
      help: 'The HTTP request latencies in seconds.',
      read: () =>
        [...requests.series()].flatMap(({ status, method, url, timings }) =>
          histogram('chartmuseum_request_duration_seconds', timings, requestBounds, {
            code: status,
            method,
            url,
          }),
        ),
    },
    {
      name: 'chartmuseum_request_size_bytes',
      type: 'summary',
      help: 'The HTTP request sizes in bytes.',
      read: () => summary('chartmuseum_request_size_bytes', requests.requestSizes),
    },
    {
      name: 'chartmuseum_response_size_bytes',
      type: 'summary',
      help: 'The HTTP response sizes in bytes.',
      read: () => summary('chartmuseum_response_size_bytes', requests.responseSizes),
    },
  ]
}

/** One series of ChartMuseum's counter. Its `host` is what clients write there, so it stays empty here. */
function requestCount({ status, handler, method, url, timings }: RequestSeries): Sample {
  return gauge(timings.count, { code: status, handler, host: '', method, url })
}

/** One value of a counter or a gauge. */
export function gauge(value: number, labels: Sample['labels'] = {}): Sample {
  return { value, labels }
}

/** The values of a map, under one label. */
export function byLabel(label: string, values: ReadonlyMap<string, number>): Sample[] {
  return [...values].map(([name, value]) => gauge(value, { [label]: name }))
}

/** The lines of one series of a histogram: its buckets, each with all that is below it, the sum and the count. */
export function histogram(
  name: string,
  { buckets, count, sum }: Timings,
  bounds: readonly number[],
  labels: Sample['labels'],
): Sample[] {
  let below = 0
  const lines = bounds.map((le, at) => {
    below += buckets[at] ?? 0
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: below }
  })
  return [
    ...lines,
    { metricName: `${name}_bucket`, labels: { ...labels, le: '+Inf' }, value: count },
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ]
}

function summary(name: string, { count, sum }: Sizes): Sample[] {
  return [
    { metricName: `${name}_sum`, labels: {}, value: sum },
    { metricName: `${name}_count`, labels: {}, value: count },
  ]
}
