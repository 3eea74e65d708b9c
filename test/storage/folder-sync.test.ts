import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { localCalls } from '../../src/storage/file-calls.ts'
import { FolderSync } from '../../src/storage/folder-sync.ts'
import { tempFolder } from '../support/temp-folder.ts'

test('sync() runs one and lets one wait, whoever comes while one runs joins the next', async () => {
  const { folders, syncs } = slow()
  const first = folders.sync('/root/org')
  const later = [folders.sync('/root/org'), folders.sync('/root/org'), folders.sync('/root/org')]
  expect(syncs).toHaveLength(1)
  syncs[0]!.resolve()
  await first
  await Bun.sleep(1)
  expect(syncs).toHaveLength(2)
  const latest = folders.sync('/root/org')
  expect(await Promise.race([...later, latest, Bun.sleep(5)])).toBeUndefined()
  syncs[1]!.resolve()
  await Promise.all(later)
  await Bun.sleep(1)
  expect(syncs).toHaveLength(3)
  syncs[2]!.resolve()
  await latest
})

test('sync() of different folders does not wait for each other', async () => {
  const { folders, syncs } = slow()
  const both = [folders.sync('/root/a'), folders.sync('/root/b')]
  expect(syncs).toHaveLength(2)
  for (const { resolve } of syncs) resolve()
  await Promise.all(both)
})

test('sync() that fails tells those who asked for it, and not those who wait for the next', async () => {
  const { folders, syncs } = slow()
  const first = folders.sync('/root/org')
  const second = folders.sync('/root/org')
  syncs[0]!.reject(Object.assign(new Error('disk'), { code: 'EIO' }))
  await expect(first).rejects.toThrow('disk')
  await Bun.sleep(1)
  syncs[1]!.resolve()
  await second
  const third = folders.sync('/root/org')
  syncs[2]!.resolve()
  await third
})

test('sync() stops trying, and says so once, where folders cannot be synced', async () => {
  const { folders, syncs, said } = slow()
  const first = folders.sync('/root/a')
  syncs[0]!.reject(Object.assign(new Error('no'), { code: 'EINVAL' }))
  await first
  await folders.sync('/root/b')
  expect(syncs).toHaveLength(1)
  expect(said).toHaveLength(1)
})

test('make() makes all parents, once for all who ask, and syncs each parent', async () => {
  await using folder = await tempFolder()
  const synced: string[] = []
  const calls = { ...localCalls, syncFolder: async (path: string) => void synced.push(path) }
  const folders = new FolderSync(folder.path, calls, () => {})
  await Promise.all([1, 2, 3].map(() => folders.make(join(folder.path, 'a/b/c'))))
  expect(existsSync(join(folder.path, 'a/b/c'))).toBe(true)
  expect(synced).toEqual(['', 'a', 'a/b'].map((path) => join(folder.path, path)))
})

/** A FolderSync whose syncs end when the test says so. */
function slow() {
  const syncs: PromiseWithResolvers<void>[] = []
  const said: string[] = []
  const calls = {
    ...localCalls,
    syncFolder() {
      const next = Promise.withResolvers<void>()
      syncs.push(next)
      return next.promise
    },
  }
  return { folders: new FolderSync('/root', calls, (message) => said.push(message)), syncs, said }
}
