import { isRegistryError } from '../errors.ts'
import type { Storage } from './storage.ts'

/** How a trial ended: what to say when all is well, or when it is not as it should be. */
export type Verdict =
  undefined | { readonly state: 'ok' | 'warning' | 'fails'; readonly told: string; readonly fix?: string }

const racers = 8

/** What a store that obeys no condition means. */
export const unconditional: Verdict = {
  state: 'warning',
  told: 'the store does not refuse to replace what is there: two servers that publish one version at once would overwrite each other',
  fix: 'run one server only (--single-replica), or use a store that obeys conditional writes',
}

/** The first of some items: one page of a listing. */
export async function first<T>(items: AsyncIterable<T>): Promise<T | undefined> {
  for await (const item of items) return item
  return undefined
}

/** Whether what was written is what is read. */
export async function readBack(storage: Storage, key: string, bytes: Uint8Array): Promise<Verdict> {
  const object = await storage.get(key)
  const body = object?.body
  const read =
    body === undefined
      ? undefined
      : body instanceof Blob
        ? await body.bytes()
        : await Bun.readableStreamToBytes(body)
  if (read !== undefined && Buffer.from(read).equals(bytes)) return undefined
  const told =
    read === undefined
      ? 'what was just written is not there'
      : 'what was just written comes back as other bytes'
  return {
    state: 'fails',
    told,
    fix: 'a cache between Chartroom and the store, or a store without read-after-write',
  }
}

/** Whether what others wrote can be read. */
export async function readSome(storage: Storage, key: string): Promise<Verdict> {
  const object = await storage.get(key)
  if (object === undefined) return { state: 'ok', told: 'nothing is there to be read' }
  if (!(object.body instanceof Blob)) await object.body.cancel()
  return undefined
}

/** Whether what is missing is told apart from what is forbidden. */
export async function askMissing(storage: Storage, key: string): Promise<Verdict> {
  if ((await storage.info(key)) === undefined) return undefined
  return { state: 'fails', told: 'something is there that nobody wrote' }
}

/** Whether the store answers without the bytes when nothing changed. */
export async function askUnchanged(storage: Storage, key: string): Promise<Verdict> {
  if (storage.getUnless === undefined)
    return { state: 'ok', told: 'the store has no such question; not needed' }
  const info = await storage.info(key)
  const answer = await storage.getUnless(key, info?.etag ?? '')
  if (answer === 'same') return undefined
  return {
    state: 'warning',
    told: 'the store sends all of an object although it is unchanged: each check costs more',
  }
}

/** True when one key is not written twice, and of many who write a fresh one at once exactly one wins. */
export async function onlyWhenAbsent(
  storage: Storage,
  key: string,
  raced: string,
  bytes: Uint8Array,
): Promise<boolean> {
  const create = (name: string) =>
    storage.put(name, bytes, { when: 'absent' }).then(
      () => 1,
      (error: unknown) => {
        if (isRegistryError(error, 'conflict')) return 0
        throw error
      },
    )
  if ((await create(key)) === 1) return false
  const wins = await Promise.all(Array.from({ length: racers }, () => create(raced)))
  return wins.filter((win) => win === 1).length === 1
}

/** Whether only what is unchanged is replaced. */
export async function replaceUnchanged(storage: Storage, key: string, bytes: Uint8Array): Promise<Verdict> {
  const { replace } = storage
  const costly: Verdict = {
    state: 'warning',
    told: 'the store cannot replace on a condition: several servers on it tell each other of changes by listing',
    fix: 'with one server only, --single-replica saves the listing',
  }
  if (replace === undefined) return costly
  const before = await storage.info(key)
  const next = new Uint8Array([...bytes, 10])
  const after = await replace.call(storage, key, next, before?.etag ?? '')
  try {
    await replace.call(storage, key, bytes, before?.etag ?? '')
    return costly
  } catch (error) {
    if (!isRegistryError(error, 'conflict')) throw error
    return after.etag === before?.etag ? costly : undefined
  }
}

/** Whether what is deleted is gone. */
export async function removeAll(storage: Storage, keys: readonly string[]): Promise<Verdict> {
  for (const key of keys) await storage.delete(key)
  if ((await storage.info(keys[0] ?? '')) === undefined) return undefined
  return { state: 'fails', told: 'what was just deleted is still there' }
}
