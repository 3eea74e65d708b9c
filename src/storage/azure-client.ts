import { AsyncLocalStorage } from 'node:async_hooks'
import type { ContainerClient, RequestPolicyFactory } from '@azure/storage-blob'
import type { AzureOptions } from './azure-options.ts'
import { failureFrom, isPassingAzure } from './azure-errors.ts'
import type { StoreFailure } from './store-failure.ts'
import { createTries } from './tries.ts'
import type { Try } from './tries.ts'
import type { Watch } from './watch.ts'

/** Sends calls to one container. What it throws is a StoreFailure, or an error of the body or of the credentials. */
export interface AzureClient {
  readonly container: ContainerClient
  /** Of the container: the library guesses it from the address, which an IP address in it leads astray. */
  readonly name: string
  /** The XML of the one listing that `list` asks for, unread: see `createListings`. */
  readonly textOf: (list: (container: ContainerClient) => Promise<unknown>) => Promise<string>
  /** One try. `run` hands `watch.signal` to the library and says `watch.arm()` at each sign of life. */
  once<T>(run: (watch: Watch) => Promise<T>, patienceMs?: number): Promise<T>
  /**
   * The same, tried again while the failure is a passing one. `failed` hears of each failed try; what it gives ends the
   * matter, and what it throws too.
   */
  send<T>(
    run: (watch: Watch) => Promise<T>,
    failed?: (failure: StoreFailure) => Promise<T | undefined>,
  ): Promise<T>
}

/** Nobody waits longer than 10 s for a store that is silent; the answer to a person takes a little of them. */
const defaultPatienceMs = 6_000
/**
 * Makes a client for one container. The library is loaded here and not at start: it is 24 packages. It tries each call
 * once and follows redirects within the same origin only; patience and tries are ours.
 */
export async function createAzureClient(options: AzureOptions): Promise<AzureClient> {
  const container = await openContainer(options)
  const textOf = await createListings(options)
  const patienceMs = options.patienceMs ?? defaultPatienceMs
  const { patience, once, send } = createTries({ patienceMs, isPassing: isPassingAzure })

  async function tryOnce<T>(run: Try<T>, watch: Watch): Promise<T> {
    try {
      watch.arm()
      const result = await run(watch)
      watch.rest()
      patience.answered()
      return result
    } catch (error) {
      const failure = failureFrom(error, watch.signal.aborted)
      watch.stop()
      throw failure
    }
  }

  return {
    container,
    name: options.container,
    textOf,
    once: (run, mostMs) => once((watch) => tryOnce(run, watch), mostMs),
    send: (run, failed) => send((watch) => tryOnce(run, watch), failed),
  }
}

/** What of the library's pipeline is used; it calls each policy with what comes after it. */
interface Policy {
  readonly name: string
  sendRequest(call: object, next: (call: object) => Promise<Answer>): Promise<Answer>
}

interface Answer {
  readonly status: number
  bodyAsText?: string | null
}

const nothing = '<EnumerationResults><Blobs/><NextMarker/></EnumerationResults>'

/**
 * A client for listings only, whose answers the library does not read: it takes 250 µs of CPU for one object, and
 * `s3-xml.ts` takes 5. It is shown a listing of nothing. A policy is added with each client that the library makes of a
 * pipeline, so that there must be one.
 */
async function createListings(options: AzureOptions): Promise<AzureClient['textOf']> {
  const running = new AsyncLocalStorage<{ text: string }>()
  const policy: Policy = {
    name: 'unread',
    async sendRequest(call, next) {
      const answer = await next(call)
      const listing = running.getStore()
      if (listing === undefined || answer.status !== 200) return answer
      listing.text = answer.bodyAsText ?? ''
      answer.bodyAsText = nothing
      return answer
    },
  }
  const container = await openContainer(options, [policy])
  return async (list) => {
    const listing = { text: '' }
    await running.run(listing, () => list(container))
    return listing.text
  }
}

async function openContainer(
  options: AzureOptions,
  policies: readonly Policy[] = [],
): Promise<ContainerClient> {
  const library = await import('@azure/storage-blob')
  const { endpoint, container, signIn, apiVersion } = options
  const credential =
    signIn.kind === 'key'
      ? new library.StorageSharedKeyCredential(signIn.account, signIn.key)
      : signIn.kind === 'token'
        ? { getToken: signIn.token }
        : new library.AnonymousCredential()
  const additionalPolicies = policies.map((policy) => ({ policy, position: 'perRetry' }))
  const how = { retryOptions: { maxTries: 1 }, additionalPolicies }
  const pipeline = library.newPipeline(credential, how)
  if (apiVersion !== undefined) pipeline.factories.push(asking(apiVersion))
  const query = signIn.kind === 'signature' ? `?${signIn.query}` : ''
  return new library.ContainerClient(`${endpoint}/${container}${query}`, pipeline)
}

/** Asks for a version of the service, before the call is signed. */
function asking(apiVersion: string): RequestPolicyFactory {
  return {
    create: (next) => ({
      sendRequest(call) {
        call.headers.set('x-ms-version', apiVersion)
        return next.sendRequest(call)
      },
    }),
  }
}
