import { describe, expect, test } from 'bun:test'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Repository } from '../../src/registry/repository.ts'
import { localStorage } from '../../src/storage/local.ts'
import { memoryStorage } from '../../src/storage/memory.ts'
import { chart } from '../support/chart-builder.ts'
import { eventually } from '../support/eventually.ts'
import { keptLog, publishOne, repositoryOver, uploadOf } from '../support/repository.ts'
import { tempFolder } from '../support/temp-folder.ts'

const provenanceOf = (name: string, version: string) =>
  Buffer.from(`-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\nname: ${name}\nversion: ${version}\n`)

const deliver = (repository: Repository, archives: Uint8Array[], provenances: Uint8Array[], force = false) =>
  repository.publish({ archives: archives.map(uploadOf), provenances: provenances.map(uploadOf) }, { force })

const marks = async (repository: Repository, name = 'a') =>
  (await repository.versions(name)).map(({ version, signed, hasSchema }) => ({ version, signed, hasSchema }))

const signedOf = async (repository: Repository) => (await marks(repository)).map(({ signed }) => signed)

describe('a version with a schema', () => {
  test('is known by its own values.schema.json, not by that of a sub-chart', async () => {
    const repository = repositoryOver(memoryStorage())
    await publishOne(repository, await chart('a', '1.0.0').with('values.schema.json', '{}').tgz())
    const nested = chart('a', '2.0.0')
      .with('charts/b/Chart.yaml', 'apiVersion: v2\nname: b\nversion: 1.0.0\n')
      .with('charts/b/values.schema.json', '{}')
    await publishOne(repository, await nested.tgz())
    expect(await marks(repository)).toEqual([
      { version: '2.0.0', signed: false, hasSchema: false },
      { version: '1.0.0', signed: false, hasSchema: true },
    ])
    const index = await (await repository.document('json')).body.text()
    expect(index).not.toMatch(/schema|signed/i)
    repository.close()
  })
})

