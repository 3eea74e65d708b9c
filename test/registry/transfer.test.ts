import { expect, test } from 'bun:test'
import { RegistryError } from '../../src/errors.ts'
import { createSpool } from '../../src/http/spool.ts'
import { createRegistry } from '../../src/registry/registry.ts'
import { collectIndex } from '../../src/registry/transfer-index.ts'
import { registryDestination } from '../../src/registry/transfer-registry.ts'
import { spooled, storeDestination, storeSource } from '../../src/registry/transfer-store.ts'
import { transfer } from '../../src/registry/transfer.ts'
import type { Offer, Source, TransferResult } from '../../src/registry/transfer.ts'
import { memoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { chart } from '../support/chart-builder.ts'
import { oldCharts, oldProvenance, oldTime } from '../support/old-museum.ts'
import type { OldChart } from '../support/old-museum.ts'
import { keptLog, storedKeys, uploadOf, usualOptions } from '../support/repository.ts'
import { sha256 } from '../support/site.ts'
import { tempFolder } from '../support/temp-folder.ts'

const [one, two, deep] = (await oldCharts('mychart 1.0.0', 'mychart 1.1.0', 'deep 1.0.0')) as [
  OldChart,
  OldChart,
  OldChart,
]
const other = await chart('mychart', '1.0.0').with('NOTES.txt', 'other bytes').tgz()

/** A source that offers archives as an index does. */
function indexSource(
  charts: readonly OldChart[],
  changes: Partial<Offer> = {},
  served = new Map<string, Uint8Array>(),
) {
  const asked: string[] = []
  const bytesOf = (file = '') => served.get(file) ?? charts.find((each) => each.file === file)?.bytes
  const source: Source = {
    list: async () => ({ offers: charts.map((each) => offerOf(each, changes)), leftOut: [] }),
    async archive({ file }) {
      asked.push(file)
      const bytes = bytesOf(file)
      if (bytes === undefined) throw new RegistryError('unavailable', 'upload', 'it is not there')
      return uploadOf(bytes)
    },
    async provenance({ file }) {
      asked.push(`${file}.prov`)
      const bytes = served.get(`${file}.prov`)
      return bytes && uploadOf(bytes)
    },
  }
  return { source, asked }
}

function offerOf({ name, version, file, bytes }: OldChart, changes: Partial<Offer>): Offer {
  return {
    repo: '',
    file,
    places: [file],
    chart: name,
    version,
    digest: sha256(bytes),
    created: oldTime,
    ...changes,
  }
}

async function run(
  source: Source,
  destination: Parameters<typeof transfer>[2],
  { force = false, parallel = 2, signal = new AbortController().signal } = {},
) {
  const progress: TransferResult[] = []
  const { offers } = await source.list()
  const done = await transfer(offers, source, destination, {
    parallel,
    force,
    signal,
    progress: (result) => progress.push(result),
  })
  return { ...done, progress, outcomes: done.results.map(({ outcome }) => outcome).sort() }
}

function registryOver(storage: Storage) {
  const limits = { ...usualOptions.limits, idempotent: true }
  return createRegistry(storage, { ...usualOptions, limits }, undefined, keptLog())
}

const bytesIn = async (storage: Storage, key: string) => {
  const object = await storage.get(key)
  return object && new Uint8Array(await new Response(object.body).arrayBuffer())
}
const prov = (of: OldChart) => new TextEncoder().encode(oldProvenance(of))

test('what arrives is published byte for byte, with its provenance and the time it had', async () => {
  const storage = memoryStorage()
  const registry = registryOver(storage)
  const { source } = indexSource([one, two], {}, new Map([[`${one.file}.prov`, prov(one)]]))
  const done = await run(source, registryDestination(registry))
  expect(done).toMatchObject({ outcomes: ['copied', 'copied'], left: 0, stopped: undefined })
  expect(done.progress).toHaveLength(2)
  expect(await bytesIn(storage, one.file)).toEqual(new Uint8Array(one.bytes))
  expect(await bytesIn(storage, `${one.file}.prov`)).toEqual(prov(one))
  const versions = await registry.repository('').versions('mychart')
  expect(versions.map(({ created, signed }) => ({ created, signed }))).toEqual([
    { created: oldTime, signed: false },
    { created: oldTime, signed: true },
  ])
  await registry.close()
})

test('a second run reads nothing that is complete, and brings a provenance that was missing', async () => {
  const storage = memoryStorage()
  const registry = registryOver(storage)
  const destination = registryDestination(registry)
  await run(indexSource([one, two]).source, destination)
  const again = indexSource([one, two], {}, new Map([[`${one.file}.prov`, prov(one)]]))
  const second = await run(again.source, destination)
  expect(second.outcomes).toEqual(['copied', 'unchanged'])
  expect(again.asked.sort()).toEqual([`${one.file}.prov`, `${two.file}.prov`])
  expect(await bytesIn(storage, `${one.file}.prov`)).toEqual(prov(one))
  const third = indexSource([one, two], { signed: false })
  expect((await run(third.source, destination)).outcomes).toEqual(['unchanged', 'unchanged'])
  expect(third.asked).toEqual([])
  await registry.close()
})

test('bytes that are not those of the index are told and not copied', async () => {
  const storage = memoryStorage()
  const registry = registryOver(storage)
  const { source } = indexSource([one, two], {}, new Map([[one.file, other]]))
  const { results } = await run(source, registryDestination(registry))
  const bad = results.find(({ path }) => path === one.file)
  expect(bad).toMatchObject({
    outcome: 'failed',
    reason: expect.stringContaining(`its digest is ${sha256(other)}`),
  })
  expect(await storedKeys(storage)).toEqual([two.file])
  await registry.close()
})

test('other bytes under the same name are kept without a look at the source, and replaced by force', async () => {
  const storage = memoryStorage()
  const registry = registryOver(storage)
  const destination = registryDestination(registry)
  await registry.repository('').publish({ archives: [uploadOf(other)], provenances: [] }, { force: false })
  const { source, asked } = indexSource([one])
  const kept = await run(source, destination)
  expect(kept.results).toMatchObject([{ outcome: 'conflict', path: one.file }])
  expect(asked).toEqual([])
  expect(await bytesIn(storage, one.file)).toEqual(new Uint8Array(other))
  expect((await run(source, destination, { force: true })).outcomes).toEqual(['replaced'])
  expect(await bytesIn(storage, one.file)).toEqual(new Uint8Array(one.bytes))
  // Without a promise of the index only the bytes tell.
  await registry.repository('').publish({ archives: [uploadOf(other)], provenances: [] }, { force: true })
  const blind = indexSource([one], { digest: undefined })
  expect((await run(blind.source, destination)).results).toMatchObject([
    { outcome: 'conflict', reason: 'other bytes are there' },
  ])
  await registry.close()
})

test('what is no chart is told and skipped, and so is a provenance that belongs to another', async () => {
  const storage = memoryStorage()
  const registry = registryOver(storage)
  const broken: OldChart = { ...deep, bytes: new TextEncoder().encode('no archive') }
  const served = new Map([
    [`${one.file}.prov`, prov(two)],
    [`${two.file}.prov`, new TextEncoder().encode('nothing')],
  ])
  const { results } = await run(
    indexSource([one, two, broken], {}, served).source,
    registryDestination(registry),
  )
  const by = new Map(results.map((result) => [result.path, result]))
  expect(by.get(broken.file)).toMatchObject({ outcome: 'broken', reason: expect.any(String) })
  expect(by.get(one.file)).toMatchObject({
    outcome: 'copied',
    reason: `its provenance was left out, because it belongs to ${two.file}.prov`,
  })
  expect(by.get(two.file)).toMatchObject({
    outcome: 'copied',
    reason: expect.stringContaining('invalid provenance'),
  })
  expect(await storedKeys(storage)).toEqual([one.file, two.file])
  await registry.close()
})

test('a source that is down is not asked for everything, a full destination for nothing more', async () => {
  const many = Array.from({ length: 100 }, (_, i) => ({ ...one, file: `gone-1.0.${i}.tgz`, name: 'gone' }))
  const storage = memoryStorage()
  const registry = registryOver(storage)
  const { source, asked } = indexSource([], {})
  source.list = async () => ({ offers: many.map((each) => offerOf(each, { signed: false })), leftOut: [] })
  const down = await run(source, registryDestination(registry), { parallel: 4 })
  expect(down.stopped).toBe('20 charts one after the other could not be copied')
  expect(asked.length).toBeLessThan(30)
  expect(down.left + down.results.length).toBe(100)
  source.archive = () => Promise.reject(new RegistryError('not_found', 'file', 'it was deleted there'))
  const gone = await run(source, registryDestination(registry), { parallel: 4 })
  expect(gone).toMatchObject({ left: 0, stopped: undefined })
  await registry.close()

  const full = {
    ...memoryStorage(),
    put: () => Promise.reject(new RegistryError('full', 'storage', 'no room')),
  }
  const done = await run(indexSource([one, two, deep]).source, storeDestination(full), { parallel: 1 })
  expect(done).toMatchObject({ left: 2, stopped: 'the destination is full' })
})

test('an interrupted transfer begins nothing new, and what it has not reached is counted', async () => {
  const controller = new AbortController()
  const { source } = indexSource([one, two, deep])
  const archive = source.archive
  source.archive = (offer) => {
    controller.abort()
    return archive(offer)
  }
  const storage = memoryStorage()
  const done = await run(source, storeDestination(storage), { parallel: 1, signal: controller.signal })
  expect(done).toMatchObject({ outcomes: ['copied'], left: 2, stopped: 'it was interrupted' })
})

test('a defect is not told as a failed chart', async () => {
  const { source } = indexSource([one])
  source.archive = () => Promise.reject(new TypeError('defect'))
  await expect(run(source, storeDestination(memoryStorage()))).rejects.toThrow('defect')
})

test('a store is copied to a store: all repositories, files under their names, nothing else', async () => {
  await using folder = await tempFolder()
  const from = memoryStorage()
  const text = (value: string) => new TextEncoder().encode(value)
  await from.put(one.file, one.bytes)
  await from.put(`${one.file}.prov`, text('not even a provenance: byte for byte'))
  await from.put('any name.tgz', two.bytes)
  await from.put(`org/team/${deep.file}`, deep.bytes)
  await from.put('org/index-cache.yaml', text('entries: {}'))
  await from.put(`spaced name/${deep.file}`, deep.bytes)
  await from.put(`.oci/${deep.file}`, deep.bytes)
  await from.put('README.md', text('hello'))
  const spool = createSpool({ folder: folder.path, memoryBytes: 100, totalMemoryBytes: 1000 })
  const source = storeSource(from, { spool, maxBytes: 100_000, log: keptLog() })
  expect((await source.list()).leftOut).toEqual([{ path: 'spaced name/', reason: expect.any(String) }])
  const to = memoryStorage()
  const index = collectIndex()
  expect((await run(source, storeDestination(to, index.add))).outcomes).toEqual([
    'copied',
    'copied',
    'copied',
  ])
  expect(await storedKeys(to)).toEqual([
    'any name.tgz',
    one.file,
    `${one.file}.prov`,
    `org/team/${deep.file}`,
  ])
  for (const key of await storedKeys(to)) expect(await bytesIn(to, key)).toEqual(await bytesIn(from, key))
  expect((await run(source, storeDestination(to))).outcomes).toEqual(['unchanged', 'unchanged', 'unchanged'])
  await to.put(`${one.file}.prov`, text('another'))
  const [conflict] = (await run(source, storeDestination(to))).results.filter(
    ({ outcome }) => outcome === 'conflict',
  )
  expect(conflict).toMatchObject({ path: one.file, reason: 'another provenance is there' })
  expect((await run(source, storeDestination(to), { force: true })).outcomes).toEqual([
    'replaced',
    'unchanged',
    'unchanged',
  ])
  expect(await folder.files()).toEqual([])

  expect(await index.write(to, undefined)).toEqual(['index.yaml', 'org/team/index.yaml'])
  const written = Bun.YAML.parse(new TextDecoder().decode(await bytesIn(to, 'index.yaml'))) as {
    entries: Record<string, { urls: string[]; digest: string }[]>
  }
  expect(written.entries['mychart']?.map(({ urls, digest }) => [urls[0], digest])).toEqual([
    ['any%20name.tgz', sha256(two.bytes)],
    [one.file, sha256(one.bytes)],
  ])
})

test('one repository can be chosen, and what is too large is told', async () => {
  await using folder = await tempFolder()
  const from = memoryStorage()
  await from.put(one.file, one.bytes)
  await from.put(`org/${deep.file}`, deep.bytes)
  const spool = createSpool({ folder: folder.path, memoryBytes: 100, totalMemoryBytes: 1000 })
  const chosen = storeSource(from, { spool, maxBytes: 100_000, repo: 'org', log: keptLog() })
  expect((await chosen.list()).offers.map(({ file }) => file)).toEqual([deep.file])
  const small = storeSource(from, { spool, maxBytes: 100, log: keptLog() })
  const { results } = await run(small, storeDestination(memoryStorage()))
  expect(results[0]).toMatchObject({
    outcome: 'failed',
    reason: expect.stringContaining('over the limit of 100'),
  })
})

test('bytes of unknown length are counted while they arrive, and nothing of too many stays', async () => {
  await using folder = await tempFolder()
  const spool = createSpool({ folder: folder.path, memoryBytes: 10, totalMemoryBytes: 1000 })
  async function* endless() {
    for (;;) yield new Uint8Array(100)
  }
  await expect(spooled(spool, endless(), 1000)).rejects.toMatchObject({ code: 'too_large' })
  expect(await folder.files()).toEqual([])
})
