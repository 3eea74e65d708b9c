import type { Log } from '../log.ts'
import type { EtcdFailure } from './etcd-errors.ts'

/** Which endpoint is asked first: one that failed a moment ago comes last. */
export interface Endpoints {
  /** All of them, the best first. */
  order(): readonly string[]
  failed(endpoint: string, failure: EtcdFailure): void
  worked(endpoint: string): void
}

/** How long an endpoint that failed comes behind the others, milliseconds. */
const restMs = 10_000

/** Keeps the order of endpoints (origins, without secrets); tells the log of one that fails or is well again. */
export function createEndpoints(all: readonly string[], log: Log): Endpoints {
  const failedAt = new Map<string, number>()
  const rank = (endpoint: string) => {
    const at = failedAt.get(endpoint) ?? -Infinity
    return Date.now() - at < restMs ? at : -Infinity
  }
  return {
    order: () =>
      failedAt.size === 0
        ? all
        : all.toSorted((a, b) => (rank(a) < rank(b) ? -1 : Number(rank(a) > rank(b)))),
    failed(endpoint, failure) {
      if (!failedAt.has(endpoint) && all.length > 1) {
        log.warn('An etcd endpoint fails; the others are used', { endpoint, error: failure.message })
      }
      failedAt.set(endpoint, Date.now())
    },
    worked(endpoint) {
      if (failedAt.delete(endpoint) && all.length > 1) log.info('An etcd endpoint works again', { endpoint })
    },
  }
}
