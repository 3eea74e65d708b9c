import { setImmediate } from 'node:timers/promises'
import type { BuildObserver, DocumentKind } from '../registry/index-file.ts'
import type { RepositoryInventory } from '../registry/inventory.ts'
import type { Registry } from '../registry/registry.ts'
import type { StorageObserver } from '../storage/measured.ts'
import { metricsDoc } from './docs/metrics.ts'
import type { Front } from './front.ts'
import type { SeenRequest } from './seen-request.ts'
import { byLabel, gauge, histogram, museumDefinitions, type Inventory } from './metrics-definitions.ts'
import type { Definition } from './metrics-registry.ts'
import { countRequests, metricsPath, type RequestCounts } from './metrics-requests.ts'
import { processDefinitions } from './metrics-process.ts'
import { countScrapes, sendText, type Scrapes } from './metrics-scrapes.ts'
import { buildBounds, storageBounds, Timings } from './metrics-timings.ts'
import type { Row } from './route.ts'
import { get } from './route.ts'

/** Which program it is that is measured. */
export interface Build {
  readonly version: string
  readonly revision: string
  readonly runtime: string
}

/** Counts what a server does, in plain numbers; their text is made by prom-client, loaded by the first scrape. */
export interface Metrics {
  readonly observe: (seen: SeenRequest) => void
  /** The same front, counting the requests that it has begun to answer. */
  around(front: Front): Front
  readonly observeStorage: StorageObserver
  readonly observeBuild: BuildObserver
  /** Takes the bytes of an upload as they were received, whatever becomes of it. */
  readonly observeUpload: (bytes: number) => void
  /** The row at which they are read; it answers at the root and below the context path, without credentials. */
  rows(registry: Registry): Row[]
}

/** Series of one kind of operation, by two words of the program. */
interface TimedSeries {
  readonly labels: Readonly<Record<string, string>>
  readonly timings: Timings
}

export function createMetrics(build: Build): Metrics {
  const requests = countRequests()
  const storage = new Map<string, TimedSeries>()
  const builds = new Map<DocumentKind, TimedSeries>()
  let [inFlight, uploadBytes] = [0, 0]

  function own(
    registry: Registry,
    scrapes: Scrapes,
    inventory: Inventory,
    lag: () => number,
  ): readonly Definition[] {
    return [
      {
        name: 'chartroom_build_info',
        type: 'gauge',
        help: 'The program; its value is always 1.',
        read: () => [gauge(1, { ...build })],
      },
      {
        name: 'chartroom_requests_in_flight',
        type: 'gauge',
        help: 'Requests that are being answered now.',
        read: () => [gauge(inFlight - scrapes.running)],
      },
      ...refusals(requests),
      {
        name: 'chartroom_upload_received_bytes_total',
        type: 'counter',
        help: 'Bytes of uploads that were received, those of refused ones too.',
        read: () => [gauge(uploadBytes)],
      },
      {
        name: 'chartroom_storage_operation_duration_seconds',
        type: 'histogram',
        help: 'How long operations of the store took, by operation and outcome.',
        read: () => timed('chartroom_storage_operation_duration_seconds', storage, storageBounds),
      },
      {
        name: 'chartroom_index_build_duration_seconds',
        type: 'histogram',
        help: 'How long it took to make an index, or the list of all charts.',
        read: () => timed('chartroom_index_build_duration_seconds', builds, buildBounds),
      },
      ...knowledge(registry, inventory),
      {
        name: 'chartroom_event_loop_lag_seconds',
        type: 'gauge',
        help: 'How long this scrape waited for its next turn of the event loop.',
        read: () => [gauge(lag())],
      },
      ...scrapes.definitions,
    ]
  }

  return {
    observe(seen) {
      inFlight -= 1
      requests.observe(seen)
    },
    around: ({ serve }) => ({
      serve(request, peer, found) {
        inFlight += 1
        return serve(request, peer, found)
      },
    }),
    observeStorage(operation, outcome, nanoseconds) {
      timingsOf(storage, `${operation} ${outcome}`, { operation, outcome }, storageBounds).add(nanoseconds)
    },
    observeBuild(kind, nanoseconds) {
      timingsOf(builds, kind, { format: kind }, buildBounds).add(nanoseconds)
    },
    observeUpload(bytes) {
      uploadBytes += bytes
    },
    rows(registry) {
      const scrapes = countScrapes()
      let repositories: readonly RepositoryInventory[] = []
      const inventory = () => repositories
      let lagSeconds = 0
      const definitions = [
        ...museumDefinitions(requests, inventory),
        ...own(registry, scrapes, inventory, () => lagSeconds),
        ...processDefinitions(),
      ]
      let exposition: Promise<() => Promise<string>> | undefined
      const text = async () => {
        lagSeconds = await eventLoopLag()
        repositories = registry.inventory()
        exposition ??= import('./metrics-registry.ts').then((module) => module.createExposition(definitions))
        return (await exposition)()
      }
      return [
        get(metricsPath, 'none', ({ request }) => scrapes.run(() => sendText(request, text)), metricsDoc),
      ]
    },
  }
}

