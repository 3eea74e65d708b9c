import { expect } from 'bun:test'
import { isRegistryError } from '../../src/errors.ts'
import { openStorage } from '../../src/storage/open.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { chart } from '../support/chart-builder.ts'
import { startFaultProxy } from '../support/fault-proxy.ts'
import { minioSettings } from '../support/kill-stores.ts'
import { startMinio } from '../support/minio.ts'
import { peerTest } from '../support/peers.ts'
import { keptLog, repositoryOver } from '../support/repository.ts'
import { longestMs } from '../support/store-faults.ts'

const bytes = await chart('a', '1.0.0').tgz()
const upload = { body: bytes, size: bytes.byteLength, discard: async () => undefined }
const delivery = { archives: [upload], provenances: [] }
/** More than the calls to the store that any of the writes below makes. */
const mostCalls = 14

// In this process, because every moment needs a proxy and a store of its own, all at the same time.
peerTest(
  ['minio'],
  'a store that stops answering at whatever moment of a publish or a deletion makes nobody wait longer than promised',
  async () => {
    await using minio = await startMinio()
    const moments = Array.from({ length: mostCalls }, (_, calls) => calls)
    const waited = await Promise.all([
      ...moments.map((calls) => writeStalled(minio.url, 'publish', calls)),
      ...moments.map((calls) => writeStalled(minio.url, 'remove', calls)),
    ])
    expect(waited.filter(({ ms }) => ms > longestMs)).toEqual([])
    expect(
      waited.map(({ came }) => came).filter((came) => came !== 'unavailable' && came !== 'done'),
    ).toEqual([])
    for (const what of ['publish', 'remove'])
      expect(waited.some((one) => one.what === what && one.came === 'unavailable')).toBe(true)
    // What came to its end has made fewer calls than were let through: no moment was left out.
    expect(waited.filter(({ came }) => came === 'done').length).toBeGreaterThan(2)
  },
  120_000,
)

async function writeStalled(url: string, what: 'publish' | 'remove', calls: number) {
  await using proxy = await startFaultProxy(url)
  const settings = minioSettings(proxy.url, `${what}-${calls}`)
  const storage: Storage = await openStorage(settings, keptLog())
  const repository = repositoryOver(storage, { trashMs: 60_000 })
  await repository.publish(delivery, { force: true })
  await repository.flush()
  proxy.set({ answers: calls })
  const started = performance.now()
  const write =
    what === 'publish' ? repository.publish(delivery, { force: true }) : repository.remove('a', '1.0.0')
  const came = await write.then(
    () => 'done',
    (error: unknown) => (isRegistryError(error) ? error.code : Bun.inspect(error)),
  )
  const ms = Math.round(performance.now() - started)
  proxy.set('none')
  repository.close()
  await storage.close()
  return { what, calls, came, ms }
}