describe('a version is signed', () => {
  test('when a provenance comes with it, before it, or after it', async () => {
    const repository = repositoryOver(memoryStorage())
    const [together, before, after] = ['1.0.0', '2.0.0', '3.0.0'] as const
    await deliver(repository, [await chart('a', together).tgz()], [provenanceOf('a', together)])
    expect(await signedOf(repository)).toEqual([true])
    await deliver(repository, [], [provenanceOf('a', before)])
    await publishOne(repository, await chart('a', before).tgz())
    expect(await signedOf(repository)).toEqual([true, true])
    await publishOne(repository, await chart('a', after).tgz())
    expect(await signedOf(repository)).toEqual([false, true, true])
    const index = await repository.document('yaml')
    await deliver(repository, [], [provenanceOf('a', after)])
    expect(await signedOf(repository)).toEqual([true, true, true])
    expect(await repository.document('yaml')).toBe(index)
    repository.close()
  })

  test('no more when its bytes are replaced, unless a new provenance comes along', async () => {
    const repository = repositoryOver(memoryStorage())
    const first = await chart('a', '1.0.0').tgz()
    await deliver(repository, [first], [provenanceOf('a', '1.0.0')])
    await publishOne(repository, first, true)
    expect(await signedOf(repository)).toEqual([true])
    await publishOne(repository, await chart('a', '1.0.0').with('x', '').tgz(), true)
    expect(await signedOf(repository)).toEqual([false])
    await deliver(repository, [first], [provenanceOf('a', '1.0.0')], true)
    expect(await signedOf(repository)).toEqual([true])
    await repository.remove('a', '1.0.0')
    await publishOne(repository, first)
    expect(await signedOf(repository)).toEqual([false])
    repository.close()
  })

  test('as soon as somebody copies a provenance into the folder, and until it is removed', async () => {
    await using folder = await tempFolder()
    const storage = await localStorage({ root: folder.path, log: keptLog() })
    await writeFile(join(folder.path, 'any.tgz'), await chart('a', '1.0.0').tgz())
    await writeFile(join(folder.path, 'any.tgz.prov'), 'signature')
    await writeFile(join(folder.path, 'a-0.9.0.tgz'), await chart('a', '0.9.0').tgz())
    const repository = repositoryOver(storage)
    expect(await signedOf(repository)).toEqual([true, false])
    await rm(join(folder.path, 'any.tgz.prov'))
    await eventually(() => signedOf(repository), [false, false])
    await writeFile(join(folder.path, 'a-0.9.0.tgz.prov'), 'signature')
    await eventually(() => signedOf(repository), [false, true])
    repository.close()
    await storage.close()
  })

  test('by the saved catalog, corrected by what changed since, without reading an archive', async () => {
    await using folder = await tempFolder()
    const inner = await localStorage({ root: folder.path, log: keptLog() })
    const before = repositoryOver(inner)
    await deliver(before, [await chart('a', '1.0.0').tgz()], [provenanceOf('a', '1.0.0')])
    await publishOne(before, await chart('a', '2.0.0').with('values.schema.json', '{}').tgz())
    await before.flush()
    before.close()
    await rm(join(folder.path, 'a-1.0.0.tgz.prov'))
    await writeFile(join(folder.path, 'a-2.0.0.tgz.prov'), 'signature')
    const reads: string[] = []
    const get = (key: string) => (reads.push(key), inner.get(key))
    const after = repositoryOver({ ...inner, get })
    expect(await marks(after)).toEqual([
      { version: '2.0.0', signed: true, hasSchema: true },
      { version: '1.0.0', signed: false, hasSchema: false },
    ])
    expect(reads).toEqual(['.chartroom/catalog/+'])
    after.close()
    await inner.close()
  })

  test('also beside a file that is no chart, which is not looked at again for it', async () => {
    await using folder = await tempFolder()
    const inner = await localStorage({ root: folder.path, log: keptLog() })
    await writeFile(join(folder.path, 'bad.tgz'), 'no archive')
    await writeFile(join(folder.path, 'bad.tgz.prov'), 'signature')
    await writeFile(join(folder.path, 'a-1.0.0.tgz'), await chart('a', '1.0.0').tgz())
    let asked = 0
    const info = (key: string) => (key === 'bad.tgz' && asked++, inner.info(key))
    const repository = repositoryOver({ ...inner, info, watch: () => () => undefined })
    await signedOf(repository)
    const before = asked
    await repository.flush()
    await signedOf(repository)
    expect(asked).toBe(before)
    repository.close()
    await inner.close()
  })
})

describe('a catalog saved by the release before this one', () => {
  test('is read anew, with the times that it knew', async () => {
    await using folder = await tempFolder()
    const storage = await localStorage({ root: folder.path, log: keptLog() })
    const archive = await chart('a', '1.0.0').with('values.schema.json', '{}').tgz()
    await writeFile(join(folder.path, 'a-1.0.0.tgz'), archive)
    const { etag = '' } = (await storage.info('a-1.0.0.tgz')) ?? {}
    const digest = new Bun.CryptoHasher('sha256').update(archive).digest('hex')
    const created = '2020-02-03T04:05:06Z'
    const record = ['a-1.0.0.tgz', archive.byteLength, etag, 'a', '1.0.0', 0, digest, created]
    const entry = JSON.stringify({ name: 'a', version: '1.0.0', urls: [], created, digest })
    const lines = [
      `${JSON.stringify(['chartroom catalog 1', 'charts/'])}\n`,
      `${JSON.stringify(record)}\t${entry}\n`,
    ]
    const hash = lines.reduce((sum, line) => Bun.hash.wyhash(line, sum), 0n)
    const end = `${JSON.stringify(['end', hash.toString(16)])}\n`
    await storage.put('.chartroom/catalog/+', Buffer.from(lines.join('') + end))
    const log = keptLog()
    const repository = repositoryOver(storage, { log })
    expect(await repository.version('a', '1.0.0')).toMatchObject({ created, hasSchema: true, signed: false })
    expect(log.lines).toEqual([])
    await repository.flush()
    const saved = await Bun.file(join(folder.path, '.chartroom/catalog/+')).text()
    expect(saved).toStartWith('["chartroom catalog 2","charts/"]')
    repository.close()
    await storage.close()
  })
})