function timingsOf<Key>(
  all: Map<Key, TimedSeries>,
  key: Key,
  labels: TimedSeries['labels'],
  bounds: readonly number[],
): Timings {
  let series = all.get(key)
  if (series === undefined) all.set(key, (series = { labels, timings: new Timings(bounds) }))
  return series.timings
}

function timed<Key>(name: string, all: ReadonlyMap<Key, TimedSeries>, bounds: readonly number[]) {
  return [...all.values()].flatMap(({ labels, timings }) => histogram(name, timings, bounds, labels))
}

function refusals(requests: RequestCounts): readonly Definition[] {
  return [
    {
      name: 'chartroom_unmatched_requests_total',
      type: 'counter',
      help: 'Requests that no route answered: unknown addresses, refused hosts, preflights.',
      read: () => [gauge(requests.unmatched())],
    },
    {
      name: 'chartroom_uploads_rejected_total',
      type: 'counter',
      help: 'Uploads, or files of one, that were refused, by reason.',
      read: () => byLabel('reason', requests.rejectedUploads),
    },
    {
      name: 'chartroom_authentication_failures_total',
      type: 'counter',
      help: 'Requests with credentials that were answered with 401, by scheme.',
      read: () => byLabel('scheme', requests.authenticationFailures),
    },
  ]
}

/** Seconds until the loop comes around again: what every request waits for, too. */
async function eventLoopLag(): Promise<number> {
  const started = Bun.nanoseconds()
  await setImmediate()
  return (Bun.nanoseconds() - started) / 1e9
}

/** What the server knows of its store. */
function knowledge(registry: Registry, inventory: Inventory): readonly Definition[] {
  return [
    {
      name: 'chartroom_index_bytes',
      type: 'gauge',
      help: 'Bytes of a repository’s index as it was made last, by format.',
      read: () =>
        inventory().flatMap(({ name, indexBytes: { yaml, json } }) => [
          ...(yaml === undefined ? [] : [gauge(yaml, { repo: name, format: 'yaml' })]),
          ...(json === undefined ? [] : [gauge(json, { repo: name, format: 'json' })]),
        ]),
    },
    {
      name: 'chartroom_catalog_age_seconds',
      type: 'gauge',
      help: 'Seconds since this server was last sure to know everything that is in the store.',
      read() {
        const { ageMs } = registry.knowledge
        return ageMs === undefined ? [] : [gauge(ageMs / 1000)]
      },
    },
    {
      name: 'chartroom_catalog_degraded',
      type: 'gauge',
      help: '1 while the store does not answer and reads are answered from what is known, else 0.',
      read: () => [gauge(registry.knowledge.degraded ? 1 : 0)],
    },
  ]
}
