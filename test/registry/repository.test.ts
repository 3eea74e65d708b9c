import { describe, expect, test } from 'bun:test'
import { RegistryError } from '../../src/errors.ts'
import { memoryStorage } from '../../src/storage/memory.ts'
import type { Storage } from '../../src/storage/storage.ts'
import { chart } from '../support/chart-builder.ts'
import { publishOne, repositoryOver, storedKeys, uploadOf } from '../support/repository.ts'

const prov = (name: string, version: string) =>
  new TextEncoder().encode(`-----BEGIN PGP SIGNED MESSAGE-----\n\nname: ${name}\nversion: ${version}\n`)

async function refusal(work: unknown): Promise<RegistryError> {
  const error: unknown = await Promise.resolve(work).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof RegistryError) return error
  throw new Error(`expected a RegistryError, got ${String(error)}`)
}

describe('a repository', () => {
  test('shows a version in every way as soon as it is published', async () => {
    const repository = repositoryOver(memoryStorage())
    const archive = await chart('mychart', '1.0.0').tgz()
    const { charts } = await publishOne(repository, archive)
    expect(charts.map((one) => one.outcome)).toEqual(['added'])
    expect(await (await repository.document('json')).body.text()).toContain('"mychart"')
    expect(await (await repository.document('yaml')).body.text()).toContain('charts/mychart-1.0.0.tgz')
    expect(await (await repository.document('list')).body.json()).toHaveProperty('mychart')
    expect((await repository.version('mychart', 'latest')).version).toBe('1.0.0')
    const { body, etag } = await repository.file('mychart-1.0.0.tgz')
    expect(body instanceof Blob && Buffer.from(await body.bytes()).equals(archive)).toBe(true)
    expect(etag).toBe(new Bun.CryptoHasher('sha256').update(archive).digest('hex'))
  })

  test('shows nothing of a version as soon as it is removed, its provenance included', async () => {
    const storage = memoryStorage()
    const repository = repositoryOver(storage)
    await repository.publish(
      {
        archives: [uploadOf(await chart('mychart', '1.0.0').tgz())],
        provenances: [uploadOf(prov('mychart', '1.0.0'))],
      },
      { force: false },
    )
    expect(await storedKeys(storage)).toEqual(['mychart-1.0.0.tgz', 'mychart-1.0.0.tgz.prov'])
    await repository.remove('mychart', '1.0.0')
    expect(await (await repository.document('json')).body.text()).not.toContain('mychart')
    expect((await refusal(repository.file('mychart-1.0.0.tgz'))).code).toBe('not_found')
    expect((await refusal(repository.file('mychart-1.0.0.tgz.prov'))).code).toBe('not_found')
    expect(await storedKeys(storage)).toEqual([])
  })

  test('refuses a version that is there, and says whether the bytes are the same', async () => {
    const repository = repositoryOver(memoryStorage())
    const archive = await chart('mychart', '1.0.0').tgz()
    const other = await chart('mychart', '1.0.0').with('README.md', 'other').tgz()
    await publishOne(repository, archive)
    const same = await refusal(publishOne(repository, archive))
    expect([same.code, same.message, same.details['identical']]).toEqual([
      'conflict',
      'file already exists',
      true,
    ])
    const different = await refusal(publishOne(repository, other))
    expect([different.code, different.details['identical']]).toEqual(['conflict', false])
    expect(different.details['digest']).toBe(new Bun.CryptoHasher('sha256').update(other).digest('hex'))
  })

  test('takes identical bytes again where that is a success', async () => {
    const limits = { overwrite: 'never', idempotent: true, maxObjects: 0, versionsPerChart: 0 } as const
    const repository = repositoryOver(memoryStorage(), { limits })
    const archive = await chart('mychart', '1.0.0').tgz()
    await publishOne(repository, archive)
    const { charts } = await publishOne(repository, archive)
    expect(charts.map((one) => one.outcome)).toEqual(['unchanged'])
    expect(
      (await refusal(publishOne(repository, await chart('mychart', '1.0.0').with('x', '').tgz()))).code,
    ).toBe('conflict')
  })

  test('lets exactly one of many uploads of a version win', async () => {
    const storage = memoryStorage()
    const [one, other] = [repositoryOver(storage), repositoryOver(storage)]
    const archives = await Promise.all(
      Array.from({ length: 8 }, (_, at) => chart('mychart', '1.0.0').with('README.md', `${at}`).tgz()),
    )
    const results = await Promise.allSettled(
      archives.map((archive, at) => publishOne(at % 2 === 0 ? one : other, archive)),
    )
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ code: 'conflict' })
    }
  })

  test('replaces with force and drops the provenance that no longer signs the bytes', async () => {
    const storage = memoryStorage()
    const repository = repositoryOver(storage)
    await repository.publish(
      { archives: [uploadOf(await chart('a', '1.0.0').tgz())], provenances: [uploadOf(prov('a', '1.0.0'))] },
      { force: false },
    )
    const { charts } = await publishOne(repository, await chart('a', '1.0.0').with('x', 'y').tgz(), true)
    expect(charts.map((one) => one.outcome)).toEqual(['replaced'])
    expect(await storedKeys(storage)).toEqual(['a-1.0.0.tgz'])
    expect(await repository.versions('a')).toHaveLength(1)
  })

  test('never replaces where that is forbidden, not even with force', async () => {
    const limits = { overwrite: 'never', idempotent: false, maxObjects: 0, versionsPerChart: 0 } as const
    const repository = repositoryOver(memoryStorage(), { limits })
    const archive = await chart('a', '1.0.0').tgz()
    await publishOne(repository, archive)
    expect((await refusal(publishOne(repository, archive, true))).code).toBe('conflict')
  })

  test('publishes all files of a delivery or none', async () => {
    const storage = memoryStorage()
    const repository = repositoryOver(storage)
    const good = uploadOf(await chart('a', '1.0.0').tgz())
    const bad = uploadOf(new TextEncoder().encode('no archive'))
    const work = repository.publish({ archives: [good, bad], provenances: [] }, { force: false })
    expect((await refusal(work)).code).toBe('invalid')
    expect(await storedKeys(storage)).toEqual([])
  })

  test('takes back what it stored when a later file of the delivery cannot be stored', async () => {
    const inner = memoryStorage()
    const before = await chart('a', '1.0.0').tgz()
    await publishOne(repositoryOver(inner), before)
    const failing: Storage = {
      ...inner,
      put(key, body, options) {
        if (key.startsWith('b-')) return Promise.reject(new RegistryError('full', 'storage', 'no room'))
        return inner.put(key, body, options)
      },
    }
    const repository = repositoryOver(failing)
    const archives = await Promise.all([
      chart('a', '1.0.0').with('new', '').tgz(),
      chart('aa', '1.0.0').tgz(),
      chart('b', '1.0.0').tgz(),
    ])
    const work = repository.publish({ archives: archives.map(uploadOf), provenances: [] }, { force: true })
    expect((await refusal(work)).code).toBe('full')
    expect(await storedKeys(inner)).toEqual(['a-1.0.0.tgz'])
    const kept = await inner.get('a-1.0.0.tgz')
    expect(kept?.body instanceof Blob && Buffer.from(await kept.body.bytes()).equals(before)).toBe(true)
  })

  test('stores a provenance without its chart, once', async () => {
    const repository = repositoryOver(memoryStorage())
    const delivery = { archives: [], provenances: [uploadOf(prov('later', '1.0.0'))] }
    await repository.publish(delivery, { force: false })
    expect((await repository.file('later-1.0.0.tgz.prov')).kind).toBe('provenance')
    expect((await refusal(repository.publish(delivery, { force: false }))).code).toBe('conflict')
  })

  test('removes a version whose name and version were split elsewhere, as ChartMuseum does', async () => {
    const repository = repositoryOver(memoryStorage())
    await publishOne(repository, await chart('mychart2', '0.1.0-SNAPSHOT-1').tgz())
    await repository.remove('mychart2-0.1.0-SNAPSHOT', '1')
    expect(await repository.versions('mychart2')).toEqual([])
  })

  test('removes a whole chart and nothing of its neighbours', async () => {
    const storage = memoryStorage()
    const repository = repositoryOver(storage)
    for (const [name, version] of [
      ['a', '1.0.0'],
      ['a', '2.0.0'],
      ['a-b', '1.0.0'],
    ] as const) {
      await publishOne(repository, await chart(name, version).tgz())
    }
    expect((await repository.removeChart('a')).versions).toBe(2)
    expect(await storedKeys(storage)).toEqual(['a-b-1.0.0.tgz'])
    expect((await refusal(repository.removeChart('a'))).message).toContain('"a"')
  })

  test('says what is missing, in ChartMuseum’s words', async () => {
    const repository = repositoryOver(memoryStorage())
    await publishOne(repository, await chart('a', '1.0.0-rc.1').tgz())
    expect((await refusal(repository.version('b', 'latest'))).message).toBe('no chart name found')
    expect((await refusal(repository.version('a', 'latest'))).message).toBe('no chart version found for a-')
    expect((await refusal(repository.version('a', '2.0.0'))).message).toBe(
      'no chart version found for a-2.0.0',
    )
    expect((await refusal(repository.file('a.txt'))).message).toBe('unsupported file extension')
    expect((await refusal(repository.remove('a', '9.9.9'))).code).toBe('not_found')
  })

  test('keeps a removed version shown when it cannot be deleted', async () => {
    const inner = memoryStorage()
    const failing: Storage = {
      ...inner,
      delete: () => Promise.reject(new RegistryError('unavailable', 'storage', 'read-only')),
    }
    const repository = repositoryOver(failing)
    await publishOne(repository, await chart('a', '1.0.0').tgz())
    expect((await refusal(repository.remove('a', '1.0.0'))).code).toBe('unavailable')
    expect(await repository.versions('a')).toHaveLength(1)
  })

  test('keeps the newest versions of one chart when only some may stay', async () => {
    const limits = { overwrite: 'with-force', idempotent: false, maxObjects: 0, versionsPerChart: 2 } as const
    const storage = memoryStorage()
    const repository = repositoryOver(storage, { limits })
    for (const [name, version] of [
      ['a', '1.0.0'],
      ['a-b', '1.0.0'],
      ['a', '3.0.0'],
      ['a', '2.0.0'],
      ['a', '2.0.0'],
    ] as const) {
      await publishOne(repository, await chart(name, version).tgz(), true)
      await Bun.sleep(2)
    }
    expect(await storedKeys(storage)).toEqual(['a-2.0.0.tgz', 'a-3.0.0.tgz', 'a-b-1.0.0.tgz'])
  })

  test('refuses more objects than it may hold', async () => {
    const limits = { overwrite: 'with-force', idempotent: false, maxObjects: 1, versionsPerChart: 0 } as const
    const repository = repositoryOver(memoryStorage(), { limits })
    await publishOne(repository, await chart('a', '1.0.0').tgz())
    const error = await refusal(publishOne(repository, await chart('b', '1.0.0').tgz()))
    expect([error.code, error.message]).toEqual(['full', 'repo has reached storage limit'])
    await publishOne(repository, await chart('a', '1.0.0').tgz(), true)
  })

  test('writes absolute addresses with --chart-url', async () => {
    const options = { chartUrl: 'https://x.example', contextPath: '/ctx', name: 'org' }
    const repository = repositoryOver(memoryStorage(), options)
    await publishOne(repository, await chart('a', '1.0.0').tgz())
    const text = await (await repository.document('json')).body.text()
    expect(text).toContain('"urls":["https://x.example/ctx/org/charts/a-1.0.0.tgz"]')
    expect(text).toContain('"serverInfo":{"contextPath":"/ctx"}')
  })

  test('saves what it holds beside a repository of any other name', async () => {
    const storage = memoryStorage()
    for (const name of ['', '_', 'org', 'org/_']) {
      const repository = repositoryOver(storage, { name })
      await publishOne(repository, await chart('a', '1.0.0').tgz())
      await repository.flush()
      repository.close()
    }
    const keys: string[] = []
    for await (const { key } of storage.list('.chartroom/')) keys.push(key)
    expect(keys).toHaveLength(4)
    expect(keys.every((key) => !keys.some((other) => other.startsWith(`${key}/`)))).toBe(true)
  })
})
