import { expect, test } from 'bun:test'
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { RegistryError } from '../../src/errors.ts'
import { localStorage } from '../../src/storage/local.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { keptLog } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'

const steps: readonly [string, (storage: Storage) => Promise<unknown>][] = [
  ['get()', (storage) => storage.get('a.tgz')],
  ['info()', (storage) => storage.info('a.tgz')],
  ['delete()', (storage) => storage.delete('a.tgz')],
  ['put()', (storage) => storage.put('b.tgz', new Uint8Array(1))],
  ['list()', async (storage) => Array.fromAsync(storage.list(''))],
  ['check()', (storage) => storage.check()],
]

test.each(steps)(
  '%s says unavailable, not missing, while the whole folder is gone, and recovers',
  async (_, step) => {
    await using folder = await tempFolder()
    const root = join(folder.path, 'charts')
    const storage = await localStorage({ root, log: keptLog() })
    await storage.put('a.tgz', new Uint8Array([1]))
    await rename(root, `${root}-away`)
    const error: unknown = await step(storage).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(RegistryError)
    expect(error).toMatchObject({ code: 'unavailable' })
    await rm(root, { recursive: true, force: true })
    await rename(`${root}-away`, root)
    expect((await storage.get('a.tgz'))?.size).toBe(1)
    await storage.close()
  },
)

test('a file in the place of our own folder is not a conflict of whoever uploads', async () => {
  await using folder = await tempFolder()
  const storage = await localStorage({ root: folder.path, log: keptLog() })
  await Bun.write(join(folder.path, '.chartroom'), 'no folder')
  const error: unknown = await storage.put('a.tgz', new Uint8Array(1)).catch((reason: unknown) => reason)
  expect(error).toMatchObject({ code: 'unavailable', message: expect.stringContaining('.chartroom') })
  await storage.close()
})
