import { describe, expect, test } from 'bun:test'
import { RegistryError } from '../../src/errors.ts'
import { inventoryOfAll } from '../../src/registry/inventory.ts'
import { lateRegistry } from '../../src/registry/late-registry.ts'
import { createRegistry } from '../../src/registry/registry.ts'
import { memoryStorage } from '../../src/storage/memory.ts'
import { chart } from '../support/chart-builder.ts'
import { keptLog, plainOptions } from '../support/repository.ts'

async function archive(name: string, version: string) {
  const bytes = await chart(name, version).tgz()
  return { body: bytes, size: bytes.length, discard: async () => undefined }
}

describe('the inventory of a registry', () => {
  test('has repositories that were read and hold something, without asking the store', async () => {
    const storage = memoryStorage()
    const made: string[] = []
    const observed = { ...plainOptions, built: (kind: string) => void made.push(kind) }
    const registry = createRegistry(storage, observed, undefined, keptLog())
    expect(registry.inventory()).toEqual([])
    expect(registry.knowledge).toEqual({ ageMs: undefined, degraded: false })
    const org = registry.repository('org')
    for (const version of ['1.0.0', '1.1.0']) {
      const delivery = { archives: [await archive('mychart', version)], provenances: [] }
      await org.publish(delivery, { force: false })
    }
    await registry.repository('ghost').facts()
    await registry.repository('').facts()
    const document = await org.document('yaml')
    const asked = storage.get
    storage.get = () => {
      throw new Error('the store was asked')
    }
    expect(registry.inventory()).toEqual([
      { name: 'org', charts: 1, versions: 2, indexBytes: { yaml: document.body.size, json: undefined } },
      { name: '', charts: 0, versions: 0, indexBytes: { yaml: undefined, json: undefined } },
    ])
    storage.get = asked
    expect(made).toEqual(['yaml'])
    expect(registry.knowledge.ageMs).toBeWithin(0, 60_000)
    await registry.close()
  })

  test('has those of which there is news read again, unless the store is away', () => {
    const prepared: string[] = []
    const inventory = { charts: 1, versions: 1, indexBytes: { yaml: undefined, json: undefined } }
    const repository = (name: string, state: { filled: boolean; caughtUp: boolean; isRead?: boolean }) => ({
      ...state,
      inventory: () => (state.isRead === false ? undefined : { name, ...inventory }),
      prepare: () => void prepared.push(name),
    })
    const all = new Map([
      ['quiet', repository('quiet', { filled: true, caughtUp: true })],
      ['news', repository('news', { filled: true, caughtUp: false })],
      ['empty', repository('empty', { filled: false, caughtUp: false })],
      ['', repository('', { filled: false, caughtUp: true, isRead: false })],
    ])
    const names = inventoryOfAll(all, { ageMs: 0, degraded: false }).map(({ name }) => name)
    expect([names, prepared]).toEqual([['quiet', 'news'], ['news']])
    inventoryOfAll(all, { ageMs: 0, degraded: true })
    expect(prepared).toEqual(['news'])
  })

  test('is what was known last while the store is away', async () => {
    const storage = memoryStorage()
    const registry = createRegistry(storage, plainOptions, undefined, keptLog())
    const org = registry.repository('org')
    const delivery = { archives: [await archive('mychart', '1.0.0')], provenances: [] }
    await org.publish(delivery, { force: false })
    const { get, getUnless, check } = storage
    const away = async () => {
      throw new RegistryError('unavailable', 'storage', 'away')
    }
    Object.assign(storage, { get: away, getUnless: away, check: away })
    await org.facts()
    const { degraded, ageMs } = registry.knowledge
    expect([degraded, registry.inventory().map(({ versions }) => versions)]).toEqual([true, [1]])
    await Bun.sleep(5)
    expect(registry.knowledge.ageMs).toBeGreaterThan(ageMs ?? Number.POSITIVE_INFINITY)
    Object.assign(storage, { get, getUnless, check })
    await org.facts()
    expect(registry.knowledge.degraded).toBe(false)
    await registry.close()
  })

  test('is empty, and nothing is known, before the store is open', () => {
    const registry = lateRegistry(new Promise(() => undefined), () => 'it is away')
    expect(registry.inventory()).toEqual([])
    expect(registry.knowledge).toEqual({ ageMs: undefined, degraded: true })
  })
})
