import { createAzureClient } from './azure-client.ts'
import type { AzureClient } from './azure-client.ts'
import { azureError, isPassingAzure, isUnsure, reasonOf } from './azure-errors.ts'
import { listObjects, readPage } from './azure-list.ts'
import type { AzureOptions } from './azure-options.ts'
import { putObject } from './azure-put.ts'
import type { Condition } from './azure-put.ts'
import { readInfo, readObject, readUnless } from './azure-read.ts'
import { RegistryError } from '../errors.ts'
import { StoreAway } from './late.ts'
import type { Body, Storage } from './storage.ts'
import { isFailure, StoreFailure } from './store-failure.ts'
import type { StoreAction } from './store-failure.ts'

/** How long `/readyz` waits for the store, milliseconds. */
const checkMs = 3_000

/**
 * Objects in a container of Azure Blob Storage, laid out as ChartMuseum lays them out. Throws RegistryError
 * `unavailable`, for the operator to read, when the container cannot be read at start; StoreAway when the store does
 * not answer. The store decides every race: Azure obeys If-None-Match and If-Match.
 */
export async function azureStorage(options: AzureOptions): Promise<Storage> {
  const { prefix: root, onePieceBytes, pageSize } = options
  const client = await createAzureClient(options)
  try {
    await client.send(({ signal }) => firstPage(client, root, signal))
  } catch (error) {
    throw startError(error, options)
  }

  async function told<T>(action: StoreAction, key: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      throw azureError(action, key, error)
    }
  }

  function write(key: string, body: Body, condition?: Condition) {
    return told('store', key, () => putObject({ client, root, key, condition, onePieceBytes }, body))
  }

  return {
    driver: 'microsoft',
    get: (key) => told('read', key, () => readObject(client, root, key)),
    getUnless: (key, etag) => told('read', key, () => readUnless(client, root, key, etag)),
    info: (key) => told('read', key, () => readInfo(client, root, key)),
    put: (key, body, how) => write(key, body, how?.when),
    replace: (key, body, etag) => write(key, body, { etag }),
    async *list(prefix, how) {
      try {
        yield* listObjects(client, root, prefix, { shallow: how?.shallow, pageSize })
      } catch (error) {
        throw azureError('list', prefix || '/', error)
      }
    },
    delete: (key) => told('delete', key, () => deleteObject(client, root, key)),
    check: () =>
      told('read', '/', async () => {
        await client.once(({ signal }) => firstPage(client, root, signal), checkMs)
      }),
    close: async () => undefined,
  }
}

/** Asks for one object, to see that the container can be read. */
function firstPage(client: AzureClient, prefix: string, signal: AbortSignal) {
  return readPage(client, signal, { prefix, shallow: false, size: 1 })
}

/** Deletes an object with its snapshots, which Azure would not leave without it. True when one was there. */
async function deleteObject(client: AzureClient, root: string, key: string): Promise<boolean> {
  const blob = client.container.getBlobClient(root + key)
  let unsure = false
  const remove = async ({ signal }: { signal: AbortSignal }) => {
    await blob.delete({ abortSignal: signal, deleteSnapshots: 'include' })
    return true
  }
  // What is missing after an answer that got lost was most likely deleted by that call: it cannot be known any more.
  return client.send<boolean>(remove, async (failure) => {
    unsure ||= isUnsure(failure)
    return isFailure(failure, 'BlobNotFound') ? unsure : undefined
  })
}

function startError(error: unknown, { endpoint, container }: AzureOptions): unknown {
  if (!(error instanceof StoreFailure)) return error
  if (error.code === 'NoCredentials') return error.cause
  const [, told] = reasonOf(error)
  const why =
    error.code === 'ContainerNotFound'
      ? 'there is no such container; make it, or correct --storage-microsoft-container'
      : told
  const message = `Cannot open the container "${container}" of the microsoft storage at ${endpoint}: ${why} (${error.message})`
  if (isPassingAzure(error) && error.code !== 'BadAnswer')
    return new StoreAway(message, told, { cause: error })
  return new RegistryError('unavailable', 'storage', message, {}, { cause: error })
}
