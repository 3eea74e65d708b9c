import { askEtcd, openStream } from './etcd-call.ts'
import type { EtcdStream } from './etcd-call.ts'
import { createEndpoints } from './etcd-endpoints.ts'
import { EtcdFailure, isEtcd, isPassing, isUndone } from './etcd-errors.ts'
import type { EtcdKeys } from './etcd-keys.ts'
import type { EtcdOptions } from './etcd-settings.ts'
import { base64, range, txnResult } from './etcd-wire.ts'
import type { Txn, TxnResult } from './etcd-wire.ts'
import { createPatience } from './patience.ts'

/** Speaks to etcd by its JSON gateway, at whichever endpoint answers. What it throws is an EtcdFailure. */
export interface EtcdClient {
  /**
   * Runs a transaction, tried again at the next endpoint, and then from the first, while the failure is a passing one.
   * A function hears how many tries before this one may have been carried out although no answer came.
   */
  txn(txn: Txn | ((lost: number) => Txn), patienceMs?: number): Promise<TxnResult>
  /** Bytes that a whole request may have, by etcd's own word; undefined when it takes more than anybody sends. */
  largestRequest(): Promise<number | undefined>
  /** Opens a stream of events. */
  watch(create: Readonly<Record<string, unknown>>): Promise<EtcdStream>
  /** Throws when this endpoint does not reach the cluster within the time. */
  ping(endpoint: string, patienceMs: number): Promise<void>
}

/** An etcd and the keys in it. */
export interface Place {
  readonly client: EtcdClient
  readonly keys: EtcdKeys
  /** Nothing is written but what somebody asks for. */
  readonly readOnly: boolean
}

/** Nobody waits longer than 10 s for a store that is silent; the answer to a person takes a little of them. */
const defaultPatienceMs = 6_000
/** How much of that may pass before another round of tries is begun. An etcd that restarts is back after a second. */
const retryShare = 0.45
const [firstPauseMs, longestPauseMs] = [50, 800]
const watchPatienceMs = 3_000

/** What etcd lets a message of gRPC have beyond the largest request. */
const messageExtra = 512 * 1024
/** Sizes of a question that etcd refuses for its length, telling its limit; the first is over the default one. */
const probes = [2_200_000, 8_000_000, 34_000_000]
/** How long the answer holds, milliseconds: etcd may be started with another limit. */
const limitHoldsMs = 60_000

export function createEtcdClient({ endpoints, tls, log, patienceMs }: EtcdOptions): EtcdClient {
  const known = createEndpoints(endpoints, log)
  const wholePatience = patienceMs ?? defaultPatienceMs
  const patienceLeft = createPatience(wholePatience)
  let limit: { readonly until: number; readonly bytes: Promise<number | undefined> } | undefined

  /** One endpoint after the other; each leaves the ones behind it their share of the time. */
  async function round<T>(
    end: number,
    ask: (endpoint: string, patienceMs: number) => Promise<T>,
    failed: (failure: EtcdFailure) => void = () => undefined,
  ): Promise<T> {
    const order = known.order()
    let worst: EtcdFailure | undefined
    for (const [place, endpoint] of order.entries()) {
      const left = Math.max(end - performance.now(), wholePatience / 10) / (order.length - place)
      try {
        const answer = await ask(endpoint, left)
        known.worked(endpoint)
        return answer
      } catch (error) {
        if (!isOfEndpoint(error)) throw error
        failed(error)
        known.failed(endpoint, error)
        // Of several reasons one that tells more than that nobody is there.
        if (worst === undefined || worst.reason === 'Unreachable') worst = error
      }
    }
    throw worst ?? new EtcdFailure('Unreachable')
  }

  /** Rounds until one succeeds, the failure is no passing one, or too much of the time has passed. */
  async function send<T>(
    mostMs: number,
    ask: (endpoint: string, patienceMs: number, lost: number) => Promise<T>,
  ): Promise<T> {
    const started = performance.now()
    const patience = Math.min(mostMs, patienceLeft.now())
    let lost = 0
    for (let pause = firstPauseMs; ; pause = Math.min(pause * 2, longestPauseMs)) {
      try {
        const answer = await round(
          started + patience,
          (endpoint, left) => ask(endpoint, left, lost),
          (failure) => (lost += isUndone(failure) ? 0 : 1),
        )
        patienceLeft.answered()
        return answer
      } catch (error) {
        if (isEtcd(error, 'Stalled')) patienceLeft.spent()
        const again = error instanceof EtcdFailure && isPassing(error)
        if (!again || performance.now() - started > patience * retryShare) throw error
        await Bun.sleep(pause * (0.5 + Math.random()))
      }
    }
  }

  async function txnAt(endpoint: string, message: Txn, left: number): Promise<TxnResult> {
    const answer = txnResult(await askEtcd({ endpoint, path: '/v3/kv/txn', message, tls, patienceMs: left }))
    const asked = answer.succeeded ? message.success : (message.failure ?? [])
    if (answer.results.length === asked.length && answer.revision !== '0') return answer
    throw new EtcdFailure('BadAnswer', 'not an answer to each question')
  }

  async function askLimit(): Promise<number | undefined> {
    for (const size of probes) {
      const message = { key: base64(new Uint8Array(size)) }
      try {
        await send(wholePatience, (endpoint, left) =>
          askEtcd({ endpoint, path: '/v3/kv/range', message, tls, patienceMs: left }),
        )
      } catch (error) {
        const told = isEtcd(error, 'TooLarge') && /larger than max \(\d+ vs\. (\d+)\)/.exec(error.message)
        if (told) return Number(told[1]) - messageExtra
        if (!isEtcd(error, 'TooLarge')) throw error
      }
    }
    return undefined
  }

  return {
    txn: (wanted, patience = wholePatience) =>
      send(patience, (endpoint, left, lost) =>
        txnAt(endpoint, typeof wanted === 'function' ? wanted(lost) : wanted, left),
      ),
    largestRequest() {
      if (limit === undefined || performance.now() > limit.until) {
        const bytes = askLimit()
        const mine = { until: performance.now() + limitHoldsMs, bytes }
        limit = mine
        bytes.catch(() => {
          if (limit === mine) limit = undefined
        })
      }
      return limit.bytes
    },
    watch: (create) =>
      round(performance.now() + watchPatienceMs * endpoints.length, (endpoint, left) =>
        openStream({
          endpoint,
          path: '/v3/watch',
          message: { create_request: create },
          tls,
          patienceMs: Math.min(left, watchPatienceMs),
        }),
      ),
    ping: async (endpoint, left) => {
      await txnAt(endpoint, { success: [range('\0', { keysOnly: true })] }, left)
    },
  }
}

/** The same client for one call of several steps, which take no longer together than one may alone. */
export function withinOneCall(client: EtcdClient, patienceMs = defaultPatienceMs): EtcdClient {
  const end = performance.now() + patienceMs
  const left = () => Math.max(end - performance.now(), patienceMs / 10)
  return { ...client, txn: (wanted, patience = patienceMs) => client.txn(wanted, Math.min(patience, left())) }
}

/** True for what another endpoint may do better. */
function isOfEndpoint(error: unknown): error is EtcdFailure {
  return error instanceof EtcdFailure && (isPassing(error) || isEtcd(error, 'BadCertificate', 'NoGateway'))
}
