import { RegistryError } from '../errors.ts'
import { createEtcdClient, withinOneCall } from './etcd-client.ts'
import type { EtcdClient } from './etcd-client.ts'
import { etcdError, isEtcd, startError } from './etcd-errors.ts'
import type { EtcdAction } from './etcd-errors.ts'
import { etcdKeys, isOwn } from './etcd-keys.ts'
import type { EtcdKeys } from './etcd-keys.ts'
import { listObjects } from './etcd-list.ts'
import { removeLitter } from './etcd-parts.ts'
import { deleteObject, putObject } from './etcd-put.ts'
import type { Condition } from './etcd-put.ts'
import { readInfo, readObject, readObjectUnless } from './etcd-read.ts'
import type { EtcdOptions } from './etcd-settings.ts'
import { EtcdWatch } from './etcd-watch.ts'
import { range } from './etcd-wire.ts'
import type { Body, Storage } from './storage.ts'

/** How long `/readyz` waits for the store, milliseconds. */
const checkMs = 3_000
/** How long a start waits for an answer, milliseconds: who opens a store tries again while it is away. */
const openMs = 3_000

/**
 * Objects in etcd, laid out as ChartMuseum lays them out (see `etcd-keys.ts`), by the JSON gateway that every etcd has
 * since 3.4. Throws RegistryError `unavailable`, for the operator to read, when it cannot be read at start: StoreAway
 * when it may be there a moment later.
 */
export async function etcdStorage(options: EtcdOptions): Promise<Storage> {
  const { base, log } = options
  const client = createEtcdClient(options)
  const keys = etcdKeys(base)
  const place = { client, keys, readOnly: options.probe === false }
  const since = await open(client, keys, options)
  const watch = new EtcdWatch({ client, keys, log, since })
  if (!place.readOnly) {
    removeLitter(place).catch((error: unknown) =>
      log.warn('Could not remove what unfinished writes left in etcd', { error: String(error) }),
    )
  }

  async function told<T>(action: EtcdAction, key: string, run: () => Promise<T>): Promise<T> {
    try {
      return await run()
    } catch (error) {
      throw etcdError(action, key, error)
    }
  }

  const oneCall = () => ({ ...place, client: withinOneCall(client, options.patienceMs) })
  /** A large object of our own has many parts, each with a time of its own. */
  const write = (key: string, body: Body, when: Condition) =>
    putObject(isOwn(key) ? place : oneCall(), key, body, when)

  return {
    driver: 'etcd',
    get: (key) => told('read', key, () => readObject(place, key)),
    getUnless: (key, etag) => told('read', key, () => readObjectUnless(place, key, etag)),
    info: (key) => told('read', key, () => readInfo(oneCall(), key)),
    put: (key, body, how) => told('store', key, () => write(key, body, how?.when ?? 'always')),
    replace: (key, body, etag) =>
      told('store', key, async () => {
        try {
          return await write(key, body, { etag })
        } catch (error) {
          if (!isEtcd(error, 'Taken')) throw error
          throw new RegistryError(
            'conflict',
            'storage',
            `Cannot replace "${key}": it is not the same any more`,
          )
        }
      }),
    async *list(prefix, how) {
      try {
        yield* listObjects(place, prefix, how?.shallow === true)
      } catch (error) {
        throw etcdError('list', prefix || '/', error)
      }
    },
    delete: (key) => told('delete', key, () => deleteObject(oneCall(), key)),
    watch: (prefix, changed) => watch.add(prefix, changed),
    check: () => told('read', '/', async () => void (await look(client, keys, checkMs))),
    async close() {
      watch.close()
    },
  }
}

/** Gives the revision of a store that can be read. */
async function open(client: EtcdClient, keys: EtcdKeys, { endpoints }: EtcdOptions): Promise<string> {
  try {
    return await look(client, keys, openMs)
  } catch (error) {
    throw startError(endpoints.join(', '), error)
  }
}

async function look(client: EtcdClient, keys: EtcdKeys, patienceMs: number): Promise<string> {
  const { revision } = await client.txn({ success: [range(keys.data, { keysOnly: true })] }, patienceMs)
  return revision
}
